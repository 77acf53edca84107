import { describe, expect, it } from 'vitest';
import { campaignParameters, carryInto, carryTo } from './campaign.ts';

describe('what is carried', () => {
  it.each([
    ['https://shop.example/a', []],
    ['https://shop.example/a?b=c#utm_source=x', []],
    ['https://shop.example/?utm_source=x&b=c&gclid=Ab-C_d#e', ['utm_source=x', 'gclid=Ab-C_d']],
    [
      'https://shop.example/?ScCid=XyZ&UTM_Medium=cpc&utm_campaign=Spring+Sale%21',
      ['ScCid=XyZ', 'UTM_Medium=cpc', 'utm_campaign=Spring+Sale%21'],
    ],
    ['https://shop.example/?xutm_source=1&id=2&utm_source=&awc=&constructor=3', []],
  ])('of the landing page %s is its campaign, as it is written there', (landing, carried) => {
    expect(campaignParameters(landing)).toEqual(carried);
  });
});

describe('carrying', () => {
  const carried = ['utm_source=Google', 'utm_campaign=Spring+Sale', 'ScCid=XyZ', 'epik=e'];
  it.each([
    ['/a', '/a?utm_source=Google&utm_campaign=Spring+Sale&ScCid=XyZ&epik=e'],
    ['b?c=%2f#d', 'b?c=%2f&utm_source=Google&utm_campaign=Spring+Sale&ScCid=XyZ&epik=e#d'],
    // What is there is not added a second time, in whatever case its name is written.
    ['/?utm_source=Google&epik=e', '/?utm_source=Google&epik=e&utm_campaign=Spring+Sale&ScCid=XyZ'],
    ['/?sccid=', '/?sccid=&utm_source=Google&utm_campaign=Spring+Sale&epik=e'],
    // Another campaign stays alone.
    ['/?utm_source=newsletter', '/?utm_source=newsletter'],
    ['/?utm_content=footer', '/?utm_content=footer'],
    ['/?epik=other', '/?epik=other'],
    ['/?gclid=1', '/?gclid=1'],
  ])('into %s', (address, expected) => {
    expect(carryInto(address, carried)).toBe(expected);
    expect(carryInto(expected, carried)).toBe(expected);
  });

  it('of nothing changes nothing', () => {
    for (const address of ['/a', '/a?', '/a?utm_source=x#b', '']) expect(carryInto(address, [])).toBe(address);
  });
});

describe('a campaign goes along', () => {
  const PAGE = 'https://www.shop.example/de/start?a=1#top';
  const carry = (address: string, domains: readonly string[] = ['shop.example', 'example.de']) =>
    carryTo(address, PAGE, new URL(PAGE), domains, ['gclid=Ab']);

  it.each([
    ['/de/kontakt', '/de/kontakt?gclid=Ab'],
    ['../en/', '../en/?gclid=Ab'],
    ['?page=2#list', '?page=2&gclid=Ab#list'],
    ['https://www.shop.example/de/start', 'https://www.shop.example/de/start?gclid=Ab'],
    ['https://checkout.shop.example/', 'https://checkout.shop.example/?gclid=Ab'],
    ['https://example.de/a', 'https://example.de/a?gclid=Ab'],
  ])('to %s', (address, expected) => {
    expect(carry(address)).toBe(expected);
  });

  it.each([
    '',
    '#',
    '#list',
    // Another place on this page, and this page: a parameter would make the browser load it anew.
    '?a=1#list',
    '/de/start?a=1',
    'https://other.example/',
    'mailto:info@shop.example',
    'javascript:void(0)',
  ])('not to %j', (address) => {
    expect(carry(address)).toBe(address);
  });

  it('on its own host only where no domains are listed', () => {
    expect(carry('/a', [])).toBe('/a?gclid=Ab');
    expect(carry('https://checkout.shop.example/', [])).toBe('https://checkout.shop.example/');
    expect(carry('https://www.shop.example:8443/', [])).toBe('https://www.shop.example:8443/');
  });
});
