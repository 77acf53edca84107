import { EMAIL, IP, IP6, BAD_JSON, BAD_BODY, refused, type CorpusBuilder } from './corpus-builder.ts';

/** Bodies that are no JSON, or not what a route takes. */
export function addBodies({ add, track, random }: CorpusBuilder): void {
  const whole = JSON.stringify({ batch: [track({ properties: { email: EMAIL, note: '"\\ä😀' } })] });
  // Not JSON.
  const bytes = Buffer.from(whole);
  for (let cut = 1; cut <= 100; cut++) {
    const length = Math.floor((bytes.byteLength * cut) / 101);
    const isText = (bytes[length]! & 0xc0) !== 0x80;
    add(`cut after ${length} bytes`, '/v1/batch', bytes.subarray(0, length), isText ? BAD_JSON : refused(400, 'invalid_utf8'));
  }
  for (const text of [
    ' ',
    '\n\t ',
    '{',
    '}',
    '[',
    ']',
    '{]',
    '[}',
    '{"a"}',
    '{"a":}',
    '{,}',
    '{"a":1,}',
    '[1,]',
    "{'a':1}",
    '{a:1}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":0x10}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":undefined}',
    '{"a":"\n"}',
    '{"a":"\u0001"}',
    '{"a":"\\x41"}',
    '{"a":"\\u12"}',
    '{"a":"\\"}',
    '{}{}',
    '{} {}',
    '{}\n{}',
    '{}x',
    'nul',
    'tru',
    '/* */ {}',
    '{"a":1} // no',
    'undefined',
    '<xml/>',
    `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x m="${EMAIL}">&e;</x>`,
    '<html>',
    `a=1&email=${EMAIL}`,
    'data=eyJhIjoxfQ==',
    `--b\r\nContent-Disposition: form-data; name="e"\r\n\r\n${EMAIL}\r\n--b--\r\n`,
    '%7B%7D',
    'GET / HTTP/1.1\r\n\r\n',
    '['.repeat(100_000),
    `{"a":`.repeat(50_000),
    `"${'x'.repeat(100_000)}`,
    '-',
    '--1',
    '1e',
    '\\',
    '"',
    "'",
    '`',
    '\u2028',
    '\u00a0',
    '{\u00a0}',
    `{"email":"${EMAIL}"`,
    `{"ip":"${IP}", "six":"${IP6}"`,
    `{"x":"${EMAIL.replace('@', '\\u0040')}`,
    `{"x":"${encodeURIComponent(EMAIL)}`,
    `${EMAIL} `.repeat(3_000),
    `=cmd|' /C calc'!A0`,
    "'; drop table events_raw; --",
    '${jndi:ldap://x}',
    '{{7*7}}',
    '../../etc/passwd',
  ])
    add(`no JSON: ${JSON.stringify(text.slice(0, 30))}`, random.pick(['/v1/track', '/v1/batch', '/v1/p', '/v1/b']), text, BAD_JSON);
  add('nothing at all', '/v1/batch', '', refused(400, 'invalid_json', false));
  add('no body', '/v1/track', undefined, refused(400, 'invalid_json', false));

  // Not what a route takes.
  for (const value of [null, true, false, 0, -0, 1.5, 'text', '', [], [[]], [{}], [track()]]) {
    for (const path of ['/v1/track', '/v1/batch']) add(`a body that is ${JSON.stringify(value)}`, path, JSON.stringify(value), BAD_BODY);
  }
  for (const value of [undefined, null, true, 0, 'x', {}, { 0: {}, length: 1 }]) {
    add(`a batch that is ${JSON.stringify(value)}`, '/v1/batch', JSON.stringify({ batch: value, email: EMAIL }), BAD_BODY);
  }
  for (const value of [null, true, 0, -1, 'text', EMAIL, IP, [], [EMAIL], [[[]]]]) {
    add(`an event that is ${JSON.stringify(value)}`, '/v1/batch', JSON.stringify({ batch: [track(), value] }), {
      rejected: 'not_an_object',
    });
  }
  add(
    'an import with a browser key',
    '/v1/import',
    JSON.stringify({ batch: [track({ email: EMAIL })] }),
    refused(403, 'server_key_required', false),
  );
}
