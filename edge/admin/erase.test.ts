import { beforeEach, expect, test, vi } from 'vitest';
import { FakeBucket } from '../testing/fake-bucket.ts';

let archive: FakeBucket;
beforeEach(() => {
  archive = new FakeBucket();
  vi.spyOn(console, 'error').mockImplementation(() => {});
  return () => void vi.restoreAllMocks();
});

async function ask(body: unknown, token = 'operator', bucket: FakeBucket | undefined = archive) {
  vi.resetModules();
  const { createApp } = await import('../app.ts');
  const init = { method: 'POST', body: JSON.stringify(body), headers: { authorization: `Bearer ${token}` } };
  const response = await createApp().request('https://edge.example/internal/erase', init, {
    KEYS: {},
    ARCHIVE: bucket,
    ADMIN_TOKEN: 'operator',
  });
  return { status: response.status, json: (await response.json()) as unknown };
}

const ids = { anonymous_id: ['jane-1'], user_id: ['u7'], email_hash: ['4'.repeat(64)] };
const packing = { received_at: '2026-03-01T12:00:00.000Z', write_key_id: 'wk_1', edge_instance: 'e', edge_sequence: 1 };
const event = (message_id: string, row: object) => JSON.stringify({ event: { message_id, ...packing, ...row } });
const failed = (position: number, payload: string) => JSON.stringify({ failed: { message_id: null, position, payload, ...packing } });
const header = JSON.stringify({ delivery: { ...packing, count: 5 } });
const about = { count: '5', write_key_id: 'wk_1', received_at: packing.received_at, delivery: 'e-1' };

test('erasing is for the operator', async () => {
  expect((await ask({ prefix: 'dead', ids }, 'guess')).status).toBe(404);
});

test.each([
  {},
  { prefix: 'other', ids },
  { prefix: 'dead' },
  { prefix: 'dead', ids: { ...ids, user_id: [''] } },
  { prefix: 'dead', ids, limit: 101 },
])('%j is refused', async (body) => {
  expect(await ask(body)).toMatchObject({ status: 400, json: { reason: 'invalid_erase' } });
});

test('rows of the person become empty lines, so that the others keep their places, and are told', async () => {
  const max = event('m', { anonymous_id: 'max', properties: '{"userId":"u7"}' });
  const lines = [
    header,
    event('a', { anonymous_id: 'jane-1' }),
    max,
    event('b', { anonymous_id: 'new', email_hashes: [{ hash: '4'.repeat(64), origin: 'form' }] }),
    failed(3, '{"userId":"u7","tra'),
    failed(4, '{"userId":"u70"}'),
  ];
  archive.hold('dead/2026-03-01/x.ndjson', lines.join('\n'), about);
  archive.hold('dead/2026-03-01/y.ndjson', max, about);
  const told = { edge_instance: 'e', edge_sequence: 1, write_key_id: 'wk_1', received_at: packing.received_at };
  expect(await ask({ prefix: 'dead', ids })).toEqual({
    status: 200,
    json: {
      objects: 1,
      erased: [
        { ...told, name: 'event a' },
        { ...told, name: 'event b' },
        { ...told, name: 'failed position 3' },
      ],
      unreadable: [],
    },
  });
  expect(archive.contents().get('dead/2026-03-01/x.ndjson')).toBe([header, '', max, '', '', lines[5]].join('\n'));
  expect(archive.contents().get('dead/2026-03-01/y.ndjson')).toBe(max);
  const { objects } = await archive.list({ prefix: 'dead/', include: ['customMetadata'] });
  expect(objects[0]!.customMetadata).toEqual({ ...about, count: '2' });
  expect(await ask({ prefix: 'dead', ids })).toMatchObject({ json: { objects: 0, erased: [] } });
});

test('the original of a refused row is deleted', async () => {
  archive.hold('invalid/2026-03-01/a.json', JSON.stringify({ message_id: 'a', anonymous_id: 'jane-1' }));
  archive.hold('invalid/2026-03-01/b.json', JSON.stringify({ message_id: 'b', anonymous_id: 'max', properties: '{"userId":"u7"}' }));
  expect(await ask({ prefix: 'invalid', ids })).toMatchObject({ json: { objects: 1, erased: [] } });
  expect([...archive.contents().keys()]).toEqual(['invalid/2026-03-01/b.json']);
});

test('large archives are gone through page by page', async () => {
  for (let i = 0; i < 3; i++)
    archive.hold(`spill/2026-03-01/${i}.ndjson`, event(`e${i}`, { anonymous_id: 'jane-1' }), { ...about, count: '1' });
  const first = (await ask({ prefix: 'spill', ids, limit: 2 })).json as { objects: number; cursor: string };
  expect(first).toMatchObject({ objects: 2 });
  expect(await ask({ prefix: 'spill', ids, limit: 2, cursor: first.cursor })).toMatchObject({ json: { objects: 1 } });
  expect(archive.contents().size).toBe(0);
});

test('an archive that fails is told, and nothing is said to be erased', async () => {
  const failing = new FakeBucket({ fault: (operation) => (operation === 'put' ? 'error' : undefined) });
  failing.hold('dead/2026-03-01/x.ndjson', [header, event('a', { anonymous_id: 'jane-1' })].join('\n'), about);
  expect(await ask({ prefix: 'dead', ids }, 'operator', failing)).toMatchObject({ status: 503, json: { reason: 'not_erased' } });
});
