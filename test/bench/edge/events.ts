import { Random } from '../../simulator/random.ts';

export const SEED = 20_261_124;
/** When the first visit begins; the others follow it, all of them before the bench can run. */
const FIRST_VISIT = Date.UTC(2026, 10, 2, 8);

const SITE = 'https://www.shop.example';
const PAGES = [
  ['/', 'Shop – everything for the garden'],
  ['/offer', 'Spring offer – Shop'],
  ['/products/watering-can-10l', 'Watering can, 10 l – Shop'],
  ['/products/garden-hose-25m', 'Garden hose, 25 m – Shop'],
  ['/category/tools', 'Tools – Shop'],
  ['/guide/when-to-plant-tomatoes', 'When to plant tomatoes? – Shop'],
  ['/cart', 'Cart – Shop'],
  ['/contact', 'Contact – Shop'],
  ['/%C3%BCber-uns', 'Über uns – Shop'],
] as const;
const CAMPAIGNS = [
  { source: 'google', medium: 'cpc', campaign: 'brand%20de', clickId: 'gclid', length: 86 },
  { source: 'google', medium: 'cpc', campaign: 'spring%20offer', clickId: 'gclid', length: 91 },
  { source: 'facebook', medium: 'paid_social', campaign: 'prospecting_q4', clickId: 'fbclid', length: 61 },
  { source: 'bing', medium: 'cpc', campaign: 'generic', clickId: 'msclkid', length: 32 },
  { source: 'newsletter', medium: 'email', campaign: '2026-11' },
] as const;
const REFERRERS = [
  '',
  'https://www.google.com/',
  'https://duckduckgo.com/',
  'https://blog.example/best-garden-shops',
  'https://l.facebook.com/',
];
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('');

/** One message as the tracker sends it. */
export type TrackerMessage = Readonly<Record<string, unknown>>;

/**
 * What browsers send, in the order in which it happens: visits of some 7 events, a third of them after a click on an ad,
 * with page views, engagement, clicks, submitted forms and sign-ins. Every visitor comes once. About 700 bytes an event.
 */
export function* trackerMessages(seed = SEED): Generator<TrackerMessage, never> {
  const random = new Random(seed);
  for (let start = FIRST_VISIT; ; start += random.integer(1, 400)) yield* visit(random, start);
}

/**
 * Bodies of `/v1/batch` as the tracker sends them.
 * @param size events of each; a batch may hold the end of one visit and the beginning of the next.
 */
export function batches(count: number, size: number, writeKey: string, seed = SEED): string[] {
  const messages = trackerMessages(seed);
  return Array.from({ length: count }, () => {
    const batch = Array.from({ length: size }, () => messages.next().value);
    const { timestamp, anonymousId } = batch.at(-1)!;
    const cookie = `anonymous_id=${String(anonymousId)};Max-Age=34560000;Path=/;SameSite=Lax;Domain=shop.example;Secure`;
    return JSON.stringify({ writeKey, sentAt: timestamp, cookie, batch });
  });
}

function* visit(random: Random, start: number): Generator<TrackerMessage> {
  const anonymousId = random.uuid();
  const entry = random.pick(PAGES);
  const landing = { url: SITE + entry[0] + campaignQuery(random), referrer: random.pick(REFERRERS) };
  const gaClientId = random.chance(0.6) ? `${random.integer(1e8, 2e9)}.${Math.floor(start / 1000)}` : undefined;
  const fbp = random.chance(0.4) ? `fb.1.${start}.${random.integer(1e8, 2e9)}` : undefined;
  let userId: string | undefined;
  let now = start;
  let sequence = 0;
  let page = { url: landing.url, title: entry[1] as string, referrer: landing.referrer };
  const message = (type: string, data: object, emailHashes: object[] = []): TrackerMessage => ({
    anonymousId,
    type,
    messageId: random.uuid(),
    sequence: ++sequence,
    ...(type === 'track' && data),
    ...(userId !== undefined && { userId }),
    timestamp: new Date((now += random.integer(5, 20_000))).toISOString(),
    context: {
      page,
      landing,
      emailHashes,
      ...(gaClientId !== undefined && { gaClientId }),
      adIds: { ...(fbp !== undefined && { fbp }) },
      consent: 'granted',
      library: { name: 'touchtrail.js', version: '0.1.0' },
    },
    ...(type !== 'track' && data),
  });

  for (let views = 1 + random.geometric(0.35); views > 0; views--) {
    yield message('page', { properties: {} });
    if (random.chance(0.3)) {
      yield message('track', {
        event: 'Product Added',
        properties: {
          product_id: `SKU-${random.integer(1000, 9999)}`,
          price: random.integer(199, 19_999) / 100,
          currency: 'EUR',
          quantity: 1,
        },
      });
    }
    if (random.chance(0.06)) {
      const hash = random.hex(64);
      const form = { form_id: 'contact', form_name: null, form_action: '/crm' };
      yield message('track', { event: 'Form Submitted', properties: form }, [{ hash, origin: 'form' }]);
      if (random.chance(0.5)) {
        userId = `u-${random.integer(10_000, 999_999)}`;
        yield message('identify', {
          traits: { email: hash, firstName: 'Jane', plan: random.pick(['free', 'pro', 'team']), logins: random.integer(1, 90) },
        });
      }
    }
    yield message('track', {
      event: 'Page Engaged',
      properties: { engaged_seconds: random.integer(10, 3000) / 10, scroll_depth: random.integer(5, 100) },
    });
    const next = random.pick(PAGES);
    page = { url: SITE + next[0], title: next[1], referrer: page.url };
  }
}

function campaignQuery(random: Random): string {
  if (!random.chance(0.35)) return '';
  const campaign = random.pick(CAMPAIGNS);
  const query = `?utm_source=${campaign.source}&utm_medium=${campaign.medium}&utm_campaign=${campaign.campaign}`;
  if (!('clickId' in campaign)) return query;
  const clickId = Array.from({ length: campaign.length }, () => random.pick(LETTERS)).join('');
  return `${query}&utm_content=ad-${random.integer(1, 40)}&${campaign.clickId}=${clickId}`;
}

const USER_AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36 Edg/153.0.0.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/152.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Linux; Android 16; SM-S938B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/142.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/23B82 [FBAN/FBIOS;FBAV/540.0.0.40.70]',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
];

/** The headers of a browser's request that the edge reads; the addresses are from blocks for documentation and tests. */
export function visitorHeaders(random: Random): Record<string, string> {
  const ip = random.chance(0.7)
    ? `198.18.${random.integer(0, 255)}.${random.integer(1, 254)}`
    : `2001:db8:${random.hex(4)}:${random.hex(4)}::${random.integer(1, 999)}`;
  return {
    'content-type': 'text/plain;charset=UTF-8',
    origin: SITE,
    referer: `${SITE}/`,
    'user-agent': random.pick(USER_AGENTS),
    'cf-connecting-ip': ip,
  };
}
