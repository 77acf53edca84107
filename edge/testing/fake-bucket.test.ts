import { expect, test } from 'vitest';
import type { CallFault } from './call-fault.ts';
import { FakeBucket } from './fake-bucket.ts';

test('what was put can be read, listed and deleted', async () => {
  const notes: string[] = [];
  const bucket = new FakeBucket({ note: (action) => notes.push(action) });
  await bucket.put('a/1', 'é', { customMetadata: { count: '3' } });
  expect(await (await bucket.get('a/1'))!.text()).toBe('é');
  expect(await bucket.get('a/2')).toBeNull();
  expect((await bucket.list({})).objects).toMatchObject([{ key: 'a/1', size: 2 }]);
  await bucket.delete(['a/1', 'a/2']);
  expect(bucket.contents().size).toBe(0);
  expect(notes).toEqual(['put a/1', 'deleted a/1']);
});

test('metadata is listed only where it is asked for', async () => {
  const bucket = new FakeBucket();
  await bucket.put('a', '', { customMetadata: { count: '3' } });
  expect((await bucket.list({})).objects[0]!.customMetadata).toBeUndefined();
  expect((await bucket.list({ include: ['customMetadata'] })).objects[0]!.customMetadata).toEqual({ count: '3' });
});

test('a list is in the order of the keys, of one prefix, page by page', async () => {
  const bucket = new FakeBucket();
  for (const key of ['b/2', 'a/1', 'b/3', 'b/1']) bucket.hold(key, key);
  const first = await bucket.list({ prefix: 'b/', limit: 2 });
  expect(first.objects.map(({ key }) => key)).toEqual(['b/1', 'b/2']);
  expect(first.truncated).toBe(true);
  const last = await bucket.list({ prefix: 'b/', limit: 2, ...(first.cursor !== undefined && { cursor: first.cursor }) });
  expect([last.objects.map(({ key }) => key), last.truncated, last.cursor]).toEqual([['b/3'], false, undefined]);
  await expect(bucket.list({ limit: 1_001 })).rejects.toThrow('1000');
});

test('keys and metadata have limits', async () => {
  const bucket = new FakeBucket();
  await bucket.put('k'.repeat(1_024), '', { customMetadata: { m: 'x'.repeat(8_191) } });
  await expect(bucket.put('k'.repeat(1_025), '')).rejects.toThrow('1024');
  await expect(bucket.put('k', '', { customMetadata: { m: 'x'.repeat(8_192) } })).rejects.toThrow('metadata');
});

test.each<[CallFault, boolean]>([
  ['error', false],
  ['done and error', true],
])('%s: the caller is told that it failed', async (fault, done) => {
  const bucket = new FakeBucket({ fault: (operation) => (operation === 'list' ? undefined : fault) });
  await expect(bucket.put('a', 'text')).rejects.toThrow('internal error');
  expect(bucket.contents().has('a')).toBe(done);
  bucket.hold('b', 'text');
  await expect(bucket.delete('b')).rejects.toThrow('internal error');
  expect(bucket.contents().has('b')).toBe(!done);
  await expect(bucket.get('b')).rejects.toThrow('internal error');
});
