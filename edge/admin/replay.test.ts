import { beforeEach, expect, test, vi } from 'vitest';
import type { Environment } from '../services.ts';
import { FakeBucket } from '../testing/fake-bucket.ts';
import { FakeQueue } from '../testing/fake-queue.ts';

const EVENT =
  '{"event":{"message_id":"a","received_at":"2026-03-01T12:00:00.000Z","write_key_id":"wk_1","edge_instance":"e","edge_sequence":1}}\n';

let archive: FakeBucket;
let queue: FakeQueue;
let isFailing: boolean;
beforeEach(() => {
  archive = new FakeBucket();
  isFailing = false;
  queue = new FakeQueue({ name: 'touchtrail-events', fault: () => (isFailing ? 'error' : undefined) });
  vi.spyOn(console, 'error').mockImplementation(() => {});
  return () => void vi.restoreAllMocks();
});

async function ask(path: string, body?: unknown, token = 'operator', bindings: Partial<Environment> = {}) {
  vi.resetModules();
  const { createApp } = await import('../app.ts');
  const environment = { KEYS: {}, QUEUE: queue, ARCHIVE: archive, ADMIN_TOKEN: 'operator', ...bindings };
  const init = body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await createApp().request(
    `https://edge.example${path}`,
    { ...init, headers: { authorization: `Bearer ${token}` } },
    environment,
  );
  return { status: response.status, json: (await response.json()) as unknown };
}

test.each(['/internal/held', '/internal/held/dead'])('%s is for the operator', async (path) => {
  expect((await ask(path, undefined, 'guess')).status).toBe(404);
});

const about = (count: number, writeKeyId: string, receivedAt: string) => ({
  count: String(count),
  write_key_id: writeKeyId,
  received_at: receivedAt,
  delivery: 'e-1',
});

test('held objects are counted', async () => {
  archive.hold('dead/2026-03-01/a.ndjson', 'x'.repeat(10), about(3, 'wk_1', '2026-03-01T23:00:00.000Z'));
  archive.hold('dead/2026-03-01/b.ndjson', 'x'.repeat(5), about(4, 'wk_1', '2026-03-01T01:00:00.000Z'));
  archive.hold('dead/2026-03-02/c.ndjson', 'é', about(1, 'wk_2', '2026-03-02T00:00:00.000Z'));
  archive.hold('spill/2026-03-02/d.ndjson', 'x', { received_at: '2026-03-02T05:00:00.000Z' });
  expect(await ask('/internal/held')).toEqual({
    status: 200,
    json: {
      spill: {
        objects: 1,
        bytes: 1,
        rows: 0,
        oldest: '2026-03-02T05:00:00.000Z',
      },
      dead: {
        objects: 3,
        bytes: 17,
        rows: 8,
        oldest: '2026-03-01T01:00:00.000Z',
      },
      invalid: { objects: 0, bytes: 0, rows: 0, oldest: null },
    },
  });
});

test('held objects are listed page by page', async () => {
  for (let i = 0; i < 1_001; i++) {
    archive.hold(`dead/2026-03-01/${1_000 + i}.ndjson`, EVENT, {
      count: '1',
      write_key_id: 'wk_1',
      received_at: '2026-03-01T12:00:00.000Z',
      delivery: `e-${i}`,
    });
  }
  const { json: first } = (await ask('/internal/held/dead')) as { json: { objects: unknown[]; cursor: string } };
  expect(first.objects).toHaveLength(1_000);
  const { json: second } = await ask(`/internal/held/dead?cursor=${encodeURIComponent(first.cursor)}`);
  expect(second).toEqual({
    objects: [
      {
        key: 'dead/2026-03-01/2000.ndjson',
        bytes: 130,
        rows: 1,
        received_at: '2026-03-01T12:00:00.000Z',
        write_key_id: 'wk_1',
        delivery: 'e-1000',
      },
    ],
  });
  expect((await ask('/internal/held/other')).status).toBe(404);
});

test('without an archive nothing is held', async () => {
  expect(await ask('/internal/held', undefined, 'operator', { ARCHIVE: undefined } as unknown as Environment)).toEqual({
    status: 200,
    json: { spill: null, dead: null, invalid: null },
  });
});

test('dead letters go back into the queue', async () => {
  archive.hold('dead/2026-03-01/a.ndjson', EVENT, { count: '1' });
  expect(await ask('/internal/replay', { prefix: 'dead' })).toEqual({
    status: 200,
    json: { objects: 1, rows: 1, bytes: EVENT.length, unreadable: [], waiting: [] },
  });
  expect([queue.bodies(), archive.contents().size]).toEqual([[EVENT], 0]);
});

test.each([
  'no JSON',
  {},
  { prefix: 'invalid' },
  { prefix: 'dead', limit: 0 },
  { prefix: 'dead', limit: 1_001 },
  { prefix: 'dead', limit: 1.5 },
  { prefix: 'dead', dryRun: 'yes' },
  { prefix: 'dead', cursor: 7 },
  'null',
])('%j is no replay', async (body) => {
  expect(await ask('/internal/replay', body)).toMatchObject({ status: 400, json: { reason: 'invalid_replay' } });
});

test('a replay that fails says so, and what was not sent stays', async () => {
  archive.hold('dead/2026-03-01/a.ndjson', EVENT, { count: '1' });
  isFailing = true;
  expect(await ask('/internal/replay', { prefix: 'dead' })).toEqual({
    status: 503,
    json: { success: false, reason: 'not_put_back', message: 'Not everything was put back, ask again: Internal Server Error.' },
  });
  expect(archive.contents().size).toBe(1);
});
