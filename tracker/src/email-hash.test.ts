import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hashOfAddress, withoutAddresses } from './email-hash.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const BOB = sha256('bob@x.example');

/**
 * What becomes of texts with addresses. What both sides replace, they replace alike, so that the hash of an address is the same
 * wherever it was taken out. `{0}` stands for the first hash.
 */
const VECTORS = JSON.parse(readFileSync(new URL('../../edge/contract/email-text-vectors.json', import.meta.url), 'utf8')) as {
  name: string;
  text: string;
  addresses: string[];
  expected: string;
  edgeOnly?: true;
}[];

it.each(VECTORS.filter(({ edgeOnly }) => !edgeOnly))(
  'in a text as the edge and the tracker see it: $name',
  ({ text, addresses, expected }) => {
    expect(withoutAddresses(text)).toBe(expected.replace(/\{(\d)\}/g, (_, index: string) => sha256(addresses[Number(index)]!)));
  },
);

it('leaves the disguises that no browser and no form writes to the edge, which replaces them', () => {
  const disguises = VECTORS.filter(({ edgeOnly }) => edgeOnly);
  expect(disguises.map(({ name }) => name)).toEqual([
    'full-width at sign',
    'escaped at sign',
    'at sign as HTML',
    'full-width at sign, encoded',
  ]);
  for (const { text } of disguises) expect(withoutAddresses(text)).toBe(text);
});

/** What the tracker does with a message: the text of it is changed, which must leave JSON. */
const cleaned = (value: unknown) => JSON.parse(withoutAddresses(JSON.stringify(value))) as unknown;

describe('withoutAddresses', () => {
  it.each([
    ['bob@x.example', BOB],
    ['Write to Bob <BOB@X.Example>.', `Write to Bob <${BOB}>.`],
    ["'bob@x.example' said so", `'${BOB}' said so`],
    ['mailto:bob@x.example?subject=hi', `mailto:${BOB}?subject=hi`],
    ['https://shop.example/?email=bob@x.example&a=1#bob@x.example', `https://shop.example/?email=${BOB}&a=1#${BOB}`],
    ['/?email=bob%40x.example', `/?email=${BOB}`],
    ['/?email=bob%2540x.example', `/?email=${BOB}`],
    ['/?next=%2Fwelcome%3Femail%3Dbob%40x.example%26a%3D1', `/?next=%2Fwelcome%3Femail%3D${BOB}%26a%3D1`],
    ['/?email=bob%2Bnews%40x.example', `/?email=${sha256('bob+news@x.example')}`],
    ["o'brien@x.example", sha256("o'brien@x.example")],
    ['jörg@müller.example', sha256('jörg@müller.example')],
    ['bob@xn--mller-kva.example, bob@x.xn--p1ai', `${sha256('bob@xn--mller-kva.example')}, ${sha256('bob@x.xn--p1ai')}`],
    ['bob@a.b.c.example.', `${sha256('bob@a.b.c.example')}.`],
  ])('%s', (text, expected) => {
    expect(withoutAddresses(text)).toBe(expected);
  });

  it.each(['', 'no address', 'react@18.2.0', '@handle', 'a@b', 'price @ 5.00', '100%40'])('leaves %j as it is', (text) => {
    expect(withoutAddresses(text)).toBe(text);
  });

  it('takes linear time for long texts that almost hold an address', () => {
    // With unbounded quantifiers each of these would take minutes.
    for (const part of ['a', 'a.', '.', '%40', '%C3', '%25', '@a.', 'a@'])
      expect(withoutAddresses(part.repeat(100_000)).length).toBe(part.length * 100_000);
  });
});

describe('withoutAddresses, in JSON', () => {
  it('leaves no address in values and keys at any depth, and everything else as it was', () => {
    const value = {
      'bob@x.example': [{ deep: 'bob@x.example' }],
      at: '1970-01-01T00:00:00.000Z',
      none: null,
      n: 1.5,
      on: true,
      text: 'a "b" \\ c',
    };
    expect(cleaned(value)).toEqual({
      [BOB]: [{ deep: BOB }],
      at: '1970-01-01T00:00:00.000Z',
      none: null,
      n: 1.5,
      on: true,
      text: 'a "b" \\ c',
    });
  });

  it.each([
    ['a new line', '\n'],
    ['a tab', '\t'],
    ['a carriage return', '\r'],
    ['a form feed', '\f'],
    ['a backspace', '\b'],
    ['a new line and a space', '\n '],
    ['a quotation mark', '"'],
    ['a slash', '/'],
    ['a colon', ':'],
  ])('knows the address behind %s, and hashes it without that', (_, before) => {
    expect(cleaned({ text: `Bob:${before}bob@x.example${before}` })).toEqual({ text: `Bob:${before}${BOB}${before}` });
  });

  it('shows nothing of an address behind a backslash but what an escape could be', () => {
    // In JSON, the end of `\\\\b` looks as `\\b` does: the hash is of what follows.
    expect(cleaned({ text: 'CORP\\bob@x.example' })).toEqual({ text: `CORP\\b${sha256('ob@x.example')}` });
    expect(cleaned({ text: 'CORP\\ada@x.example' })).toEqual({ text: `CORP\\${sha256('ada@x.example')}` });
  });

  it('knows addresses in each line of a text', () => {
    expect(cleaned({ text: 'bob@x.example\nnews@x.example\ttom@x.example' })).toEqual({
      text: `${BOB}\n${sha256('news@x.example')}\t${sha256('tom@x.example')}`,
    });
  });

  it('knows addresses in JSON that is itself a text in JSON', () => {
    expect(cleaned({ payload: JSON.stringify({ email: 'bob@x.example', note: 'to\nbob@x.example' }) })).toEqual({
      payload: JSON.stringify({ email: BOB, note: `to\n${BOB}` }),
    });
  });
});

describe('hashOfAddress', () => {
  it('hashes what is an address as a whole, white space around it apart', () => {
    expect(hashOfAddress(' Bob@X.example\n')).toBe(BOB);
  });

  it('takes a hash as it is, in lower case', () => {
    expect(hashOfAddress(BOB.toUpperCase())).toBe(BOB);
  });

  it.each([undefined, null, 7, {}, '', 'Bob', 'to bob@x.example', 'bob@x.example,eve@x.example'])('finds none in %j', (value) => {
    expect(hashOfAddress(value)).toBeUndefined();
  });
});

describe('in the JSON of a message', () => {
  it.each([
    'Save 50%.\nbob@x.example',
    '50% \nbob@x.example',
    'a\u000bbob@x.example',
    '\ud800bob@x.example',
    '"bob@x.example"',
    'tab\tbob@x.example\r\n',
    '%5Cn%20bob@x.example',
    '100%\\bob@x.example',
    "\u2028'bob@x.example'",
  ])('leaves JSON behind, without the address: %j', (text) => {
    const json = withoutAddresses(JSON.stringify({ text, [text]: 1 }));
    expect(JSON.stringify(JSON.parse(json))).not.toContain('@');
  });

  it('keeps what stands before the address', () => {
    expect(JSON.parse(withoutAddresses(JSON.stringify('Save 50%.\nbob@x.example')))).toBe(`Save 50%.\n${BOB}`);
    expect(JSON.parse(withoutAddresses(JSON.stringify('a\u000bbob@x.example')))).toBe(`a\u000b${BOB}`);
  });
});
