import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Found } from '../records.ts';
import { collected } from '../testing/collected.ts';
import { csvHeader, csvRecords } from './csv-records.ts';
import { CsvParser } from './csv-parser.ts';
import { filesOf } from './files.ts';
import { elementsOf } from './json-array.ts';
import { jsonRecords } from './json-records.ts';
import { linesOf } from './lines.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'touchtrail-import-read-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const at = path.join(folder, name);
  writeFileSync(at, content);
  return at;
}

/** What a reader finds, without the name of the part. */
async function all(found: AsyncIterable<Found>): Promise<unknown[]> {
  return (await collected(found)).map((one) => Object.fromEntries(Object.entries(one).filter(([name]) => name !== 'part')));
}
const json = async (name: string, content: string | Buffer) => await all(jsonRecords('p', file(name, content), () => {}));
const csv = async (name: string, content: string | Buffer) => await all(csvRecords('p', file(name, content), () => {}));

async function* chunked<Value extends { length: number; slice(a: number, b: number): Value }>(
  text: Value,
  size: number,
): AsyncGenerator<Value> {
  for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size);
}

describe('NDJSON', () => {
  test('has one object a line; empty lines are none, and U+2028 and CR end none', async () => {
    expect(await json('lines.ndjson', '{"a":1}\r\n\n{"b":"x\u2028y"}\n{"c":"\\r"}')).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 3, value: { b: 'x\u2028y' } },
      { line: 4, value: { c: '\r' } },
    ]);
  });

  test.each([
    ['null', 'null'],
    ['"x"', 'a string'],
    ['7', 'a number'],
    ['true', 'a boolean'],
  ])('a line that holds %s is said to hold %s', async (text, found) => {
    expect(await json('other.ndjson', text)).toEqual([{ line: 1, problem: `expected a JSON object, found ${found}`, text }]);
  });

  test('a broken line costs only itself', async () => {
    const problem = expect.stringContaining('expected') as string;
    const bad = Buffer.concat([Buffer.from('{"a":1}\n{"a":\n[1]\n"x"\n'), Buffer.from([0x7b, 0xff, 0x7d]), Buffer.from('\n{"b":2}\n')]);
    expect(await json('broken.ndjson', bad)).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 2, problem, text: '{"a":' },
      { line: 3, problem, text: '[1]' },
      { line: 4, problem, text: '"x"' },
      { line: 5, problem, text: '' },
      { line: 6, value: { b: 2 } },
    ]);
  });

  test('is unpacked where its content is gzip, whatever its name, also of several members', async () => {
    const twice = Buffer.concat([gzipSync('\uFEFF{"a":1}\n'), gzipSync('{"a":2}\n')]);
    expect(await json('no-name', twice)).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 2, value: { a: 2 } },
    ]);
    expect(await json('is-not.gz', '{"a":1}')).toEqual([{ line: 1, value: { a: 1 } }]);
  });

  test('gzip that is cut off is said where it ends', async () => {
    const whole = gzipSync(Array.from({ length: 20_000 }, (_, i) => `{"a":${i * 7919}}\n`).join(''));
    const found = await json('cut.gz', whole.subarray(0, whole.length - 100));
    expect(found.at(-1)).toMatchObject({ endsPart: true, problem: expect.stringContaining('gzip data is damaged or cut off') as string });
  });

  test.each([
    ['zip', [0x50, 0x4b, 0x03, 0x04], 'ZIP'],
    ['zstd', [0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
    ['parquet', [0x50, 0x41, 0x52, 0x31], 'Parquet'],
    ['utf16', [0xff, 0xfe, 0x7b, 0x00], 'UTF-16'],
  ])('%s is named, and gives no line after the other', async (name, bytes, words) => {
    expect(await json(name, Buffer.from([...bytes, 10, 10, 10]))).toEqual([
      { line: 1, problem: expect.stringContaining(words) as string, text: '', endsPart: true },
    ]);
  });

  test('an empty file holds nothing', async () => {
    expect(await json('empty', '')).toEqual([]);
  });

  test('a line that is too long is not kept', async () => {
    const lines = await collected(linesOf(chunked(Buffer.from(`${'x'.repeat(30)}\nok\n`), 7), 20));
    expect(lines.map(({ line, bytes }) => [line, bytes?.toString()])).toEqual([
      [1, undefined],
      [2, 'ok'],
    ]);
  });
});

