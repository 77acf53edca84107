import { createHash } from 'node:crypto';
import type { BrowserContext, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { ScriptSite } from './script-site.ts';
import { GA_LIBRARY, GA_SNIPPET, GTAG_SNIPPET, MIXPANEL_LIBRARY, MIXPANEL_SNIPPET, TAG_MANAGER } from './shim-fixtures.ts';
import type { SentEvent } from './sent-event.ts';
import { isError, useVisits } from './visitor.ts';

let site: ScriptSite;
let context: BrowserContext;
let page: Page;

useVisits((visit) => ({ site, context, page } = visit), { counts: isError, browserOptions: {} });

/** Opens a page with code before the tracker and attributes of its tag. */
async function open(attributes: string, before = '', body = '', path = '/'): Promise<void> {
  site.files.set(new URL(path, site.url).pathname, {
    body: `<!doctype html><html><head><title>Page</title><link rel="icon" href="data:,">
      <script>${before}</script>
      <script async src="${site.edge}/t/t.js" data-write-key="wk" ${attributes}></script></head><body>${body}</body></html>`,
  });
  await page.goto(site.url + path);
  await page.waitForFunction(() => 'touchtrail' in window && 'initialized' in (window as unknown as { touchtrail: object }).touchtrail);
}

/** Runs code of the page, as its author would have written it. */
async function run<Result>(code: string): Promise<Result> {
  return page.evaluate<Result>(code);
}

const name = ({ type, event }: SentEvent) => event ?? type;
/** The events up to one called `End`, without the page views of the tracker itself. */
async function untilEnd(): Promise<SentEvent[]> {
  await site.events(1, ({ event }) => event === 'End');
  const events = await site.events(1, ({ type, name: page }) => type !== 'page' || page !== undefined);
  return events.toSorted((a, b) => a.sequence - b.sequence).filter(({ event }) => event !== 'End');
}
const facts = ({ type, event, userId, properties, traits }: SentEvent) => ({
  what: event ?? type,
  ...(userId && { userId }),
  ...properties,
  ...traits,
});

describe('data layer', () => {
  it('tracks the events from before and after, under their names, and nothing that is not an event', async () => {
    await open(
      'data-extensions="data-layer"',
      `dataLayer = [{ pageType: 'home' }, { event: 'sign_up', method: 'mail', 'gtm.uniqueEventId': 4, eventCallback() {}, eventTimeout: 2000 }, { event: 'gtm.dom' }, 7, null];`,
    );
    await site.events(1, ({ event }) => event === 'sign_up');
    const length = await run<number>(
      `dataLayer.push({ event: 'generate_lead', value: 12.5, user_data: { phone_number: '+1' } }, { user: 'x' })`,
    );
    expect(length).toBe(7);
    await run(`dataLayer.push({ event: 'gtm.load' }, { event: 'End' })`);
    expect((await untilEnd()).map(facts)).toEqual([
      { what: 'sign_up', method: 'mail' },
      { what: 'generate_lead', value: 12.5 },
    ]);
  });

  it('takes the parts of a GA4 purchase as properties', async () => {
    await open('data-extensions="data-layer"');
    const items = [{ item_id: 'SKU_1', item_name: 'Cap', price: 49, quantity: 1 }];
    await page.waitForFunction(() => 'dataLayer' in window);
    await run(
      `dataLayer.push({ ecommerce: null }, { event: 'purchase', ecommerce: { transaction_id: 'T-1042', value: 49, currency: 'USD', items: ${JSON.stringify(items)} } }, { event: 'End' })`,
    );
    expect((await untilEnd()).map(facts)).toEqual([{ what: 'purchase', transaction_id: 'T-1042', value: 49, currency: 'USD', items }]);
  });

  it('takes a purchase of Universal Analytics, with an event or without', async () => {
    const ecommerce = `{ currencyCode: 'EUR', purchase: { actionField: { id: 'T-1', revenue: '35.43' }, products: [{ id: 'S', name: 'Tee', price: '15.25' }] } }`;
    await open(
      'data-extensions="data-layer"',
      `dataLayer = [{ ecommerce: ${ecommerce} }, { event: 'eec.purchase', ecommerce: ${ecommerce} }, { event: 'End' }]`,
    );
    const purchase = { currency: 'EUR', transaction_id: 'T-1', value: 35.43, items: [{ item_id: 'S', item_name: 'Tee', price: 15.25 }] };
    expect((await untilEnd()).map(facts)).toEqual([
      { what: 'purchase', ...purchase },
      { what: 'eec.purchase', ...purchase },
    ]);
  });

  it.each(['before', 'after'])('leaves Tag Manager as it is, which came %s, and tracks each event once', async (when) => {
    await open('data-extensions="data-layer"', `dataLayer = [{ event: 'early' }];${when === 'before' ? TAG_MANAGER : ''}`);
    await site.events(1, ({ event }) => event === 'early');
    if (when === 'after') await run(TAG_MANAGER);
    const answers = await run<unknown[]>(
      `const same = { event: 'twice' }; [dataLayer.push({ event: 'outer' }), dataLayer.push(same), dataLayer.push(same), dataLayer.push({ event: 'End' })]`,
    );
    expect(answers).toEqual([true, true, true, true]);
    expect((await untilEnd()).map(name)).toEqual(['early', 'outer', 'inner', 'twice', 'twice']);
    expect(await run('received')).toEqual(['early', 'outer', 'inner', 'twice', 'twice', 'End']);
  });

  it('keeps elements, functions and circles out of the properties', async () => {
    await open('data-extensions="data-layer"', '', '<button>Buy</button>');
    await page.waitForFunction(() => 'dataLayer' in window);
    await run(
      `const circle = { a: 1 }; circle.self = circle; dataLayer.push({ event: 'click', element: document.querySelector('button'), handler() {}, circle, 'gtm.element': document.body, kept: [1, document.body] }, { event: 'End' })`,
    );
    expect((await untilEnd()).map(facts)).toEqual([{ what: 'click', circle: { a: 1 }, kept: [1] }]);
  });

  it('takes only the events that are asked for', async () => {
    await open(
      'data-extensions="data-layer" data-data-layer-events="purchase, generate_lead,End"',
      `dataLayer = ['purchase', 'scroll', 'generate_lead', 'End'].map((event) => ({ event }))`,
    );
    expect((await untilEnd()).map(name)).toEqual(['purchase', 'generate_lead']);
  });

  it('finds a data layer of another name, and one that the page makes anew', async () => {
    await open('data-extensions="data-layer" data-data-layer="ownLayer"', `ownLayer = [{ event: 'first' }]`);
    await site.events(1, ({ event }) => event === 'first');
    await run(`ownLayer = [{ event: 'second' }]; ownLayer.push({ event: 'End' })`);
    expect((await untilEnd()).map(name)).toEqual(['first', 'second']);
  });

  it('understands gtag: events with what was set for all, and the user', async () => {
    await open(
      'data-extensions="data-layer"',
      `${GTAG_SNIPPET} gtag('consent', 'update', { ad_storage: 'granted', analytics_storage: 'granted' }); gtag('config', 'G-1', { user_id: 'u-7', send_page_view: false });
       gtag('set', { currency: 'EUR' }); gtag('set', 'user_properties', { plan: 'team' }); gtag('event', 'page_view');
       gtag('event', 'purchase', { transaction_id: 'T', value: 5, send_to: 'G-1', items: [{ item_id: 'S' }] });`,
    );
    await site.events(1, ({ event }) => event === 'purchase');
    await run(`gtag('event', 'share', { currency: 'USD' }); gtag('event', 'End')`);
    expect((await untilEnd()).map(facts)).toEqual([
      { what: 'identify', userId: 'u-7' },
      { what: 'identify', userId: 'u-7', plan: 'team' },
      { what: 'purchase', userId: 'u-7', currency: 'EUR', transaction_id: 'T', value: 5, items: [{ item_id: 'S' }] },
      { what: 'share', userId: 'u-7', currency: 'USD' },
    ]);
  });

  it('keeps the promise of event_callback where no script of Google does', async () => {
    await open('data-extensions="data-layer"', `called = 0; dataLayer = []`);
    await page.waitForFunction(() => 'gtag' in window);
    await run(`gtag('event', 'End', { event_callback: () => called++ })`);
    await page.waitForFunction(() => (window as unknown as { called: number }).called === 1);
    expect(await untilEnd()).toEqual([]);
  });

  it('leaves the promise of event_callback to Google where its script is there', async () => {
    await open('data-extensions="data-layer"', `called = 0; ${GTAG_SNIPPET} ${TAG_MANAGER}`);
    await run(`gtag('event', 'End', { event_callback: () => called++ })`);
    await untilEnd();
    await page.waitForLoadState('load');
    expect(await run('new Promise((resolve) => setTimeout(() => resolve(called)))')).toBe(1);
  });
});

describe('google', () => {
  it('executes the queue and later commands: events by position and by name, dimensions and metrics with them', async () => {
    await open(
      'data-extensions="google"',
      `${GA_SNIPPET} ga('create', 'UA-1-1', 'auto'); ga('require', 'linkid'); ga('set', 'dimension1', 'blue'); ga('send', 'pageview');
       ga('send', 'event', 'Video', 'play', 'Spring', 42);`,
    );
    await site.events(1, ({ event }) => event === 'play');
    await run(`ga('set', { dimension2: 'x', userId: 'u-1' }); ga('send', { hitType: 'event', eventCategory: 'Form', eventAction: 'sent', metric3: 5 });
      ga('send', 'event', 'Outbound', 'click', { transport: 'beacon' }); ga('send', 'social', 'X', 'share', '/a'); ga('send', 'event', 'Test', 'End');`);
    expect((await untilEnd()).map(facts)).toEqual([
      { what: 'play', event_category: 'Video', event_label: 'Spring', value: 42, dimension1: 'blue' },
      { what: 'identify', userId: 'u-1' },
      { what: 'sent', userId: 'u-1', event_category: 'Form', dimension1: 'blue', dimension2: 'x', metric3: 5 },
      { what: 'click', userId: 'u-1', event_category: 'Outbound', dimension1: 'blue', dimension2: 'x' },
      {
        what: 'social',
        userId: 'u-1',
        socialNetwork: 'X',
        socialAction: 'share',
        socialTarget: '/a',
        dimension1: 'blue',
        dimension2: 'x',
      },
    ]);
  });

  it('understands gtag, too, and leaves what is said to Tag Manager alone', async () => {
    await open(
      'data-extensions="google"',
      `${GTAG_SNIPPET} dataLayer.push({ event: 'layered' }); gtag('event', 'share', { method: 'X' }); gtag('event', 'End')`,
    );
    expect((await untilEnd()).map(facts)).toEqual([{ what: 'share', method: 'X' }]);
  });

  it('leaves analytics.js as it is, whenever it comes: each command reaches it once, each callback is called once', async () => {
    await open(
      'data-extensions="google"',
      `called = []; ${GA_SNIPPET} ga('create', 'UA-1-1', 'auto'); ga('send', 'event', 'A', 'queued', { hitCallback: () => called.push('queued') });`,
    );
    await site.events(1, ({ event }) => event === 'queued');
    await run(`ga('send', 'event', 'A', 'stub')`);
    await run(GA_LIBRARY);
    await run(`ga('send', 'event', 'A', 'late', { hitCallback: () => called.push('late') });
      ga((tracker) => { called.push(tracker.get('clientId')); ga('send', 'event', 'A', 'nested'); }); ga('send', 'event', 'A', 'End');`);
    expect((await untilEnd()).map(name)).toEqual(['queued', 'stub', 'late', 'nested']);
    expect(await run('received')).toEqual([
      ['create', 'UA-1-1', 'auto'],
      ['send', 'event', 'A', 'queued', 'hitCallback'],
      ['send', 'event', 'A', 'stub'],
      ['send', 'event', 'A', 'late', 'hitCallback'],
      ['send', 'event', 'A', 'nested'],
      ['send', 'event', 'A', 'End'],
    ]);
    expect(await run('ga.getAll().length')).toBe(1);
    await page.waitForFunction(() => (window as unknown as { called: string[] }).called.includes('late'));
    expect((await run<string[]>('called')).filter((call) => call !== 'queued').toSorted()).toEqual(['from-google', 'late']);
  });

  it('is there where the page has no ga at all, calls back, and does not stand in the way of a snippet that comes later', async () => {
    await open('data-extensions="google"', 'called = []');
    await page.waitForFunction(() => 'ga' in window);
    await run(`ga('create', 'UA-1-1'); ga('send', 'event', 'A', 'alone', { hitCallback: () => called.push('hit') });
      ga((tracker) => called.push(tracker.get('clientId')));`);
    await page.waitForFunction(() => (window as unknown as { called: string[] }).called.length === 2);
    expect(await run('called')).toEqual(['hit', await run('touchtrail.getAnonymousId()')]);
    await run(GA_SNIPPET + GA_LIBRARY);
    await run(`ga('send', 'event', 'A', 'End')`);
    expect((await untilEnd()).map(name)).toEqual(['alone']);
    expect(await run('received.map((command) => command[3])')).toEqual([undefined, 'alone', 'End']);
  });

  it('turns the transactions of both ecommerce plugins into purchases', async () => {
    await open(
      'data-extensions="google"',
      `${GA_SNIPPET} ga('create', 'UA-1-1'); ga('require', 'ecommerce');
       ga('ecommerce:addTransaction', { id: '1234', affiliation: 'Acme', revenue: '11.99', shipping: '5', tax: '1.29', currency: 'EUR' });
       ga('ecommerce:addItem', { id: '1234', name: 'Bunnies', sku: 'DD23444', category: 'Toys', price: '11.99', quantity: '1' });
       ga('ecommerce:addItem', { id: 'other', name: 'Not of this one', sku: 'X' });
       ga('ecommerce:send'); ga('ecommerce:send');
       ga('set', 'currencyCode', 'USD'); ga('ec:addProduct', { id: 'P12345', name: 'Shirt', brand: 'Fern', price: '29.20', quantity: 2 });
       ga('ec:setAction', 'purchase', { id: 'T12345', revenue: '37.39', coupon: 'SUMMER' }); ga('send', 'pageview');
       ga('ec:addProduct', { id: 'P1' }); ga('ec:setAction', 'add'); ga('send', 'event', 'UX', 'End');`,
    );
    expect((await untilEnd()).map(facts)).toEqual([
      {
        what: 'purchase',
        currency: 'EUR',
        transaction_id: '1234',
        affiliation: 'Acme',
        value: 11.99,
        shipping: 5,
        tax: 1.29,
        items: [{ item_name: 'Bunnies', item_id: 'DD23444', item_category: 'Toys', price: 11.99, quantity: 1 }],
      },
      {
        what: 'purchase',
        currency: 'USD',
        transaction_id: 'T12345',
        value: 37.39,
        coupon: 'SUMMER',
        items: [{ item_id: 'P12345', item_name: 'Shirt', item_brand: 'Fern', price: 29.2, quantity: 2 }],
      },
      { what: 'add_to_cart', currency: 'USD', items: [{ item_id: 'P1' }] },
    ]);
  });

  it('counts what is told to several trackers once', async () => {
    await open(
      'data-extensions="google"',
      `${GA_SNIPPET} ga('create', 'UA-1-1', 'auto', 'first'); ga('create', 'UA-1-2', 'auto', { name: 'second' });
       ga('first.send', 'event', 'A', 'once'); ga('second.send', 'event', 'A', 'once'); ga('first.send', 'event', 'A', 'End');`,
    );
    expect((await untilEnd()).map(name)).toEqual(['once']);
  });

  it('takes page views from the page where the tracker sends none', async () => {
    await open(
      'data-extensions="google" data-page="false"',
      `${GA_SNIPPET} ga('create', 'UA-1-1'); ga('send', 'pageview'); ga('send', 'pageview', '/virtual'); ga('send', 'event', 'A', 'End')`,
    );
    await untilEnd();
    expect((await site.events(2, ({ type }) => type === 'page')).map((event) => event.name)).toEqual([undefined, '/virtual']);
  });
});

describe('mixpanel', () => {
  it('executes the queue and later calls: events with super properties, the user, the profile and charges', async () => {
    await open(
      'data-extensions="mixpanel"',
      `called = 0; ${MIXPANEL_SNIPPET} mixpanel.register({ plan: 'team', seat: 1 }); mixpanel.track('Early', { n: 1 });`,
    );
    await site.events(1, ({ event }) => event === 'Early');
    await run(`mixpanel.register_once({ plan: 'other', source: 'ad' }); mixpanel.unregister('seat'); mixpanel.track('Later', { plan: 'own' }, () => called++);
      mixpanel.identify('u-1'); mixpanel.people.set({ $email: 'Ada@engine.example', role: 'owner' }); mixpanel.people.set('$name', 'Ada');
      mixpanel.people.set_once({ role: 'guest', since: 2020 }); mixpanel.people.track_charge(19.5, { sku: 'S' });
      mixpanel.alias('u-2', 'u-1'); mixpanel.push(['track', 'Pushed']); mixpanel.track_pageview(); mixpanel.track('End');`);
    const events = await untilEnd();
    expect(events.map(facts)).toEqual([
      { what: 'Early', plan: 'team', seat: 1, n: 1 },
      { what: 'Later', plan: 'own', source: 'ad' },
      { what: 'identify', userId: 'u-1' },
      { what: 'identify', userId: 'u-1', email: createHash('sha256').update('ada@engine.example').digest('hex'), role: 'owner' },
      { what: 'identify', userId: 'u-1', name: 'Ada' },
      expect.objectContaining({ what: 'identify', userId: 'u-1', role: 'owner', since: 2020 }),
      { what: 'Charge', userId: 'u-1', plan: 'team', source: 'ad', value: 19.5, sku: 'S' },
      { what: 'alias', userId: 'u-2' },
      { what: 'Pushed', userId: 'u-1', plan: 'team', source: 'ad' },
    ]);
    expect(events.find(({ type }) => type === 'alias')!.previousId).toBe('u-1');
    expect(events.find(({ traits }) => traits?.['email'])!.context.emailHashes).toMatchObject([{ origin: 'identify' }]);
    await page.waitForFunction(() => (window as unknown as { called: number }).called === 1);
  });

  it('keeps super properties from page to page, until reset', async () => {
    await open('data-extensions="mixpanel"', `${MIXPANEL_SNIPPET} mixpanel.register({ plan: 'team' }); mixpanel.track('One')`);
    await site.events(1, ({ event }) => event === 'One');
    await page.reload();
    await page.waitForFunction(() => (window as unknown as { mixpanel: { get_property?: unknown } }).mixpanel.get_property);
    await run(`mixpanel.unregister('none'); mixpanel.reset(); mixpanel.track('Two')`);
    const [two] = await site.events(1, ({ event }) => event === 'Two');
    expect(two!.properties).toEqual({});
    const ones = await site.events(2, ({ event }) => event === 'One');
    expect(ones.map(({ properties }) => properties)).toEqual([{ plan: 'team' }, { plan: 'team' }]);
    expect(two!.anonymousId).not.toBe(ones[0]!.anonymousId);
  });

  it('leaves the library as it is, whenever it comes: each call reaches it once and counts once', async () => {
    await open(
      'data-extensions="mixpanel"',
      `called = []; mixpanelConfig = { loaded: () => called.push('loaded') }; ${MIXPANEL_SNIPPET} mixpanel.track('Queued'); mixpanel.track_links('a', 'Link');`,
      '<a href="#x">x</a>',
    );
    await site.events(1, ({ event }) => event === 'Queued');
    await run(`mixpanel.people.set({ role: 'owner' })`);
    await run(MIXPANEL_LIBRARY);
    await run(`mixpanel.identify('u-1'); mixpanel.track('Late', {}, () => called.push('late')); mixpanel.track_pageview();`);
    await page.click('a');
    await run(`mixpanel.push(['track', 'Pushed']); mixpanel.track('End')`);
    expect((await untilEnd()).map(facts)).toEqual([
      { what: 'Queued' },
      { what: 'identify', role: 'owner' },
      { what: 'identify', userId: 'u-1' },
      { what: 'Late', userId: 'u-1' },
      { what: 'Link', userId: 'u-1' },
      { what: 'Pushed', userId: 'u-1' },
    ]);
    expect(await run('received')).toEqual([
      ['track', 'Queued'],
      ['people.set', 'role'],
      ['identify', 'u-1'],
      ['register', '$user_id', 'distinct_id'],
      ['track', 'Late'],
      ['track', '$mp_web_page_view'],
      ['track', 'Link'],
      ['track', 'Pushed'],
      ['track', 'End'],
    ]);
    expect(await run('mixpanel.get_distinct_id()')).toBe('from-mixpanel');
    await page.waitForFunction(() => (window as unknown as { called: string[] }).called.includes('late'));
    expect((await run<string[]>('called')).filter((call) => call === 'late')).toHaveLength(1);
  });

  it('is there where the page has no Mixpanel at all, its callbacks included', async () => {
    await open(
      'data-extensions="mixpanel"',
      'called = []',
      '<a href="#there">link</a><form onsubmit="return false"><button>Send</button></form>',
    );
    await page.waitForFunction(() => 'mixpanel' in window);
    await run(`mixpanel.init('token', { loaded: (library) => { called.push('loaded'); library.track('From loaded'); } });
      mixpanel.track_links('a', 'Link', (link) => ({ href: link.getAttribute('href') })); mixpanel.track_forms(document.querySelector('form'), 'Form', { id: 7 });
      mixpanel.time_event('Timed'); mixpanel.people.increment('logins'); mixpanel.set_config({ debug: true });`);
    await page.click('a');
    await page.click('button');
    await run(`mixpanel.track('Timed'); mixpanel.track('End', {}, (answer) => called.push('tracked'))`);
    const events = (await untilEnd()).filter(({ event }) => event !== 'Form Submitted');
    expect(events.map(facts)).toEqual([
      { what: 'From loaded' },
      { what: 'Link', href: '#there' },
      { what: 'Form', id: 7 },
      { what: 'Timed', $duration: expect.any(Number) as number },
    ]);
    await page.waitForFunction(() => (window as unknown as { called: string[] }).called.length === 2);
    expect(await run('called')).toEqual(['loaded', 'tracked']);
    expect(await run('mixpanel.get_distinct_id() === touchtrail.getAnonymousId()')).toBe(true);
  });

  it('takes opting out for denied consent: nothing more is sent, and nothing is left in the browser', async () => {
    await open('data-extensions="mixpanel"', `${MIXPANEL_SNIPPET} mixpanel.register({ plan: 'team' }); mixpanel.track('Before')`);
    await site.events(1, ({ event }) => event === 'Before');
    await run(`mixpanel.opt_out_tracking(); mixpanel.register({ more: 1 }); mixpanel.track('Denied')`);
    expect(await run('mixpanel.has_opted_out_tracking()')).toBe(true);
    expect(await run('Object.keys(localStorage)')).toEqual([]);
    expect(await context.cookies()).toEqual([]);
    await run(`mixpanel.opt_in_tracking(); mixpanel.track('End')`);
    expect((await untilEnd()).map(name)).toEqual(['Before']);
  });
});

describe('query string', () => {
  const UUID = '5d7c2c43-8a6b-4d77-9c4a-0d1f6d3f7a10';

  it('sets the visitor id, identifies and tracks, before anything is sent, and cleans the address bar', async () => {
    await open(
      'data-extensions="query"',
      '',
      '',
      `/?keep=a%20b&ajs_aid=${UUID}&ajs_uid=u-1&ajs_trait_plan=Team+One&ajs_event=Clicked%20Email&ajs_prop_campaign=First&ajs_prop_list[]=x&utm_source=mail#part`,
    );
    const events = await site.events(3);
    expect(events.map(({ anonymousId }) => anonymousId)).toEqual([UUID, UUID, UUID]);
    expect(events.map(({ type }) => type).toSorted()).toEqual(['identify', 'page', 'track']);
    expect(events.filter(({ type }) => type !== 'page').map(facts)).toEqual([
      { what: 'identify', userId: 'u-1', plan: 'Team One' },
      { what: 'Clicked Email', userId: 'u-1', campaign: 'First', 'list[]': 'x' },
    ]);
    expect(await run('location.search + location.hash')).toBe('?keep=a%20b&utm_source=mail#part');
    expect(await run('document.cookie')).toContain(UUID);
    site.files.set('/next', site.files.get('/')!);
    await page.goto(`${site.url}/next`);
    const views = await site.events(2, ({ type }) => type === 'page');
    expect(views.map(({ context }) => context.page.url)).toEqual([`${site.url}/?keep=a%20b&utm_source=mail#part`, `${site.url}/next`]);
    for (const body of site.batches) expect(body).not.toContain('ajs_');
  });

  it('is off unless asked for', async () => {
    await open('', '', '', `/?ajs_uid=u-1&ajs_event=x&ajs_aid=${UUID}`);
    await run(`touchtrail.track('End')`);
    expect(await untilEnd()).toEqual([]);
    expect((await site.events(1))[0]!.anonymousId).not.toBe(UUID);
    expect(site.requested.filter((path) => path.includes('t.query'))).toEqual([]);
  });

  it.each([
    ['an id that is too long', `ajs_uid=${'x'.repeat(257)}`],
    ['a visitor id that is no UUID', 'ajs_aid=abc123'],
    ['an event that is too long', `ajs_event=${'x'.repeat(257)}`],
    ['an id that does not fit the pattern as a whole', 'ajs_uid=7x'],
    ['traits and properties of nothing', 'ajs_trait_a=1&ajs_prop_b=2'],
  ])('leaves out %s', async (_, parameters) => {
    await open(`data-extensions="query" data-query-uid="\\d+"`, '', '', `/?${parameters}`);
    await site.events(1);
    await run(`touchtrail.track('End')`);
    expect(await untilEnd()).toEqual([]);
    expect(await run('location.search')).toBe('');
    const [event] = await site.events(1);
    expect(event!.userId ?? undefined).toBeUndefined();
    expect(event!.anonymousId).not.toBe('abc123');
  });

  it('takes the members that fit and leaves out the one that is too long', async () => {
    await open(
      `data-extensions="query" data-query-uid="\\d+"`,
      '',
      '',
      `/?ajs_uid=42&ajs_trait_name=Ada&ajs_trait_story=${'x'.repeat(1025)}`,
    );
    const [identified] = await site.events(1, ({ type }) => type === 'identify');
    expect(facts(identified!)).toEqual({ what: 'identify', userId: '42', name: 'Ada' });
  });
});
