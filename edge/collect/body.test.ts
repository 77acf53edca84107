import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeUtf8, parseJson, readBody } from './body.ts';
import type { RequestRejected } from './rejections.ts';

const LIMIT = 1_000;

function read(body: string | Uint8Array<ArrayBuffer> | null, headers: Record<string, string> = {}): Promise<string> {
  return readBody({ headers: new Headers(headers), body: new Response(body).body }, LIMIT);
}

async function rejection(reading: Promise<unknown>): Promise<string> {
  return await reading.then(
    () => 'accepted',
    (error: unknown) => (error as RequestRejected).reason,
  );
}

describe('a body', () => {
  test('is read as it is when it is plain text', async () => {
    expect(await read('{"a":"ü"}')).toBe('{"a":"ü"}');
  });

  test('that is missing reads as empty', async () => {
    expect(await read(null)).toBe('');
  });

  test('is decompressed by its content, whatever the headers call it', async () => {
    const gzip = new Uint8Array(gzipSync('{"batch":[]}'));
    expect(await read(gzip, { 'content-encoding': 'gzip' })).toBe('{"batch":[]}');
    expect(await read(gzip, { 'content-type': 'application/x-www-form-urlencoded' })).toBe('{"batch":[]}');
  });

  test('that a proxy has decompressed but left labelled gzip is read as it is', async () => {
    expect(await read('{}', { 'content-encoding': 'gzip' })).toBe('{}');
  });

  test('loses its byte order mark', async () => {
    expect(await read(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))).toBe('{}');
  });

  test.each([
    ['exactly at the limit', 1_000, 'accepted'],
    ['one byte above the limit', 1_001, 'body_too_large'],
  ])('%s on the wire', async (_, length, outcome) => {
    expect(await rejection(read('x'.repeat(length)))).toBe(outcome);
  });

  test.each([
    ['exactly at the limit', 1_000, 'accepted'],
    ['one byte above the limit', 1_001, 'body_too_large'],
    ['a thousand times the limit', 1_000_000, 'body_too_large'],
  ])('%s after decompression', async (_, length, outcome) => {
    const gzip = new Uint8Array(gzipSync('x'.repeat(length)));
    const reading = readBody({ headers: new Headers(), body: new Response(gzip).body }, length === 1_000_000 ? 2_000 : LIMIT);
    expect(await rejection(reading)).toBe(outcome);
  });

  test('of which the gzip is cut off or damaged is refused', async () => {
    const gzip = gzipSync('{"batch":["a rather long text that does not compress to nothing"]}');
    expect(await rejection(read(new Uint8Array(gzip.subarray(0, -12))))).toBe('invalid_gzip');
    expect(await rejection(read(new Uint8Array([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])))).toBe('invalid_gzip');
  });

  test('in another compression is refused by name', async () => {
    expect(await rejection(read(new Uint8Array([1, 2, 3]), { 'content-encoding': 'br' }))).toBe('unsupported_encoding');
  });

  test('that is not UTF-8 is refused instead of being repaired silently', async () => {
    expect(await rejection(read(new Uint8Array([0x7b, 0xff, 0x7d])))).toBe('invalid_utf8');
  });
});

/** A request of which is told whether it was read at once. */
function request(text: string, headers: Record<string, string>) {
  const bytes = new TextEncoder().encode(text);
  const ways: string[] = [];
  const body = new Response(bytes).body!;
  const getReader = () => (ways.push('stream'), body.getReader());
  const arrayBuffer = async () => (ways.push('at once'), bytes.buffer);
  return { ways, request: { headers: new Headers(headers), body: { getReader } as unknown as typeof body, arrayBuffer } };
}

