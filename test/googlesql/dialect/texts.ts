import { readFileSync } from 'node:fs';
import { raw, sql } from '../../../pipeline/warehouse/sql.ts';
import { type Case, integer, table, text } from './cases.ts';

const EMAILS = JSON.parse(readFileSync(new URL('../../../edge/contract/email-vectors.json', import.meta.url), 'utf8')) as {
  name: string;
  address: string;
  hash: string;
}[];

/** U+0065 U+0301: an e and a combining accent. */
const DECOMPOSED = 'e\u0301';
const FAMILY = '👨‍👩‍👧';
/** Every character that Unicode calls white space. */
const WHITE_SPACE =
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

/** Letters of Unicode 13 and later: engines learn them with their libraries. */
const NEW_LETTERS = /[\u1c89\u2c2f\ua7c0\ua7c7\ua7c9\ua7cb-\ua7dc\ua7f5\u{10570}-\u{10595}\u{10d50}-\u{10d65}\u{16ea0}-\u{16eb8}]/u;
/** Every character that has a small form but for the I with a dot, whose small form in JavaScript is two characters. */
const CAPITALS = Array.from({ length: 0x110000 - 0xe000 + 0xd800 }, (_, i) => String.fromCodePoint(i < 0xd800 ? i : i + 0x800))
  .filter((character) => character.toLowerCase() !== character && character !== 'İ' && !NEW_LETTERS.test(character))
  .map((capital) => [capital, capital.toLowerCase()] as const);

