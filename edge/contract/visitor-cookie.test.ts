import { describe, expect, test } from 'vitest';
import {
  isVisitorId,
  parseVisitorCookie,
  readVisitorId,
  serializeVisitorCookie,
  VISITOR_COOKIE,
  type VisitorCookie,
} from './visitor-cookie.ts';

const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const OTHER = '5f0c2d1e-9a8b-4c7d-8e6f-112233445566';
const cookie: VisitorCookie = { ...VISITOR_COOKIE, value: ID, secure: true };

const written: readonly (readonly [string, VisitorCookie])[] = [
  [`anonymous_id=${ID}; Max-Age=34560000; Path=/; SameSite=Lax; Secure`, cookie],
  [`anonymous_id=${ID}; Max-Age=34560000; Path=/; Domain=shop.example; SameSite=Lax; Secure`, { ...cookie, domain: 'shop.example' }],
  [`anonymous_id=${ID}; Max-Age=34560000; Path=/; SameSite=Lax`, { ...cookie, secure: false }],
  [
    `__visitor=${ID}; Max-Age=86400; Path=/de/; SameSite=None; Secure`,
    { ...cookie, name: '__visitor', maxAge: 86_400, path: '/de/', sameSite: 'None' },
  ],
  ['anonymous_id=; Max-Age=0; Path=/; SameSite=Strict; Secure', { ...cookie, value: '', maxAge: 0, sameSite: 'Strict' }],
];

test.each(written)('%s is written and read back', (text, parts) => {
  expect(serializeVisitorCookie(parts)).toBe(text);
  expect(parseVisitorCookie(text)).toEqual(parts);
});

test('400 days, in seconds, are the default life', () => {
  expect(VISITOR_COOKIE.maxAge / 60 / 60 / 24).toBe(400);
});

describe('what would break out of its place is refused', () => {
  test.each<readonly [RegExp, Partial<VisitorCookie>]>([
    [/name ""/, { name: '' }],
    [/name "a=b"/, { name: 'a=b' }],
    [/name "a;b"/, { name: 'a;b' }],
    [/value "a; Domain=evil.example"/, { value: 'a; Domain=evil.example' }],
    [/value "a\\r\\nSet-Cookie: b=c"/, { value: 'a\r\nSet-Cookie: b=c' }],
    [/domain "a.example; HttpOnly"/, { domain: 'a.example; HttpOnly' }],
    [/domain ""/, { domain: '' }],
    [/path "app"/, { path: 'app' }],
    [/path "\/;Secure"/, { path: '/;Secure' }],
    [/Max-Age 1.5/, { maxAge: 1.5 }],
    [/Max-Age -1/, { maxAge: -1 }],
    [/Max-Age NaN/, { maxAge: Number.NaN }],
    [/SameSite=None: expected Secure/, { sameSite: 'None', secure: false }],
  ])('%s', (message, change) => {
    expect(() => serializeVisitorCookie({ ...cookie, ...change })).toThrow(message);
  });
});

test.each([
  ['nothing', ''],
  ['a Cookie header', `anonymous_id=${ID}`],
  ['an unknown attribute', `anonymous_id=${ID}; Max-Age=1; Path=/; SameSite=Lax; HttpOnly`],
  ['another order', `anonymous_id=${ID}; Path=/; Max-Age=1; SameSite=Lax`],
  ['other capitals', `anonymous_id=${ID}; max-age=1; Path=/; SameSite=Lax`],
  ['a repeated attribute', `anonymous_id=${ID}; Max-Age=1; Path=/; Path=/; SameSite=Lax`],
  ['a leading zero', `anonymous_id=${ID}; Max-Age=01; Path=/; SameSite=Lax`],
  ['a second line', `anonymous_id=${ID}; Max-Age=1; Path=/; SameSite=Lax\n`],
  ['SameSite=None without Secure', `anonymous_id=${ID}; Max-Age=1; Path=/; SameSite=None`],
  ['a value with a space', `anonymous_id=a b; Max-Age=1; Path=/; SameSite=Lax`],
])('%s is not parsed', (_, text) => {
  expect(parseVisitorCookie(text)).toBeUndefined();
});

test.each([
  ['no header', undefined, undefined],
  ['an empty header', '', undefined],
  ['the only cookie', `anonymous_id=${ID}`, ID],
  ['one among others, without spaces', `a=1;anonymous_id=${ID};b=2`, ID],
  ['two of the name: the first', `anonymous_id=${ID}; anonymous_id=${OTHER}`, ID],
  ['two of the name, the first no UUID: the second', `anonymous_id=42; anonymous_id=${OTHER}`, OTHER],
  ['a name that ends like it', `my_anonymous_id=${ID}`, undefined],
  ['capitals in the value stay', `anonymous_id=${ID.toUpperCase()}`, ID.toUpperCase()],
  ['a quoted value', `anonymous_id="${ID}"`, undefined],
  ['a longer value', `anonymous_id=${ID}0`, undefined],
  ['36 characters that are no UUID', `anonymous_id=${'-'.repeat(36)}`, undefined],
  ['a pair without "="', `anonymous_id; anonymous_id=${ID}`, ID],
])('%s', (_, header, id) => {
  expect(readVisitorId(header)).toBe(id);
});

test('the id is found under the name that the site chose', () => {
  expect(readVisitorId(`anonymous_id=${OTHER}; vid=${ID}`, 'vid')).toBe(ID);
});

test('an id of UUID version 1 is one, a hash is not', () => {
  expect(isVisitorId('6ba7b810-9dad-11d1-80b4-00c04fd430c8')).toBe(true);
  expect(isVisitorId('86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d')).toBe(false);
});
