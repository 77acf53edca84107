import { expect, test } from 'vitest';
import { divideMessage, MESSAGE_BYTES, narrow, readMessage, toCalls } from './message.ts';

const packing = '"received_at":"2026-03-01T12:00:00.000Z","write_key_id":"wk_1","edge_instance":"e","edge_sequence":7';
const header = `{"delivery":{"count":2,${packing}}}`;
const event = `{"event":{"message_id":"a",${packing}}}`;
const failed = `{"failed":{"message_id":null,${packing}}}`;
const text = `${header}\n${event}\n${failed}\n`;

test('each line is a row of a table, with an id that is its own', () => {
  expect(readMessage(text)).toEqual([
    { ...place(0), id: 'e-7-0-2', table: 'deliveries', text: `{"count":2,${packing}}` },
    { ...place(1), table: 'events_raw', text: `{"message_id":"a",${packing}}` },
    { ...place(2), table: 'failed_events', text: `{"message_id":null,${packing}}` },
  ]);
});

test('two headers of one number are no copies of each other: one may be of its rows, the other of the empty delivery in its place', () => {
  const empty = header.replace('"count":2', '"count":0');
  expect([header, empty].map((line) => readMessage(line)![0]!.id)).toEqual(['e-7-0-2', 'e-7-0-0']);
});

const place = (line: number) => ({
  id: `e-7-${line}`,
  line,
  delivery: 'e-7',
  receivedAt: '2026-03-01T12:00:00.000Z',
  writeKeyId: 'wk_1',
});

test('a narrowed message keeps the ids of its rows: one that is taken from another row would be dropped as its copy', () => {
  const rows = readMessage(text)!;
  const narrowed = narrow(text, [rows[0]!, rows[2]!]);
  expect(narrowed).toBe(`${header}\n\n${failed}`);
  expect(readMessage(narrowed)).toEqual([rows[0], rows[2]]);
  expect(narrow(narrowed, [rows[2]!])).toBe(`\n\n${failed}`);
  expect(readMessage(narrow(narrowed, [rows[2]!]))).toEqual([rows[2]]);
});

test.each([
  ['nothing', ''],
  ['empty lines', '\n\n'],
  ['no JSON', 'hello\n'],
  ['a line that is cut off', text.slice(0, -20)],
  ['another kind of line', `{"session":{${packing}}}`],
  ['a member of every object', `{"toString":{${packing}}}`],
  ['two kinds at once', `{"event":{${packing}},"failed":{${packing}}}`],
  ['a row that is none', '{"event":7}'],
  ['a row without its packing', '{"event":{"message_id":"a"}}'],
  ['null', 'null'],
  ['an empty object', '{}'],
])('%s cannot be read', (_, unreadable) => {
  expect(readMessage(unreadable)).toBeUndefined();
});

const sizes = (texts: string[]) => toCalls(texts, (one) => one).map((call) => call.length);

test('one call takes 100 messages and 250,000 bytes, of which each message has 100 of its own', () => {
  expect(sizes(Array.from({ length: 201 }, () => 'x'))).toEqual([100, 100, 1]);
  expect(sizes(['x'.repeat(124_900), 'x'.repeat(124_900)])).toEqual([2]);
  expect(sizes(['x'.repeat(124_900), 'x'.repeat(124_901)])).toEqual([1, 1]);
  expect(sizes(['€'.repeat(41_633), '€'.repeat(41_634)])).toEqual([1, 1]);
});

const eventOf = (letter: string, length: number) => `{"event":{"message_id":"${letter.repeat(length)}",${packing}}}`;

test('a text that is too large becomes several messages whose rows keep their ids, the header in the last, and rows that no message can hold', () => {
  const large = [header, eventOf('a', 70_000), eventOf('b', 130_000), eventOf('c', 60_000), failed].join('\n');
  const rows = readMessage(large)!;
  const divided = divideMessage(large, rows);
  expect(divided.texts.map((one) => readMessage(one)!.map(({ id }) => id))).toEqual([['e-7-1'], ['e-7-0-2', 'e-7-3', 'e-7-4']]);
  expect(divided.large.map(({ id }) => id)).toEqual(['e-7-2']);
  for (const one of divided.texts) expect(Buffer.byteLength(one)).toBeLessThanOrEqual(MESSAGE_BYTES);
});
