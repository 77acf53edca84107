import { brotliCompressSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { builtScripts, type ScriptSite } from './script-site.ts';
import type { SentEvent } from './sent-event.ts';
import { isError, newVisitor, useGround } from './visitor.ts';

const ID = '5d7c2c43-8a6b-4d77-9c4a-0d1f6d3f7a10';
const OTHER_ID = '0f4e0d0c-41b5-4f0b-8f0d-5a8f5c1b2e33';
const TOKEN = /[?&]_tt=1\*[\da-z]{1,7}\*aid\*[\da-zA-Z]{48}(?=$|[&#])/;
const NOON = Date.parse('2027-03-01T12:00:30Z');

const isPage = (event: SentEvent) => event.type === 'page';
const addressOf = (event: SentEvent) => new URL(event.context.page.url);
const pathOf = (event: SentEvent) => addressOf(event).pathname;

/** The page's own global, as the tests call it. */
interface PageWindow {
  touchtrail: {
    track(event: string): void;
    consent(state?: string): string | undefined;
    getAnonymousId(): string | undefined;
    getLinkerParam?(this: void): string | undefined;
    decorate?(this: void, address: string): string;
  };
}

const ground = useGround();
let browser: Browser;
let site: ScriptSite;
/** The same site under a name of another registrable domain. */
let other: string;
let context: BrowserContext;
let page: Page;
let scripts: ReadonlyMap<string, string>;
let complaints: string[];

beforeAll(async () => {
  scripts = await builtScripts();
  ({ browser, site } = ground);
  other = site.url.replace('shop.example', 'shop2.example');
});
beforeEach(async () => {
  await open();
});
afterEach(async () => {
  await context.close();
  site.clear();
});

/** A new visitor on a new page. */
async function open(userAgent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36') {
  ({ context, page, complaints } = await newVisitor(browser, isError, { locale: 'en-GB', userAgent }));
}

/** Puts a page on the site, the tracker in its head with these attributes. */
function serve(path: string, body: string, options = 'data-linker="shop.example, shop2.example"'): void {
  const tag = `<script async src="/t/t.js" data-write-key="wk" ${options}></script>`;
  site.files.set(path, {
    body: `<!doctype html><html><head><title>Page ${path}</title><link rel="icon" href="data:,">${tag}</head><body>${body}</body></html>`,
  });
}

/** Opens a page, and waits until the extension is there. */
async function visit(address: string, on = page): Promise<void> {
  await on.goto(address);
  await ready(on);
}
async function ready(on = page): Promise<void> {
  await on.waitForFunction(() => !!(window as unknown as Partial<PageWindow>).touchtrail?.decorate);
}

/** Makes the browser a returning visitor of a site. */
async function remember(value: string, url = site.url): Promise<void> {
  await context.addCookies([
    { name: 'anonymous_id', value, domain: `.${new URL(url).hostname.replace('www.', '')}`, path: '/', expires: NOON / 1000 },
  ]);
}
async function idOn(url: string): Promise<string | undefined> {
  return (await context.cookies(url)).find(({ name }) => name === 'anonymous_id')?.value;
}

/** An address on the other site as a link would have it at this moment. */
async function decorated(address = `${other}/there?a=1`): Promise<string> {
  return page.evaluate((to) => (window as unknown as PageWindow).touchtrail.decorate!(to), address);
}

/** The one page view of a path, as soon as it has been sent. */
async function viewOf(path: string): Promise<SentEvent> {
  const [view] = await site.events(1, (event) => isPage(event) && pathOf(event) === path);
  return view!;
}

/** Sends a last event, and returns all that were sent until then. */
async function allEvents(on = page): Promise<SentEvent[]> {
  await on.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Marker'));
  await site.events(1, ({ event }) => event === 'Marker');
  return site.events(1);
}

/** The visitor of the first site has come to the other, and nothing else tells of it. */
async function expectArrival(on = page, address = `${other}/there`): Promise<void> {
  await ready(on);
  const view = await viewOf('/there');
  expect(view.anonymousId).toBe(ID);
  expect(view.context.page.url).toBe(address);
  expect(on.url()).toBe(address);
  expect(await idOn(other)).toBe(ID);
  const events = await allEvents(on);
  expect(events.filter((event) => isPage(event) && pathOf(event) === '/there')).toHaveLength(1);
  expect(new Set(events.map(({ anonymousId }) => anonymousId))).toEqual(new Set([ID]));
  expect(site.batches.join('\n')).not.toContain('_tt');
  expect(complaints).toEqual([]);
}

describe('the visitor id goes over to another domain', () => {
  beforeEach(async () => {
    await remember(ID);
    serve('/there', '');
  });

  it('with a click, by an address that is decorated only then and cleaned on arrival', async () => {
    serve('/', `<a href="${other}/there?q=%C3%BC+b%2fc&amp;_ttx=1#part"><b>there</b></a>`);
    await visit(site.url);
    expect(await page.getAttribute('a', 'href')).toBe(`${other}/there?q=%C3%BC+b%2fc&_ttx=1#part`);
    const navigated = page.waitForRequest((request) => request.isNavigationRequest() && request.url().startsWith(other));
    await page.click('b');
    expect((await navigated).url()).toMatch(TOKEN);
    await ready();
    expect(page.url()).toBe(`${other}/there?q=%C3%BC+b%2fc&_ttx=1#part`);
    expect(addressOf(await viewOf('/there')).search).toBe('?q=%C3%BC+b%2fc&_ttx=1');
    expect((await viewOf('/there')).anonymousId).toBe(ID);
    expect(await idOn(other)).toBe(ID);
    expect((await allEvents()).filter(isPage).map(pathOf)).toEqual(['/', '/there']);
    expect(site.batches.join('\n')).not.toContain('_tt=');
    expect(complaints).toEqual([]);
  });

  it.each([
    ['the middle button', async () => page.click('a', { button: 'middle' })],
    ['the control key', async () => page.click('a', { modifiers: ['ControlOrMeta'] })],
  ])('to a new tab, with %s', async (_, click) => {
    serve('/', `<a href="${other}/there">there</a>`);
    await visit(site.url);
    // A tab of the test's own takes the address: the packaged Chromium does not keep those alive that a click opens.
    await context.route(
      (url) => url.href.startsWith(other),
      async (route) => route.abort(),
      { times: 1 },
    );
    const asked = context.waitForEvent('request', (request) => request.isNavigationRequest() && request.url().startsWith(other));
    await click();
    const address = (await asked).url();
    expect(address).toMatch(TOKEN);
    const tab = await context.newPage();
    await tab.goto(address);
    await expectArrival(tab);
  });

  it.each([
    ['a link with the keyboard', `<a href="OTHER/there">there</a>`, async () => page.focus('a').then(() => page.keyboard.press('Enter'))],
    [
      'a link that the page clicks',
      `<a href="OTHER/there">there</a>`,
      async () => page.evaluate(() => document.querySelector('a')!.click()),
    ],
    [
      'a link of a drawing',
      `<svg width="99" height="99"><a href="OTHER/there"><rect width="99" height="99" /></a></svg>`,
      async () => page.click('rect'),
    ],
    [
      'an area of an image',
      `<map name="m"><area href="OTHER/there" shape="default"></map><img usemap="#m" width="99" height="99" src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==">`,
      async () => page.click('img'),
    ],
    [
      'a link in a shadow root',
      `<div><template shadowrootmode="open"><a href="OTHER/there"><i>there</i></a></template></div>`,
      async () => page.click('div i'),
    ],
    ['a form that posts', `<form method="post" action="OTHER/there"><input name="x"></form>`, async () => page.press('input', 'Enter')],
    [
      'a button with an address of its own',
      `<form action="/nowhere"><button formmethod="post" formaction="OTHER/there">send</button></form>`,
      async () => page.click('button'),
    ],
    [
      'a form whose fields have the names of its properties',
      `<form method="post" action="OTHER/there"><input name="action"><input name="method"><button>send</button></form>`,
      async () => page.click('button'),
    ],
    [
      'a form in a shadow root, with the keyboard and no button',
      `<div><template shadowrootmode="open"><form method="post" action="OTHER/there"><input></form></template></div>`,
      async () => page.press('div input', 'Enter'),
    ],
  ])('by %s', async (_, body, use) => {
    serve('/', body.replaceAll('OTHER', other));
    await visit(site.url);
    await Promise.all([page.waitForURL(`${other}/**`), use()]);
    await expectArrival();
  });

  it.each([
    [
      'a form that asks',
      `<form method="get" action="OTHER/there?lost=1"><input name="q" value="a b"><button>send</button></form>`,
      async () => page.click('button'),
    ],
    [
      'a form that a script sends',
      `<form method="get" action="OTHER/there"><input name="q" value="a b"></form>`,
      async () => page.evaluate(() => document.querySelector('form')!.requestSubmit()),
    ],
    [
      'a form in a shadow root',
      `<div><template shadowrootmode="open"><form method="GET" action="OTHER/there"><input name="q" value="a b"><button>send</button></form></template></div>`,
      async () => page.click('div button'),
    ],
  ])('by %s, among its fields', async (_, body, use) => {
    serve('/', body.replaceAll('OTHER', other));
    await visit(site.url);
    await Promise.all([page.waitForURL(`${other}/**`), use()]);
    await expectArrival(page, `${other}/there?q=a+b`);
  });

  it('by a window that the page opens, and by an address that the page asks for', async () => {
    serve('/', '');
    await visit(site.url);
    const opened = context.waitForEvent('page');
    await page.evaluate((address) => void window.open(address), `${other}/there`);
    await expectArrival(await opened);
    const asked = await page.evaluate((address) => {
      const { getLinkerParam, decorate } = (window as unknown as PageWindow).touchtrail;
      return [decorate!(address), `${address}?${getLinkerParam!()}`, decorate!('/here'), decorate!('mailto:a@b.example')] as const;
    }, `${other}/there`);
    expect(asked[0]).toMatch(TOKEN);
    expect(asked.slice(1)).toEqual([asked[0], '/here', 'mailto:a@b.example']);
  });

  it('from a page that has been open for hours', async () => {
    serve('/', `<a href="${other}/there">there</a>`);
    await context.clock.setFixedTime(NOON);
    await visit(site.url);
    await page.click('a', { button: 'right' });
    const old = await page.getAttribute('a', 'href');
    await context.clock.setFixedTime(NOON + 5 * 3_600_000);
    await page.click('a');
    await ready();
    expect(old).toMatch(TOKEN);
    expect((await viewOf('/there')).anonymousId).toBe(ID);
    expect(page.url()).toBe(`${other}/there`);
  });

  it('and takes the place of the id that was known there, which an event keeps', async () => {
    await remember(OTHER_ID, other);
    serve('/', `<a href="${other}/there">there</a>`);
    await visit(site.url);
    await page.click('a');
    await ready();
    expect((await viewOf('/there')).anonymousId).toBe(ID);
    expect(await idOn(other)).toBe(ID);
    const [linked] = await site.events(1, ({ event }) => event === 'Visitor Linked');
    expect(linked).toMatchObject({ type: 'track', anonymousId: ID, previousId: OTHER_ID });
    expect(linked!.userId ?? null).toBeNull();
  });

  it('back and forth without an event, because it is the same', async () => {
    await remember(ID, other);
    serve('/', `<a href="${other}/there">there</a>`);
    await visit(site.url);
    await page.click('a');
    await expectArrival();
    expect((await allEvents()).map(({ event }) => event)).not.toContain('Visitor Linked');
  });

  it('on a page that does not allow the address to be changed', async () => {
    serve('/', `<a href="${other}/there">there</a>`);
    await context.addInitScript(() => {
      history.replaceState = () => {
        throw new Error('the page has locked its history');
      };
      Object.freeze(History.prototype);
      Object.freeze(history);
      Object.freeze(window.open);
    });
    await visit(site.url);
    await page.click('a');
    await ready();
    expect((await viewOf('/there')).anonymousId).toBe(ID);
    expect(await idOn(other)).toBe(ID);
    expect(complaints).toEqual([]);
  });
});

describe('the visitor id stays', () => {
  beforeEach(async () => {
    await remember(ID);
    serve('/there', '');
  });

  it.each([
    ['is older than two minutes', (token: string) => token, 3 * 60_000],
    ['was changed', (token: string) => token.replace('NWQ3', 'NWQ4'), 0],
    ['is of another version', (token: string) => token.replace('_tt=1', '_tt=2'), 0],
    ['is not one', () => '_tt=1', 0],
    ['is empty', () => '_tt=', 0],
    ['is very long', (token: string) => token + 'A'.repeat(5_000), 0],
  ])('where the token %s', async (_, change, age) => {
    serve('/', '');
    await context.clock.setFixedTime(NOON);
    await visit(site.url);
    const address = (await decorated()).replace(/_tt=.*/, change);
    await context.clock.setFixedTime(NOON + age);
    await visit(address);
    const view = await viewOf('/there');
    expect(view.anonymousId).not.toBe(ID);
    expect(view.anonymousId).toBe(await idOn(other));
    expect(page.url()).toBe(`${other}/there?a=1`);
    expect(view.context.page.url).toBe(`${other}/there?a=1`);
    expect((await allEvents()).filter(isPage)).toHaveLength(2);
    expect(complaints).toEqual([]);
  });

  it('where the token is from another browser', async () => {
    serve('/', '');
    await visit(site.url);
    const address = await decorated();
    expect(address).toMatch(TOKEN);
    await context.close();
    await open('Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0');
    await visit(address);
    expect((await viewOf('/there')).anonymousId).not.toBe(ID);
    expect(page.url()).toBe(`${other}/there?a=1`);
  });

  it('where the link is on a site that is not on the list, and the developer is told', async () => {
    serve('/', '', 'data-linker="shop2.example"');
    serve('/there', '', 'data-linker="shop2.example,shop3.example" data-debug="true"');
    await visit(site.url);
    const address = await decorated();
    expect(address).toMatch(TOKEN);
    const text = 'touchtrail: _tt is ignored: www.shop.example is not in data-linker';
    const told = page.waitForEvent('console', (message) => message.text() === text);
    await page.evaluate((to) => location.assign(to), address);
    expect((await told).type()).toBe('warning');
    await ready();
    expect((await viewOf('/there')).anonymousId).not.toBe(ID);
    expect(page.url()).toBe(`${other}/there?a=1`);
  });

  it('where no domains are listed, on either side', async () => {
    serve('/', `<a href="${other}/there">there</a>`, 'data-carry="true"');
    serve('/there', '', 'data-carry="true"');
    await visit(site.url);
    await page.click('a');
    await ready();
    expect((await viewOf('/there')).anonymousId).not.toBe(ID);
  });

  it('in the cookie for a subdomain, whose links need nothing', async () => {
    serve('/', `<a href="${site.url.replace('www.', 'docs.')}/there">there</a>`);
    await visit(site.url);
    const navigated = page.waitForRequest((request) => request.isNavigationRequest() && request.url().includes('docs.'));
    await page.click('a');
    expect((await navigated).url()).toBe(`${site.url.replace('www.', 'docs.')}/there`);
    await ready();
    expect((await viewOf('/there')).anonymousId).toBe(ID);
  });

  it('with links to other sites, to this one, and to no page', async () => {
    const links = [
      'https://foreign.example/',
      'https://shop2.example.foreign.example/',
      '/here',
      '#here',
      'mailto:a@shop2.example',
      'tel:+4930',
    ];
    serve('/', links.map((link) => `<p><a href="${link}">x</a></p>`).join('') + `<p><a download href="${other}/there">x</a></p>`);
    await visit(site.url);
    for (const link of await page.locator('a').all()) await link.click({ button: 'right' });
    expect(await page.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href')))).toEqual([
      ...links,
      `${other}/there`,
    ]);
  });

  it('until there is consent, and after it was withdrawn', async () => {
    serve('/', `<a href="${other}/there">there</a>`, 'data-linker="shop.example,shop2.example" data-consent="pending"');
    await visit(site.url);
    const href = async (state?: string) => {
      await page.evaluate((to) => (window as unknown as PageWindow).touchtrail.consent(to), state);
      await page.click('a', { button: 'right' });
      return page.getAttribute('a', 'href');
    };
    expect(await href()).toBe(`${other}/there`);
    expect(await page.evaluate(() => (window as unknown as PageWindow).touchtrail.getLinkerParam!())).toBeUndefined();
    expect(await href('granted')).toMatch(TOKEN);
    expect(await href('denied')).toBe(`${other}/there`);
  });

  it('in memory on the other site until there is consent', async () => {
    serve('/', `<a href="${other}/there">there</a>`);
    serve('/there', '', 'data-linker="shop.example,shop2.example" data-consent="pending"');
    await visit(site.url);
    await page.click('a');
    await ready();
    expect(page.url()).toBe(`${other}/there`);
    expect(await context.cookies(other)).toEqual([]);
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent('granted'));
    expect((await viewOf('/there')).anonymousId).toBe(ID);
    expect(await idOn(other)).toBe(ID);
  });
});

describe('the campaign is carried', () => {
  const LANDING = '/?utm_source=Google&utm_campaign=Spring%20Sale&gclid=Ab-C_d';
  const CARRIED = 'utm_source=Google&utm_campaign=Spring%20Sale&gclid=Ab-C_d';
  const CARRY = 'data-carry="true"';

  it.each([
    ['a click', async () => page.click('a')],
    ['the keyboard', async () => page.focus('a').then(() => page.keyboard.press('Enter'))],
  ])('by links within the site, with %s', async (_, use) => {
    serve('/', '<a href="next?b=%2f#part">next</a>', CARRY);
    serve('/next', '', CARRY);
    await visit(`${site.url}${LANDING}`);
    await use();
    await page.waitForURL('**/next*');
    expect(page.url()).toBe(`${site.url}/next?b=%2f&${CARRIED}#part`);
    const view = await viewOf('/next');
    expect(addressOf(view).search).toBe(`?b=%2f&${CARRIED}`);
    await ready();
    expect((await allEvents()).filter(isPage)).toHaveLength(2);
  });

  it('by links whose address is copied or opened elsewhere', async () => {
    serve('/', '<a href="next">next</a><a href="/other">other</a>', CARRY);
    serve('/other', '', CARRY);
    await visit(`${site.url}${LANDING}`);
    await page.click('a', { button: 'right' });
    expect(await page.getAttribute('a', 'href')).toBe(`next?${CARRIED}`);
    const asked = context.waitForEvent('request', (request) => request.isNavigationRequest() && request.url().includes('/other'));
    await page.click('a + a', { button: 'middle' });
    expect((await asked).url()).toBe(`${site.url}/other?${CARRIED}`);
  });

  it('to the other domains of the site, with the visitor id', async () => {
    serve('/', `<a href="${other}/there">there</a>`, `${CARRY} data-linker="shop.example,shop2.example"`);
    serve('/there', '', `${CARRY} data-linker="shop.example,shop2.example"`);
    await remember(ID);
    await visit(`${site.url}${LANDING}`);
    await page.click('a');
    await ready();
    expect(page.url()).toBe(`${other}/there?${CARRIED}`);
    expect((await viewOf('/there')).anonymousId).toBe(ID);
  });

  it('not by links to elsewhere, to a file, to this page, or with a campaign of their own', async () => {
    const links = [
      `${other}/there`,
      'https://foreign.example/',
      'mailto:a@shop.example',
      'javascript:void(0)',
      '#here',
      '',
      `${LANDING}#here`,
      '/?utm_source=footer',
    ];
    serve('/', `${links.map((link) => `<p><a href="${link}">x</a></p>`).join('')}<p><a download href="/file">x</a></p>`, CARRY);
    await visit(`${site.url}${LANDING}`);
    for (const link of await page.locator('a').all()) await link.click({ button: 'right' });
    expect(await page.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href')))).toEqual([...links, '/file']);
  });

  it('by windows that the page opens, through the function that was there', async () => {
    serve(
      '/',
      `<base href="/dir/"><script>window.open = function open(url, target, features) { opened = [...arguments] }; window.open.mark = 7</script>`,
      CARRY,
    );
    await visit(`${site.url}${LANDING}`);
    const calls = await page.evaluate(() => {
      const seen: unknown[] = [];
      const run = (...args: Parameters<typeof window.open>) => {
        window.open(...args);
        seen.push((window as unknown as { opened: unknown[] }).opened);
      };
      run('next#part', 'name', 'popup');
      run(new URL('https://foreign.example/'));
      run();
      run('');
      return {
        seen: JSON.stringify(seen),
        kept: [window.open.name, window.open.length, (window.open as unknown as { mark: number }).mark],
      };
    });
    expect(JSON.parse(calls.seen)).toEqual([[`next?${CARRIED}#part`, 'name', 'popup'], ['https://foreign.example/'], [], ['']]);
    expect(calls.kept).toEqual(['open', 3, 7]);
  });

  it('by the addresses that a single-page application sets, each still one page view', async () => {
    serve('/', '', CARRY);
    await visit(`${site.url}${LANDING}`);
    await page.evaluate(() => history.pushState({ step: 1 }, '', '/one?b=%2f#part'));
    await page.waitForURL(`${site.url}/one?b=%2f&${CARRIED}#part`);
    expect(await page.evaluate(() => [history.state, history.length])).toEqual([{ step: 1 }, 3]);
    await page.evaluate(() => history.replaceState({ step: 2 }, '', '/two'));
    await page.waitForURL(`${site.url}/two?${CARRIED}`);
    expect(await page.evaluate(() => [history.state, history.length])).toEqual([{ step: 2 }, 3]);
    await page.goBack();
    await page.waitForURL(`${site.url}${LANDING}`);
    await site.events(4, isPage);
    expect((await allEvents()).filter(isPage).map(pathOf)).toEqual(['/', '/one', '/two', '/']);
    expect(complaints).toEqual([]);
  });

  it('by these addresses in a browser without the Navigation API, too', async () => {
    await context.addInitScript(() => {
      delete (window as { navigation?: unknown }).navigation;
      // Counts who has put a function of its own in the place of the browser's.
      const held: { pushState: unknown } = { pushState: Reflect.get(history, 'pushState') };
      Object.defineProperty(history, 'pushState', {
        get: () => held.pushState,
        set: (own) => {
          held.pushState = own;
          Object.assign(window, { wrapped: ((window as { wrapped?: number }).wrapped ?? 0) + 1 });
        },
      });
    });
    serve('/', '', CARRY);
    await visit(`${site.url}${LANDING}`);
    // The tracker, to see the page change, and the carrier.
    await page.waitForFunction(() => (window as { wrapped?: number }).wrapped === 2);
    await page.evaluate(() => history.pushState({ step: 1 }, '', '/one'));
    expect(page.url()).toBe(`${site.url}/one?${CARRIED}`);
    expect(await page.evaluate(() => history.state as unknown)).toEqual({ step: 1 });
    await viewOf('/one');
    await page.evaluate(() => history.replaceState({ step: 2 }, '', '/two'));
    await viewOf('/two');
    expect((await allEvents()).filter(isPage).map(pathOf)).toEqual(['/', '/one', '/two']);
    expect(complaints).toEqual([]);
  });

  it('without a quarrel with a page that takes the parameters out again', async () => {
    serve('/', '', CARRY);
    await visit(`${site.url}${LANDING}`);
    const changes = await page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const seen: string[] = [];
          navigation.addEventListener('navigatesuccess', () => {
            seen.push(location.search);
            if (location.search) history.replaceState(null, '', location.pathname);
            // Two more tasks: whatever follows from this change has happened.
            else setTimeout(() => setTimeout(() => resolve(seen)));
          });
          history.pushState(null, '', '/one');
        }),
    );
    expect(changes.length).toBeLessThan(5);
    expect(page.url()).toBe(`${site.url}/one`);
  });

  it('without interfering in what an application does by the Navigation API', async () => {
    serve('/', '', CARRY);
    serve('/data', '', CARRY);
    await visit(`${site.url}${LANDING}`);
    const result = await page.evaluate(async () => {
      let isAborted = false;
      navigation.addEventListener('navigate', (event) => {
        if (!event.destination.url.includes('/app')) return;
        event.signal.addEventListener('abort', () => (isAborted = true));
        event.intercept({ handler: async () => void (await (await fetch('/data')).text()) });
      });
      await navigation.navigate('/app', { state: { open: true } }).finished;
      return { isAborted, state: navigation.currentEntry!.getState() as unknown, path: location.pathname };
    });
    expect(result).toEqual({ isAborted: false, state: { open: true }, path: '/app' });
    await viewOf('/app');
    await page.evaluate(() => history.pushState(null, '', '/one'));
    await viewOf('/one');
    expect((await allEvents()).filter(isPage).map(pathOf)).toEqual(['/', '/app', '/one']);
    expect(page.url()).toBe(`${site.url}/one?${CARRIED}`);
    expect(complaints).toEqual([]);
  });

  it('without click ids where Global Privacy Control is on, unless the visitor has agreed', async () => {
    await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }));
    serve('/', '<a href="/next">next</a>', CARRY);
    await visit(`${site.url}${LANDING}`);
    await page.click('a', { button: 'right' });
    expect(await page.getAttribute('a', 'href')).toBe('/next?utm_source=Google&utm_campaign=Spring%20Sale');
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent('granted'));
    await page.click('a', { button: 'right' });
    expect(await page.getAttribute('a', 'href')).toBe(`/next?${CARRIED}`);
  });

  it('without click ids where the consent was denied', async () => {
    serve('/', '<a href="/next">next</a>', `${CARRY} data-consent="pending"`);
    await visit(`${site.url}${LANDING}`);
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent('denied'));
    await page.click('a', { button: 'right' });
    expect(await page.getAttribute('a', 'href')).toBe('/next?utm_source=Google&utm_campaign=Spring%20Sale');
  });
});

it.each(['t.links.js', 't.carry.js'])('%s weighs at most 1,500 bytes of brotli', (name) => {
  expect(brotliCompressSync(scripts.get(name)!).byteLength).toBeLessThanOrEqual(1_500);
});
