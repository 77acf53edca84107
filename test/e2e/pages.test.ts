import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ScriptSite } from './script-site.ts';
import { isPage, type PageWindow, poll, servePage, tagOf, untilNow, useVisits, type Visit } from './visitor.ts';

let site: ScriptSite;
let visitor: Visit;
let page: Page;

useVisits((visit) => ({ site, page } = visitor = visit));

/** Address, title and referrer of the page views so far, without the host, in their order. */
async function views(): Promise<string[][]> {
  const seen = (await site.events(0, isPage)).toSorted((one, other) => one.sequence - other.sequence);
  return seen.map(({ context: { page: shown } }) => [shown.url, shown.title, shown.referrer].map((text) => text.replace(site.url, '')));
}

/** The page views once every timer of the next seconds has run and everything sent has arrived. */
async function settledViews(): Promise<string[][]> {
  await page.clock.runFor(5_000);
  await untilNow(site, page);
  return views();
}

/** Opens the start page; the time on it passes as the test says, and otherwise as it does. */
async function open(attributes = '', body = ''): Promise<void> {
  servePage(site, '/', body, tagOf(site, attributes));
  await page.clock.install();
  await page.goto(site.url);
  await page.waitForFunction(() => 'touchtrail' in window);
}

describe.each(['with the Navigation API', 'without it'])('views of a single-page application in a browser %s', (browserKind) => {
  const hasNavigation = browserKind === 'with the Navigation API';

  beforeEach(async () => {
    if (!hasNavigation) await visitor.context.addInitScript(() => void Reflect.deleteProperty(window, 'navigation'));
  });

  /** Opens the application, ready for its first change of address. */
  async function openApplication(attributes = ''): Promise<void> {
    await open(attributes);
    if (!hasNavigation) await page.waitForFunction(() => !history.pushState.toString().includes('[native code]'));
  }

  it('has one view for each page, with its own address, title and referrer: pushState, replaceState, back', async () => {
    await openApplication();
    const steps = { '/a?x=1': 'pushState', '/b': 'replaceState', '/c': 'pushState' } as const;
    for (const [path, how] of Object.entries(steps)) {
      await page.evaluate(
        ([name, to]) => {
          history[name](null, '', to);
          document.title = `Title ${to}`;
        },
        [how, path] as const,
      );
      await page.clock.runFor(600);
    }
    await page.evaluate(() => {
      addEventListener('popstate', () => (document.title = 'Title back'));
      history.back();
    });
    await page.waitForURL('**/b');
    expect(await settledViews()).toEqual([
      ['/', 'Page /', ''],
      ['/a?x=1', 'Title /a?x=1', '/'],
      ['/b', 'Title /b', '/a?x=1'],
      ['/c', 'Title /c', '/b'],
      ['/b', 'Title back', '/c'],
    ]);
    expect(site.requested.some((path) => path.startsWith('/t/t.history.js'))).toBe(!hasNavigation);
  });

  it('has none for a state, a fragment or the same address', async () => {
    await openApplication();
    await page.evaluate(() => {
      history.pushState({ step: 1 }, '');
      history.pushState({ step: 2 }, '', '/');
      history.replaceState({ step: 3 }, '', location.href);
      location.hash = 'top';
      history.pushState(null, '', '/#more');
    });
    expect(await settledViews()).toEqual([['/', 'Page /', '']]);
  });

  it("has one for Vue's pair of replaceState and pushState, and one for a redirect in the same task", async () => {
    await openApplication();
    await page.evaluate(() => {
      history.replaceState({ scroll: 10 }, '', location.href);
      history.pushState({}, '', '/vue');
    });
    await page.clock.runFor(600);
    await page.evaluate(() => {
      history.pushState({}, '', '/guarded');
      history.replaceState({}, '', '/login');
    });
    expect(await settledViews()).toEqual([
      ['/', 'Page /', ''],
      ['/vue', 'Page /', '/'],
      ['/login', 'Page /', '/vue'],
    ]);
  });

  it('has one for each of three pages within half a second, each with the title that was set a moment later', async () => {
    await openApplication();
    for (const path of ['/a', '/b', '/c']) {
      await page.evaluate((to) => {
        history.pushState(null, '', to);
        setTimeout(() => (document.title = `Title ${to}`), 60);
      }, path);
      await page.clock.runFor(100);
    }
    expect(await settledViews()).toEqual([
      ['/', 'Page /', ''],
      ['/a', 'Title /a', '/'],
      ['/b', 'Title /b', '/a'],
      ['/c', 'Title /c', '/b'],
    ]);
  });

  it('waits for a title that is set late', async () => {
    await openApplication();
    await page.evaluate(() => {
      history.pushState(null, '', '/late');
      setTimeout(() => (document.title = 'Late'), 400);
    });
    expect((await settledViews()).at(-1)).toEqual(['/late', 'Late', '/']);
  });

  it('still has the view of a page that is left before its title has settled', async () => {
    await openApplication();
    await page.evaluate(() => {
      history.pushState(null, '', '/short');
      document.title = 'Short';
      location.href = '/bare';
    });
    await site.events(2, isPage);
    expect(await views()).toEqual([
      ['/', 'Page /', ''],
      ['/short', 'Short', '/'],
    ]);
  });

  it('has a view for each fragment where the page says so', async () => {
    await openApplication('data-page="hash"');
    for (const fragment of ['one', 'two']) {
      await page.evaluate((to) => void (location.hash = to), fragment);
      await page.clock.runFor(600);
    }
    expect(await settledViews()).toEqual([
      ['/', 'Page /', ''],
      ['/#one', 'Page /', '/'],
      ['/#two', 'Page /', '/#one'],
    ]);
  });

  it('leaves the views to a page that calls page() itself', async () => {
    await openApplication();
    await page.evaluate(() => {
      history.pushState(null, '', '/own');
      setTimeout(() => (window as unknown as PageWindow).touchtrail.page('Own'), 100);
    });
    await page.clock.runFor(600);
    await page.evaluate(() => history.pushState(null, '', '/silent'));
    expect(await settledViews()).toEqual([
      ['/', 'Page /', ''],
      ['/own', 'Page /', ''],
    ]);
  });

  it('gives its first view, and no other, the id of the page call that the server has sent', async () => {
    const id = '5f0c2d1e-9a8b-4c7d-8e6f-112233445566';
    await openApplication(`data-message-id="${id}"`);
    await page.evaluate(() => history.pushState(null, '', '/a'));
    expect((await settledViews()).map(([path]) => path)).toEqual(['/', '/a']);
    const [first, second] = await site.events(2, isPage);
    expect(first!.messageId).toBe(id);
    expect(second!.messageId).toMatch(/^[\da-f-]{36}$/);
    expect(second!.messageId).not.toBe(id);
  });

  it('gives it an id of its own where the attribute is empty', async () => {
    await openApplication('data-message-id=""');
    expect((await site.events(1, isPage))[0]!.messageId).toMatch(/^[\da-f-]{36}$/);
  });

  it('has no view of its own with data-page="false"', async () => {
    await openApplication('data-page="false"');
    await page.evaluate(() => history.pushState(null, '', '/a'));
    expect(await settledViews()).toEqual([]);
  });

  it('works beside other scripts that wrap the history, before it and after it', async () => {
    await visitor.context.addInitScript(() => {
      const calls: string[] = [];
      Object.assign(window, { calls });
      const wrap = (label: string) => {
        const original = history.pushState.bind(history);
        history.pushState = (...args) => {
          calls.push(label);
          original(...args);
        };
      };
      wrap('before');
      Object.assign(window, { wrap });
    });
    await open();
    if (!hasNavigation) await page.waitForFunction(() => !history.pushState.toString().includes('calls'));
    await page.evaluate(() => {
      (window as unknown as { wrap(label: string): void }).wrap('after');
      history.pushState(null, '', '/wrapped');
    });
    expect((await settledViews()).at(-1)).toEqual(['/wrapped', 'Page /', '/']);
    expect(await page.evaluate(() => (window as unknown as PageWindow)['calls'])).toEqual(['after', 'before']);
  });
});

