import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BATCH_BYTES, IMPORT_BYTES } from './edge-limits.ts';
import { useEdge } from './embedded-edge.ts';

const ground = useEdge('memory');
const MB = 1_000_000;
const UNPACKED = 200 * MB;

/** The memory that so many bodies at once may take: twice what they may hold, beside what the runtime takes for itself. */
const memoryFor = (bodies: number, bytes: number) => 50 * MB + 2 * bodies * bytes;
/** Some 200 KB. */
const BOMB = gzipSync(Buffer.alloc(UNPACKED, ' '), { level: 9 });

/** What the runtime holds in memory now, and what it has held at most, in bytes. */
async function memory(): Promise<{ now: number; most: number }> {
  const pid = (await readFile(join(ground.dataFolder, 'runtime', 'workerd.pid'), 'utf8')).trim();
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)![1]);
  return { now: kilobytes('VmRSS') * 1024, most: kilobytes('VmHWM') * 1024 };
}

const post = async (path: string, body: Uint8Array | string, key: string, headers: Record<string, string> = {}) =>
  await fetch(ground.edge.url + path, { method: 'POST', body: body as BodyInit, headers: { 'x-write-key': key, ...headers } });

async function explode(path: string, key: string, times: number): Promise<void> {
  const answers = await Promise.all(
    Array.from({ length: times }, async () => {
      const response = await post(path, BOMB, key);
      return [response.status, ((await response.json()) as { reason: string }).reason];
    }),
  );
  expect(answers).toEqual(Array.from({ length: times }, () => [413, 'body_too_large']));
}

async function expectHealthy(): Promise<void> {
  const response = await post('/v1/track', JSON.stringify({ event: 'After', anonymousId: 'a', messageId: crypto.randomUUID() }), 'demo');
  expect([response.status, ((await response.json()) as { success: boolean }).success]).toEqual([200, true]);
}

// Where the system says how much memory a process has.
describe.runIf(process.platform === 'linux')('gzip of 200 KB that unfolds to 200 MB', () => {
  test('is unpacked no further than its limit, one after the other', async () => {
    expect(BOMB.byteLength).toBeLessThan(210_000);
    await expectHealthy();
    const before = await memory();
    for (let i = 0; i < 20; i++) await explode('/v1/batch', 'demo', 1);
    // Unpacked whole, one of them would hold 200 MB.
    expect((await memory()).most - before.now).toBeLessThan(memoryFor(1, BATCH_BYTES));
    await expectHealthy();
  });

  test('nor do many at once fill the memory, on any route', async () => {
    const before = await memory();
    await explode('/v1/track', 'demo', 20);
    await explode('/v1/batch', 'demo', 20);
    // Unpacked whole they would hold 4 GB.
    expect((await memory()).most - before.now).toBeLessThan(memoryFor(20, BATCH_BYTES));
    await explode('/v1/import', ground.serverKey, 20);
    expect((await memory()).most - before.now).toBeLessThan(memoryFor(20, IMPORT_BYTES));
    await expectHealthy();
  });

  test('as an import of 5 MB that unfolds to 5 GB, is refused as early', async () => {
    // Members of gzip behind each other: the first is already more than is read.
    const large = Buffer.concat(Array.from({ length: 25 }, () => BOMB));
    const { most } = await memory();
    for (let i = 0; i < 3; i++) expect((await post('/v1/import', large, ground.serverKey)).status).toBe(413);
    expect((await memory()).most - most).toBeLessThan(memoryFor(1, IMPORT_BYTES));
    await expectHealthy();
  });

  test('leaves a row that says so, and nothing of what it held', async () => {
    const { status, events, failed } = await ground.send({ path: '/v1/batch', body: BOMB, headers: { 'x-write-key': 'demo' } });
    expect([status, events, failed.length]).toEqual([413, [], 1]);
    expect(failed[0]).toMatchObject({ reason: 'body_too_large', position: null });
    expect(Buffer.byteLength(failed[0]!.payload!)).toBeLessThanOrEqual(32_768);
    expect(ground.log).toEqual([]);
  });
});
