import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isEmail, replaceEmails } from './email-shapes.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const JANE = sha256('jane@example.com');

/** What both sides replace alike, so that the hash of an address is the same wherever it was taken out. `{0}` stands for the first hash. */
const VECTORS = JSON.parse(readFileSync(new URL('../contract/email-text-vectors.json', import.meta.url), 'utf8')) as {
  name: string;
  text: string;
  addresses: string[];
  expected: string;
}[];

test.each(VECTORS)('in a text as the edge and the tracker see it: $name', ({ text, addresses, expected }) => {
  expect(replaceEmails(text)).toBe(expected.replace(/\{(\d)\}/g, (_, index: string) => sha256(addresses[Number(index)]!)));
});

describe('an address is replaced by the hash of its normal form', () => {
  test.each([
    ['alone', 'jane@example.com', JANE],
    ['with capitals and white space around it', ' \u00a0Jane@Example.COM\n', JANE],
    ['within a sentence', 'Call jane@example.com, please', `Call ${JANE}, please`],
    ['at the end of a sentence', 'Write to jane@example.com.', `Write to ${JANE}.`],
    ['with a display name', 'Jane <jane@example.com>', `Jane <${JANE}>`],
    ['in quotes', "'jane@example.com'", `'${JANE}'`],
    ['twice', 'jane@example.com;jane@example.com', `${JANE};${JANE}`],
    ['in a mailto link', 'mailto:jane@example.com?subject=x', `mailto:${JANE}?subject=x`],
    ['in the query of a URL', 'https://x.example/a?email=jane@example.com&b=1', `https://x.example/a?email=${JANE}&b=1`],
    ['percent-encoded in a URL', 'https://x.example/?email=jane%40example.com&b=1', `https://x.example/?email=${JANE}&b=1`],
    ['percent-encoded twice', 'https://x.example/?next=%2Fa%3Fe%3Djane%40example.com', `https://x.example/?next=%2Fa%3Fe%3D${JANE}`],
    ['with a doubly encoded at sign', 'jane%2540example.com', JANE],
    ['in JSON within a text', '{"email":"jane\\u0040example.com"}', `{"email":"${JANE}"}`],
    ['as HTML', 'jane&#64;example.com', JANE],
    ['with a full-width at sign', 'jane＠example.com', JANE],
    ['in the path of a URL', '/user/jane@example.com/edit', `/user/${JANE}/edit`],
  ])('%s', (_, text, expected) => {
    expect(replaceEmails(text)).toBe(expected);
  });

  test.each([
    ['a plus sign', '', 'jane+news@example.com', 'jane+news@example.com'],
    ['an encoded plus sign', 'e=', 'jane%2Bnews%40example.com', 'jane+news@example.com'],
    ['a doubly encoded plus sign', 'e=', 'jane%252Bnews%2540example.com', 'jane+news@example.com'],
    ['an apostrophe', '', "o'neil@example.com", "o'neil@example.com"],
    ['letters beyond ASCII', '', 'jürgen@bücher.example', 'jürgen@bücher.example'],
    ['letters beyond the basic plane', 'e=', '𝒿ane@example.com', '𝒿ane@example.com'],
    ['encoded letters beyond ASCII', 'e=', 'j%C3%BCrgen%40example.com', 'jürgen@example.com'],
    ['a punycode domain', '', 'a@xn--bcher-kva.xn--p1ai', 'a@xn--bcher-kva.xn--p1ai'],
    ['many labels', '', 'a@b.c.d.example.co.uk', 'a@b.c.d.example.co.uk'],
    ['a quoted local part', 'x ', '"jane doe"@example.com', '"jane doe"@example.com'],
  ])('that holds %s', (_, before, written, address) => {
    expect(replaceEmails(before + written)).toBe(before + sha256(address));
  });
});

