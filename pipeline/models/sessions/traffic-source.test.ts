import { afterAll, beforeAll, expect, test } from 'vitest';
import { events } from '../events/events.ts';
import { type World, openWorld, page } from '../../testing/world.ts';
import { CHANNEL_RULES, UNASSIGNED } from './channels.ts';
import { CLICK_ID_KINDS } from './click-ids.ts';
import { sessions } from './sessions.ts';
import { SITES } from './sites.ts';

/** Query of the landing address, referrer, expected source / medium, channel, ad platform. */
type Case = readonly [query: string, referrer: string, sourceMedium: string, channel: string, adPlatform?: string];

const CASES: readonly Case[] = [
  // Nothing, or nothing that counts as a referrer
  ['', '', 'direct / none', 'Direct'],
  ['', 'https://www.fernhill.example/pricing', 'direct / none', 'Direct'],
  ['', 'https://app.fernhill.example/', 'direct / none', 'Direct'],
  ['', 'https://FERNHILL.example', 'direct / none', 'Direct'],
  ['', 'https://checkout.stripe.com/c/pay/cs_live', 'direct / none', 'Direct'],
  ['', 'https://www.paypal.com/webapps/hermes', 'direct / none', 'Direct'],
  ['', 'https://accounts.google.com/', 'direct / none', 'Direct'],
  ['', 'https://login.microsoftonline.com/common', 'direct / none', 'Direct'],
  ['', 'http://semalt.com/crawler.php', 'direct / none', 'Direct'],
  ['', 'about:blank', 'direct / none', 'Direct'],
  ['?utm_source=(direct)&utm_medium=(none)', '', '(direct) / (none)', 'Direct'],
  // Search
  ['', 'https://www.google.com/', 'google / organic', 'Organic Search'],
  ['', 'https://www.google.co.uk/', 'google / organic', 'Organic Search'],
  ['', 'https://google.de', 'google / organic', 'Organic Search'],
  ['', 'android-app://com.google.android.googlequicksearchbox/', 'google / organic', 'Organic Search'],
  ['', 'https://www.bing.com/search?q=fernhill', 'bing / organic', 'Organic Search'],
  ['', 'https://duckduckgo.com/', 'duckduckgo / organic', 'Organic Search'],
  ['', 'https://www.ecosia.org/', 'ecosia / organic', 'Organic Search'],
  ['', 'https://search.yahoo.com/', 'yahoo / organic', 'Organic Search'],
  ['', 'https://uk.search.yahoo.com/', 'yahoo / organic', 'Organic Search'],
  ['', 'https://yandex.ru/', 'yandex / organic', 'Organic Search'],
  ['', 'https://search.brave.com/', 'brave / organic', 'Organic Search'],
  ['?utm_source=gmb&utm_medium=organic', 'https://www.google.com/', 'gmb / organic', 'Organic Search'],
  // Search ads
  ['?gclid=Cj0', 'https://www.google.com/', 'google / cpc', 'Paid Search', 'google_ads'],
  ['?gclid=Cj0', '', 'google / cpc', 'Paid Search', 'google_ads'],
  ['?gbraid=0AA', '', 'google / cpc', 'Paid Search', 'google_ads'],
  ['?wbraid=Clk', 'android-app://com.google.android.gm/', 'google / cpc', 'Paid Search', 'google_ads'],
  ['?msclkid=ab1', 'https://www.bing.com/', 'bing / cpc', 'Paid Search', 'microsoft_ads'],
  ['?utm_source=google&utm_medium=cpc&utm_campaign=Brand&gclid=X', 'https://www.google.com/', 'google / cpc', 'Paid Search', 'google_ads'],
  ['?utm_source=Google&utm_medium=PPC', '', 'google / ppc', 'Paid Search'],
  ['?utm_source=bing&utm_medium=paidsearch', '', 'bing / paidsearch', 'Paid Search'],
  ['?utm_source=google&utm_medium=cpm', '', 'google / cpm', 'Paid Search'],
  ['?utm_source=google&utm_medium=cpc&utm_campaign=DE%20Cross-Network%20max&gclid=X', '', 'google / cpc', 'Cross-network', 'google_ads'],
  ['?utm_source=google&utm_medium=cpc&utm_campaign=shopping-brand&gclid=X', '', 'google / cpc', 'Paid Shopping', 'google_ads'],
  ['?yclid=1', 'https://yandex.ru/', 'yandex / cpc', 'Paid Search', 'yandex_direct'],
  // Social
  ['', 'https://l.facebook.com/', 'facebook.com / referral', 'Organic Social'],
  ['', 'https://m.facebook.com/', 'facebook.com / referral', 'Organic Social'],
  ['', 'https://www.linkedin.com/feed/', 'linkedin.com / referral', 'Organic Social'],
  ['', 'https://lnkd.in/', 'linkedin.com / referral', 'Organic Social'],
  ['', 'android-app://com.linkedin.android/', 'linkedin.com / referral', 'Organic Social'],
  ['', 'https://t.co/abc', 'x.com / referral', 'Organic Social'],
  ['', 'https://www.reddit.com/r/fieldservice', 'reddit.com / referral', 'Organic Social'],
  ['', 'https://pinterest.de/', 'pinterest.com / referral', 'Organic Social'],
  ['?utm_source=linkedin&utm_medium=social', '', 'linkedin / social', 'Organic Social'],
  ['?utm_source=hootsuite&utm_medium=social-media', '', 'hootsuite / social-media', 'Organic Social'],
  ['?fbclid=IwA', 'https://l.facebook.com/', 'facebook.com / referral', 'Organic Social'],
  ['?fbclid=IwA', '', 'facebook.com / referral', 'Organic Social'],
  ['?fbclid=IwA', 'https://l.instagram.com/', 'instagram.com / referral', 'Organic Social'],
  [
    '?utm_source=facebook&utm_medium=paid-social&fbclid=IwA',
    'https://l.facebook.com/',
    'facebook / paid-social',
    'Paid Social',
    'meta_ads',
  ],
  ['?utm_source=facebook&utm_medium=cpc', '', 'facebook / cpc', 'Paid Social'],
  ['?utm_source=ig&utm_medium=paid', '', 'ig / paid', 'Paid Social'],
  ['?li_fat_id=7a', 'https://www.linkedin.com/', 'linkedin / cpc', 'Paid Social', 'linkedin_ads'],
  ['?utm_source=linkedin&utm_medium=cpc&utm_campaign=Guide&li_fat_id=7a', '', 'linkedin / cpc', 'Paid Social', 'linkedin_ads'],
  ['?ttclid=E.C', '', 'tiktok / cpc', 'Paid Social', 'tiktok_ads'],
  ['?rdt_cid=9', 'https://www.reddit.com/', 'reddit / cpc', 'Paid Social', 'reddit_ads'],
  ['?ScCid=4', '', 'snapchat / cpc', 'Paid Social', 'snapchat_ads'],
  // Video
  ['', 'https://www.youtube.com/watch', 'youtube.com / referral', 'Organic Video'],
  ['', 'https://youtu.be/x', 'youtube.com / referral', 'Organic Video'],
  ['?utm_source=youtube&utm_medium=cpc', '', 'youtube / cpc', 'Paid Video'],
  ['?utm_source=webinar&utm_medium=video', '', 'webinar / video', 'Organic Video'],
  // Shopping
  ['', 'https://www.amazon.co.uk/dp/1', 'amazon / referral', 'Organic Shopping'],
  ['', 'https://shopping.google.com/', 'shopping.google.com / referral', 'Organic Shopping'],
  ['?utm_source=newsletter&utm_medium=email&utm_campaign=shop-sale', '', 'newsletter / email', 'Organic Shopping'],
  ['?utm_source=crew-letter&utm_medium=email&utm_campaign=workshop', '', 'crew-letter / email', 'Email'],
  // AI assistants
  ['', 'https://chatgpt.com/', 'chatgpt.com / ai-assistant', 'AI Assistant'],
  ['', 'https://www.perplexity.ai/search', 'perplexity.ai / ai-assistant', 'AI Assistant'],
  ['', 'https://gemini.google.com/app', 'gemini.google.com / ai-assistant', 'AI Assistant'],
  ['', 'https://copilot.microsoft.com/', 'copilot.microsoft.com / ai-assistant', 'AI Assistant'],
  ['?utm_source=chatgpt.com', '', 'chatgpt.com / (not set)', 'AI Assistant'],
  ['?utm_source=chatgpt.com', 'https://chatgpt.com/', 'chatgpt.com / (not set)', 'AI Assistant'],
  ['?utm_source=partner&utm_medium=ai-assistant', '', 'partner / ai-assistant', 'AI Assistant'],
  // Mail
  ['', 'https://mail.google.com/', 'mail.google.com / email', 'Email'],
  ['', 'android-app://com.google.android.gm/', 'mail.google.com / email', 'Email'],
  ['', 'https://outlook.live.com/mail', 'outlook.com / email', 'Email'],
  ['', 'https://deref-gmx.net/mail', 'navigator.gmx.net / email', 'Email'],
  ['?utm_source=crew-letter&utm_medium=email&utm_campaign=may', '', 'crew-letter / email', 'Email'],
  ['?utm_source=crew-letter&utm_medium=email', 'https://www.google.com/', 'crew-letter / email', 'Email'],
  ['?utm_source=e-mail&utm_medium=newsletter', '', 'e-mail / newsletter', 'Email'],
  // Display and other paid media
  ['?utm_source=handwerk&utm_medium=display', 'https://www.handwerk.example/', 'handwerk / display', 'Display'],
  ['?utm_source=handwerk&utm_medium=banner', '', 'handwerk / banner', 'Display'],
  ['?utm_source=handwerk&utm_medium=cpm', '', 'handwerk / cpm', 'Display'],
  ['?utm_source=handwerk&utm_medium=interstitial', '', 'handwerk / interstitial', 'Display'],
  ['?awc=1_2', 'https://www.coupons.example/', 'awin / affiliate', 'Affiliates', 'awin'],
  ['?_kx=abc', '', 'klaviyo / email', 'Email'],
  ['?dclid=CO', '', 'doubleclick / cpm', 'Display', 'campaign_manager_360'],
  ['?utm_source=handwerk&utm_medium=cpc', '', 'handwerk / cpc', 'Paid Other'],
  ['?utm_source=criteo&utm_medium=retargeting', '', 'criteo / retargeting', 'Paid Other'],
  // The rest of the group
  ['', 'https://www.toolscout.example/reviews/fernhill', 'toolscout.example / referral', 'Referral'],
  ['', 'https://docs.google.com/document/d/1', 'docs.google.com / referral', 'Referral'],
  ['', 'https://blog.partner.example:8443/a', 'blog.partner.example / referral', 'Referral'],
  ['', 'https://notgoogle.com/', 'notgoogle.com / referral', 'Referral'],
  ['', 'https://google.phishing.example/', 'google.phishing.example / referral', 'Referral'],
  ['', 'https://netflixx.com/', 'netflixx.com / referral', 'Referral'],
  ['?utm_source=partner&utm_medium=link', '', 'partner / link', 'Referral'],
  ['?utm_source=awin&utm_medium=affiliate', '', 'awin / affiliate', 'Affiliates'],
  ['?utm_source=podcast&utm_medium=audio', '', 'podcast / audio', 'Audio'],
  ['?utm_source=crm&utm_medium=sms', '', 'crm / sms', 'SMS'],
  ['?utm_source=crm&utm_medium=web-push', '', 'crm / web-push', 'Mobile Push Notifications'],
  ['?utm_source=firebase&utm_medium=x', '', 'firebase / x', 'Mobile Push Notifications'],
  ['?utm_source=flyer&utm_medium=print', '', 'flyer / print', 'Unassigned'],
  ['?utm_source=flyer', '', 'flyer / (not set)', 'Unassigned'],
  // Click id and UTM together, and incomplete UTM
  ['?utm_source=partner&utm_medium=email&gclid=X', '', 'partner / email', 'Email', 'google_ads'],
  ['?utm_source=partner&gclid=X', '', 'partner / cpc', 'Paid Other', 'google_ads'],
  ['?utm_campaign=spring', 'https://www.google.com/', 'google / organic', 'Organic Search'],
  ['?utm_campaign=spring', '', '(not set) / (not set)', 'Unassigned'],
  ['?utm_medium=email', 'https://www.google.com/', 'google / email', 'Organic Search'],
  ['?utm_source=%20&utm_medium=', 'https://www.bing.com/', 'bing / organic', 'Organic Search'],
  ['?gclid=X&fbclid=Y', 'https://l.facebook.com/', 'google / cpc', 'Paid Search', 'google_ads'],
];

