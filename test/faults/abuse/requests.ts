import { gzipSync } from 'node:zlib';
import { EMAIL, refused, type CorpusBuilder } from './corpus-builder.ts';

/** Pixels, keys, methods, paths, queries and headers. */
export function addRequests({ add, single, image, track }: CorpusBuilder): void {
  const plain = JSON.stringify({ batch: [track()] });
  // Pixels.
  for (const [name, data] of Object.entries({
    'no base64': '%25%25%25',
    'a lone percent sign': '%',
    'half an escape': '%4',
    'no UTF-8 in its escape': '%ff%fe',
    'a plain text': 'hello%20world',
    'cut base64': 'eyJhIjox',
    'a list': 'W10=',
    null: 'bnVsbA==',
    'a number': 'MQ==',
    'an address': EMAIL,
    'bytes that are no UTF-8': Buffer.from([0xff, 0xfe, 0x22]).toString('base64url'),
    gzip: gzipSync('{}').toString('base64url'),
  }))
    image(name, `/v1/pixel/track?data=${data}`, 'failed');
  // Nothing is an event without anything, and nothing that could be kept.
  image('empty data', '/v1/pixel/track?data=', 'nothing');
  image('nothing', '/v1/pixel/track', 'failed');
  image('an unknown type', '/v1/pixel/nope?anonymousId=a', 'failed');
  image('a type of a prototype', '/v1/pixel/constructor?anonymousId=a', 'failed');
  image('prototypes', '/v1/pixel/track?__proto__.polluted=1&constructor.prototype.x=1&anonymousId=a&event=E&__proto__=2', 'stored');
  image('a name that is both', '/v1/pixel/track?a=1&a.b=2&a.b.c=3&anonymousId=a&event=E', 'stored');
  image('empty names', '/v1/pixel/track?=1&.=2&..=3&anonymousId=a&event=E&&&', 'stored');
  image('10,000 levels', `/v1/pixel/track?${'a.'.repeat(10_000)}b=1&anonymousId=a&event=E`, 'failed');
  image('no key', `/v1/pixel/track?anonymousId=a&event=E`, 'nothing', { 'x-write-key': '' });

  // Keys, methods and paths.
  for (const key of ['', ' ', 'nope', EMAIL, 'demo\u00ff', "' or 1=1 --", '*', 'generation', 'x'.repeat(10_000)]) {
    const reason = key.trim() === '' ? 'missing_write_key' : 'unknown_write_key';
    add(`the key ${JSON.stringify(key.slice(0, 20))}`, '/v1/track', JSON.stringify(track({ email: EMAIL })), refused(401, reason, false), {
      'x-write-key': key,
    });
  }
  for (const authorization of ['Basic', 'Basic !!!', 'Basic ====', 'Bearer demo', `Basic ${'A'.repeat(9_999)}`, 'Basic //79/A==']) {
    add(`authorization ${authorization.slice(0, 15)}`, '/v1/track', JSON.stringify(track()), 'accounted', { authorization });
  }
  for (const method of ['PUT', 'DELETE', 'PATCH', 'HEAD', 'GET', 'TRACE', 'PROPFIND', 'PURGE']) {
    add(
      `${method} of events`,
      '/v1/batch',
      method === 'PUT' || method === 'PATCH' ? plain : undefined,
      { refused: 404, reason: 'not_found', isKept: false },
      {},
      method,
    );
  }
  for (const path of [
    '/',
    '/v1',
    '/v1/',
    '/v1/nope',
    '/v2/track',
    '/v1/track/x',
    '//v1//track',
    '/V1/TRACK',
    '/v1/..%2f..',
    '/%',
    '/%zz',
    '/%ff',
    '/%00',
    '/..;/internal',
    '/.env',
    '/wp-login.php',
    '/v1/%74rack%',
    `/${'a'.repeat(10_000)}`,
    '/v1/track;x=1',
    '/constructor',
    '/__proto__',
    '/v1/__proto__',
    '/v1/pixel',
    '/internal/keys-changed',
    '/internal/keys',
    '/metrics',
    '/internal/replay',
  ]) {
    add(`POST ${path.slice(0, 30)}`, path, plain, { refused: 404, reason: 'not_found', isKept: false });
    add(`GET ${path.slice(0, 30)}`, path, undefined, { refused: 404, reason: 'not_found', isKept: false }, {}, 'GET');
  }
  for (const query of ['?%', '?%ff=%fe', '?writeKey=%', `?a=${'x'.repeat(10_000)}`, '?writeKey=nope', '??&&==', '?__proto__=1'])
    single(`the query ${query.slice(0, 20)}`, track(), 'accounted');
  for (const headers of [
    { 'content-type': '' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-type': 'x'.repeat(5_000) },
    { 'content-type': 'application/json; charset=utf-7' },
    { origin: 'null' },
    { origin: '\u00ff' },
    { origin: EMAIL },
    { origin: 'https://x.example\u00a0' },
    { cookie: '='.repeat(5_000) },
    { cookie: `internal=%; ${'a=b; '.repeat(500)}` },
    { sentat: 'x'.repeat(5_000) },
    { 'user-agent': '' },
    { 'user-agent': '('.repeat(20_000) },
    { 'user-agent': '\u00ff\u00fe' },
    { 'x-touchtrail-visitor': 'v1;t=1;ip=203.0.113.66;host=x;s=x' },
    { 'x-touchtrail-visitor': ';'.repeat(10_000) },
    { 'if-none-match': '"' },
    { range: 'bytes=0-' },
    { expect: 'nothing' },
    { 'x-http-method-override': 'DELETE' },
  ] as Record<string, string>[]) {
    const [[name, value]] = Object.entries(headers) as [[string, string]];
    single(`the header ${name}: ${JSON.stringify(value.slice(0, 20))}`, track(), name === 'expect' ? 'platform' : 'stored', headers);
  }
  single('headers of 60 KB', track(), 'platform', { 'x-anything': 'x'.repeat(60_000) });
}
