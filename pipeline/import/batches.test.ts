import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseInstant } from '../../edge/collect/clock.ts';
import { LIMITS } from '../../edge/collect/limits.ts';
import { type Batch, batchesOf, type BatchOptions } from './batches.ts';
import { IMPORT_LIMITS } from './limits.ts';
import { contentId } from './message-id.ts';
import { previewImport } from './preview.ts';
import type { Part } from './records.ts';
import { segmentEvent } from './segment.ts';
import { collected } from './testing/collected.ts';
import { AT, options, part, view } from './testing/parts.ts';

const START = { part: 0, line: 0 };
const batches = async (parts: readonly Part[], more: Partial<BatchOptions> = {}): Promise<Batch[]> =>
  await collected(batchesOf({ from: START, ...options(parts, more) }));
const ids = (batch: Batch) => batch.events.map(({ message }) => message['messageId']);

test('the limits are those of the edge', () => {
  expect(IMPORT_LIMITS).toMatchObject({ bytes: LIMITS.importBytes, events: LIMITS.importEvents });
});

const at = (timestamp: string) => view(timestamp, { timestamp });

describe('batches', () => {
  test('hold so many events, across files, and say where they end', async () => {
    const found = await batches([part('a', [view('1'), view('2'), view('3')]), part('b', [view('4')])]);
    expect(found.map((batch) => [ids(batch), batch.end, batch.bytes])).toEqual([
      [['1', '2'], { part: 0, line: 2 }, 3],
      [['3', '4'], { part: 2, line: 0 }, 4],
    ]);
  });

  test('begin behind a position', async () => {
    const parts = [part('a', [view('1'), view('2'), view('3')]), part('b', [view('4')])];
    expect((await batches(parts, { from: { part: 0, line: 2 } })).map(ids)).toEqual([['3', '4']]);
    expect((await batches(parts, { from: { part: 1, line: 0 } })).map(ids)).toEqual([['4']]);
    expect((await batches(parts, { from: { part: 2, line: 0 } })).map(ids)).toEqual([[]]);
  });

  test('of a table end with it, and begin with it again', async () => {
    const parts = [part('a', [view('1'), view('2'), view('3')], { hasNoOrder: true }), part('b', [view('4')])];
    expect((await batches(parts, { from: { part: 0, line: 2 } })).map(ids)).toEqual([['1', '2'], ['3'], ['4']]);
  });

  test('fit into a request of the edge', async () => {
    const text = 'ä'.repeat(500_000);
    const found = await batches(
      [
        part(
          'a',
          Array.from({ length: 12 }, (_, i) => view(`${i}`, { properties: { text } })),
        ),
      ],
      { events: 20_000 },
    );
    expect(found.map(({ events }) => events.length)).toEqual([5, 5, 2]);
    for (const { events } of found) {
      expect(Buffer.byteLength(`{"batch":[${events.map(({ json }) => json).join(',')}]}`)).toBeLessThanOrEqual(LIMITS.importBytes);
    }
  });

  test('hold what is wrong beside what is right, and count it', async () => {
    const { timestamp: _, ...timeless } = view('2');
    const [batch] = await batches(
      [part('a', [view('1'), 'broken', timeless, view('3', { timestamp: '2026-03-03T00:00:00Z' }), view('4', { anonymousId: '' })])],
      { events: 10 },
    );
    expect(ids(batch!)).toEqual(['1']);
    expect(batch!.rejected).toMatchObject([
      { part: 'a', line: 2, reason: 'unreadable', detail: 'broken' },
      { line: 3, reason: 'no_event', path: 'timestamp' },
      { line: 4, path: 'timestamp', detail: expect.stringContaining('future') as string },
      { line: 5, path: 'anonymousId' },
    ]);
    expect(batch!.counts).toMatchObject({ read: 5, rejected: 4 });
  });

  test('leave out what lies outside of the days', async () => {
    const days = { events: 10, since: Date.parse('2026-01-02T00:00:00Z'), until: Date.parse('2026-01-03T00:00:00Z') };
    const [batch] = await batches(
      [part('a', [at('2026-01-01T23:59:59.999Z'), at('2026-01-02'), at('2026-01-02T23:59:59.999Z'), at('2026-01-03')])],
      days,
    );
    expect(ids(batch!)).toEqual(['2026-01-02', '2026-01-02T23:59:59.999Z']);
    expect(batch!.counts.leftOut).toEqual({ 'outside of --from and --to': 2 });
  });

  test('name the source in each event', async () => {
    const [batch] = await batches([part('a', [view('1', { context: { locale: 'de' } })])], { source: 'old crm' });
    expect(JSON.parse(batch!.events[0]!.json)).toEqual(view('1', { context: { locale: 'de', import: { source: 'old crm' } } }));
  });
});

