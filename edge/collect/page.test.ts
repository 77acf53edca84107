import { describe, expect, test } from 'vitest';
import { CLICK_ID_PARAMETERS } from '../contract/click-ids.ts';
import { campaignColumns, campaignUrl, clickIds, pageColumns } from './page.ts';

const noCampaign = { utm_source: null, utm_medium: null, utm_campaign: null, utm_term: null, utm_content: null, utm_id: null };

describe('the page', () => {
  test('comes from the context', () => {
    const page = { url: 'https://x.example/a?b=1', path: '/a', title: 'A', referrer: 'https://r.example/' };
    expect(pageColumns({ page }, { url: 'https://other.example/' })).toEqual({
      page_url: 'https://x.example/a?b=1',
      page_path: '/a',
      page_title: 'A',
      referrer: 'https://r.example/',
    });
  });

  test('else from the properties, its path from its address', () => {
    expect(pageColumns({}, { url: 'https://x.example/a/b?c#d', title: 'B' })).toEqual({
      page_url: 'https://x.example/a/b?c#d',
      page_path: '/a/b',
      page_title: 'B',
      referrer: null,
    });
  });

  test('may be missing or odd', () => {
    expect(pageColumns({ page: 'home' }, { url: 7, title: {} })).toEqual({
      page_url: '7',
      page_path: '/7',
      page_title: null,
      referrer: null,
    });
    expect(pageColumns({}, {})).toEqual({ page_url: null, page_path: null, page_title: null, referrer: null });
  });
});

describe('the campaign', () => {
  test('comes from the context as a whole', () => {
    const campaign = { source: 'google', name: 'brand' };
    expect(campaignColumns({ campaign }, 'https://x.example/?utm_medium=email')).toEqual({
      ...noCampaign,
      utm_source: 'google',
      utm_campaign: 'brand',
    });
  });

  test("else from the page's address", () => {
    const url = 'https://x.example/?utm_source=news&utm_medium=email&utm_campaign=a%20b&utm_term=t&utm_content=c&utm_id=9';
    const expected = { utm_source: 'news', utm_medium: 'email', utm_campaign: 'a b', utm_term: 't', utm_content: 'c', utm_id: '9' };
    expect(campaignColumns({}, url)).toEqual(expected);
    expect(campaignColumns({ campaign: {} }, url)).toEqual(expected);
  });

  test('is empty where nobody names one', () => {
    expect(campaignColumns({}, 'https://x.example/?utm_source=')).toEqual(noCampaign);
    expect(campaignColumns({}, null)).toEqual(noCampaign);
  });
});

describe('click ids', () => {
  test.each(CLICK_ID_PARAMETERS.map(({ name }) => name))('%s is read from the address, its value as it is', (name) => {
    expect(clickIds({}, `https://x.example/?a=1&${name}=AbC_d-9`)).toEqual([{ name, value: 'AbC_d-9' }]);
  });

  test('are matched without regard to case', () => {
    expect(clickIds({}, '/?ScCid=X')).toEqual([{ name: 'sccid', value: 'X' }]);
  });

  test('of the context come first and are not repeated', () => {
    const expected = [
      { name: 'gclid', value: 'one' },
      { name: 'fbclid', value: 'two' },
    ];
    expect(clickIds({ clickIds: { gclid: 'one' } }, '/?gclid=other&fbclid=two')).toEqual(expected);
    expect(clickIds({ clickIds: [{ name: 'gclid', value: 'one' }] }, '/?fbclid=two')).toEqual(expected);
  });

  test('are only those that mark one click', () => {
    expect(clickIds({ clickIds: { gad_source: '1', gclid: '', fbclid: 7, x: null } }, '/?gad_campaignid=5&gclsrc=aw')).toEqual([]);
    expect(clickIds({ clickIds: { gclid: 'x'.repeat(1_025) } }, null)).toEqual([]);
  });
});

describe('campaignUrl', () => {
  const landing = { url: 'https://x.example/?utm_source=google&gclid=G' };

  test.each([
    ['the landing page where the page itself brings nothing', 'https://x.example/pricing?page=2', landing.url],
    ['the page where it brings a campaign', 'https://x.example/?utm_medium=email', 'https://x.example/?utm_medium=email'],
    ['the page where it brings a click id, in any letter case', '/?ScCid=S', '/?ScCid=S'],
    ['the landing page where nothing is known of the page', null, landing.url],
    ['the landing page where the parameters of the page are empty', '/?utm_source=&gclid=', landing.url],
  ])('is %s', (_, pageUrl, expected) => {
    expect(campaignUrl({ landing }, pageUrl)).toBe(expected);
  });

  test('is the page without a landing page', () => {
    expect(campaignUrl({}, '/a')).toBe('/a');
    expect(campaignUrl({ landing: 'https://x.example/?gclid=1' }, null)).toBeNull();
  });
});
