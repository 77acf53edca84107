import { brotliCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { builtScripts } from './script-site.ts';
import { useShop } from './shop.ts';
import { isPage, isTrack, type PageWindow, servePage, tagOf, untilNow } from './visitor.ts';

const shop = useShop();

/** A page with a script in front of the tracker's. */
const serveWith = (script: string, body = '', tag = tagOf(shop.site)) =>
  servePage(shop.site, '/', body, `<script>${script}</script>${tag}`);

describe('calls from before the script was there', () => {
  it('are made up for; a page() among them takes the place of the automatic one', async () => {
    serveWith(`touchtrail=[['page','Home'],['track','Early',{n:1}],['nonsense']]`);
    await shop.page.goto(shop.site.url);
    await shop.site.events(2);
    const events = await untilNow(shop.site, shop.page);
    expect(events.map(({ type, name, event }) => [type, name ?? event])).toEqual([
      ['page', 'Home'],
      ['track', 'Early'],
    ]);
  });

  it('are called back, as who waits by ready() is', async () => {
    serveWith(`called=[];touchtrail=[['ready',()=>called.push('queued')]]`);
    await shop.visit();
    await shop.page.evaluate(() => {
      const { touchtrail, called } = window as unknown as { touchtrail: { ready(callback: () => void): void }; called: string[] };
      touchtrail.ready(() => called.push('direct'));
    });
    await shop.page.waitForFunction(() => (window as unknown as { called: string[] }).called.length === 2);
    expect(await shop.page.evaluate(() => (window as unknown as { called: string[] }).called)).toEqual(['queued', 'direct']);
  });

  it('may be any: the forms are filled and the other calls are taken', async () => {
    const bad = `null,7,[],['ready'],['ready',null],['push',null],['identify',{email:Object.create(null)}],['initialized']`;
    serveWith(`touchtrail=[${bad},['track','Early']]`, '<form><input name="x"></form>');
    await shop.page.goto(shop.site.url);
    await shop.site.events(1, isTrack('Early'));
    await shop.page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    expect(await shop.page.inputValue('[name=anonymous_id]')).toBe((await shop.cookie())!.value);
    // An error of ready(null) is of the page itself.
    shop.complaints.splice(0).forEach((complaint) => expect(complaint).not.toContain('touchtrail'));
  });

  it('wait for the visitor of a link, and for whatever else takes time, with the page views they take the place of', async () => {
    serveWith(`touchtrail=[['page','Home'],['track','Early']]`, '', tagOf(shop.site, 'data-fields="utm_source"'));
    // What takes the hash out of the address is there first, and has time to.
    await shop.page.route(/t\.fields\.js/, async (route) => {
      await shop.page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name }) => name.includes('t.ehash.js')));
      await shop.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      await route.continue();
    });
    await shop.page.goto(`${shop.site.url}/?a=1&ehash=${'d'.repeat(64)}`);
    await shop.site.events(2);
    const events = await untilNow(shop.site, shop.page);
    expect(events.map(({ type, name, event }) => [type, name ?? event])).toEqual([
      ['page', 'Home'],
      ['track', 'Early'],
    ]);
    expect(events[0]!.context.emailHashes).toEqual([{ hash: 'd'.repeat(64), origin: 'url' }]);
  });
});

describe('the script', () => {
  it('tells the browser to compile it as a whole', async () => {
    // In the first line alone it counts: https://v8.dev/blog/explicit-compile-hints
    expect((await builtScripts()).get('t.js')).toMatch(/^\/\/# allFunctionsCalledOnLoad\n/);
  });

  it('weighs at most 5,000 bytes of brotli, and each extension 1,500', async () => {
    const sizes = [...(await builtScripts())].map(([name, code]) => [name, brotliCompressSync(code).byteLength] as const);
    expect(sizes.map(([name]) => name)).toContain('t.js');
    expect(sizes.length).toBeGreaterThan(10);
    expect(sizes.filter(([name, size]) => size > (name === 't.js' ? 5_000 : 1_500))).toEqual([]);
  });

  it('is all that a visit with UTM parameters and a plain form loads', async () => {
    shop.serve('/', '<form method="post" action="/crm"><input name="company"><button>Send</button></form>');
    await shop.visit('/?utm_source=Google&gclid=Ab');
    // The CRM answers when the event of the form is acknowledged: a page that is left before has the next one load what sends the rest.
    const acknowledged = shop.page.waitForEvent('requestfinished', (request) => (request.postData() ?? '').includes('Form Submitted'));
    await shop.page.route('**/crm', async (route) => {
      await acknowledged;
      await route.continue();
    });
    await shop.post();
    await shop.site.events(2, isPage);
    expect(shop.site.requested.filter((path) => path.includes('.js'))).toEqual(['/t/t.js', '/t/t.js']);
  });

  it('runs once, however often the page includes it', async () => {
    shop.serve('/');
    servePage(shop.site, '/', '', tagOf(shop.site) + tagOf(shop.site));
    await shop.page.goto(shop.site.url, { waitUntil: 'load' });
    expect((await untilNow(shop.site, shop.page)).filter(isPage)).toHaveLength(1);
  });

  it('takes its options from its own address where attributes are stripped', async () => {
    const apiHost = encodeURIComponent(`${shop.site.edge}/e`);
    const src = `${shop.site.url}/t/t.js?writeKey=other&page=false&global=shop&field=visitor&apiHost=${apiHost}`;
    servePage(shop.site, '/', '<form></form>', `<script async src="${src}"></script>`);
    await shop.page.goto(shop.site.url);
    await shop.page.waitForFunction(() => 'shop' in window);
    await shop.page.evaluate(() => (window as unknown as { shop: PageWindow['touchtrail'] }).shop.track('Only'));
    const [only] = await shop.site.events(1);
    expect((await shop.site.events(1)).map(({ event }) => event)).toEqual(['Only']);
    expect(shop.site.deliveries[0]!.writeKey).toBe('other');
    expect(shop.site.requested).toContain('/e/v1/batch');
    expect(await shop.page.inputValue('[name=visitor]')).toBe(only!.anonymousId);
    expect(await shop.page.evaluate(() => 'touchtrail' in window)).toBe(false);
  });

  it.each([
    ['where the script lies', '', '/t/v1/batch'],
    ["a path of the script's host", 'data-api-host="/in"', '/in/v1/batch'],
    ['a path that ends with a slash', 'data-api-host="/in/"', '/in/v1/batch'],
  ])('expects the edge at %s', async (_, attributes, path) => {
    shop.serve('/', '', attributes);
    await shop.visit();
    expect(shop.site.requested.filter((requested) => requested.includes('/v1/'))).toEqual([path]);
  });

  it('complains once where it has no write key, and leaves the page alone', async () => {
    servePage(shop.site, '/', '<form><input name="x"></form>', `<script async src="${shop.site.edge}/t/t.js"></script>`);
    await shop.page.goto(shop.site.url, { waitUntil: 'load' });
    expect(await shop.page.evaluate(() => 'touchtrail' in window)).toBe(false);
    expect(await shop.page.locator('[name=anonymous_id]').count()).toBe(0);
    expect(shop.complaints.splice(0)).toEqual([expect.stringMatching(/^touchtrail: .*write.key/)]);
  });
});