describe('a JSON array', () => {
  const text = ' [\n {"a": "]},[\\"", "b": [1, {"c": []}]},\n\n  7 ,{}\n]\n';

  test.each([1, 2, 5, 1000])('gives its elements with the lines they begin in, read by %d characters', async (size) => {
    expect(await collected(elementsOf(chunked(text, size)))).toEqual([
      { line: 2, text: '{"a": "]},[\\"", "b": [1, {"c": []}]}' },
      { line: 4, text: '7' },
      { line: 4, text: '{}' },
    ]);
  });

  test('is told from lines by its first character', async () => {
    expect(await json('array.json', text)).toEqual([
      { line: 2, value: { a: ']},["', b: [1, { c: [] }] } },
      { line: 4, problem: 'expected a JSON object, found a number', text: '7' },
      { line: 4, value: {} },
    ]);
  });

  test('that is not closed gives what it has, and says so', async () => {
    expect(await json('open.json', '[{"a":1},\n{"b"')).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 2, problem: expect.stringContaining('not closed') as string, text: '', endsPart: true },
    ]);
  });
});

describe('CSV', () => {
  test('quotes, separators in them, line feeds in them, CRLF, empty cells and a byte order mark', async () => {
    expect(await csv('a.csv', '\uFEFFid,"na,me",note\r\n1,"A ""B"", C","two\nlines"\r\n\r\n2,,x\r\n')).toEqual([
      { line: 2, value: { id: '1', 'na,me': 'A "B", C', note: 'two\nlines' } },
      { line: 5, value: { id: '2', note: 'x' } },
    ]);
  });

  test.each([
    ['semicolons', 'a;b,c;d\n1;2,5;3\n', { a: '1', 'b,c': '2,5', d: '3' }],
    ['tabs', 'a\tb\n1\t2;3\n', { a: '1', b: '2;3' }],
    ['lone carriage returns', 'a,b\r1,2\r', { a: '1', b: '2' }],
  ])('is separated by %s', async (name, content, value) => {
    expect(await csv(`${name}.csv`, content)).toEqual([{ line: 2, value }]);
  });

  test.each([1, 3, 1000])('reads the same in parts of %d characters', (size) => {
    const text = 'a,b\r\n"x ""y""",\r\n\r\n1,"2\r\n3"\r\n4,5';
    const parser = new CsvParser();
    const records = [];
    for (let i = 0; i < text.length; i += size) records.push(...parser.push(text.slice(i, i + size)));
    records.push(...parser.end());
    expect(records).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['x "y"', ''] },
      { line: 4, cells: ['1', '2\r\n3'] },
      { line: 6, cells: ['4', '5'] },
    ]);
  });

  test('a row of another width, or with text behind a quote, costs only itself', async () => {
    expect(await csv('wide.csv', 'a,b\n1\n"1"x,2\n3,4\n')).toEqual([
      { line: 2, problem: 'expected 2 cells as in the header, found 1', text: '1' },
      { line: 3, problem: 'cell 1 goes on behind its closing quote', text: '1x,2' },
      { line: 4, value: { a: '3', b: '4' } },
    ]);
  });

  test('a quote that is never closed is said with the line of its record', async () => {
    expect(await csv('open.csv', 'a,b\n1,2\n3,"x\n5,6\n')).toEqual([
      { line: 2, value: { a: '1', b: '2' } },
      { line: 3, problem: expect.stringContaining('never closed') as string, text: '', endsPart: true },
    ]);
  });

  test('Latin-1 and a header with the same name twice end the file', async () => {
    expect(await csv('latin1.csv', Buffer.from('a,b\n1,M\xfcller\n', 'latin1'))).toMatchObject([
      { problem: expect.stringContaining('UTF-8') as string, endsPart: true },
    ]);
    expect(await csv('twice.csv', 'a,b,a\n1,2,3\n')).toMatchObject([
      { line: 1, endsPart: true, problem: expect.stringContaining('"a"') as string },
    ]);
  });

  test('its header is read by itself', async () => {
    expect(await csvHeader(file('head.csv', 'a, b \n1,2\n'))).toEqual(['a', 'b']);
    expect(await csvHeader(file('head.gz', gzipSync('a,b')))).toEqual(['a', 'b']);
    expect(await csvHeader(file('none.csv', ''))).toEqual([]);
  });
});

const names = (args: string[]) => filesOf(args).map(({ path: at, bytes }) => [path.basename(at), bytes]);

test('arguments are files, folders and patterns; each file comes once, in the order of the paths', () => {
  file('z.x1', '');
  file('y.x1', 'yy');
  file('.hidden.x1', '');
  expect(names([path.join(folder, '*.x1'), path.join(folder, 'z.x1')])).toEqual([
    ['y.x1', 2],
    ['z.x1', 0],
  ]);
  expect(names([folder]).map(([name]) => name)).not.toContain('.hidden.x1');
  expect(() => filesOf([path.join(folder, 'missing')])).toThrow('there is no such file or folder');
  expect(() => filesOf([path.join(folder, '*.nothing')])).toThrow('no file fits this pattern');
});
