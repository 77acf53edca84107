import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { useShop } from './shop.ts';
import type { SentEvent } from './sent-event.ts';
import { isTrack, type PageWindow } from './visitor.ts';

const ADDRESS = 'Ada.Lovelace+demo@engine.example';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const ADDRESS_HASH = sha256('ada.lovelace+demo@engine.example');

const shop = useShop();

/** What the address bar shows. */
const address = () => shop.page.evaluate(() => location.href);

describe('ehash', () => {
  it('is taken out of the address bar and sent with the origin url, by the first event', async () => {
    shop.serve('/');
    const first = await shop.visit(`/?a=1%202&ehash=${ADDRESS_HASH.toUpperCase()}&b=%C3%A4#top`);
    expect(first.context.emailHashes).toEqual([{ hash: ADDRESS_HASH, origin: 'url' }]);
    expect(await address()).toBe(`${shop.site.url}/?a=1%202&b=%C3%A4#top`);
    expect(first.context.page.url).toBe(await address());
    expect(first.context.landing.url).toBe(await address());
    for (const body of shop.site.batches) expect(body.toLowerCase()).not.toContain('ehash');
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Next'));
    expect((await shop.site.events(1, isTrack('Next')))[0]!.context.emailHashes).toEqual([]);
  });

  it.each([
    [`?ehash=${ADDRESS_HASH}`, ''],
    [`?ehash=${ADDRESS_HASH}&b=2`, '?b=2'],
    [`?a=1&ehash=${ADDRESS_HASH}`, '?a=1'],
    [`?ehash=none&a=1&ehash=${ADDRESS_HASH}`, '?a=1'],
    [`?a=1&ehash=${ADDRESS_HASH}&ehash=${'b'.repeat(64)}`, '?a=1'],
  ])('of %.24s… leaves %s', async (query, left) => {
    shop.serve('/');
    const first = await shop.visit(`/${query}`);
    expect(first.context.emailHashes).toEqual([{ hash: ADDRESS_HASH, origin: 'url' }]);
    expect(await address()).toBe(`${shop.site.url}/${left}`);
  });

  it.each([
    `${ADDRESS_HASH}00`,
    ADDRESS_HASH.slice(1),
    `${ADDRESS_HASH.slice(1)}g`,
    encodeURIComponent(ADDRESS),
    ADDRESS,
    '',
    '%7B%7Bcontact.hash%7D%7D',
  ])('is nothing but 64 hex digits: not %s', async (value) => {
    shop.serve('/');
    const first = await shop.visit(`/?ehash=${value}`);
    expect(first.context.emailHashes).toEqual([]);
    expect(await address()).toBe(`${shop.site.url}/`);
    for (const body of shop.site.batches) expect(body).not.toContain('engine.example');
  });

  it('stays in the address bar where the site wants that', async () => {
    shop.serve('/', '', 'data-ehash="keep"');
    const first = await shop.visit(`/?ehash=${ADDRESS_HASH}`);
    expect(first.context.emailHashes).toEqual([{ hash: ADDRESS_HASH, origin: 'url' }]);
    expect(await address()).toBe(`${shop.site.url}/?ehash=${ADDRESS_HASH}`);
  });

  it('keeps the state of the history entry, and makes no second page view', async () => {
    shop.serve('/', '<script>history.replaceState({ scroll: 7 }, "")</script>');
    await shop.visit(`/?ehash=${ADDRESS_HASH}`);
    expect(await shop.page.evaluate(() => history.state as unknown)).toEqual({ scroll: 7 });
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Marker'));
    await shop.site.events(1, isTrack('Marker'));
    expect((await shop.site.events(1)).filter(({ type }) => type === 'page')).toHaveLength(1);
  });

  it('does no harm where it cannot be taken out, and the page view is sent when the page is left', async () => {
    shop.serve('/', '<a href="/next">next</a>');
    shop.serve('/next');
    await shop.page.route(/t\.more\.js/, (route) => route.abort());
    await shop.page.goto(`${shop.site.url}/?ehash=${ADDRESS_HASH}`);
    await shop.page.waitForFunction(() => 'touchtrail' in window);
    await shop.page.click('a');
    await shop.page.waitForURL('**/next');
    const views = await shop.site.events(2, ({ type }) => type === 'page');
    expect(views.map(({ context }) => new URL(context.page.url).pathname).toSorted()).toEqual(['/', '/next']);
  });
});

/** Calls that hold the address in every place. */
const use = () =>
  shop.page.evaluate((address) => {
    const { touchtrail } = window as unknown as PageWindow;
    document.title = `Account of ${address}`;
    touchtrail.identify(address, { email: address, team: [{ lead: address }] });
    touchtrail.track('Invited', { [address]: true, text: `write to <${address}>,\n${address}\tplease` });
    touchtrail.group(address, { contact: address });
    return new Promise<void>((resolve) => {
      touchtrail.alias('new', address, {}, resolve);
    });
  }, ADDRESS);

describe('addresses', () => {
  it('are replaced by their hash in whatever is sent', async () => {
    shop.serve('/');
    await shop.visit(`/?user=${encodeURIComponent(ADDRESS)}&utm_content=${ADDRESS}`);
    await use();
    const [first, identified, invited, grouped, aliased] = (await shop.site.events(5)).toSorted(
      (one, other) => one.sequence - other.sequence,
    ) as [SentEvent, SentEvent, SentEvent, SentEvent, SentEvent];
    const cleaned = `${shop.site.url}/?user=${ADDRESS_HASH}&utm_content=${ADDRESS_HASH}`;
    expect(first.context).toMatchObject({ page: { url: cleaned }, landing: { url: cleaned } });
    expect(identified).toMatchObject({
      userId: ADDRESS_HASH,
      traits: { email: ADDRESS_HASH, team: [{ lead: ADDRESS_HASH }] },
      context: { page: { title: `Account of ${ADDRESS_HASH}` } },
    });
    expect(identified.context.emailHashes).toContainEqual({ hash: ADDRESS_HASH, origin: 'identify' });
    expect(invited.properties).toEqual({ [ADDRESS_HASH]: true, text: `write to <${ADDRESS_HASH}>,\n${ADDRESS_HASH}\tplease` });
    expect(invited.context.emailHashes).toEqual([]);
    expect(grouped).toMatchObject({ groupId: ADDRESS_HASH, traits: { contact: ADDRESS_HASH } });
    expect(aliased).toMatchObject({ userId: 'new', previousId: ADDRESS_HASH });
    for (const { body } of shop.site.deliveries) expect(body).not.toContain('engine.example');
    expect((await shop.visit()).userId).toBe(ADDRESS_HASH);
  });

  it('are sent as they are where the site explicitly allows it, their hashes beside them', async () => {
    shop.serve('/', '', 'data-emails="allow"');
    await shop.visit();
    await use();
    const [identified] = await shop.site.events(1, ({ type }) => type === 'identify');
    expect(identified).toMatchObject({ traits: { email: ADDRESS }, context: { page: { title: `Account of ${ADDRESS}` } } });
    expect(identified!.context.emailHashes).toContainEqual({ hash: ADDRESS_HASH, origin: 'identify' });
    expect((await shop.site.events(1, isTrack('Invited')))[0]!.properties).toMatchObject({ [ADDRESS]: true });
  });
});
