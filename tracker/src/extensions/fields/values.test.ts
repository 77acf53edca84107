import { describe, expect, it } from 'vitest';
import { fieldValue, type Touches } from './values.ts';

const HASH = 'a'.repeat(64);
const TOUCHES: Touches = {
  first: { landing: 'https://shop.example/blog?utm_source=News&ScCid=Snap-1', referrer: 'https://search.example/?q=pumps' },
  last: {
    landing: `https://shop.example/offer?UTM_Source=Google&utm_medium=cpc&utm_campaign=Spring%20Sale&utm_source=second&gclid=Ab-C_d&fbclid=&fbclid=F1&ehash=${HASH}&user=jane%40example.com#part`,
    referrer: '',
  },
};

const restricted = (source: string) => fieldValue(source, TOUCHES, true);

describe('fieldValue', () => {
  it.each([
    ['utm_source', 'Google'],
    ['utm_medium', 'cpc'],
    ['utm_campaign', 'Spring Sale'],
    ['gclid', 'Ab-C_d'],
    ['last_gclid', 'Ab-C_d'],
    ['first_utm_source', 'News'],
    ['first_sccid', 'Snap-1'],
    ['first_ScCid', 'Snap-1'],
    ['first_referrer', 'https://search.example/?q=pumps'],
    ['first_landing_page', 'https://shop.example/blog?utm_source=News&ScCid=Snap-1'],
  ])('%s is %s', (source, expected) => {
    expect(fieldValue(source, TOUCHES, false)).toBe(expected);
  });

  it('passes over empty parameters', () => {
    expect(fieldValue('fbclid', TOUCHES, false)).toBe('F1');
  });

  it.each(['utm_term', 'first_gclid', 'referrer', 'first_', ''])('is empty where there is nothing: %j', (source) => {
    expect(fieldValue(source, TOUCHES, false)).toBe('');
  });

  it('leaves hashes and addresses of persons out of the landing page', () => {
    expect(fieldValue('landing_page', TOUCHES, false)).toBe(
      'https://shop.example/offer?UTM_Source=Google&utm_medium=cpc&utm_campaign=Spring+Sale&utm_source=second&gclid=Ab-C_d&fbclid=&fbclid=F1#part',
    );
  });

  it('carries no click id and no parameter but UTM ones where the visitor is restricted', () => {
    expect(['utm_source', 'gclid', 'first_sccid'].map(restricted)).toEqual(['Google', '', '']);
    expect(restricted('first_landing_page')).toBe('https://shop.example/blog?utm_source=News');
    expect(restricted('first_referrer')).toBe('https://search.example/');
  });

  it('is empty where what was stored is no address', () => {
    const broken = { landing: 'nowhere', referrer: 'android-app' };
    for (const source of ['gclid', 'landing_page', 'referrer']) expect(fieldValue(source, { first: broken, last: broken }, false)).toBe('');
  });
});
