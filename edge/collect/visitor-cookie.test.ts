import { describe, expect, test } from 'vitest';
import { visitorCookieHeader } from './visitor-cookie.ts';

const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const OTHER = '5f0c2d1e-9a8b-4c7d-8e6f-112233445566';
const ASKED = `anonymous_id=${ID};Max-Age=34560000;Path=/;SameSite=Lax;Domain=shop.example;Secure`;
const GRANTED = `anonymous_id=${ID}; Max-Age=34560000; Path=/; Domain=shop.example; SameSite=Lax; Secure`;

const granted = (asked: unknown, { origin = 'https://www.shop.example', edgeHost = 'edge.shop.example', cookies = '' } = {}) =>
  visitorCookieHeader(asked, { origin, edgeHost, cookies });

describe('what a page asks for is granted, in one way of writing', () => {
  test.each([
    ['as the tracker writes it', ASKED, GRANTED],
    [
      'with other spaces and capitals, in another order',
      `anonymous_id=${ID}; path=/; SECURE; samesite=lax; domain=SHOP.example; max-age=34560000`,
      GRANTED,
    ],
    ['with the dot that RFC 6265 ignores', ASKED.replace('=shop', '=.shop'), GRANTED],
    ['on a page without encryption', ASKED.replace(';Secure', ''), GRANTED.replace('; Secure', '')],
    ['for a day', ASKED.replace('34560000', '86400'), GRANTED.replace('34560000', '86400')],
    ['for a second', ASKED.replace('34560000', '1'), GRANTED.replace('34560000', '1')],
    ['SameSite=Strict', ASKED.replace('Lax', 'Strict'), GRANTED.replace('Lax', 'Strict')],
    ['SameSite=None with Secure', ASKED.replace('Lax', 'None'), GRANTED.replace('Lax', 'None')],
    ['for a part of the site', ASKED.replace('Path=/', 'Path=/de/'), GRANTED.replace('Path=/', 'Path=/de/')],
    ['under a name of 64 characters', ASKED.replace('anonymous_id', 'v'.repeat(64)), GRANTED.replace('anonymous_id', 'v'.repeat(64))],
    ['under a name that promises Secure', `__Secure-${ASKED}`, `__Secure-${GRANTED}`],
  ])('%s', (_, asked, expected) => {
    expect(granted(asked)).toBe(expected);
  });
});

describe('nothing is granted', () => {
  test.each<[string, unknown]>([
    ['to no text', { name: 'anonymous_id' }],
    ['to an empty text', ''],
    ['without a life', ASKED.replace(';Max-Age=34560000', '')],
    ['for more than 400 days', ASKED.replace('34560000', '34560001')],
    ['for no time at all, which would delete it', ASKED.replace('34560000', '0')],
    ['for a negative time', ASKED.replace('34560000', '-1')],
    ['for half a second', ASKED.replace('34560000', '0.5')],
    ['until a date', ASKED.replace('Max-Age=34560000', 'Expires=Fri, 31 Dec 9999 23:59:59 GMT')],
    ['with HttpOnly, which would hide it from the forms', `${ASKED};HttpOnly`],
    ['with an attribute that is not known', `${ASKED};Priority=High`],
    ['with an attribute twice', `${ASKED};Domain=example`],
    ['with an empty attribute', `${ASKED};`],
    ['with a value for Secure', ASKED.replace('Secure', 'Secure=no')],
    ['without SameSite', ASKED.replace(';SameSite=Lax', '')],
    ['with an unknown SameSite', ASKED.replace('Lax', 'Whatever')],
    ['SameSite=None without Secure', ASKED.replace('Lax', 'None').replace(';Secure', '')],
    ['without a path', ASKED.replace(';Path=/', '')],
    ['with a path that is none', ASKED.replace('Path=/', 'Path=de')],
    ['with a path that begins a new header', ASKED.replace('Path=/', 'Path=/\r\nSet-Cookie: a=b')],
    ['for a value that is no UUID', ASKED.replace(ID, 'admin')],
    ['for a value that goes on after the UUID', ASKED.replace(ID, `${ID}0`)],
    ['for the UUID that means nobody', ASKED.replace(ID, '00000000-0000-0000-0000-000000000000')],
    ['without a name', ASKED.replace('anonymous_id', '')],
    ['under a name of 65 characters', ASKED.replace('anonymous_id', 'v'.repeat(65))],
    ['under a name with a space', ASKED.replace('anonymous_id', 'a b')],
    ['under a name that promises a host, with a domain', `__Host-${ASKED}`],
    ['under a name that promises Secure, without it', `__secure-${ASKED.replace(';Secure', '')}`],
    ['for a top-level domain', ASKED.replace('shop.example', 'example')],
    ['for an address', ASKED.replace('shop.example', '127.0.0.1')],
    ['for no domain in particular', ASKED.replace('=shop.example', '=')],
    ['for a domain with a port', ASKED.replace('shop.example', 'shop.example:8787')],
    ['for the domain of somebody else', ASKED.replace('shop.example', 'other.example')],
    ['for a host that is only the edge', ASKED.replace('shop.example', 'edge.shop.example')],
    ['for a host that is only the page', ASKED.replace('shop.example', 'www.shop.example')],
    ['for one host, where page and edge have two', ASKED.replace(';Domain=shop.example', '')],
    [
      'for a part of the site, under a name whose cookies the edge is not sent from there',
      ASKED.replace('anonymous_id', 'vid').replace('Path=/', 'Path=/account'),
    ],
    ['to a text that is too long', ASKED.replace('Path=/', `Path=/${'x'.repeat(1_024)}`)],
  ])('%s', (_, asked) => {
    expect(granted(asked)).toBeUndefined();
  });
});