describe('a body of a known length', () => {
  test('is read at once', async () => {
    const { ways, request: asked } = request('{"a":"ü"}', { 'content-length': '10' });
    expect(await readBody(asked, LIMIT)).toBe('{"a":"ü"}');
    expect(ways).toEqual(['at once']);
  });

  test.each<Record<string, string>>([
    {},
    { 'content-length': '' },
    { 'content-length': '-1' },
    { 'content-length': '1e1' },
    { 'content-length': '2, 2' },
    { 'content-length': '1001' },
    { 'content-length': '2', 'transfer-encoding': 'chunked' },
  ])('is none with the headers %j: then the bytes are counted while they arrive', async (headers) => {
    const { ways, request: asked } = request('x'.repeat(1_001), headers);
    expect(await rejection(readBody(asked, LIMIT))).toBe('body_too_large');
    expect(ways).toEqual(['stream']);
  });

  test('that is another one is refused', async () => {
    const { request: asked } = request('x'.repeat(1_001), { 'content-length': '10' });
    expect(await rejection(readBody(asked, LIMIT))).toBe('body_too_large');
  });

  test('may be gzip, which is counted while it unfolds', async () => {
    const gzip = new Uint8Array(gzipSync('x'.repeat(100_000)));
    const asked = {
      headers: new Headers({ 'content-length': `${gzip.length}` }),
      body: new Response(gzip).body,
      arrayBuffer: async () => gzip.buffer,
    };
    expect(await rejection(readBody(asked, LIMIT))).toBe('body_too_large');
    expect(await readBody(asked, 100_000)).toHaveLength(100_000);
  });
});

test('what was refused leaves nothing behind for the next', () => {
  for (let i = 0; i < 3; i++) {
    expect(() => decodeUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0xc3]))).toThrow();
    expect(decodeUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))).toBe('{}');
    expect(decodeUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))).toBe('{}');
  }
});

test('text that is not JSON is refused and kept for the failure row', () => {
  expect(() => parseJson('{"a":')).toThrowError(expect.objectContaining({ reason: 'invalid_json', payload: '{"a":' }));
});

test.each([
  ['{"email":leak@victim.example}', undefined],
  ['{"a":1,', 'at character 7'],
  ['leak@victim.example', undefined],
])('the words about %s quote nothing of it', (text, detail) => {
  expect(() => parseJson(text)).toThrowError(expect.objectContaining({ reason: 'invalid_json', detail }));
});

test.each([
  ['UTF-16, little end first', 'utf16le', '\ufeff'],
  ['UTF-16 without a byte order mark', 'utf16le', ''],
] as const)('%s is refused, and nothing of it is kept that could not be cleaned', (_, encoding, mark) => {
  const bytes = new Uint8Array(Buffer.from(`${mark}{"email":"leak@victim.example"}`, encoding));
  for (const body of [bytes, bytes.toReversed()]) {
    expect(() => parseJson(decodeUtf8(body))).toThrowError(
      expect.objectContaining({ reason: 'invalid_utf8', payload: `(${bytes.byteLength} bytes that are not UTF-8)` }),
    );
  }
});

test.each(['in chunks', 'of a wrong length', 'that is no UTF-8'])('of a body %s only what may be kept is decoded', async (kind) => {
  const bytes = new Uint8Array(Buffer.from(`{"a":"${'ü'.repeat(1_000_000)}`));
  if (kind === 'that is no UTF-8') bytes[7] = 0x20;
  const asked = {
    headers: new Headers(kind === 'of a wrong length' ? { 'content-length': '10' } : {}),
    body: new Response(bytes).body,
    arrayBuffer: async () => bytes.buffer,
  };
  const limit = kind === 'that is no UTF-8' ? 3_000_000 : 1_500_000;
  const rejected = (await readBody(asked, limit).catch((error: unknown) => error)) as RequestRejected;
  expect(rejected.reason).toBe(kind === 'that is no UTF-8' ? 'invalid_utf8' : 'body_too_large');
  // 64 K characters are looked at.
  expect(rejected.payload).toMatch(/^\{"a":"(?:ü|\ufffd )ü{65536}/);
  expect(rejected.payload!.length).toBeLessThanOrEqual(256 * 1024);
});

test('a body too large in UTF-16 leaves nothing of it, either', async () => {
  const bytes = new Uint8Array(Buffer.from('leak@victim.example '.repeat(100), 'utf16le'));
  const rejected: unknown = await read(bytes).catch((error: unknown) => error);
  expect(rejected).toMatchObject({
    reason: 'body_too_large',
    payload: expect.stringMatching(/^\(\d+ bytes that are not UTF-8\)$/) as string,
  });
});
