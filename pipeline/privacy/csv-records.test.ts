import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { csvRecords, withoutCells } from './csv-records.ts';

async function recordsOf(text: string, size: number) {
  const chunks = text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
  const records = [];
  for await (const record of csvRecords(Readable.from(chunks) as AsyncIterable<string>)) records.push(record);
  return records;
}

const TEXT = '\uFEFFid,note,email\r\n1,"a ""quoted"", note\r\nof two lines",x@y.example\r\n2,,';

test.each([1, 2, 7, 1000])('records are the same in chunks of %i characters, and no byte is lost', async (size) => {
  const records = await recordsOf(TEXT, size);
  expect(records.map(({ text }) => text).join('')).toBe(TEXT);
  expect(records.map(({ cells }) => cells)).toEqual([
    ['id', 'note', 'email'],
    ['1', 'a "quoted", note\r\nof two lines', 'x@y.example'],
    ['2', '', ''],
  ]);
});

test('emptied cells leave the others and the line end as they were', async () => {
  const [, record] = await recordsOf(TEXT, 1000);
  expect(withoutCells(record!, [2])).toBe('1,"a ""quoted"", note\r\nof two lines",\r\n');
  expect(withoutCells(record!, [0, 1])).toBe(',,x@y.example\r\n');
});
