import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { EMAIL, BAD_JSON, refused, type CorpusBuilder } from './corpus-builder.ts';

/** Gzip that is cut off, damaged, stacked or a bomb; other compressions; noise. */
export function addCompression({ add, track, random }: CorpusBuilder): void {
  const whole = JSON.stringify({ batch: [track({ properties: { email: EMAIL, note: '"\\ä😀' } })] });
  const plain = JSON.stringify({ batch: [track()] });
  const gzip = gzipSync(whole);
  const damaged = refused(400, 'invalid_gzip', false);
  for (let cut = 2; cut < gzip.byteLength; cut += Math.ceil(gzip.byteLength / 25))
    add(`gzip cut after ${cut} bytes`, '/v1/batch', gzip.subarray(0, cut), damaged);
  for (let i = 0; i < 25; i++) {
    const broken = Buffer.from(gzip);
    // Of the header only the identification and the method are checked by all readers.
    const at = random.integer(10, broken.byteLength - 5);
    broken[at] = broken[at]! ^ (1 << random.integer(0, 7));
    add(`gzip with a bit of byte ${at} turned`, '/v1/batch', broken, 'accounted');
  }
  add('gzip of two members', '/v1/batch', Buffer.concat([gzipSync(plain.slice(0, 20)), gzipSync(plain.slice(20))]), damaged);
  add('gzip with something behind', '/v1/batch', Buffer.concat([gzipSync(plain), Buffer.from('{}')]), damaged);
  add('gzip in gzip', '/v1/batch', gzipSync(gzipSync(plain)), refused(400, 'invalid_utf8'));
  add('gzip of nothing', '/v1/batch', gzipSync(''), refused(400, 'invalid_json', false));
  add('gzip of no JSON', '/v1/batch', gzipSync(`no ${EMAIL}`), BAD_JSON);
  add('a bomb', '/v1/batch', gzipSync(Buffer.alloc(20_000_000, ' ')), refused(413, 'body_too_large'));
  add('a bomb of brackets', '/v1/batch', gzipSync(Buffer.alloc(20_000_000, '[')), refused(413, 'body_too_large'));
  add('half a million levels in gzip', '/v1/track', gzipSync(`{"a":${'['.repeat(500_000)}`), BAD_JSON);
  for (const label of ['gzip', 'x-gzip', 'GZIP', ' identity '])
    add(`a wrong label ${label}`, '/v1/batch', plain, 'stored', { 'content-encoding': label });
  for (const [label, body] of [
    ['deflate', deflateSync(plain)],
    ['br', brotliCompressSync(plain)],
    ['zstd', plain],
    ['gzip, gzip', plain],
    ['deflate, gzip', plain],
    ['x'.repeat(500), plain],
    [EMAIL, plain],
  ] as const) {
    add(`compressed as ${label.slice(0, 20)}`, '/v1/batch', body, refused(415, 'unsupported_encoding', false), {
      'content-encoding': label,
    });
  }
  for (let i = 0; i < 40; i++) {
    const noise = Uint8Array.from({ length: random.integer(1, 3_000) }, () => random.integer(0, 255));
    if (i % 2 === 0) noise.set([0x1f, 0x8b, 8]);
    add(`noise ${i}`, random.pick(['/v1/track', '/v1/batch']), noise, 'accounted');
  }
  // Changed here and there: most of it is no JSON any more.
  for (let i = 0; i < 80; i++) {
    const changed = Buffer.from(
      JSON.stringify({
        batch: [track({ properties: { plan: 'team', list: [1, { a: null }] }, context: { page: { url: 'https://x.example/?a=1' } } })],
      }),
    );
    for (let n = random.integer(1, 4); n > 0; n--) changed[random.integer(0, changed.byteLength - 1)] = random.integer(1, 127);
    add(`changed ${i}`, '/v1/batch', changed, 'accounted');
  }
}
