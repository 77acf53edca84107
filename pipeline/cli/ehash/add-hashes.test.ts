import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { addHashes, type HashCounts, type HashOptions, startCounts } from './add-hashes.ts';

/** Made with `printf %s jane.doe@example.com | sha256sum`. */
const JANE = '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function hashed(
  text: string | Buffer,
  options: Partial<HashOptions> = {},
  size = 65_536,
): Promise<{ text: string; counts: HashCounts }> {
  const counts = startCounts();
  const all: Buffer[] = [];
  const given = { file: 'c.csv', column: undefined, name: 'ehash', replace: false, ...options };
  for await (const chunk of addHashes(pieces(Buffer.from(text), size), given, counts)) all.push(chunk);
  return { text: Buffer.concat(all).toString(), counts };
}

const FILES: readonly (readonly [string, string, string])[] = [
  ['a plain file', 'email,name\njane.doe@example.com,Jane\n', `email,name,ehash\njane.doe@example.com,Jane,${JANE}\n`],
  ['no line break at the end', 'email\njane.doe@example.com', `email,ehash\njane.doe@example.com,${JANE}`],
  [
    'BOM, CRLF and semicolons, as Excel writes',
    '\uFEFFName;E-Mail\r\nJane;Jane.DOE@Example.com\r\n',
    `\uFEFFName;E-Mail;ehash\r\nJane;Jane.DOE@Example.com;${JANE}\r\n`,
  ],
  [
    'BOM before a quote',
    '\uFEFF"E-Mail","Name"\njane.doe@example.com,"J"\n',
    `\uFEFF"E-Mail","Name",ehash\njane.doe@example.com,"J",${JANE}\n`,
  ],
  ['tabs', 'email\tname\n jane.doe@example.com \tJ\n', `email\tname\tehash\n jane.doe@example.com \tJ\t${JANE}\n`],
  [
    'quotes as they were',
    '"email","note"\n"jane.doe@example.com","a ""b"",\nc"\n',
    `"email","note",ehash\n"jane.doe@example.com","a ""b"",\nc",${JANE}\n`,
  ],
  ['old Mac line breaks', 'email,n\rjane.doe@example.com,1\r', `email,n,ehash\rjane.doe@example.com,1,${JANE}\r`],
  ['mixed line breaks', 'email,n\r\njane.doe@example.com,1\n', `email,n,ehash\r\njane.doe@example.com,1,${JANE}\n`],
  ['blank lines', 'email,n\n\njane.doe@example.com,1\n\n', `email,n,ehash\n\njane.doe@example.com,1,${JANE}\n\n`],
  ['a row that is short', 'email,n,m\njane.doe@example.com\n', `email,n,m,ehash\njane.doe@example.com,,,${JANE}\n`],
  ['a row with delimiters to spare', 'email,n\njane.doe@example.com,1,,\n', `email,n,ehash\njane.doe@example.com,1,${JANE},,\n`],
  [
    'a first line that names the delimiter',
    'sep=;\nemail;n\njane.doe@example.com;1\n',
    `sep=;\nemail;n;ehash\njane.doe@example.com;1;${JANE}\n`,
  ],
  ['a header alone', 'email,name\r\n', 'email,name,ehash\r\n'],
  [
    'no address, and none that is one',
    'email,n\n,1\nn/a,2\njane.doe@example.com,3\n',
    `email,n,ehash\n,1,\nn/a,2,\njane.doe@example.com,3,${JANE}\n`,
  ],
];

describe.each(FILES)('%s', (_, text, expected) => {
  test.each([1, 5, 65_536])('in pieces of %i bytes', async (size) => {
    expect((await hashed(text, {}, size)).text).toBe(expected);
  });
});

test('rows without a hash are counted, with the lines of the first five', async () => {
  const { counts } = await hashed(`email,n\n"x\n@y.de",1\n${',2\n'.repeat(7)}jane.doe@example.com,3\njane@localhost,4\n`);
  expect(counts).toEqual({
    column: 'email',
    rows: 10,
    hashed: 1,
    empty: { count: 7, lines: [4, 5, 6, 7, 8] },
    invalid: { count: 2, lines: [2, 12] },
  });
});

test.each([
  'Jane <jane.doe@example.com>',
  'jane.doe@example.com;john.doe@example.com',
  'jane.doe@example.com, john.doe@example.com',
  'mailto:jane.doe@example.com',
  'jane@doe@example.com',
  'jane.doe@example',
  '@example.com',
  'jane doe@example.com',
])('%s is no address', async (value) => {
  const { counts } = await hashed(`email\n"${value}"\n`);
  expect([counts.hashed, counts.invalid.count]).toEqual([0, 1]);
});