describe('an address that shows only after decoding is replaced by the hash of what it means', () => {
  test.each([
    ['jane%40victim%2Dcorp.example', 'jane@victim-corp.example'],
    ['jane@victim-corp%2Dx.example', 'jane@victim-corp-x.example'],
    ['jane%40%76ictim.example', 'jane@victim.example'],
    ['%6A%61ne%40victim.example', 'jane@victim.example'],
    ['jane%40victim%252Eexample', 'jane@victim.example'],
    ['jane%40victim%25252Eexample', 'jane@victim.example'],
    ['jane%40victim%252Dcorp.example', 'jane@victim-corp.example'],
    ['jane%2540b%25C3%25BCcher.example', 'jane@bücher.example'],
    ['jane%40victim.%65xample', 'jane@victim.example'],
    ['jane\u200b@victim.example', 'jane@victim.example'],
    ['jane@\u00advictim.example', 'jane@victim.example'],
    ['jane@vic\u200dtim\ufeff.example', 'jane@victim.example'],
    ['jane\ufffd@victim.example', 'jane@victim.example'],
    ['jane%u0040victim.example', 'jane@victim.example'],
    ['jane&#064;victim.example', 'jane@victim.example'],
    ['jane&#x0040;victim&#46;example', 'jane@victim.example'],
    ['jane&amp;#64;victim.example', 'jane@victim.example'],
    ['jane&commat;victim&period;example', 'jane@victim.example'],
    ['jane\\u0040victim\\u002dcorp\\u002eexample', 'jane@victim-corp.example'],
    ['jane\\\\u0040victim\\\\u002eexample', 'jane@victim.example'],
    ['jane\\u{40}victim\\x2eexample', 'jane@victim.example'],
    ['jane%25%34%30victim.example', 'jane@victim.example'],
    ['jane＠victim．example', 'jane@victim.example'],
  ])('%s', (written, address) => {
    expect(replaceEmails(`of ${written}, x`)).toBe(`of ${sha256(address)}, x`);
    expect(replaceEmails(`https://x.example/a%20b?e=${written}&b=1`)).toBe(`https://x.example/a%20b?e=${sha256(address)}&b=1`);
  });

  test('as a whole word, because where it begins shows only then', () => {
    expect(replaceEmails('/?next=a%3Fe%3Djane%40victim.%65xample&b=1')).toBe(`/?next=${sha256('jane@victim.example')}&b=1`);
  });
});

test.each([
  'https://x.example/%C3%BCber%20uns?q=a%2Cb%26c&next=%2Fpricing%3Fa%3D1',
  'C:\\users\\u0041dam &amp; co',
  'a\u200bb 100%40 \u00ad@home',
  '/npm/%40scope%2Fname%40',
])('%j hides no address and stays', (text) => {
  expect(replaceEmails(text)).toBe(text);
});

test.each([
  'no address',
  'a @ b',
  '@handle',
  'https://maps.example/@48.1,11.5,12z',
  'lodash@4.17.21',
  'https://medium.example/@jane',
  '100 % @ 40',
])('%j holds no address and stays', (text) => {
  expect(replaceEmails(text)).toBe(text);
});

test.each([
  ['one long local part', `${'a.'.repeat(200_000)}@${'b.'.repeat(200_000)}`],
  ['nothing but at signs', '@'.repeat(400_000)],
  ['many half addresses', 'a@b.'.repeat(100_000)],
  ['many quotes', '"@'.repeat(200_000)],
  ['many encoded signs', '%25'.repeat(150_000)],
  ['many escapes', '%2540'.repeat(80_000)],
  ['many half entities', '&#'.repeat(200_000)],
  ['many backslashes', `${'\\'.repeat(400_000)}u`],
  ['many invisible characters', '\u200b@'.repeat(200_000)],
  ['many encoded labels', `a%40${'%61%2E'.repeat(60_000)}`],
])('%s of 400 KB keeps nobody waiting', (_, text) => {
  // The time limit of the test is the assertion: anything worse than linear would take minutes.
  expect(replaceEmails(text)).not.toMatch(/[a-z]@[a-z]+\.[a-z]{2}/);
});

test.each([
  ['jane@example.com', true],
  [' JANE@EXAMPLE.COM ', true],
  ['jane@localhost', false],
  ['jane doe@example.com', false],
  ['https://jane@example.com/', false],
  ['jane', false],
])('%j is an address: %s', (text, expected) => {
  expect(isEmail(text)).toBe(expected);
});
