import { createHmac } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { createConnectionReader } from './connection.ts';

const SECRET = 'a secret of more than thirty-two characters';
const NOON = 1_795_176_000;
const CF = { country: 'US', region: 'Virginia', city: 'Ashburn', timezone: 'America/New_York' };
const NOWHERE = { country: null, region: null, city: null, timezone: null };

const signed = (visitor: string, secret = SECRET) => {
  const text = `v1;t=${NOON};${visitor}`;
  return { 'x-touchtrail-visitor': `${text};s=${createHmac('sha256', secret).update(text).digest('base64url')}` };
};
const right = signed('ip=203.0.113.7;host=www.shop.example');
/** What Cloudflare says: the address and place of whoever has connected. */
const request = (headers: Record<string, string> = {}) => ({
  url: 'https://collect.vendor.example/t/v1/batch',
  headers: new Headers({ 'cf-connecting-ip': '198.51.100.9', 'user-agent': 'UA', ...headers }),
  cf: CF,
});
const read = createConnectionReader({ knowsConnection: true, proxySecret: SECRET, now: () => NOON * 1_000 });
const DIRECT = { facts: { ip: '198.51.100.9', isHosting: false, userAgent: 'UA', ...CF }, host: 'collect.vendor.example' };
const FORWARDED = { facts: { ip: '203.0.113.7', isHosting: false, userAgent: 'UA', ...NOWHERE }, host: 'www.shop.example' };
const NOBODY = { facts: { ip: null, isHosting: false, userAgent: 'UA', ...NOWHERE }, host: 'collect.vendor.example' };

test('a request of the visitor has its own address, place and host', async () => {
  expect(await read(request())).toEqual(DIRECT);
});

test('of a request that is passed on address and host are the signed ones, and the place is not that of the server', async () => {
  expect(await read(request(right))).toEqual(FORWARDED);
});

test('a server that does not know the address leaves none', async () => {
  expect(await read(request(signed('ip=;host=www.shop.example')))).toEqual({ ...NOBODY, host: 'www.shop.example' });
  expect(await read(request(signed('ip=203.0.113.7;host=')))).toEqual({ ...FORWARDED, host: NOBODY.host });
});

test.each([
  ['of another secret', signed('ip=203.0.113.7;host=www.shop.example', 'another secret, as long as the right one')],
  ['that is old', { 'x-touchtrail-visitor': right['x-touchtrail-visitor'].replace(String(NOON), String(NOON - 3_600)) }],
  ['that is none', { 'x-touchtrail-visitor': '203.0.113.7' }],
  ['that is empty', { 'x-touchtrail-visitor': '' }],
])('with a signature %s nothing is known: not even the address of who sent it', async (_, headers) => {
  expect(await read(request(headers))).toEqual(NOBODY);
});

test('without a secret no server is believed', async () => {
  expect(await createConnectionReader({ knowsConnection: true })(request(right))).toEqual(NOBODY);
  expect(await createConnectionReader({ knowsConnection: true, proxySecret: '' })(request(right))).toEqual(NOBODY);
});

test('where no Cloudflare stands before the Worker, only a signature says something', async () => {
  const embedded = createConnectionReader({ knowsConnection: false, proxySecret: SECRET, now: () => NOON * 1_000 });
  expect(await embedded(request())).toEqual(NOBODY);
  expect(await embedded(request(right))).toEqual(FORWARDED);
});

test('a wrong signature is told once an hour; a right one, none, and one that nobody could check are not', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  try {
    let time = NOON * 1_000;
    const reader = createConnectionReader({ knowsConnection: true, proxySecret: SECRET, now: () => time });
    await reader(request());
    await reader(request(right));
    await createConnectionReader({ knowsConnection: true })(request(right));
    expect(warn).not.toHaveBeenCalled();
    const wrong = request(signed('ip=203.0.113.7;host=www.shop.example', 'another secret, as long as the right one'));
    for (time of [time, time + 1, time + 3_599_999]) await reader(wrong);
    expect(warn.mock.calls).toEqual([['{"level":"warn","event":"visitor_signature_refused"}']]);
    time = NOON * 1_000 + 3_600_000;
    await reader(wrong);
    expect(warn).toHaveBeenCalledTimes(2);
  } finally {
    warn.mockRestore();
  }
});
