import { expect, test } from 'vitest';
import { lookUp } from './dns.ts';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['[2001:db8::1]', '2001:db8::1'],
])('the address %s needs no DNS', async (host, address) => expect(await lookUp(host)).toEqual({ addresses: [address] }));