it('has one view for each load of a page, with where the visitor came from', async () => {
  servePage(site, '/', '<a href="/next?q=1#part">next</a>');
  servePage(site, '/next');
  await page.goto(site.url, { referer: 'http://search.example/' });
  await site.events(1, isPage);
  await page.click('a');
  await site.events(2, isPage);
  await page.reload();
  const seen = (await site.events(3, isPage)).map(({ context: { page: shown } }) => [shown.url, shown.title, shown.referrer]);
  expect(seen).toEqual([
    [`${site.url}/`, 'Page /', 'http://search.example/'],
    ...Array.from({ length: 2 }, () => [`${site.url}/next?q=1#part`, 'Page /next', `${site.url}/`]),
  ]);
  expect((await untilNow(site, page)).filter(isPage)).toHaveLength(3);
});

it('leaves the views to a page that has called page() before the script was there', async () => {
  servePage(site, '/', '', `<script>touchtrail=[['page','Docs','Start']]</script>${tagOf(site)}`);
  await page.goto(site.url);
  await page.waitForFunction(() => !Array.isArray((window as unknown as PageWindow).touchtrail));
  expect(await untilNow(site, page)).toMatchObject([{ type: 'page', category: 'Docs', name: 'Start' }]);
});

it.each([
  ['an element with the id "navigation" in a browser without the API', '<nav id="navigation"></nav>', true],
  ['a variable of the page named "navigation"', '<script>var navigation = "main";</script>', false],
])('has the views of an application beside %s', async (_, body, isDeleted) => {
  if (isDeleted) await visitor.context.addInitScript(() => void Reflect.deleteProperty(window, 'navigation'));
  servePage(site, '/', body + tagOf(site), '');
  await page.clock.install();
  await page.goto(site.url);
  await page.waitForFunction(() => !history.pushState.toString().includes('[native code]'));
  await page.evaluate(() => history.pushState(null, '', '/a'));
  expect(await settledViews()).toEqual([
    ['/', 'Page /', ''],
    ['/a', 'Page /', '/'],
  ]);
});

