import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { createVisitorSigner, createVisitorVerifier } from './visitor-address.ts';

const SECRET = 'a secret of more than thirty-two characters';
/** 2026-11-20T12:00:00Z, a multiple of the 30 seconds that signatures share. */
const NOON = 1_795_176_000;
const clock = (seconds: number) => () => seconds * 1_000;
const signed = (text: string, secret = SECRET) => `${text};s=${createHmac('sha256', secret).update(text).digest('base64url')}`;
const verifyAt = (seconds: number) => createVisitorVerifier(SECRET, clock(seconds));

test('the header has the form and signature that the contract says', async () => {
  const sign = createVisitorSigner(SECRET, clock(NOON + 29));
  const text = `v1;t=${NOON};ip=203.0.113.7;host=www.shop.example`;
  for (let i = 0; i < 2; i++) expect(await sign({ ip: '203.0.113.7', host: 'WWW.shop.example' })).toBe(signed(text));
});

test('the time goes on with the clock, also for a visitor known before', async () => {
  let now = NOON;
  const sign = createVisitorSigner(SECRET, () => now * 1_000);
  const first = await sign({ ip: '203.0.113.7' });
  now += 30;
  expect(first).toBe(signed(`v1;t=${NOON};ip=203.0.113.7;host=`));
  expect(await sign({ ip: '203.0.113.7' })).toBe(signed(`v1;t=${NOON + 30};ip=203.0.113.7;host=`));
});

test.each([
  [{ ip: '203.0.113.7', host: 'www.shop.example' }],
  [{ ip: '2001:db8::1', host: '[::1]' }],
  [{ ip: '203.0.113.7', host: undefined }],
  [{ ip: undefined, host: 'localhost' }],
  [{ ip: undefined, host: undefined }],
])('%j is read as it was signed', async (visitor) => {
  expect(await verifyAt(NOON)(await createVisitorSigner(SECRET, clock(NOON))(visitor))).toEqual(visitor);
});

test.each([
  [
    { ip: 'unknown', host: 'shop.example;ip=198.51.100.1' },
    { ip: undefined, host: undefined },
  ],
  [
    { ip: '203.0.113.7;host=other.example', host: 'shop example' },
    { ip: undefined, host: undefined },
  ],
  [
    { ip: 'FE80::1%eth0', host: 'shop.example:8080' },
    { ip: 'fe80::1', host: undefined },
  ],
])('of %j only what is an address or a host is signed', async (visitor, read) => {
  expect(await verifyAt(NOON)(await createVisitorSigner(SECRET, clock(NOON))(visitor))).toEqual(read);
});

test.each([
  [-300, true],
  [300, true],
  [-301, false],
  [301, false],
])('with clocks %i seconds apart it counts: %s', async (seconds, counts) => {
  const value = signed(`v1;t=${NOON};ip=203.0.113.7;host=shop.example`);
  expect((await verifyAt(NOON + seconds)(value)) !== undefined).toBe(counts);
});

const good = signed(`v1;t=${NOON};ip=203.0.113.7;host=shop.example`);
test.each([
  ['another secret', signed(`v1;t=${NOON};ip=203.0.113.7;host=shop.example`, 'another secret, as long as the right one')],
  ['another address', good.replace('.7;', '.8;')],
  ['another host', good.replace('shop.', 'chop.')],
  ['a later time', good.replace(String(NOON), String(NOON + 60))],
  ['no signature', good.replace(/;s=.*/, '')],
  ['half a signature', good.slice(0, -20)],
  ['two values in one line', `${good}, ${good}`],
  ['an address in front', `203.0.113.7, ${good}`],
  ['a version that is not known', signed(`v2;t=${NOON};ip=203.0.113.7;host=shop.example`)],
  ['other members', signed(`v1;t=${NOON};ip=203.0.113.7;host=shop.example;admin=1`)],
  ['a time that is none', signed('v1;t=NaN;ip=203.0.113.7;host=shop.example')],
  ['characters that are no base64', `${good.slice(0, -1)}!`],
  ['nothing', ''],
])('%s is refused', async (_, value) => {
  expect(await verifyAt(NOON)(good)).toEqual({ ip: '203.0.113.7', host: 'shop.example' });
  expect(await verifyAt(NOON)(value)).toBeUndefined();
});
