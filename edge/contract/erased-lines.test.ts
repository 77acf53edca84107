import { expect, test } from 'vitest';
import { erasedLine, judgeOf, namesErasedPerson } from './erased-lines.ts';

const HASH = '4'.repeat(64);
const judge = judgeOf({ anonymous_id: ['11111111-aaaa-4aaa-8aaa-000000000001'], user_id: ['u7'], email_hash: [HASH] });
const event = (row: object) => JSON.stringify({ event: row });
const failed = (payload: string) => JSON.stringify({ failed: { payload } });

test.each([
  ['its anonymous id', event({ anonymous_id: '11111111-aaaa-4aaa-8aaa-000000000001' })],
  ['its user id', event({ user_id: 'u7' })],
  ['its former id', event({ previous_id: 'u7', user_id: 'x' })],
  ['a user id that is the hash of an address', event({ user_id: HASH })],
  ['an e-mail hash', event({ email_hashes: [{ hash: '4'.repeat(64), origin: 'form' }] })],
  ['a distinctive identifier inside of properties', event({ properties: '{"invited_by":"11111111-aaaa-4aaa-8aaa-000000000001"}' })],
  ['a rejected payload', failed('{"userId":"u7"}')],
  ['a rejected payload with spaces', failed('{ "userId" : "u7" }')],
  ['a payload that was cut off', failed('{"anonymousId":"x","userId":"u7","trai')],
  ['an anonymous id that is the hash of an address', event({ anonymous_id: HASH })],
  ['a line that was cut off', '{"event":{"user_id":"u7","prop'],
])('a line is found by %s', (_, line) => {
  expect(namesErasedPerson(line, judge)).toBe(true);
});

test.each([
  ['a header', JSON.stringify({ delivery: { edge_instance: HASH } })],
  ['another person', event({ anonymous_id: 'x', user_id: 'u70' })],
  ['a short identifier in the properties of somebody else', event({ user_id: 'x', properties: '{"userId":"u7"}' })],
  ['a short identifier as a text', event({ page_title: 'u7' })],
  ['a rejected payload of another', failed('{"userId":"u70"}')],
])('%s is not', (_, line) => {
  expect(namesErasedPerson(line, judge)).toBe(false);
});

/** Knows who is erased, and, as after an erasure that is verified, no identifier of theirs. */
const verified = { ...judgeOf({ anonymous_id: [], user_id: [], email_hash: [HASH, 'a'.repeat(64)] }), texts: undefined };
test.each([
  ['in properties', event({ properties: `{"to":"${HASH}"}` })],
  ['in an address, behind an escape', event({ page_url: `https://a.example/?next=%3D${HASH}&x=1` })],
  ['in capitals', event({ traits: `{"note":"${'A'.repeat(64)}"}` })],
])('the hash of an erased address is found %s', (_, line) => {
  expect(namesErasedPerson(line, verified)).toBe(true);
  expect(namesErasedPerson(line, { ...verified, isErased: () => false })).toBe(false);
});

const name = (line: object) => erasedLine(JSON.stringify(line))?.name;

test('nobody is found where nobody is erased', () => {
  const nobody = judgeOf({ anonymous_id: [], user_id: [], email_hash: [] });
  expect(namesErasedPerson(event({ anonymous_id: '11111111-aaaa-4aaa-8aaa-000000000001' }), nobody)).toBe(false);
});

test('rows are named as the accounts tell them apart', () => {
  const packing = { edge_instance: 'e', edge_sequence: 2, received_at: '2026-03-01T00:00:00.000Z', write_key_id: 'wk_1' };
  expect(name({ event: { message_id: 'm', ...packing } })).toBe('event m');
  expect(name({ failed: { message_id: 'm', position: 0, ...packing } })).toBe('failed position 0');
  expect(name({ failed: { message_id: 'm', ...packing } })).toBe('failed message m');
  expect(name({ failed: { message_id: null, position: null, ...packing } })).toBe('failed request');
  expect(name({ delivery: packing })).toBeUndefined();
  expect(erasedLine('{"event":{')).toBeUndefined();
});
