import { describe, expect, test } from 'vitest';
import { JANE } from '../testing/journey-world.ts';
import { LandedLinks } from './links.ts';
import { shownKey, startOf } from './selector.ts';

describe('an identifier is shown', () => {
  test.each([
    ['email_hash', JANE, '441a0dd2…'],
    ['user_id', JANE, '441a0dd2…'],
    ['user_id', 'jane@fernhill.example', '441a0dd2…'],
    ['user_id', 'u7', 'u7'],
    ['lead_id', 'L1', 'L1'],
    ['ip_hash', `k1:${'0123456789abcdef'.repeat(4)}`, 'k1:01234567…'],
    ['ip_hash', 'not a hash', 'not a hash'],
  ])('%s %s as %s', (name, value, shown) => expect(shownKey({ name, value })).toBe(shown));
});

test('a user id that is an address is looked for as it is and as its hash, and described by the hash alone', async () => {
  const start = await startOf({ by: 'user_id', value: 'jane@fernhill.example' }, new LandedLinks(), undefined, '/data');
  expect(start.keys).toEqual([
    { name: 'user_id', value: 'jane@fernhill.example' },
    { name: 'user_id', value: JANE },
  ]);
  expect(start.described).toBe('user_id 441a0dd2…');
});
