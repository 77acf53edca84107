import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runImport } from './import.ts';
import { earlierImport, type ImportIdentity, ImportJournal, latestOf } from './journal.ts';
import { lockImport } from './lock.ts';
import type { EventResult } from './send.ts';
import { AT, NOW, options, part, view } from './testing/parts.ts';

const IDENTITY: ImportIdentity = { format: 'segment', parts: [['a', 6, 1]], options: [null] };

let folder: string;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'touchtrail-import-'))));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;
const newFolder = (): string => path.join(folder, `data-${folders++}`);

const answerTo = (events: readonly string[]): EventResult[] => {
  const seen = new Set<string>();
  return events.map((json) => {
    const { messageId } = JSON.parse(json) as { messageId: string };
    if (messageId === 'bad') return { status: 'rejected', reason: 'invalid_value', path: 'type', detail: 'for ada@example.com' };
    const status = seen.has(messageId) ? 'duplicate' : 'ok';
    seen.add(messageId);
    return { status };
  });
};

const resume = async (data: string, isOrdered: (part: number) => boolean): Promise<ImportJournal> =>
  await ImportJournal.resume(earlierImport(data, IDENTITY)!, isOrdered);

const rejectedIn = (journal: ImportJournal): unknown[] =>
  readFileSync(journal.rejectedFile, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

const bad = (line: number) => ({ part: 'a', line, reason: 'no_event', text: '{"anonymousId":"v"}' });

describe('an import', () => {
  const PARTS = [part('a', [view('1'), 'broken', view('2'), view('2'), view('bad'), view('3', { timestamp: '2026-02-01T00:00:00Z' })])];
  const DONE = {
    read: 6,
    stored: 3,
    copies: 1,
    sampled: 0,
    rejected: 2,
    types: { page: 3 },
    beforeTracking: 2,
    first: Date.parse(AT),
    last: Date.parse('2026-02-01T00:00:00Z'),
  };
  const REJECTED = [
    { file: 'a', line: 2, reason: 'unreadable', detail: 'broken', record: 'broken' },
    expect.objectContaining({
      file: 'a',
      line: 5,
      record: view('bad'),
      reason: 'invalid_value',
      path: 'type',
      detail: `for ${createHash('sha256').update('ada@example.com').digest('hex')}`,
    }),
  ];
  async function run(
    journal: ImportJournal,
    send: (events: readonly string[]) => Promise<readonly EventResult[]>,
    signal = new AbortController().signal,
  ) {
    try {
      return await runImport({
        ...options(PARTS, { events: 4 }),
        journal,
        send,
        trackingSince: Date.parse('2026-01-15T00:00:00Z'),
        onProgress: () => {},
        signal,
      });
    } finally {
      await journal.close();
    }
  }

  test('counts what became of each record, and keeps what was rejected without addresses', async () => {
    const journal = await ImportJournal.begin(newFolder(), IDENTITY, new Date(NOW));
    expect(await run(journal, async (events) => answerTo(events))).toMatchObject({ complete: true, damaged: [], counts: DONE });
    expect(rejectedIn(journal)).toEqual(REJECTED);
    expect(statSync(journal.rejectedFile).mode & 0o777).toBe(0o600);
  });

  test.each([1, 2])('that ends at request %d goes on where it was, and counts the same', async (failing) => {
    const data = newFolder();
    let requests = 0;
    const journal = await ImportJournal.begin(data, IDENTITY, new Date(NOW));
    const failed = run(journal, async (events) => {
      if (++requests === failing) throw new Error('killed');
      return answerTo(events);
    });
    await expect(failed).rejects.toThrow('killed');
    // What a killed process was writing.
    const [name] = readdirSync(path.join(data, 'imports'));
    writeFileSync(path.join(data, 'imports', name!, 'journal.ndjson'), '{"end":{"par', { flag: 'a' });
    writeFileSync(journal.rejectedFile, '{"half', { flag: 'a' });
    const again = await resume(data, () => true);
    const sent: string[] = [];
    expect(await run(again, async (events) => (sent.push(...events), answerTo(events)))).toMatchObject({ complete: true, counts: DONE });
    expect(sent.length).toBe(failing === 1 ? 5 : 1);
    expect(rejectedIn(again)).toEqual(REJECTED);
    const complete = earlierImport(data, IDENTITY)!;
    expect([complete.isComplete, complete.folder, latestOf(complete)]).toMatchObject([true, again.folder, { counts: DONE, damaged: [] }]);
  });

  test('that is interrupted ends behind what was on its way', async () => {
    const data = newFolder();
    const stop = new AbortController();
    const interrupted = await run(
      await ImportJournal.begin(data, IDENTITY, new Date(NOW)),
      async (events) => (stop.abort(), answerTo(events)),
      stop.signal,
    );
    expect(interrupted).toMatchObject({ complete: false, counts: { read: 5, stored: 2 } });
    expect(await run(await resume(data, () => true), async (events) => answerTo(events))).toMatchObject({
      complete: true,
      counts: DONE,
    });
  });

  test('of a table begins with it again where it was interrupted', async () => {
    const data = newFolder();
    const journal = await ImportJournal.begin(data, IDENTITY, new Date(NOW));
    const { counts } = journal.start;
    await journal.note({ part: 1, line: 0 }, { ...counts, read: 10 }, [], []);
    await journal.note({ part: 1, line: 4 }, { ...counts, read: 14 }, [], []);
    await journal.close();
    const again = await resume(data, (index) => index !== 1);
    expect([again.start.end, again.start.counts.read]).toEqual([{ part: 1, line: 0 }, 10]);
    await again.close();
  });

  test('goes on although somebody was taken out of what was rejected', async () => {
    const data = newFolder();
    const journal = await ImportJournal.begin(data, IDENTITY, new Date(NOW));
    await journal.note({ part: 0, line: 2 }, journal.start.counts, [bad(1), bad(2)], []);
    await journal.close();
    const [, second] = readFileSync(journal.rejectedFile, 'utf8').split('\n');
    writeFileSync(journal.rejectedFile, `${second}\n`);
    const again = await resume(data, () => true);
    await again.note({ part: 0, line: 3 }, again.start.counts, [bad(3)], []);
    await again.close();
    expect(rejectedIn(again)).toEqual([2, 3].map((line) => ({ file: 'a', line, reason: 'no_event', record: { anonymousId: 'v' } })));
  });

  test('is another one where its files or options are others', async () => {
    const data = newFolder();
    expect(earlierImport(data, IDENTITY)).toBeUndefined();
    await (await ImportJournal.begin(data, IDENTITY, new Date(NOW))).close();
    expect(earlierImport(data, IDENTITY)).toMatchObject({ isComplete: false, noted: [] });
    expect(earlierImport(data, { ...IDENTITY, options: ['x'] })).toBeUndefined();
    expect(() => earlierImport(data, { ...IDENTITY, parts: [['a', 7, 2]] })).toThrow('a has changed since the import began');
  });

  test('is done by one at a time, beside others, and leaves no file of its lock', async () => {
    const data = newFolder();
    const other = { ...IDENTITY, options: ['x'] };
    const held = (await lockImport(data, IDENTITY))!;
    expect(await lockImport(data, IDENTITY)).toBeUndefined();
    const beside = (await lockImport(data, other))!;
    await held.release();
    const again = (await lockImport(data, IDENTITY))!;
    expect(await lockImport(data, IDENTITY)).toBeUndefined();
    await again.release();
    await beside.release();
    expect(readdirSync(path.join(data, 'imports'))).toEqual(['imports.lock']);
  });
});