test("an archive's times and ids of the collecting system are ignored, and an id comes from the content alone", () => {
  const { messageId: _, ...event } = view('');
  const of = (more: object) =>
    (segmentEvent({ part: 'p', line: 1, value: { ...event, ...more } }) as { message: Record<string, unknown> }).message;
  const archived = { sentAt: 'x', receivedAt: 'y', projectId: 'z', writeKey: 'k', version: 2, _metadata: {} };
  const id = `import-${createHash('sha256').update(`{"anonymousId":"v","timestamp":"${AT}","type":"page"}`).digest('hex')}`;
  expect(of(archived)).toEqual({ ...event, messageId: id });
  expect(of({ messageId: ' ', channel: 'server' })['messageId']).toBe(id);
  expect(of({ messageId: 'own', ...archived })).toEqual({ ...event, messageId: 'own' });
  expect(of({ userId: 'u' })['messageId']).not.toBe(id);
});

/** The time that the edge reads of an archived event. */
const timeAtEdge = (timestamp: unknown) => {
  const converted = segmentEvent({ part: 'p', line: 1, value: view('1', { timestamp }) });
  return parseInstant((converted as { message: Record<string, unknown> }).message['timestamp'])?.iso;
};

test('seconds with a fraction, written as text, reach the edge as a time that it reads', () => {
  expect(timeAtEdge('1767603600.5')).toBe('2026-01-05T09:00:00.500Z');
  expect(timeAtEdge('1767603600')).toBe('2026-01-05T09:00:00.000Z');
  expect(timeAtEdge(1_767_603_600.5)).toBe('2026-01-05T09:00:00.500Z');
});

test('an id counts no member without a value, at any depth, and no order; an element without one keeps its place', () => {
  expect(contentId({ b: [1, null], a: { d: 'x', c: null }, e: undefined })).toBe(
    `import-${createHash('sha256').update('{"a":{"d":"x"},"b":[1,null]}').digest('hex')}`,
  );
});

test('a dry run says what would be imported, and what is wrong', async () => {
  const { timestamp: _, ...timeless } = view('no');
  const many = Array.from({ length: 12 }, (_unused, i) => view(`m${i}`, { timestamp: `2026-01-${String(i + 1).padStart(2, '0')}` }));
  const preview = await previewImport(
    options([part('a', [...many, timeless, { ...view('t'), type: 'track', event: 'E', extra: 1 }])]),
    () => {},
  );
  expect(preview.events.map((event) => event['messageId'])).toEqual(Array.from({ length: 10 }, (_unused, i) => `m${i}`));
  expect(preview.counts).toMatchObject({
    read: 14,
    stored: 13,
    rejected: 1,
    types: { page: 12, track: 1 },
    first: Date.parse('2026-01-01'),
    last: Date.parse('2026-01-12'),
  });
  expect(preview.problems).toMatchObject([{ part: 'a', line: 13, path: 'timestamp' }]);
  expect([preview.columns.get('messageId'), preview.columns.get('extra')]).toEqual([14, 1]);
});
