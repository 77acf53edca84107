import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CLICK_ID_PARAMETERS } from '../../../edge/contract/click-ids.ts';
import type { Core } from '../extension.ts';
import privacy from './privacy.ts';

const HASH = '0123456789abcdef'.repeat(4);

/** What becomes of a message, given the state of the page. */
function sent(
  message: object,
  { consent, isChosen = false, gpc }: { consent?: string | undefined; isChosen?: boolean; gpc?: string } = {},
): object {
  const outgoing: Core['outgoing'] = [];
  const core = { options: { gpc }, touchtrail: { consent: () => consent }, outgoing, hasChosen: () => isChosen };
  privacy(core as unknown as Core);
  const json = outgoing.reduce((text, change) => change(text), JSON.stringify(message));
  return JSON.parse(json) as object;
}

const MESSAGE = {
  type: 'track',
  userId: HASH,
  context: { emailHashes: [{ hash: HASH, origin: 'form' }], adIds: { fbc: 'fb.1.2.3' }, gaClientId: '1.2' },
};
const CLEANED = { type: 'track', userId: '', context: { gaClientId: '1.2', gpc: true } };

const address = (query: string) => ({ context: { page: { url: `https://shop.example/${query}` } } });

describe('where the browser sends Global Privacy Control', () => {
  beforeEach(() => vi.stubGlobal('navigator', { globalPrivacyControl: true }));
  afterEach(() => vi.unstubAllGlobals());

  it('takes hashes and the ids of ad platforms out, and says so', () => {
    expect(sent(MESSAGE)).toEqual(CLEANED);
  });

  it('leaves everything as it is where the visitor has said yes, or the site ignores the signal', () => {
    expect(sent(MESSAGE, { consent: 'granted', isChosen: true })).toEqual(MESSAGE);
    expect(sent(MESSAGE, { gpc: 'ignore' })).toEqual(MESSAGE);
  });

  it.each(CLICK_ID_PARAMETERS.map(({ name }) => name))('takes %s out of members and addresses', (name) => {
    expect(sent(address(`?a=1&${name}=Ab-1&b=2`))).toMatchObject(address('?a=1&b=2'));
    expect(sent(address(`?${name.toUpperCase()}=Ab-1`))).toMatchObject(address(''));
    expect(sent({ properties: { [name]: 'Ab-1', kept: 1 }, context: {} })).toMatchObject({ properties: { kept: 1 } });
    expect(JSON.stringify(sent({ properties: { [name.toUpperCase()]: 'Ab-1' }, context: {} }))).not.toContain('Ab-1');
  });

  it.each([
    ['https://shop.example/?gclid=1&fbclid=2&msclkid=3', 'https://shop.example/'],
    ['https://shop.example/?gclid=1&fbclid=2&b=3', 'https://shop.example/?b=3'],
    ['https://shop.example/?a=1&gclid=1&fbclid=2&b=3&ttclid=4#part', 'https://shop.example/?a=1&b=3#part'],
    [`https://shop.example/?ehash=${HASH}#gclid=2`, 'https://shop.example/'],
    ['https://shop.example/?notgclid=1&gclidx=2&q=gclid', 'https://shop.example/?notgclid=1&gclidx=2&q=gclid'],
    [`Account of ${HASH}`, 'Account of '],
    ['said "?gclid=ab" and went', 'said "" and went'],
    ['a\\?gclid=ab\\"c', 'a\\"c'],
    ['?gclid="', '"'],
  ])('makes %j %j', (text, expected) => {
    expect(sent({ properties: { text, list: [text, 7, null] }, context: {} })).toEqual({
      properties: { text: expected, list: [expected, 7, null] },
      context: { gpc: true },
    });
  });

  it('leaves out members that are called by a hash', () => {
    expect(sent({ properties: { [HASH]: true, other: false }, context: {} })).toEqual({
      properties: { other: false },
      context: { gpc: true },
    });
  });
});

describe('where it does not', () => {
  beforeEach(() => vi.stubGlobal('navigator', {}));
  afterEach(() => vi.unstubAllGlobals());

  it('takes out what leads to a person where consent was denied, whatever the site says of the signal', () => {
    expect(sent(MESSAGE, { consent: 'denied' })).toEqual(CLEANED);
    expect(sent(MESSAGE, { consent: 'denied', gpc: 'ignore' })).toEqual(CLEANED);
  });

  it.each([undefined, 'granted', 'pending'])('leaves everything as it is with the consent %s', (consent) => {
    expect(sent(MESSAGE, { consent })).toEqual(MESSAGE);
  });
});
