import { expect, it } from 'vitest';
import { domainOf, parseDomains } from './domains.ts';

it.each([
  [undefined, []],
  ['', []],
  ['shop.example', ['shop.example']],
  [' shop.example, example.de ,', ['shop.example', 'example.de']],
  ['shop.example example.de', ['shop.example', 'example.de']],
  ['*.shop.example,.example.de', ['shop.example', 'example.de']],
  ['https://Shop.Example:8443/,//example.co.uk/', ['shop.example', 'example.co.uk']],
  ['müller.de', ['xn--mller-kva.de']],
  // A single label would be every site of a top-level domain.
  ['example', []],
])('reads the list %j', (list, domains) => {
  expect(parseDomains(list)).toEqual(domains);
});

it('complains about what cannot be a host', () => {
  expect(() => parseDomains('shop.example,exa<mple.de')).toThrow(TypeError);
});

it.each([
  ['shop.example', 'shop.example'],
  ['www.shop.example', 'shop.example'],
  ['a.b.shop.example', 'shop.example'],
  ['example.de', 'example.de'],
  ['myshop.example', undefined],
  ['shop.example.evil.example', undefined],
  ['example', undefined],
  ['', undefined],
])('takes %j for a host of %j', (host, domain) => {
  expect(domainOf(host, ['shop.example', 'example.de'])).toBe(domain);
});