let world: World;
let found: Map<string, Record<string, unknown>>;

beforeAll(async () => {
  world = await openWorld();
  await world.events(
    ...CASES.map(([query, referrer], i) => ({
      who: String(i),
      at: '10:00',
      ...page(`https://www.fernhill.example/${query}`, referrer || null),
    })),
  );
  await world.run(events, sessions);
  const rows = await world.rows('select anonymous_id, source, medium, channel, ad_platform, is_direct from sessions');
  found = new Map(rows.map((row) => [row['anonymous_id'] as string, row]));
});
afterAll(() => world.close());

test.each(CASES.map((row, i) => [row[0] || '/', row[1] || 'no referrer', i, ...row.slice(2)] as const))(
  '%s from %s',
  (_query, _referrer, i, sourceMedium, channel, adPlatform) => {
    const session = found.get(String(i))!;
    expect({ ...session, sourceMedium: `${session['source'] as string} / ${session['medium'] as string}` }).toMatchObject({
      sourceMedium,
      channel,
      ad_platform: adPlatform ?? null,
      is_direct: channel === 'Direct',
    });
  },
);

test('the table has a case for every channel', () => {
  const channels = new Set(CASES.map(([, , , channel]) => channel));
  expect([...CHANNEL_RULES.map((rule) => rule.channel), UNASSIGNED].filter((channel) => !channels.has(channel))).toEqual([]);
});

test('no host stands twice in the list of sites, and none has a leading www or capitals', () => {
  const hosts = SITES.flatMap((site) => site.hosts);
  expect(hosts.filter((host, i) => hosts.indexOf(host) !== i)).toEqual([]);
  expect(hosts.filter((host) => host.startsWith('www.') || host !== host.toLowerCase())).toEqual([]);
});

test('the source of each site is found in the list again, and so is that of each click id of a search or social platform', () => {
  const hosts = new Set(SITES.flatMap((site) => site.hosts));
  const isKnown = (source: string) =>
    hosts.has(source) || [...hosts].some((host) => source.endsWith(`.${host}`)) || hosts.has(source.replace(/\.(com|de)$/, '.*'));
  expect(SITES.map((site) => site.source).filter((source) => !isKnown(source))).toEqual([]);
  const networks = ['doubleclick', 'taboola', 'outbrain', 'adroll', 'kochava', 'impact', 'awin', 'cj', 'rakuten_advertising', 'klaviyo'];
  const unknown = CLICK_ID_KINDS.map((kind) => kind.source).filter((source) => !isKnown(source));
  expect([...new Set(unknown)].sort()).toEqual(networks.sort());
});
