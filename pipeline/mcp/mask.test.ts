import { expect, test } from 'vitest';
import { masked, maskedAll } from './mask.ts';

// The first digits are of the SHA-256 of the address (sha256sum): jane@fernhill.example, jane.roe+tag@fernhill.example, max@other.example.
test.each([
  ['jane@fernhill.example', '(e-mail 441a0dd2…)'],
  ['Deal of JANE@fernhill.example, won', 'Deal of (e-mail 441a0dd2…), won'],
  ['/thanks?email=jane%40fernhill.example&x=1', '/thanks?email=(e-mail 441a0dd2…)&x=1'],
  ['/?e=jane%2Eroe%2Btag%40fernhill.example', '/?e=(e-mail b2fcd11e…)'],
  ['<max@other.example>;jane@fernhill.example', '<(e-mail 93391511…)>;(e-mail 441a0dd2…)'],
  ['from 203.0.113.77.', 'from (IP address).'],
  ['203.0.113.77:8080', '(IP address):8080'],
  ['::ffff:203.0.113.77', '::ffff:(IP address)'],
  ['at 2001:db8::8a2e:370:7334 today', 'at (IP address) today'],
])('%s is told as %s', (text, told) => expect(masked(text)).toBe(told));

test.each([
  'Paid Search',
  '@handle on social',
  'v1.2.3.4.5',
  '300.1.2.3',
  '2026-01-05T09:00:00.000000Z',
  '12:30:45',
  'a::b',
  'closed_won.first_click.roas',
  '441a0dd2…',
])('%s stays as it is', (text) => expect(masked(text)).toBe(text));

test('every text of a value is masked, names of members too', () => {
  expect(maskedAll({ rows: [{ id: 'max@other.example', 'jane@fernhill.example': 1 }], at: null, is: true })).toEqual({
    rows: [{ id: '(e-mail 93391511…)', '(e-mail 441a0dd2…)': 1 }],
    at: null,
    is: true,
  });
});

test('a long text takes no longer than its length', () => {
  expect(masked('a'.repeat(300_000))).toHaveLength(300_000);
});
