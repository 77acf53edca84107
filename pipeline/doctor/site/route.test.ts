import { describe, expect, test } from 'vitest';
import { cookieLife, domainOf, looksRelated, routeOf } from './route.ts';

test.each([
  ['www.shop.example', undefined, 'shop.example'],
  ['shop.example', undefined, 'shop.example'],
  ['a.b.shop.co.uk', undefined, 'shop.co.uk'],
  ['a.shop.de', undefined, 'shop.de'],
  ['127.0.0.1', undefined, '127.0.0.1'],
  ['localhost', undefined, 'localhost'],
  // What the browser has kept counts more than the shape of the name.
  ['www.team.github.example', '.team.github.example', 'team.github.example'],
  ['www.shop.example', '.other.example', 'shop.example'],
])('%s, with a cookie of %s, belongs to %s', (host, cookieDomain, domain) => expect(domainOf(host, cookieDomain)).toBe(domain));

test.each([
  ['www.shop.example', 'www.shop.example', 'same host'],
  ['www.shop.example', 'edge.shop.example', 'subdomain'],
  ['shop.example', 'edge.shop.example', 'subdomain'],
  ['www.shop.example', 'notshop.example', 'third party'],
  ['www.shop.example', 'collect.workers.dev', 'third party'],
] as const)('from %s, %s is reached as %s', (site, edge, route) => expect(routeOf(site, edge, 'shop.example')).toBe(route));

test.each([
  ['203.0.113.7', '203.0.9.1', true],
  ['203.0.113.7', '203.1.113.7', false],
  ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', true],
  ['2001:db8::1', '2001:0db8:0000:0000:9::', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ['203.0.113.7', '2001:db8::1', false],
])('%s and %s look related: %s', (one, other, related) => expect(looksRelated(one, other)).toBe(related));

describe('what Safari does with the cookie', () => {
  const near = { addresses: ['203.0.113.7'] };
  const far = { addresses: ['198.51.100.7'] };
  const facts = { route: 'subdomain', setBy: 'edge', site: near, edge: near, domain: 'shop.example' } as const;
  test.each([
    ['set by the page itself, whatever the edge is', { ...facts, route: 'third party', setBy: 'page' }, 400],
    ['only written by the script', { ...facts, route: 'same host', setBy: undefined }, 7],
    ['set by a path of the host', { ...facts, route: 'same host', site: undefined, edge: undefined }, 400],
    ['set by a subdomain nearby', facts, 400],
    ['set by a subdomain elsewhere', { ...facts, edge: far }, 7],
    ['set by a subdomain, one address of which is elsewhere', { ...facts, edge: { addresses: [...near.addresses, ...far.addresses] } }, 7],
    ['set by a CNAME to another domain, though its address is near', { ...facts, edge: { ...near, alias: 'x.workers.dev' } }, 7],
    ['set by a CNAME within the domain', { ...facts, edge: { ...far, alias: 'lb.shop.example' } }, 400],
    [
      'set by a CNAME that the page has, too',
      { ...facts, site: { ...near, alias: 'x.cdn.example' }, edge: { ...far, alias: 'x.cdn.example' } },
      400,
    ],
    ['set by a subdomain, and DNS does not answer', { ...facts, edge: undefined }, undefined],
  ] as const)('%s', (_, given, days) => expect(cookieLife(given).days).toBe(days));
});
