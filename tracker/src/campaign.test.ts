import { expect, it } from 'vitest';
import { CLICK_ID_PARAMETERS } from '../../edge/contract/click-ids.ts';
import { readCampaign } from './campaign.ts';

it.each(CLICK_ID_PARAMETERS.map(({ name }) => name))('reads the click id %s in any letter case, its value as it is', (name) => {
  expect(readCampaign(`?${name}=Ab-C.1_d`)).toEqual({ campaign: {}, clickIds: { [name]: 'Ab-C.1_d' } });
  expect(readCampaign(`?${name.toUpperCase()}=Ab`)).toEqual({ campaign: {}, clickIds: { [name]: 'Ab' } });
});

it.each(['clid', 'xgclid', 'gclid2', 'gclsrc', 'gad_source', 'utm_', 'utm_foo', 'ref', '__proto__'])('takes %s for no campaign', (name) => {
  expect(readCampaign(`?${name}=1`)).toBeUndefined();
});

it('reads UTM parameters under the names of Segment, decoded', () => {
  expect(readCampaign('?UTM_Source=Google&utm_medium=cpc&utm_campaign=Spring%20Sale&utm_term=a+b&utm_content=%C3%A4&utm_id=7')).toEqual({
    campaign: { source: 'Google', medium: 'cpc', name: 'Spring Sale', term: 'a b', content: 'ä', id: '7' },
    clickIds: {},
  });
});

it('lets the first of repeated parameters count and passes over empty ones', () => {
  expect(readCampaign('?utm_source=&utm_source=a&utm_source=b&gclid=')).toEqual({ campaign: { source: 'a' }, clickIds: {} });
  expect(readCampaign('?utm_source=&gclid=')).toBeUndefined();
  expect(readCampaign('')).toBeUndefined();
});
