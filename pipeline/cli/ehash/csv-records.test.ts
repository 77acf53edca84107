import { describe, expect, test } from 'vitest';
import { type CsvRecord, CsvSplitter, fieldText } from './csv-records.ts';

/** The records of a file that arrives in pieces of some bytes. */
function split(text: string | Buffer, size = Infinity): CsvRecord[] {
  const bytes = Buffer.from(text);
  const splitter = new CsvSplitter('contacts.csv');
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) || 1 }, (_, i) =>
    size === Infinity ? bytes : bytes.subarray(i * size, (i + 1) * size),
  );
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
}

const fieldsOf = (record: CsvRecord) => record.fieldEnds.map((_, field) => fieldText(record, field));

/** Name, file, fields of each record, line each begins in. */
const FILES: readonly (readonly [string, string, readonly (readonly string[])[], readonly number[]])[] = [
  [
    'commas',
    'a,b\n1,2\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
    [1, 2],
  ],
  [
    'semicolons, with commas in values',
    'a;b\n1,5;2,5\n',
    [
      ['a', 'b'],
      ['1,5', '2,5'],
    ],
    [1, 2],
  ],
  [
    'tabs',
    'a\tb\n1\t2',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
    [1, 2],
  ],
  ['a single column', 'email\nx@y.de\n', [['email'], ['x@y.de']], [1, 2]],
  [
    'more semicolons than commas in the header',
    'a,x;b;c\n1;2;3\n',
    [
      ['a,x', 'b', 'c'],
      ['1', '2', '3'],
    ],
    [1, 2],
  ],
  [
    'delimiters in quotes do not count',
    '"a,x,y,z";b\n1;2\n',
    [
      ['a,x,y,z', 'b'],
      ['1', '2'],
    ],
    [1, 2],
  ],
  [
    'CRLF',
    'a,b\r\n1,2\r\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
    [1, 2],
  ],
  [
    'CR alone, as old Macs wrote it',
    'a,b\r1,2\r3,4',
    [
      ['a', 'b'],
      ['1', '2'],
      ['3', '4'],
    ],
    [1, 2, 3],
  ],
  [
    'CR within a value of a file with LF',
    'a,b\n1\r,2\n',
    [
      ['a', 'b'],
      ['1\r', '2'],
    ],
    [1, 2],
  ],
  [
    'line breaks and delimiters in quotes',
    'a,b\n"1\n,\r\n1",2\n3,4\n',
    [
      ['a', 'b'],
      ['1\n,\r\n1', '2'],
      ['3', '4'],
    ],
    [1, 2, 5],
  ],
  [
    'doubled quotes',
    'a,b\n"say ""hi""",""""\n"","x"\n',
    [
      ['a', 'b'],
      ['say "hi"', '"'],
      ['', 'x'],
    ],
    [1, 2, 3],
  ],
  [
    'a quote within an unquoted value',
    'a,b\n5" pipe,6"\n7,8\n',
    [
      ['a', 'b'],
      ['5" pipe', '6"'],
      ['7', '8'],
    ],
    [1, 2, 3],
  ],
  [
    'a blank before a quote makes it part of the value',
    'a,b\n1, "2\n3,4\n',
    [
      ['a', 'b'],
      ['1', ' "2'],
      ['3', '4'],
    ],
    [1, 2, 3],
  ],
  [
    'text after a closing quote',
    'a,b\n"1"x,2\n',
    [
      ['a', 'b'],
      ['"1"x', '2'],
    ],
    [1, 2],
  ],
  ['empty fields and blank lines', 'a,b\n,\n\n1,\n', [['a', 'b'], ['', ''], [''], ['1', '']], [1, 2, 3, 4]],
  [
    'letters of several bytes',
    'näme;größe\n"Żółć";😀\n',
    [
      ['näme', 'größe'],
      ['Żółć', '😀'],
    ],
    [1, 2],
  ],
  ['a header without a line break', 'a,b', [['a', 'b']], [1]],
];

describe.each(FILES)('%s', (_, text, fields, lines) => {
  test.each([1, 2, 3, 7, Infinity])('in pieces of %s bytes', (size) => {
    const records = split(text, size);
    expect(records.map(fieldsOf)).toEqual(fields);
    expect(records.map(({ line }) => line)).toEqual(lines);
    expect(Buffer.concat(records.flatMap(({ bytes, ending }) => [bytes, ending])).toString()).toBe(text);
  });
});

test('each line break is kept as it is', () => {
  expect(split('a\r\nb\nc\r\n').map(({ ending }) => ending.toString())).toEqual(['\r\n', '\n', '\r\n']);
});

test('an empty file has no records', () => {
  expect(split('')).toEqual([]);
});

describe('an error names the file and the line', () => {
  test('of the quote that is never closed', () => {
    expect(() => split('a,b\n1,2\n3,"4\n5,6\n')).toThrow('contacts.csv:3: a quote is opened here and never closed');
    expect(() => split('a,b\n"1\n\n1","2\n')).toThrow('contacts.csv:4: a quote is opened here and never closed');
  });

  test('of the text in another encoding', () => {
    const latin1 = Buffer.concat([Buffer.from('name,email\nAnna,a@b.de\n'), Buffer.from('Jürgen,j@b.de\n', 'latin1')]);
    expect(() => split(latin1)).toThrow('contacts.csv:3: the text is not UTF-8: save the file as "CSV UTF-8"');
  });

  test('where a quote swallows megabytes, before the memory is full', () => {
    const splitter = new CsvSplitter('contacts.csv');
    splitter.push(Buffer.from('a,b\n1,"2\n'));
    const megabyte = Buffer.alloc(2 ** 20, 'x');
    expect(() => {
      for (let i = 0; i < 8; i++) splitter.push(megabyte);
    }).toThrow('contacts.csv:2: a record of more than 4 MB begins here');
  });
});
