import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { command } from '../cli.ts';
import { blockOf, codeBlocks } from '../docs/markdown.ts';
import { VISITOR } from './calls.ts';
import { useEdge } from './ground.ts';
import { tablesAfterNight } from './night.ts';

const ground = useEdge();
let program: string;
beforeAll(async () => {
  program = join(ground.folder, 'import.mts');
  await writeFile(join(ground.folder, 'package.json'), '{ "type": "module" }');
  await writeFile(program, blockOf(await codeBlocks('clients.md'), 'ts import'));
});

/** Writes an archive of one or more files and imports it as the page of the documentation says. */
async function importArchive(name: string, files: readonly (readonly object[])[], key = ground.serverKey.key) {
  const folder = join(ground.folder, name);
  await mkdir(folder);
  const paths = files.map((_, i) => join(folder, `${1_700_000_000_000 + i}.gz`));
  for (const [i, events] of files.entries()) {
    await writeFile(paths[i]!, gzipSync(events.map((event) => `${JSON.stringify(event)}\n`).join('')));
  }
  return await command(process.execPath, [program, ...paths], {
    env: { ...process.env, TOUCHTRAIL_EDGE: ground.gate.url, TOUCHTRAIL_SERVER_KEY: key },
  });
}

/** Three events as Segment writes them into a bucket, the last two without an id. */
const exported = (day: string) => {
  const ofArchive = {
    receivedAt: `${day}T08:00:00.000Z`,
    sentAt: `${day}T07:59:59.000Z`,
    projectId: `project-${day}`,
    writeKey: 'of-another-system',
    version: 2,
    _metadata: { bundled: [day] },
  };
  const context = { ip: '203.0.113.9', page: { url: 'https://www.shop.example/?utm_source=google&utm_medium=cpc' } };
  return [
    { type: 'page', messageId: 'ajs-1', anonymousId: VISITOR, timestamp: '2024-05-06T07:08:09.123Z', context, ...ofArchive },
    {
      type: 'track',
      event: 'Signed Up',
      userId: 'user-7',
      timestamp: '2024-05-06T07:09:00Z',
      properties: { plan: 'team', seats: 5 },
      ...ofArchive,
    },
    // The same time of day, elsewhere.
    {
      type: 'track',
      event: 'Signed Up',
      userId: 'user-8',
      timestamp: '2024-05-06T09:09:00+02:00',
      properties: { plan: 'team' },
      ...ofArchive,
    },
  ];
};

test('history keeps its own times, and the times of the archive are ignored', async () => {
  const { code, stdout, stderr } = await importArchive('first', [exported('2025-01-01').slice(0, 2), exported('2025-01-01').slice(2)]);
  expect([code, stderr, stdout]).toEqual([0, '', '{"ok":3,"duplicate":0,"rejected":0}\n']);
  const { events, failed } = await ground.landed();
  expect(failed).toEqual([]);
  const ofAll = { write_key_id: ground.serverKey.id, sent_at: null, context: null };
  expect(events).toMatchObject([
    { ...ofAll, message_id: 'ajs-1', anonymous_id: VISITOR, occurred_at: '2024-05-06T07:08:09.123Z', utm_source: 'google', page_path: '/' },
    { ...ofAll, event: 'Signed Up', user_id: 'user-7', occurred_at: '2024-05-06T07:09:00.000Z', properties: '{"plan":"team","seats":5}' },
    { ...ofAll, event: 'Signed Up', user_id: 'user-8', occurred_at: '2024-05-06T07:09:00.000Z' },
  ]);
  for (const event of events) expect(Math.abs(Date.now() - Date.parse(event.received_at))).toBeLessThan(60_000);
  for (const event of events.slice(1)) expect(event.message_id).toMatch(/^content-[0-9a-f]{64}$/);
  expect(JSON.stringify(events)).not.toMatch(/project-2025|of-another-system|203\.0\.113\.9/);
});

test('another export of the same events, imported through a bad line, adds nothing', async () => {
  ground.gate.faults.push({ status: 503, retryAfter: 1, isStored: true }, { status: 429, retryAfter: 1, isStored: false });
  const again = exported('2026-02-02').map(({ type, ...event }) => ({ ...event, type }));
  const { code, stdout } = await importArchive('second', [again]);
  expect([code, stdout]).toEqual([0, '{"ok":3,"duplicate":0,"rejected":0}\n']);
  expect(ground.gate.passages.map(({ path, status }) => [path, status])).toEqual([
    ['/v1/import', 503],
    ['/v1/import', 429],
    ['/v1/import', 200],
  ]);
  const waited = ground.gate.passages.map(({ at }) => at).map((at, i, all) => at - (all[i - 1] ?? at));
  for (const wait of waited.slice(1)) expect(wait).toBeGreaterThanOrEqual(999);
  // Twice: the answer to the first was lost.
  expect((await ground.landed()).events.length).toBe(6);
});

test('what is refused is named and among the failed events; the others are there', async () => {
  const [page] = exported('2025-01-01');
  const { timestamp: _, ...timeless } = page!;
  const { code, stdout, stderr } = await importArchive('refused', [[timeless, { ...page!, messageId: 'good' }]]);
  expect([code, stdout]).toEqual([0, '{"ok":1,"duplicate":0,"rejected":1}\n']);
  expect(stderr).toContain('invalid_timestamp: {"type":"page","messageId":"ajs-1"');
  const { events, failed } = await ground.landed();
  expect(events.map((event) => event.message_id)).toEqual(['good']);
  expect(failed).toMatchObject([{ message_id: 'ajs-1', reason: 'invalid_timestamp', path: 'timestamp' }]);
});

test("a browser's key imports nothing, and the program says why", async () => {
  const { code, stderr } = await importArchive('public', [exported('2025-01-01')], ground.browserKey.key);
  expect(code).toBe(1);
  expect(stderr).toContain('403: {"success":false,"reason":"server_key_required"');
  expect((await ground.landed()).events).toEqual([]);
});

test('after all of that, each event is in the warehouse once', async () => {
  const { events, raw } = await tablesAfterNight(ground);
  // The three came three times.
  expect(raw).toBe(3 * 3 + 1);
  expect(events.map(({ type, user_id: user }) => `${type} of ${user ?? 'a visitor'}`).toSorted()).toEqual([
    'page of a visitor',
    'page of a visitor',
    'track of user-7',
    'track of user-8',
  ]);
});

test('a large archive travels in requests of at most 5 MB and 20,000 events', async () => {
  const many = Array.from({ length: 20_001 }, (_, i) => ({
    type: 'track',
    event: 'E',
    userId: 'u',
    messageId: `m-${i}`,
    timestamp: '2024-01-01',
  }));
  const long = Array.from({ length: 200 }, (_, i) => ({ ...many[0]!, messageId: `long-${i}`, properties: { text: 'ä'.repeat(15_000) } }));
  const { code, stdout, stderr } = await importArchive('large', [many, long]);
  expect([code, stderr, stdout]).toEqual([0, '', '{"ok":20201,"duplicate":0,"rejected":0}\n']);
  expect(ground.gate.passages.map(({ status }) => status)).toEqual([200, 200, 200]);
  const sizes = ground.gate.passages.map(({ headers }) => Number(headers['content-length']));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(5 * 1024 * 1024);
});

test('every block of code on the page is run by these tests', async () => {
  const blocks = [...(await codeBlocks('clients.md')).keys()].filter((info) => !info.startsWith('sh'));
  expect(blocks.toSorted()).toEqual(['js rudder-browser', 'js segment-browser', 'ts import', 'ts rudder-node', 'ts segment-node']);
});
