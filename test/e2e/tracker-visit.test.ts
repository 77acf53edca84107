import { describe, expect, it } from 'vitest';
import { useShop } from './shop.ts';
import { isTrack, type PageWindow } from './visitor.ts';

const shop = useShop();

const track = async (name: string) => {
  await shop.page.evaluate((event) => (window as unknown as PageWindow).touchtrail.track(event), name);
  return (await shop.site.events(1, isTrack(name)))[0]!;
};

describe('how the visit began', () => {
  it('stays with every event until another campaign takes its place: address and referrer of the first page', async () => {
    shop.serve('/', '<a href="/pricing">pricing</a>');
    shop.serve('/pricing');
    const campaign =
      'utm_source=Google&utm_medium=cpc&utm_campaign=Spring%20Sale&utm_term=crew&utm_content=b&utm_id=42&gclid=Ab-C_d&ScCid=XyZ';
    const landing = { url: `${shop.site.url}/?${campaign}`, referrer: 'http://search.example/' };
    const first = await shop.visit(`/?${campaign}`, { referer: 'http://search.example/' });
    expect(first.context.landing).toEqual(landing);
    expect((await track('Looked')).context.landing).toEqual(landing);
    await shop.page.click('a');
    const [, second] = await shop.site.events(2, ({ type }) => type === 'page');
    expect(second!.context).toMatchObject({ landing, page: { url: `${shop.site.url}/pricing`, referrer: first.context.page.url } });
    expect((await track('Looked Again')).context.landing).toEqual(landing);

    const last = await shop.visit('/?utm_source=newsletter');
    expect(last.context.landing).toEqual({ url: `${shop.site.url}/?utm_source=newsletter`, referrer: '' });
    // The edge reads the campaign from there; the tracker does not repeat it.
    expect(last.context).not.toHaveProperty('campaign');
    expect(last.context).not.toHaveProperty('clickIds');
  });

  it('is the first page where there is no campaign, and is shared by all tabs', async () => {
    shop.serve('/');
    shop.serve('/pricing');
    await shop.visit('/?page=2&id=7', { referer: 'http://search.example/' });
    const other = await shop.context.newPage();
    await other.goto(`${shop.site.url}/pricing`);
    const [, there] = await shop.site.events(2);
    expect(there!.context.landing).toEqual({ url: `${shop.site.url}/?page=2&id=7`, referrer: 'http://search.example/' });
  });

  it('ends with the visit, after half an hour without an event', async () => {
    shop.serve('/');
    await shop.page.clock.install();
    const landing = { url: `${shop.site.url}/?gclid=abc`, referrer: '' };
    expect((await shop.visit('/?gclid=abc')).context.landing).toEqual(landing);
    await shop.page.clock.fastForward('29:00');
    expect((await shop.visit('/')).context.landing).toEqual(landing);
    await shop.page.clock.fastForward('31:00');
    expect((await shop.visit('/')).context.landing).toEqual({ url: `${shop.site.url}/`, referrer: '' });
  });

  it('begins anew, and not from the search engine again, where the same page goes on after half an hour', async () => {
    shop.serve('/offer');
    shop.serve('/pricing');
    await shop.page.clock.install();
    await shop.visit('/offer?gclid=abc', { referer: 'http://search.example/' });
    await shop.page.clock.fastForward('31:00');
    expect((await track('Back')).context.landing).toMatchObject({ referrer: '' });
    await shop.page.evaluate(() => history.pushState(null, '', '/pricing'));
    await shop.page.clock.fastForward('31:00');
    expect((await track('Back Again')).context.landing).toEqual({ url: `${shop.site.url}/pricing`, referrer: '' });
  });

  it('is not cut by what is told late, after another tab was in use', async () => {
    shop.serve('/');
    await shop.page.clock.install();
    const first = await shop.visit('/?gclid=abc');
    await shop.page.clock.fastForward('20:00');
    await track('In Use');
    await shop.page.evaluate((timestamp) => {
      (window as unknown as PageWindow).touchtrail.track('Told Late', {}, { timestamp });
    }, first.timestamp);
    await shop.page.clock.fastForward('20:00');
    expect((await shop.visit('/')).context.landing).toEqual(first.context.landing);
  });
});

describe('the context', () => {
  it('says where and with what it happened, and leaves to the edge what that knows already', async () => {
    shop.serve('/');
    await shop.context.addCookies([{ name: '_ga', value: 'GA1.1.1234567890.1699999999', url: shop.site.url }]);
    const { context } = await shop.visit('/?a=1#part', { referer: 'http://search.example/' });
    expect(context.page).toEqual({ url: `${shop.site.url}/?a=1#part`, title: 'Page /', referrer: 'http://search.example/' });
    expect(context).toMatchObject({ gaClientId: '1234567890.1699999999', library: { name: 'touchtrail.js', version: '0.1.0' } });
    // The request itself brings them along.
    for (const name of ['userAgent', 'ip', 'timezone']) expect(context).not.toHaveProperty(name);
  });

  it.each([
    ['GA1.1.1234567890.1699999999', '1234567890.1699999999'],
    ['GA1.2-2.1234567890.1699999999', '1234567890.1699999999'],
    ['GA1.3.amp-AbC', undefined],
    ['', undefined],
  ])('takes the Google Analytics client id out of %j', async (value, expected) => {
    shop.serve('/');
    await shop.context.addCookies([{ name: '_ga', value, url: shop.site.url }]);
    expect((await shop.visit()).context.gaClientId).toBe(expected);
  });

  it('carries what the tags of LinkedIn and Meta remember of an earlier click, apart from the click of this visit', async () => {
    shop.serve('/');
    const cookies = { li_fat_id: 'f5b8c8e0-1', _fbc: 'fb.1.1700000000000.IwAR_x', _fbp: 'fb.1.1700000000000.123', _fbcx: 'other' };
    await shop.context.addCookies(Object.entries(cookies).map(([name, value]) => ({ name, value, url: shop.site.url })));
    expect((await shop.visit()).context['adIds']).toEqual({
      li_fat_id: 'f5b8c8e0-1',
      fbc: 'fb.1.1700000000000.IwAR_x',
      fbp: 'fb.1.1700000000000.123',
    });
  });

  it('says nothing of consent where nobody asks for it, else what was said', async () => {
    shop.serve('/');
    expect((await shop.visit()).context).not.toHaveProperty('consent');
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent('granted'));
    expect((await track('Agreed')).context['consent']).toBe('granted');
  });
});
