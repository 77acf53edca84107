import type { Route } from 'playwright-core';
import { beforeEach, expect, it } from 'vitest';
import { useShop, UUID } from './shop.ts';
import type { SentEvent } from './sent-event.ts';
import { isTrack, type PageWindow, tagOf } from './visitor.ts';

const ID = '5d7c2c43-8a6b-4d77-9c4a-0d1f6d3f7a10';

/** A page with the script from its own host. */
const OWN_SCRIPT = '<link rel="icon" href="data:,"><script async src="/t/t.js" data-write-key="wk"></script>';

const shop = useShop();

beforeEach(() => shop.serve('/'));

/** Lets the page be on another host than the site has names for. */
async function serveAs(origin: string): Promise<void> {
  await shop.page.route(`${origin}/**`, async (route: Route) => {
    const { pathname, search } = new URL(route.request().url());
    await route.fulfill({
      response: await route.fetch({ url: shop.site.url.replace('www.shop.example', '127.0.0.1') + pathname + search }),
    });
  });
}

it('is one UUIDv4 of 400 days for the widest domain, and stays the same from page to page and tab to tab', async () => {
  shop.serve('/', '<a href="/next">next</a>');
  shop.serve('/next');
  const before = Date.now() / 1000;
  const first = await shop.visit();
  const set = await shop.cookie();
  expect(set).toMatchObject({ domain: '.shop.example', path: '/', sameSite: 'Lax', secure: false, httpOnly: false });
  expect(set!.value).toMatch(UUID);
  expect(Math.abs(set!.expires - before - 34_560_000)).toBeLessThan(120);
  expect(first.anonymousId).toBe(set!.value);

  await shop.page.click('a');
  await (await shop.context.newPage()).goto(`${shop.site.url.replace('www.', 'docs.')}/next`);
  const events = await shop.site.events(3);
  expect(events.map(({ anonymousId }) => anonymousId)).toEqual(Array.from({ length: 3 }, () => set!.value));
  expect((await shop.context.cookies()).filter(({ name }) => name === 'anonymous_id')).toEqual([set]);
});

it('is left alone where it exists, as a server would have set it', async () => {
  await shop.context.addCookies([
    { name: 'anonymous_id', value: ID, domain: 'www.shop.example', path: '/', expires: Date.now() / 1000 + 1000 },
  ]);
  await shop.context.addInitScript(() => {
    const real = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie')!;
    const written: string[] = [];
    Object.defineProperty(document, 'cookie', {
      get: () => real.get!.call(document) as string,
      set: (text: string) => {
        written.push(text);
      },
    });
    Object.assign(window, { written });
  });
  expect((await shop.visit()).anonymousId).toBe(ID);
  expect(await shop.page.evaluate(() => (window as unknown as { written: string[] }).written)).toEqual([]);
  // Nor is the edge asked to set what another has set.
  expect(JSON.parse(shop.site.batches[0]!)).not.toHaveProperty('cookie');
});

it('gives way to a new one where its value is no visitor id', async () => {
  await shop.context.addCookies([{ name: 'anonymous_id', value: 'deleted', domain: '.shop.example', path: '/' }]);
  const { anonymousId } = await shop.visit();
  expect(anonymousId).toMatch(UUID);
  expect((await shop.cookie())!.value).toBe(anonymousId);
});

it('is secure on https', async () => {
  await serveAs('https://www.shop.example');
  shop.site.files.set('/', { body: OWN_SCRIPT });
  await shop.page.goto('https://www.shop.example/');
  await shop.site.events(1);
  expect(await shop.cookie()).toMatchObject({ domain: '.shop.example', secure: true });
  expect(JSON.parse(shop.site.batches[0]!)).toMatchObject({ cookie: expect.stringMatching(/;Secure$/) as string });
});

it('is named and limited as the site wants, also in what the edge is asked to set', async () => {
  const attributes =
    'data-cookie-name="shop_id" data-cookie-domain="www.shop.example" data-cookie-path="/shop" data-cookie-days="30" data-cookie-same-site="Strict"';
  shop.serve('/shop/', '', attributes);
  const before = Date.now() / 1000;
  const { anonymousId } = await shop.visit('/shop/');
  const set = await shop.cookie('shop_id');
  expect(set).toMatchObject({ value: anonymousId, domain: '.www.shop.example', path: '/shop', sameSite: 'Strict' });
  expect(Math.abs(set!.expires - before - 2_592_000)).toBeLessThan(120);
  expect(await shop.cookie()).toBeUndefined();
  expect(JSON.parse(shop.site.batches[0]!)).toMatchObject({
    cookie: `shop_id=${anonymousId};Max-Age=2592000;Path=/shop;SameSite=Strict;Domain=www.shop.example`,
  });
  expect((await shop.visit('/shop/')).anonymousId).toBe(anonymousId);
});

it('is for one host only where the site wants no domain', async () => {
  shop.serve('/', '', 'data-cookie-domain=""');
  await shop.visit();
  expect(await shop.cookie()).toMatchObject({ domain: 'www.shop.example' });
});

it.each([
  ['a.b.shop.example', '.shop.example'],
  ['www.shop.co.uk', '.shop.co.uk'],
  ['shop.github.io', '.shop.github.io'],
  ['intranet', 'intranet'],
])('on %s is for %s: the widest domain that the browser accepts', async (host, domain) => {
  await serveAs(`http://${host}`);
  shop.site.files.set('/', { body: OWN_SCRIPT });
  await shop.page.goto(`http://${host}/`);
  const [{ anonymousId }] = (await shop.site.events(1)) as [SentEvent];
  const { name, value, domain: found } = (await shop.context.cookies())[0]!;
  expect({ name, value, domain: found }).toEqual({ name: 'anonymous_id', value: anonymousId, domain });
  expect(await shop.context.cookies()).toHaveLength(1);
});

it('works on an address without a name', async () => {
  shop.site.files.set('/', { body: OWN_SCRIPT });
  await shop.page.goto(shop.site.url.replace('www.shop.example', '127.0.0.1'));
  const [{ anonymousId }] = (await shop.site.events(1)) as [SentEvent];
  expect(await shop.cookie()).toMatchObject({ value: anonymousId, domain: '127.0.0.1' });
});

it('is asked for from the edge with each batch', async () => {
  const { anonymousId } = await shop.visit();
  await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Second'));
  await shop.site.events(1, isTrack('Second'));
  const asked = () => shop.site.batches.map((body) => (JSON.parse(body) as { cookie?: string }).cookie);
  const wish = `anonymous_id=${anonymousId};Max-Age=34560000;Path=/;SameSite=Lax;Domain=shop.example`;
  expect(asked()).toEqual([wish, wish]);
});

it('reads the options of the cookie from the address of the script, too', async () => {
  const tag = tagOf(shop.site).replace('/t/t.js', '/t/t.js?cookieName=shop_id&cookieDays=1');
  shop.site.files.set('/', { body: `<link rel="icon" href="data:,">${tag}` });
  const { anonymousId } = await shop.visit();
  expect((await shop.cookie('shop_id'))!.value).toBe(anonymousId);
});
