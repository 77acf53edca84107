import { expect, test } from 'vitest';
import { namedPerson } from './person-ids.ts';

/** SHA-256 of kim@example.com (sha256sum). */
const KIM = '5d9a0087d4ccdb9bc50e88c4713479119e48a326fd360d647cf1643f3cae13e7';

test.each([
  ['white space around an id', { anonymousId: ' v-123\t' }, { kind: 'anonymous_id', value: 'v-123' }],
  ['the line end of a Windows file', { userId: 'v-123\r' }, { kind: 'user_id', value: 'v-123' }],
  ['an address as a browser id', { anonymousId: 'Kim@example.com' }, { kind: 'email_hash', value: KIM }],
  ['an address as a user id', { userId: 'kim@example.com ' }, { kind: 'email_hash', value: KIM }],
  ['an address', { email: ' kim@Example.com' }, { kind: 'email_hash', value: KIM }],
  ['a hash in capitals', { email: KIM.toUpperCase() }, { kind: 'email_hash', value: KIM }],
] as const)('%s is named as it is stored', (_, options, expected) => {
  expect(namedPerson(options)).toEqual(expected);
});

test.each([
  [{ userId: 'v\n123' }, String.raw`--user-id "v\n123": expected an identifier without control characters`],
  [{ anonymousId: '\u0000v' }, String.raw`--anonymous-id "\u0000v": expected an identifier without control characters`],
  [{ anonymousId: '' }, '--anonymous-id: the identifier is empty'],
])('%j is refused', (options, message) => {
  expect(() => namedPerson(options)).toThrow(message);
});
