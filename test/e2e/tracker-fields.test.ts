import { describe, expect, it } from 'vitest';
import { useShop } from './shop.ts';
import type { PageWindow } from './visitor.ts';

const HASH = 'c'.repeat(64);

const shop = useShop();

/** A page whose form carries what `data-fields` says; what the site itself has put there stands in the form. */
function serve(path: string, fields: string, own = '', more = ''): void {
  shop.serve(
    path,
    `<form method="post" action="/crm"><input name="company">${own}<button>Send</button></form>`,
    `data-fields="${fields}" ${more}`,
  );
}

/** What the form of the page holds, once the field is there and filled. */
async function filled(field: string): Promise<Record<string, string>> {
  await shop.page.waitForFunction((name) => document.querySelector<HTMLInputElement>(`[name="${name}"]`)?.value, field);
  return shop.page.evaluate(() => {
    const carried = [...new FormData(document.forms[0])].filter(([name]) => name !== 'company' && name !== 'anonymous_id');
    return Object.fromEntries(carried) as Record<string, string>;
  });
}

describe('further fields', () => {
  it('carry parameters of the campaign and click ids in any letter case, under names of their own or their own names', async () => {
    serve('/', 'cf_source = utm_source , utm_campaign, snap=sccid,FBCLID,none=utm_term');
    await shop.visit('/?utm_source=Google&UTM_Campaign=Spring%20Sale&ScCid=XyZ-1&fbclid=IwAR_Ab');
    const carried = { cf_source: 'Google', utm_campaign: 'Spring Sale', snap: 'XyZ-1', FBCLID: 'IwAR_Ab' };
    expect(await filled('cf_source')).toEqual(carried);
    await shop.page.fill('[name=company]', 'Engine');
    expect(Object.fromEntries(await shop.post())).toEqual({ ...carried, company: 'Engine', anonymous_id: (await shop.cookie())!.value });
  });

  it('carry the first and the last visit with a campaign', async () => {
    const fields = 'first_utm_source,last_utm_source,utm_source,first_gclid,gclid,first_referrer,referrer,first_landing_page,landing_page';
    serve('/', fields);
    serve('/offer', fields);
    await shop.page.clock.install();
    await shop.visit('/?utm_source=news&ref=a', { referer: 'http://blog.example/post' });
    await filled('utm_source');
    await shop.page.clock.fastForward('31:00');
    await shop.visit('/offer?utm_source=Google&gclid=Ab-C', { referer: 'http://search.example/?q=pumps' });
    const expected = {
      first_utm_source: 'news',
      last_utm_source: 'Google',
      utm_source: 'Google',
      gclid: 'Ab-C',
      first_referrer: 'http://blog.example/post',
      referrer: 'http://search.example/?q=pumps',
      first_landing_page: `${shop.site.url}/?utm_source=news&ref=a`,
      landing_page: `${shop.site.url}/offer?utm_source=Google&gclid=Ab-C`,
    };
    expect(await filled('gclid')).toEqual(expected);
    // A visit without one changes nothing.
    await shop.page.clock.fastForward('31:00');
    await shop.visit('/', { referer: 'http://other.example/' });
    expect(await filled('gclid')).toEqual(expected);
  });

  it('carry the very first visit where none had a campaign', async () => {
    serve('/', 'utm_source,referrer,landing_page');
    serve('/next', 'utm_source,referrer,landing_page');
    await shop.visit('/?page=2', { referer: 'http://search.example/' });
    await filled('referrer');
    await shop.visit('/next');
    expect(await filled('referrer')).toEqual({ referrer: 'http://search.example/', landing_page: `${shop.site.url}/?page=2` });
  });

  it('keep hashes and addresses of persons out of the landing page', async () => {
    serve('/', 'landing_page', '', 'data-ehash="keep"');
    await shop.visit(`/?utm_source=mail&ehash=${HASH}&to=ada%40engine.example&b=1`);
    expect(await filled('landing_page')).toEqual({ landing_page: `${shop.site.url}/?utm_source=mail&b=1` });
  });

  it('leave what the site has put there itself where nothing is known', async () => {
    serve(
      '/',
      'lead_source=utm_source,lead_click=gclid',
      '<input name="lead_source" value="Website"><input name="lead_click" value="none">',
    );
    await shop.visit('/?utm_source=Google');
    await shop.page.waitForFunction(() => document.querySelector<HTMLInputElement>('[name=lead_source]')!.value === 'Google');
    expect(await filled('lead_click')).toEqual({ lead_source: 'Google', lead_click: 'none' });
  });

  it('are in forms that appear later', async () => {
    serve('/', 'utm_source');
    await shop.visit('/?utm_source=Google');
    await filled('utm_source');
    await shop.page.evaluate(() => document.body.insertAdjacentHTML('beforeend', '<form id="later"></form>'));
    await shop.page.waitForSelector('#later [name=utm_source]', { state: 'attached' });
    expect(await shop.page.inputValue('#later [name=utm_source]')).toBe('Google');
  });

  it('are empty, and keep nothing, until there is consent, and again after its withdrawal', async () => {
    serve('/', 'utm_source', '', 'data-consent="pending"');
    await shop.page.goto(`${shop.site.url}/?utm_source=Google`);
    await shop.page.waitForFunction(() => 'touchtrail' in window);
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent('granted'));
    expect(await filled('utm_source')).toEqual({ utm_source: 'Google' });
    expect(await shop.page.evaluate(() => Object.keys(localStorage).filter((key) => key.endsWith('_touches')))).toHaveLength(1);
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent('denied'));
    expect(await shop.page.inputValue('[name=utm_source]')).toBe('');
    expect(await shop.page.evaluate(() => Object.keys(localStorage))).toEqual([]);
  });

  it('touch no storage without consent', async () => {
    serve('/', 'utm_source', '', 'data-consent="pending"');
    await shop.context.addInitScript(() => {
      const touched: string[] = [];
      Object.assign(window, { touched });
      for (const name of ['getItem', 'setItem'] as const) {
        const real = Storage.prototype[name] as (...args: string[]) => never;
        Storage.prototype[name] = function (this: Storage, ...args: string[]) {
          touched.push(`${name} ${args[0]}`);
          return real.apply(this, args);
        };
      }
    });
    const loaded = shop.page.waitForResponse(/t\.fields\.js/);
    await shop.page.goto(`${shop.site.url}/?utm_source=Google`);
    await (await loaded).finished();
    await shop.page.evaluate(() => document.body.insertAdjacentHTML('beforeend', '<form></form>'));
    expect(await shop.page.evaluate(() => (window as unknown as PageWindow)['touched'])).toEqual([]);
    await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent('granted'));
    expect(await filled('utm_source')).toEqual({ utm_source: 'Google' });
  });

  it('are of this visit alone where nothing may be stored', async () => {
    serve('/', 'first_utm_source,utm_source', '', 'data-cookieless="true"');
    await shop.page.goto(`${shop.site.url}/?utm_source=Google`);
    expect(await filled('utm_source')).toEqual({ first_utm_source: 'Google', utm_source: 'Google' });
    expect(await shop.page.evaluate(() => localStorage.length)).toBe(0);
  });
});