// Chromium's headless shell has no back/forward cache ("BackForwardCacheDisabledForDelegate"), so its event is made here.
it('has another view when a page comes back from the back/forward cache, as its pageshow event tells', async () => {
  await open();
  await site.events(1, isPage);
  await page.evaluate(() => {
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }));
  });
  expect(await settledViews()).toEqual([
    ['/', 'Page /', ''],
    ['/', 'Page /', ''],
  ]);
});

// Playwright switches prerendering off ("PrerenderingDisabledByDevTools"), so the state of the document is made here.
it('stores and sends nothing on a page that is only prepared, and starts when it is shown, as document.prerendering tells', async () => {
  await visitor.context.addInitScript(() => {
    let isPrepared = true;
    Object.defineProperty(document, 'prerendering', { get: () => isPrepared });
    Object.assign(window, {
      activate: () => {
        isPrepared = false;
        document.dispatchEvent(new Event('prerenderingchange'));
      },
    });
  });
  servePage(site, '/', '<form><input name="x"></form>', `<script>touchtrail=[['track','Early']]</script>${tagOf(site)}`);
  await page.goto(site.url);
  await page.waitForLoadState('load');
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide')));
  expect(await page.evaluate(() => [document.cookie, Object.keys(localStorage), document.querySelectorAll('input').length])).toEqual([
    '',
    [],
    1,
  ]);
  expect(site.deliveries).toEqual([]);

  await page.evaluate(() => (window as unknown as { activate(): void }).activate());
  await poll(() => site.deliveries.flatMap(({ batch }) => batch.map(({ type, event }) => event ?? type))).toEqual(['Early', 'page']);
  expect(await page.inputValue('[name=anonymous_id]')).toMatch(/^[\da-f-]{36}$/);
});