export const sha256Hex: Case[] = table(
  (dialect, input: string | null) => dialect.sha256Hex(text(input)),
  [
    // FIPS 180-4 examples, as NIST publishes them.
    ['of "abc"', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['of the empty text', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [
      'of two blocks',
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    // Of the bytes f0 9f 9a 9a: `printf '\xf0\x9f\x9a\x9a' | sha256sum`.
    ['of the UTF-8 bytes of an astral character', '🚚', '417710f369590e56a4d9e02751d94de3d75fb21dfceab334b430a9bf5509061a'],
    ['of NULL', null, null],
  ],
);

export const emailHash: Case[] = table(
  (dialect, input: string | null) => dialect.emailHash(text(input)),
  [
    ...EMAILS.map(({ name, address, hash }) => [name, address, hash] as const),
    ['of nothing', '', null],
    ['of white space, controls and a byte order mark', ' \u00a0\ufeff\t\u0000\u3000', null],
    ['of NULL', null, null],
  ],
);

export const trim: Case[] = table(
  (dialect, input: string | null) => dialect.trim(text(input)),
  [
    ['spaces at both ends', '  a b ', 'a b'],
    ['nothing to strip', 'a\tb', 'a\tb'],
    ['one letter', 'é', 'é'],
    ['a space at the end only', 'a ', 'a'],
    ['a no-break space at the start only', '\u00a0é', 'é'],
    ['tabs and line ends', '\t\r\na\n\t', 'a'],
    ['whatever Unicode calls white space', `${WHITE_SPACE}a${WHITE_SPACE}`, 'a'],
    ['white space alone', WHITE_SPACE, ''],
    ['a zero-width space and a byte order mark are none', '\u200ba\ufeff', '\u200ba\ufeff'],
    ['an accent and a joiner at the end stay', ` ${DECOMPOSED}\u200d `, `${DECOMPOSED}\u200d`],
    ['the empty text', '', ''],
    ['NULL', null, null],
  ],
);

export const lower: Case[] = table(
  (dialect, input: string | null) => dialect.lower(text(input)),
  [
    ['ASCII', 'UTM_Source-09', 'utm_source-09'],
    ['Latin, Greek, Cyrillic, Armenian', 'ÄÉØŁ ΑΩ ЖЯ ԱՖ', 'äéøł αω жя աֆ'],
    ['the Turkish capital I with a dot, of which nothing is left over', 'İSTANBUL', 'istanbul'],
    ['the dotless i, which is small', 'ı', 'ı'],
    ['a sigma at the end of a word, as within', 'ΟΔΟΣ Σ', 'οδοσ σ'],
    ['the final sigma, which is small', 'ς', 'ς'],
    ['the capital sharp s', 'ẞß', 'ßß'],
    ['a digraph', 'Ǆǅ', 'ǆǆ'],
    ['astral letters', '𐐀', '𐐨'],
    ['what has no case', '日本🚚١', '日本🚚١'],
    ['a combining accent', 'E\u0301', DECOMPOSED],
    ['Georgian capitals', 'ᲐᲰ', 'აჰ'],
    ['every letter there is', CAPITALS.map(([capital]) => capital).join(''), CAPITALS.map(([, small]) => small).join('')],
    ['the empty text', '', ''],
    ['NULL', null, null],
  ],
);

export const upperAscii: Case[] = table(
  (dialect, input: string | null) => dialect.upperAscii(text(input)),
  [
    ['a currency', 'eur', 'EUR'],
    ['mixed', 'aZ09_z', 'AZ09_Z'],
    ['letters beyond ASCII stay', 'äßıŉﬁ', 'äßıŉﬁ'],
    ['the empty text', '', ''],
    ['NULL', null, null],
  ],
);

export const concat: Case[] = table(
  (dialect, parts: readonly (string | null)[]) => dialect.concat(...parts.map(text)),
  [
    ['three parts', ['a', '', 'b'], 'ab'],
    ['a NULL first', [null, 'a'], null],
    ['a NULL last', ['a', null], null],
    ['one part', ['a'], 'a'],
    ['no part', [], ''],
    ['an accent that joins the letter before it', ['e', '\u0301'], DECOMPOSED],
    ['the halves of a family', ['👨‍', '👩‍👧'], FAMILY],
  ],
).concat([['the precedence of its parts', (dialect) => dialect.concat(raw(`case when true then 'x' else 'y' end`), text('z')), 'xz']]);

export const identifier: Case[] = ['select', 'a b', 'Größe', '日本', 'a"b', "it's", 'order-id'].map((name): Case => [
  `a column named ${name}`,
  (dialect) => dialect.struct({ [name]: text('x') }),
  { [name]: 'x' },
]);

export const regexpExtract: Case[] = table(
  (dialect, [input, pattern]: readonly [string | null, string]) => dialect.regexpExtract(text(input), pattern),
  [
    ['the group, not the match', ['id=42;', 'id=([0-9]+)'], '42'],
    ['the first match', ['a1b2', '[a-z]([0-9])'], '1'],
    ['no match', ['abc', 'x(.)'], null],
    ['an empty group', ['id=;', 'id=([0-9]*)'], ''],
    ['a group that took no part', ['abc', '(x)?b'], null],
    ['a whole text', ['abc', '^(.*)$'], 'abc'],
    ['the empty text', ['', '^(.*)$'], ''],
    ['a dot is an astral character, whole', ['a🚚b', 'a(.)b'], '🚚'],
    ['a dot is one code point of a decomposed letter', [DECOMPOSED, '(.)'], 'e'],
    ['a dot is no line end', ['a\nb', '^(.*)'], 'a'],
    ['the end is the end of the text, not of a line', ['a\nb', '([a-z])$'], 'b'],
    ['case counts', ['ABC', '(b)'], null],
    ['or not', ['ABC', '(?i)(b)'], 'B'],
    ['a white-space class is ASCII', ['a\u00a0b', 'a(\\s)b'], null],
    ['a Unicode class', ['12٣', '(\\p{Nd}+)'], '12٣'],
    ['a quote in the pattern', ["it's", "'(.)"], 's'],
    ['a backslash in the pattern', ['a.b', String.raw`\.(b)`], 'b'],
    ['a line end in the pattern', ['a\nb', 'a\n(b)'], 'b'],
    ['a group within a group that does not capture', ['abab', '((?:ab)+)'], 'abab'],
    ['NULL', [null, '(.)'], null],
  ],
);

export const regexpExtractAll: Case[] = table(
  (dialect, [input, pattern]: readonly [string | null, string]) =>
    sql`(select string_agg(part, '|' order by part nulls first) from ${dialect.unnest(dialect.regexpExtractAll(text(input), pattern), 'part')})`,
  [
    ['the group of each match', ['a1b2', '[a-z]([0-9])'], '1|2'],
    ['equal ones stay apart', ['a1b1', '[a-z]([0-9])'], '1|1'],
    ['matches do not overlap', ['abcde', '([a-z]{2})'], 'ab|cd'],
    ['from the left, with what may stand before', ['%3Dab ab', '(?:%[0-9A-F]{2})?([a-zD]{2})'], 'ab|ab'],
    ['no match', ['abc', 'x(.)'], null],
    ['NULL', [null, '(.)'], null],
  ],
);

export const regexpContains: Case[] = table(
  (dialect, [input, pattern]: readonly [string | null, string]) => dialect.regexpContains(text(input), pattern),
  [
    ['a match within', ['xhttps://y', 'https?:'], true],
    ['no match', ['ftp://x/', '^https?://'], false],
    ['the empty pattern', ['', ''], true],
    ['the start of the text only', ['a\nb', '^b'], false],
    ['an astral character', ['🚚', '^.$'], true],
    ['a character by its code', ['é', '^\\x{e9}$'], true],
    ['the dotless i is no i', ['ı', '(?i)^i$'], false],
    ['NULL', [null, 'x'], null],
  ],
);

export const regexpReplace: Case[] = table(
  (dialect, [input, pattern, by]: readonly [string | null, string, string]) => dialect.regexpReplace(text(input), pattern, by),
  [
    ['every match', ['a-b-c', '-', '+'], 'a+b+c'],
    ['no match', ['abc', 'x', 'y'], 'abc'],
    ['groups', ['ab', '(a)(b)', String.raw`\2\1`], 'ba'],
    ['the whole match', ['ab', 'b', String.raw`[\0]`], 'a[b]'],
    ['a dollar and an ampersand mean themselves', ['a', 'a', '$1&'], '$1&'],
    ['away with it', ['a1b2', '[0-9]', ''], 'ab'],
    ['astral characters', ['🚚a🚚', '🚚', 'é'], 'éaé'],
    ['a quote', ["it's", "'", '’'], 'it’s'],
    ['the empty text', ['', '^$', 'x'], 'x'],
    ['NULL', [null, 'a', 'b'], null],
  ],
);

export const castText: Case[] = [
  ['an integer', (dialect) => dialect.castText(integer(-7)), '-7'],
  ['the greatest', (dialect) => dialect.castText(raw('9223372036854775807')), '9223372036854775807'],
  ['the least', (dialect) => dialect.castText(raw('-9223372036854775807 - 1')), '-9223372036854775808'],
  ['true', (dialect) => dialect.castText(raw('true')), 'true'],
  ['false', (dialect) => dialect.castText(raw('1 = 2')), 'false'],
  ['a text', (dialect) => dialect.castText(text('1.0')), '1.0'],
  ['a leap day', (dialect) => dialect.castText(raw(`cast('2024-02-29' as date)`)), '2024-02-29'],
  ['the first day', (dialect) => dialect.castText(raw(`cast('0001-01-01' as date)`)), '0001-01-01'],
  ['the last day', (dialect) => dialect.castText(raw(`cast('9999-12-31' as date)`)), '9999-12-31'],
  ['NULL', (dialect) => dialect.castText(integer(null)), null],
];
