import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { isSubmit, useShop } from './shop.ts';
import type { SentEvent } from './sent-event.ts';
import { isPage, isTrack, type PageWindow, tagOf } from './visitor.ts';

const ADDRESS = 'ada@engine.example';
const HASH = createHash('sha256').update(ADDRESS).digest('hex');
const LINKED = 'e'.repeat(64);
const LANDING = `/?utm_source=news&gclid=Click-1&ehash=${LINKED}&ScCid=Click-2&b=1#fbclid=Click-3`;
const FORM = `<form method="post" action="/crm"><input type="email" name="email" value="${ADDRESS}"><button>Send</button></form>`;

const shop = useShop();

beforeEach(async () => {
  await shop.context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }));
  await shop.context.addCookies([
    { name: '_ga', value: 'GA1.1.123.456', url: shop.site.url },
    { name: '_fbc', value: 'fb.1.1700000000000.Click-4', url: shop.site.url },
  ]);
});

/** What a visit from an ad to a form sends. */
async function visit(attributes = '', decide?: () => Promise<unknown>): Promise<SentEvent[]> {
  const head = `<script>touchtrail = [['track', 'Early', { gclid: 'Click-5', link: '/?fbclid=Click-6&a=1' }]]</script>`;
  shop.site.files.set('/', {
    body: `<!doctype html><html><head><title>Account of ${ADDRESS}</title><link rel="icon" href="data:,">${head}${tagOf(shop.site, attributes)}</head><body>${FORM}</body></html>`,
  });
  await shop.page.goto(shop.site.url + LANDING);
  await shop.page.waitForFunction(() => (window as unknown as PageWindow).touchtrail.initialized);
  await decide?.();
  await shop.site.events(1, isPage);
  await shop.page.evaluate((email) => (window as unknown as PageWindow).touchtrail.identify(email, { email, plan: 'team' }), ADDRESS);
  await shop.page.click('button');
  await shop.page.waitForURL('**/thanks');
  await shop.site.events(1, isSubmit);
  await shop.site.events(2, isPage);
  return shop.site.events(5);
}

describe('with Global Privacy Control', () => {
  it('no hash and no click id is sent, wherever it stands, and the visit is measured all the same', async () => {
    const events = await visit();
    for (const body of shop.site.batches) {
      expect(body).not.toMatch(/Click-\d/);
      for (const secret of [HASH, LINKED, 'engine.example']) expect(body).not.toContain(secret);
    }
    const view = events.find((event) => isPage(event) && !event.context.page.url.endsWith('/thanks'))!;
    expect(view.context).toMatchObject({
      gpc: true,
      gaClientId: '123.456',
      page: { url: `${shop.site.url}/?utm_source=news&b=1`, title: 'Account of ' },
      landing: { url: `${shop.site.url}/?utm_source=news&b=1` },
    });
    expect(events.find(isTrack('Early'))!.properties).toEqual({ link: '/?a=1' });
    const identified = events.find(({ type }) => type === 'identify')!;
    expect(identified.traits).toMatchObject({ plan: 'team' });
    expect(identified.userId || null).toBeNull();
    const { value } = (await shop.cookie())!;
    expect(new Set(events.map(({ anonymousId }) => anonymousId))).toEqual(new Set([value]));
    // The form is the visitor's own act: it carries the id.
    expect(shop.site.posted[0]!.get('anonymous_id')).toBe(value);
  });

  it('the link of a mail loses its hash in the address bar all the same', async () => {
    shop.serve('/');
    await shop.visit(`/?ehash=${LINKED}&b=1`);
    expect(await shop.page.evaluate(() => location.href)).toBe(`${shop.site.url}/?b=1`);
  });

  it.each<[string, string, (() => Promise<unknown>)?]>([
    ['the site ignores it', 'data-gpc="ignore"'],
    [
      'the visitor has explicitly consented',
      '',
      () => shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent('granted')),
    ],
    [
      'the visitor has consented when asked',
      'data-consent="pending"',
      () => shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent('granted')),
    ],
  ])('everything is sent where %s', async (_, attributes, decide) => {
    const events = await visit(attributes, decide);
    const identified = events.find(({ type }) => type === 'identify')!;
    expect(identified).toMatchObject({ userId: HASH, traits: { email: HASH } });
    expect(identified.context).toMatchObject({ adIds: { fbc: 'fb.1.1700000000000.Click-4' } });
    expect(identified.context.landing.url).toBe(`${shop.site.url}/?utm_source=news&gclid=Click-1&ScCid=Click-2&b=1#fbclid=Click-3`);
    expect(identified.context).not.toHaveProperty('gpc');
    expect(events.find(isSubmit)!.context.emailHashes).toEqual([{ hash: HASH, origin: 'form' }]);
  });

  it('further fields of forms carry campaigns, and no click id', async () => {
    shop.serve('/', FORM, 'data-fields="utm_source,gclid,landing_page"');
    await shop.visit('/?utm_source=news&gclid=Click-1&b=1');
    await shop.page.waitForFunction(() => document.querySelector<HTMLInputElement>('[name=landing_page]')?.value);
    const posted = await shop.post();
    expect(posted.get('utm_source')).toBe('news');
    expect(posted.get('landing_page')).toBe(`${shop.site.url}/?utm_source=news`);
    expect(posted.has('gclid')).toBe(false);
  });
});