const vectors = JSON.parse(readFileSync(new URL('../../../edge/contract/email-vectors.json', import.meta.url), 'utf8')) as {
  name: string;
  address: string;
  hash: string;
}[];

/** Texts that the contract hashes as it hashes any, but no mail tool sends to. */
const NOT_SENT_TO = ['space inside stays', 'quotes and backslash'];

test.each(vectors.filter(({ address }) => address.includes('@')))(
  '$name: the hash is that of the contract',
  async ({ name, address, hash }) => {
    const { text } = await hashed(`email,n\n"${address.replaceAll('"', '""')}",1\n`);
    expect(text.endsWith(`",1,${NOT_SENT_TO.includes(name) ? '' : hash}\n`)).toBe(true);
  },
);

describe('a column of that name', () => {
  const old = 'EHASH,email,n\nold,jane.doe@example.com,1\nold,,2\n';

  test('is an error', async () => {
    await expect(hashed(old, { name: 'ehash' })).rejects.toThrow('c.csv: there is a column "ehash" already. Fill it anew with --replace');
  });

  test('is filled anew where asked, in its place and under its own name', async () => {
    expect((await hashed(old, { replace: true })).text).toBe(`EHASH,email,n\n${JANE},jane.doe@example.com,1\n,,2\n`);
    expect((await hashed('email,n,ehash\njane.doe@example.com\n', { replace: true })).text).toBe(
      `email,n,ehash\njane.doe@example.com,,${JANE}\n`,
    );
  });

  test('that holds the addresses is never replaced', async () => {
    await expect(hashed('email\n', { name: 'Email', replace: true })).rejects.toThrow('this is the column with the addresses');
  });

  test('that is there twice is an error', async () => {
    await expect(hashed('email,ehash,ehash\n', { replace: true })).rejects.toThrow(
      'c.csv: there are 2 columns "ehash"; remove all but one',
    );
  });
});

test('a name that contains the delimiter is quoted', async () => {
  expect((await hashed('email\n', { name: 'hash, "sha"' })).text).toBe('email,"hash, ""sha"""\n');
});

test('the addresses may stand in a column that is named', async () => {
  expect((await hashed('email,contact\nx,jane.doe@example.com\n', { column: 'Contact' })).text).toBe(
    `email,contact,ehash\nx,jane.doe@example.com,${JANE}\n`,
  );
});

test.each<readonly [string, string | Buffer, RegExp]>([
  ['an empty file', '', /^c\.csv is empty: expected a header line/],
  ['a byte order mark alone', '\uFEFF', /^c\.csv is empty/],
  ['UTF-16 from Excel', Buffer.from('\uFEFFemail\n', 'utf16le'), /^c\.csv: this is no UTF-8 text but UTF-16/],
  ['UTF-16 without a mark', Buffer.from('email\n', 'utf16le'), /^c\.csv: this is no UTF-8 text but UTF-16/],
  ['a spreadsheet', Buffer.from('PK\u0003\u0004rest'), /^c\.csv: this is a spreadsheet or an archive: export it as CSV/],
  [
    'a value that should be quoted',
    'email,name\na@b.de,Doe, Jane\n',
    /^c\.csv:2: the row has 3 fields, the header 2: a field that contains "," must/,
  ],
  ['an open quote', 'email,n\na@b.de,"1\n', /^c\.csv:2: a quote is opened here and never closed$/],
])('%s is an error', async (_, text, message) => {
  await expect(hashed(text)).rejects.toThrow(message);
});

test('rows are handed on before the next ones are read', async () => {
  const read: number[] = [];
  async function* source(): AsyncGenerator<Buffer> {
    yield Buffer.from('email,n\n');
    for (let i = 1; i <= 100; i++) {
      read.push(i);
      yield Buffer.from(`jane.doe@example.com,${i}\n`);
    }
  }
  const output = addHashes(source(), { file: 'c.csv', column: undefined, name: 'ehash', replace: false }, startCounts());
  const values = [await output.next(), await output.next(), await output.next()].map(({ value }) => String(value));
  expect(values).toEqual(['email,n,ehash\n', `jane.doe@example.com,1,${JANE}\n`, `jane.doe@example.com,2,${JANE}\n`]);
  expect(read).toEqual([1, 2]);
});
