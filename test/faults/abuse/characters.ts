import { EMAIL, IP, BAD_JSON, refused, type CorpusBuilder } from './corpus-builder.ts';

/** Characters, encodings, numbers and times that something between here and the warehouse may not take. */
export function addCharacters({ add, single, track, random }: CorpusBuilder): void {
  const doubled = JSON.stringify(track()).slice(1, -1);
  const whole = JSON.stringify({ batch: [track({ properties: { email: EMAIL, note: '"\\ä😀' } })] });
  // Characters and encodings.
  for (const [name, text] of Object.entries({
    'a lone high surrogate': '\\ud83d',
    'a lone low surrogate': '\\ude00',
    'surrogates the wrong way round': '\\ude00\\ud83d',
    'an escaped NUL': 'a\\u0000b',
    'line feeds': 'a\\r\\nSet-Cookie: x=1\\r\\n\\r\\n',
    'control characters': '\\u0001\\u001f\\u007f\\u0080\\u009f',
    'other line ends': '\\u2028\\u2029\\u0085',
    'letters from right to left': '\\u202e\\u2066',
    'characters that cannot be seen': '\\u200b\\u200d\\ufeff\\u00ad',
    'no character': '\\uffff\\ufffe',
    'marks without a letter': '\\u0300'.repeat(500),
    'a formula': '=HYPERLINK(\\u0022x\\u0022)',
    'a script': '</script><script>alert(1)</script>',
    'a path': '..\\/..\\/etc\\/passwd\\u0000.png',
    'a format': '%s%n%x%p',
    'an escape of a terminal': '\\u001b[31m\\u001b]0;x\\u0007',
  })) {
    single(
      `${name} in a property`,
      `{"properties":{"a":"${text}","${text}":1,"email":"${EMAIL}"},${doubled.replace(/m-[0-9a-f-]+/, random.uuid())}}`,
      'stored',
    );
    single(
      `${name} in the name of the event`,
      `{"event":"E ${text} ${EMAIL}","anonymousId":"a","messageId":"m-${random.uuid()}"}`,
      text.length > 1_000 ? 'accounted' : 'stored',
    );
    single(
      `${name} in ids`,
      `{"event":"E","anonymousId":"a${text}","userId":"${text}","messageId":"m-${random.uuid()}${text}"}`,
      'accounted',
    );
  }
  const utf8 = Buffer.from(JSON.stringify(track({ properties: { note: `XX ${EMAIL} ${IP}` } })));
  for (const bad of [
    [0xff, 0xfe],
    [0xc0, 0x80],
    [0xc3, 0x28],
    [0xe2, 0x82],
    [0xf0, 0x9f],
    [0xed, 0xa0],
    [0xf5, 0x80],
    [0x80, 0x80],
    [0xfe, 0xff],
  ]) {
    const broken = Buffer.from(utf8);
    broken.set(bad, broken.indexOf('XX'));
    add(`no UTF-8: ${Buffer.from(bad).toString('hex')}`, '/v1/track', broken, refused(400, 'invalid_utf8'));
  }
  for (const [name, text] of Object.entries({ ASCII: whole.replace('ä😀', ''), 'other letters': whole })) {
    const little = Buffer.from(text, 'utf16le');
    for (const [order, body] of [
      ['little', little],
      ['big', Buffer.from(little).swap16()],
    ] as const) {
      for (const mark of ['', '\ufeff']) {
        const head = order === 'little' ? Buffer.from(mark, 'utf16le') : Buffer.from(mark, 'utf16le').swap16();
        add(
          `UTF-16 of ${name}, ${order} end first${mark && ', marked'}`,
          '/v1/batch',
          Buffer.concat([head, body]),
          refused(400, 'invalid_utf8'),
          { 'content-type': 'application/json; charset=utf-16' },
        );
      }
    }
  }
  add('UTF-8 with a mark', '/v1/track', `\ufeff${JSON.stringify(track())}`, 'stored');
  add('UTF-8 with two marks', '/v1/track', `\ufeff\ufeff${JSON.stringify(track())}`, BAD_JSON);
  add('Latin-1', '/v1/track', Buffer.from(JSON.stringify(track({ event: 'Grüße' })), 'latin1'), refused(400, 'invalid_utf8'), {
    'content-type': 'application/json; charset=iso-8859-1',
  });
  add('a NUL', '/v1/track', `${JSON.stringify(track({ email: EMAIL }))}\0`, refused(400, 'invalid_utf8'));

  // Numbers and times.
  for (const number of [
    '1e999',
    '-1e999',
    '1e-999',
    '-0',
    '9007199254740993',
    '-9007199254740993',
    '123456789012345678901234567890',
    '0.1e1',
    '9'.repeat(5_000),
    `0.${'1'.repeat(5_000)}`,
    '4e-324',
    '1.7976931348623157e308',
  ]) {
    const named = number.slice(0, 25);
    single(
      `${named} in a property`,
      `{"properties":{"n":${number},"engaged_seconds":${number}},"sequence":${number},"timestamp":${number},"event":"E","anonymousId":"a","messageId":"m-${random.uuid()}"}`,
      'stored',
    );
    single(`${named} as an id`, `{"userId":${number},"event":"E","anonymousId":"a","messageId":"m-${random.uuid()}"}`, 'accounted');
  }
  for (const time of [
    '9999-12-31T23:59:59.999Z',
    '10000-01-01',
    '+275760-09-13T00:00:00.000Z',
    '-000001-01-01T00:00:00Z',
    '0000-01-01',
    '0001-01-01T00:00:00+14:00',
    '2026-02-30',
    '2026-02-29T00:00:00Z',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:59:60Z',
    '2026-01-01T25:61:61Z',
    '2026-01-01T00:00:00+99:99',
    '2026-1-1',
    '20260101',
    'yesterday',
    'now()',
    '',
    ' 2026-01-01 ',
    '2026-01-01T00:00:00.123456789Z',
    '2026-01-01T00:00:00,5Z',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Infinity',
    'NaN',
    '1e12',
    '-1',
    '١٢٣',
    EMAIL,
    '2026-01-01T00:00:00Z\u0000',
    Number.MAX_SAFE_INTEGER,
    -1,
    0,
    1e12 + 0.5,
    8.64e15,
    8.64e15 + 1,
  ])
    single(`a time that is ${JSON.stringify(time)}`, track({ timestamp: time, originalTimestamp: time, sentAt: time }), 'stored');
}
