import { expect, it } from 'vitest';
import { CLICK_ID_PARAMETERS } from '../../edge/contract/click-ids.ts';
import { hasCampaign } from './visit.ts';

const SITE = 'https://www.shop.example/pricing';
const CLICK_IDS = CLICK_ID_PARAMETERS.map(({ name }) => name);
const UTM = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'utm_id'];

it.each([...CLICK_IDS, ...UTM])('knows a campaign by %s, anywhere in the query and in any letter case', (name) => {
  for (const written of [name, name.toUpperCase()]) {
    expect([written, hasCampaign(`${SITE}?${written}=Ab-C.1_d`)]).toEqual([written, true]);
    expect([written, hasCampaign(`${SITE}?page=2&${written}=1&size=m#top`)]).toEqual([written, true]);
  }
});

it.each([...CLICK_IDS, ...UTM])('knows none by %s without a value', (name) => {
  for (const query of [`?${name}=`, `?${name}`, `?${name}=&page=2`, `?${name}=#top`])
    expect([query, hasCampaign(SITE + query)]).toEqual([query, false]);
});

it('walks the list that the edge reads click ids by', () => {
  expect(CLICK_IDS).toContain('gclid');
  expect(CLICK_IDS).toContain('_kx');
  expect(CLICK_IDS.length).toBeGreaterThan(20);
});

it.each([
  'id',
  'cid',
  'page',
  'q',
  'ref',
  'utm',
  'utm_',
  'kx',
  'a_kx',
  'gclsrc',
  'gad_source',
  'epikt',
  'bid',
  'raid',
  'awcs',
  'mc_cid',
  'hsa_acc',
])('takes the parameter %s for no campaign', (name) => {
  expect(hasCampaign(`${SITE}?${name}=1`)).toBe(false);
});

it.each([
  ['no query', SITE],
  ['an empty query', `${SITE}?`],
  ['a path with such a name', 'https://www.shop.example/gclid=1/utm_source=2'],
  ['a value with such a name', `${SITE}?q=gclid`],
  ['a host with such a name', 'https://gclid.shop.example/'],
])('knows none by %s', (_, address) => {
  expect(hasCampaign(address)).toBe(false);
});
