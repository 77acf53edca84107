import { expect, test } from 'vitest';
import { judgeOf } from '../../edge/contract/erased-lines.ts';
import { lineNamesErased } from './rejected-lines.ts';

const judge = judgeOf({ anonymous_id: ['v-1'], user_id: ['u7', '42'], email_hash: ['4'.repeat(64)] });
const rejected = (record: unknown) => JSON.stringify({ file: 'a.csv', line: 3, reason: 'invalid_type', record });

test.each([
  ['an id under a name of the source', rejected({ Kunde: 'u7' })],
  ['a number', rejected({ nested: { customer: 42 } })],
  ['a line that is text', rejected('2026-03-01;v-1;"page')],
  ['the hash of an address, wherever it stands', rejected({ note: `of ${'4'.repeat(64)}.` })],
])('what was refused is found by %s', (_, line) => {
  expect(lineNamesErased(line, judge)).toBe(true);
});

test.each([
  ['another id', rejected({ Kunde: 'u70', v: 'v-10' })],
  ['a row that was stored, by such a value', JSON.stringify({ event: { page_title: 'u7' } })],
  ['a line that was cut off', rejected({ Kunde: 'u7' }).slice(0, -3)],
])('%s is not', (_, line) => {
  expect(lineNamesErased(line, judge)).toBe(false);
});
