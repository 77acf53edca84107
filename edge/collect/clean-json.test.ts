import { describe, expect, test } from 'vitest';
import { trackerMessages } from '../../test/bench/edge/events.ts';
import { Random } from '../../test/simulator/random.ts';
import { isCleanJson, redact } from './redact.ts';

/** Whether the event itself needs no cleaning: told from its own JSON, event by event. */
const isUntouched = (event: unknown) => redact(event, JSON.stringify(event)) === event;

const check = (event: unknown): void => expect([event, redact(event, JSON.stringify(event))]).toEqual([event, redact(event, '@')]);

const escaped = (sign: string) => `\\u00${sign.charCodeAt(0).toString(16).padStart(2, '0')}`;
const isInText = (json: string, at: number) => json.slice(0, at).replace(/\\./g, '').split('"').length % 2 === 0;

describe('a text of JSON', () => {
  test('as the tracker sends it is known to be clean', () => {
    const messages = trackerMessages();
    for (let i = 0; i < 300; i++) expect(isCleanJson(JSON.stringify(messages.next().value))).toBe(true);
  });

  test.each([
    String.raw`{"title":"\"Best of\" 2026 \/ a\tb\n"}`,
    '{ "time": "2026-11-02T08:00:42.864Z", "version": "0.1.0", "at": 12.5 }',
    '{"url":"https://x.example/%C3%BC?a=%20b&c=d","emoji":"😀"}',
  ])('%s is', (json) => {
    expect(isCleanJson(json)).toBe(true);
  });

  test.each([
    '{"a":"jane@example.com"}',
    '{"a":"jane＠example.com"}',
    '{"a":"jane%40example.com"}',
    '{"a":"jane%2540example.com"}',
    '{"a":"jane%25%34%30example.com"}',
    '{"a":"jane%u0040example.com"}',
    '{"a":"jane&commat;example.com"}',
    '{"a":"jane&#64;example.com"}',
    String.raw`{"a":"jane\u0040example.com"}`,
    String.raw`{"a":"jane\\u0040example.com"}`,
    String.raw`{"a":"\ud800"}`,
    '{"a":"203.0.113.7"}',
    String.raw`{"a":"\n203.0.113.7"}`,
    '{"a":"?ip=203.0.113.7"}',
    '{"203.0.113.7":1}',
    '{"a":"2001:db8::1"}',
    '{"a":"::1"}',
    '{"a":"?ip=2001%3adb8%3a%3a1"}',
    '{"a":"[::1]"}',
  ])('%s is not', (json) => {
    expect(isCleanJson(json)).toBe(false);
  });

  const FRAGMENTS = [
    ['@', '＠', '﹫', '%', '%25', '%40', '%30', '%34', '%3d', '%3D', '%3a', '%3A', '%u', '%EF', '%ef', '25', '40', '3a'],
    ['\\', '\\u0040', '\\x40', '\\\\', '&', '#', '&#', '&commat;', '&COMMAT;', 'commat;', '\ud800', '\udc00', '\u0000', '😀'],
    [
      '.',
      '1.',
      '203.',
      '203.0.113.7',
      '1.2.3',
      ':',
      '::',
      '[',
      ']',
      'a:',
      'db8:',
      '2001:db8::1',
      'T08:00:42',
      '=',
      ',',
      ' ',
      '\u00a0',
      '\n',
      '\t',
      '"',
      '/',
    ],
    ['a', 'jane', 'example.com', '0', '9', '12', '255', 'é', '–'],
    [
      '(',
      '<',
      '{',
      "'",
      '_',
      '\u3000',
      '\u200b',
      '\u000b',
      '\ufeff',
      '%5b',
      '%5B',
      '%26',
      '%5c',
      '%5Cu0040',
      '%%',
      '%2',
      '&amp;',
      '&amp;#64;',
      '＆',
      '％',
    ],
  ].flat();

  /** The same value, written in another way. */
  const WRITINGS: readonly ((value: unknown) => string)[] = [
    (value) => JSON.stringify(value),
    (value) => JSON.stringify(value, null, 2),
    (value) => JSON.stringify(value).replaceAll('/', String.raw`\/`),
    (value) => JSON.stringify(value, null, ' ').replaceAll('":', '" :'),
    (value) => JSON.stringify(value).replace(/[@:.a]/g, (sign, at: number, whole: string) => (isInText(whole, at) ? escaped(sign) : sign)),
  ];

  test('that is called clean holds no event that is not, however it is written', () => {
    const random = new Random(6);
    const text = () => Array.from({ length: random.integer(0, 3) }, () => random.pick(FRAGMENTS)).join('');
    const counted = { clean: 0, unclean: 0 };
    for (let i = 0; i < 30_000; i++) {
      const events = Array.from({ length: random.integer(1, 2) }, () => ({
        [random.chance(0.3) ? text() : 'a']: [text(), { b: text(), c: 203.1 }],
      }));
      const json = random.pick(WRITINGS)({ batch: events });
      const isClean = isCleanJson(json);
      // What is not certain is looked at event by event, and may turn out to be clean.
      if (isClean) expect([json, (JSON.parse(json) as { batch: unknown[] }).batch.every(isUntouched)]).toEqual([json, true]);
      counted[isClean ? 'clean' : 'unclean']++;
    }
    expect(Math.min(counted.clean, counted.unclean)).toBeGreaterThan(1_500);
  });

  const PREFIXES = [
    '',
    '/',
    '(',
    '<',
    '[',
    '{',
    "'",
    ';',
    '|',
    '\n',
    '\t',
    '\r',
    '\b',
    '\f',
    '\v',
    '\u0001',
    '\u3000',
    '\ufeff',
    '\u2028',
    'é',
    '\\',
    '=',
    '%3d',
    '%253D',
    '%3D%5b',
    ',',
    ':',
    '.',
    'a/',
    'a.',
    '_',
    'a',
    '\n/',
    '\t.',
  ];
  const ADDRESSES = ['203.0.113.7', '2001:db8::1', '::1', '::ffff:203.0.113.7', '[2001:db8::1]', '2001%3Adb8%3A%3A1', '203.0.113.7:80'];
  const NAMES = ['ip', 'client_ip', 'remoteAddr', 'visitor', 'version', 'url'];

  test('says of no event that it is clean of which the cleaner changes anything', () => {
    const random = new Random(9);
    for (const name of NAMES) {
      for (const before of PREFIXES)
        for (const address of ADDRESSES) for (const after of ['', ' ', ')']) check({ [name]: before + address + after });
    }
    for (let i = 0; i < 30_000; i++) {
      const text = Array.from({ length: random.integer(1, 5) }, () => random.pick(FRAGMENTS)).join('');
      check({ [random.pick(NAMES)]: random.pick([text, `jane${text}example.com`]) });
    }
  });
});
