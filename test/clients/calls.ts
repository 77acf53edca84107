import { createHash } from 'node:crypto';
import { expect } from 'vitest';

/** Who makes the calls of these tests, from where. */
export const VISITOR = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
export const EMAIL = 'Ada@Lovelace.example';
export const EMAIL_HASH = createHash('sha256').update('ada@lovelace.example').digest('hex');
export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** The context of a visitor on whose behalf a server speaks. */
export const CONTEXT = {
  ip: '203.0.113.9',
  userAgent: FIREFOX,
  locale: 'en-GB',
  page: { url: 'https://www.shop.example/pricing?gclid=Cj0-AbC_9', referrer: 'https://search.example/', title: 'Pricing' },
  campaign: { source: 'google', medium: 'cpc', name: 'crew' },
};

/** One call of each type, as all of these clients take them. */
export const CALLS = {
  identify: { userId: 'user-7', anonymousId: VISITOR, traits: { email: EMAIL, plan: 'team' }, context: CONTEXT },
  track: { anonymousId: VISITOR, event: 'Order Completed', properties: { order_id: 'O-1', total: 49.5 }, context: CONTEXT },
  page: { anonymousId: VISITOR, name: 'Pricing', properties: { section: 'plans' }, context: CONTEXT },
  screen: { anonymousId: VISITOR, name: 'Home', properties: { tab: 1 }, context: CONTEXT },
  group: { userId: 'user-7', groupId: 'acme', traits: { seats: 5 }, context: CONTEXT },
  alias: { userId: 'user-8', previousId: 'user-7', context: CONTEXT },
};

const OF_ALL = {
  page_url: 'https://www.shop.example/pricing?gclid=Cj0-AbC_9',
  page_path: '/pricing',
  page_title: 'Pricing',
  referrer: 'https://search.example/',
  utm_source: 'google',
  utm_medium: 'cpc',
  utm_campaign: 'crew',
  click_ids: [{ name: 'gclid', value: 'Cj0-AbC_9' }],
  user_agent: FIREFOX,
  browser: 'Firefox',
  os: 'Linux',
  device_type: 'desktop',
  is_bot: false,
  ip_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
};
const NOBODY = { anonymous_id: null, user_id: null, previous_id: null, group_id: null, event: null, properties: null, traits: null };

/** What becomes of them, with a server key: in the order of {@link CALLS}. */
export const ROWS = [
  {
    ...OF_ALL,
    ...NOBODY,
    type: 'identify',
    user_id: 'user-7',
    anonymous_id: VISITOR,
    traits: JSON.stringify({ email: EMAIL_HASH, plan: 'team' }),
    email_hashes: [{ hash: EMAIL_HASH, origin: 'identify' }],
  },
  {
    ...OF_ALL,
    ...NOBODY,
    type: 'track',
    event: 'Order Completed',
    anonymous_id: VISITOR,
    properties: '{"order_id":"O-1","total":49.5}',
    email_hashes: [],
  },
  {
    ...OF_ALL,
    ...NOBODY,
    type: 'page',
    event: 'Pricing',
    anonymous_id: VISITOR,
    properties: expect.stringContaining('"section":"plans"') as unknown,
  },
  { ...OF_ALL, ...NOBODY, type: 'screen', event: 'Home', anonymous_id: VISITOR, properties: expect.stringContaining('"tab":1') as unknown },
  { ...OF_ALL, ...NOBODY, type: 'group', user_id: 'user-7', group_id: 'acme', traits: '{"seats":5}' },
  { ...OF_ALL, ...NOBODY, type: 'alias', user_id: 'user-8', previous_id: 'user-7' },
];
