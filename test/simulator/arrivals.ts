import { NEWSLETTER_DATES, SITE, sourceOf } from './company.ts';
import { placementOf, type Placement } from './placements.ts';
import type { Random } from './random.ts';
import type { Arrival, Campaign, ClickId } from './world.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function token(random: Random, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += ALPHABET[random.integer(0, 63)]!;
  return text;
}

/** A visit by one of the ways in {@link sourceOf}'s table, or `own_app`: a link inside the product. */
export function arrive(random: Random, key: string): Arrival {
  if (key === 'own_app') return { channel: 'Direct', landing: '/login', referrer: 'https://app.fernhill.example/' };
  const source = sourceOf(key);
  if (source.placements) return adClick(random, placementOf(random.pick(source.placements)));
  const landing = random.pick(source.landings);
  const referrer = random.pick(source.referrers!);
  if (key !== 'display') return { channel: source.channel, landing, referrer };
  const campaign = { source: 'handwerk-heute', medium: 'display', name: 'leaderboard', content: random.pick(['970x250', '300x600']) };
  return { channel: 'Display', landing, referrer, campaign };
}

/** A click on a billed ad, tagged as its platform tags it. */
export function adClick(random: Random, placement: Placement): Arrival {
  const { landing, key } = placement;
  const tagged = (source: string, medium: string): Campaign => ({
    source,
    medium,
    name: placement.campaign,
    ...(placement.term === undefined ? {} : { term: placement.term }),
    content: placement.adId,
    id: placement.campaignId,
  });
  switch (placement.platform) {
    case 'google_ads': {
      // iOS apps hand over gbraid instead of gclid; and a redirect of the site sometimes eats the UTM parameters.
      const clickId: ClickId = random.chance(0.08)
        ? { name: 'gbraid', value: `0AAAA${token(random, 32)}` }
        : { name: 'gclid', value: `Cj0KCQ${token(random, 48)}` };
      const arrival = { channel: 'Paid Search', landing, referrer: 'https://www.google.com/', clickId, placement: key } as const;
      return random.chance(0.08) ? arrival : { ...arrival, campaign: tagged('google', 'cpc') };
    }
    case 'microsoft_ads': {
      const clickId = { name: 'msclkid', value: random.hex(32) };
      return {
        channel: 'Paid Search',
        landing,
        referrer: 'https://www.bing.com/',
        clickId,
        campaign: tagged('bing', 'cpc'),
        placement: key,
      };
    }
    case 'linkedin_ads': {
      const clickId = { name: 'li_fat_id', value: random.uuid() };
      const campaign = tagged('linkedin', 'paid_social');
      return { channel: 'Paid Social', landing, referrer: 'https://www.linkedin.com/', clickId, campaign, placement: key };
    }
    case 'meta_ads': {
      const clickId = { name: 'fbclid', value: `IwAR${token(random, 44)}` };
      const campaign = tagged('facebook', 'paid_social');
      return { channel: 'Paid Social', landing, referrer: 'https://l.facebook.com/', clickId, campaign, placement: key };
    }
  }
}

/** A click in the newsletter of a date; the link carries the hash of the address it was sent to. */
export function newsletterClick(random: Random, date: string, linkEmail: string): Arrival {
  const campaign = {
    source: 'crew-letter',
    medium: 'email',
    name: `crew-letter-${date}`,
    content: random.pick(['lead-story', 'tip', 'footer']),
  };
  return {
    channel: 'Email',
    landing: random.pick(['/blog/rota-planning', '/customers', '/features/mobile-app']),
    referrer: '',
    campaign,
    linkEmail,
  };
}

/** Coming back from the payment page: the provider is not where the customer came from. */
export function paymentReturn(): Arrival {
  return { channel: 'Direct', landing: '/login', referrer: 'https://checkout.stripe.com/' };
}

/** The newsletter dates after a Berlin date. */
export function newslettersAfter(date: string): readonly string[] {
  return NEWSLETTER_DATES.filter((candidate) => candidate > date);
}

/** The address of the landing page as the tracker reports it: it has taken the hash out of the address bar. */
export function landingUrl({ campaign, clickId, landing }: Arrival): string {
  const query = new URLSearchParams();
  if (campaign) {
    query.set('utm_source', campaign.source);
    query.set('utm_medium', campaign.medium);
    query.set('utm_campaign', campaign.name);
    if (campaign.term !== undefined) query.set('utm_term', campaign.term);
    if (campaign.content !== undefined) query.set('utm_content', campaign.content);
    if (campaign.id !== undefined) query.set('utm_id', campaign.id);
  }
  if (clickId) query.set(clickId.name, clickId.value);
  const text = query.toString();
  return SITE + landing + (text === '' ? '' : `?${text}`);
}