describe('the page and the edge belong together', () => {
  test.each([
    ['on two hosts of the domain', 'https://www.shop.example', 'edge.shop.example'],
    ['on the domain itself', 'https://shop.example', 'shop.example'],
    ['deeper below it', 'https://a.b.shop.example', 'c.shop.example'],
    ['on another port', 'http://www.shop.example:8080', 'edge.shop.example'],
  ])('%s', (_, origin, edgeHost) => {
    expect(granted(ASKED, { origin, edgeHost })).toBe(GRANTED);
  });

  test.each([
    ['not from another site', 'https://evil.example', 'edge.shop.example'],
    ['not from a site whose name merely ends like it', 'https://evilshop.example', 'edge.shop.example'],
    ['not where the edge lies elsewhere', 'https://www.shop.example', 'edge.vendor.example'],
    ['not where the name of the edge merely ends like it', 'https://www.shop.example', 'edgeshop.example'],
    ['not from a page without an origin', 'null', 'edge.shop.example'],
    ['not without an origin', null, 'edge.shop.example'],
    ['not from a browser extension', 'chrome-extension://www.shop.example', 'edge.shop.example'],
  ])('%s', (_, origin, edgeHost) => {
    expect(visitorCookieHeader(ASKED, { origin, edgeHost, cookies: null })).toBeUndefined();
  });

  test('a cookie of one host is granted by that host, and may promise so', () => {
    const hostOnly = ASKED.replace(';Domain=shop.example', '');
    const same = { origin: 'https://www.shop.example:444', edgeHost: 'www.shop.example' };
    expect(granted(hostOnly, same)).toBe(GRANTED.replace(' Domain=shop.example;', ''));
    expect(granted(`__Host-${hostOnly}`, same)).toBe(`__Host-${GRANTED.replace(' Domain=shop.example;', '')}`);
    expect(granted(`__host-${hostOnly.replace(';Secure', '')}`, same)).toBeUndefined();
    expect(granted(`__Host-${hostOnly.replace('Path=/', 'Path=/de')}`, same)).toBeUndefined();
    const loopback = hostOnly.replace(';Secure', '');
    const address = { origin: 'http://127.0.0.1:3000', edgeHost: '127.0.0.1' };
    expect(granted(loopback, address)).toBe(`anonymous_id=${ID}; Max-Age=34560000; Path=/; SameSite=Lax`);
  });
});

const own = (cookies: string) => granted(ASKED, { cookies });
const vid = (cookies: string) => granted(ASKED.replace('anonymous_id', 'vid'), { cookies });

describe('what the browser holds counts more than what the script says', () => {
  test('its id is refreshed', () => {
    expect(own(`a=b; anonymous_id=${OTHER}; c=d`)).toBe(GRANTED.replace(ID, OTHER));
    expect(own(`anonymous_id=broken; anonymous_id=${OTHER}`)).toBe(GRANTED.replace(ID, OTHER));
  });

  test.each(['', 'anonymous_id=broken', `my_anonymous_id=${OTHER}`, `anonymous_id="${OTHER}"`])('%j holds no id', (cookies) => {
    expect(own(cookies)).toBe(GRANTED);
  });

  // A script cannot read nor overwrite an HttpOnly cookie; by way of the edge it could.
  test('a cookie of another name is neither shown to a script that does not know it nor overwritten', () => {
    const expected = GRANTED.replace('anonymous_id', 'vid');
    expect(vid('')).toBe(expected);
    expect(vid(`vid=${ID}`)).toBe(expected);
    expect(vid(`vid=${OTHER}`)).toBeUndefined();
    expect(vid('vid=session')).toBeUndefined();
    expect(vid(`vid=${ID}; vid=${OTHER}`)).toBeUndefined();
  });
});
