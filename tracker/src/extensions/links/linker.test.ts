import { expect, it } from 'vitest';
import { linkTo } from './linker.ts';

const PAGE = 'https://www.shop.example/de/start?a=1#top';
const TOKEN = '_tt=1*x*aid*y';

const link = (address: string, token: string | undefined = TOKEN, page = PAGE, base = page) =>
  linkTo(address, base, new URL(page), ['shop.example', 'example.de'], token);

it.each([
  ['https://example.de/', 'https://example.de/?_tt=1*x*aid*y'],
  ['//kasse.example.de/a?b=%20#c', '//kasse.example.de/a?b=%20&_tt=1*x*aid*y#c'],
  ['HTTP://EXAMPLE.DE', 'HTTP://EXAMPLE.DE?_tt=1*x*aid*y'],
  ['https://example.de:8443/', 'https://example.de:8443/?_tt=1*x*aid*y'],
  // An older token gives way.
  ['https://example.de/?_tt=1*old*aid*z&b=1', 'https://example.de/?b=1&_tt=1*x*aid*y'],
])('a token goes along to %s', (address, expected) => {
  expect(link(address)).toBe(expected);
});

it.each([
  '/de/kontakt',
  '?page=2',
  '#top',
  '',
  ' ',
  'https://www.shop.example/',
  'https://checkout.shop.example/',
  'https://other.example/',
  'https://example.de.other.example/',
  'https://notexample.de/',
  'mailto:info@example.de',
  'tel:+49301234',
  'javascript:location="https://example.de/"',
  'data:text/html,https://example.de/',
  'blob:https://example.de/5d7c2c43',
  'intent://example.de/#Intent;scheme=https;end',
  'about:blank',
  'https://',
  'http://[',
])('a token does not go along to %j', (address) => {
  expect(link(address)).toBe(address);
});

it('goes by the base of the document', () => {
  expect(link('a', TOKEN, PAGE, 'https://example.de/b/')).toBe('a?_tt=1*x*aid*y');
  for (const address of ['', '#a']) expect(link(address, TOKEN, PAGE, 'https://example.de/b/?c=1')).toBe(address);
});

it('goes from a site that is not on the list', () => {
  expect(link('https://example.de/', TOKEN, 'https://partner.example/')).toBe('https://example.de/?_tt=1*x*aid*y');
});

it('is taken back from an address when there is none any more', () => {
  expect(link('https://example.de/?_tt=1*old*aid*z#b', '')).toBe('https://example.de/#b');
});
