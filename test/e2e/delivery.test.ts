import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ScriptSite } from './script-site.ts';
import { isPage, isTrack, type PageWindow, poll, servePage, tagOf, untilNow, useVisits, type Visit } from './visitor.ts';

let site: ScriptSite;
let visitor: Visit;
let page: Page;

useVisits((visit) => ({ site, page } = visitor = visit), {
  leave: ({ site: { deliveries } }) => {
    const kinds = new Set(deliveries.map(({ method, contentType }) => `${method} ${contentType}`));
    // A preflight would be one of another kind.
    expect([...kinds]).toEqual(['POST text/plain;charset=UTF-8']);
  },
});
beforeEach(async () => {
  await visitor.context.addInitScript(() => {
    // Nothing is added to the time to wait, so that it can be told.
    Math.random = () => 0;
    const original = { fetch: window.fetch.bind(window), beacon: navigator.sendBeacon.bind(navigator) };
    window.fetch = (url, init) => {
      const ways = sessionStorage.getItem('ways') ?? '';
      if (init?.method) sessionStorage.setItem('ways', `${ways}${init.keepalive ? 'keepalive' : 'fetch'} `);
      return original.fetch(url, init);
    };
    navigator.sendBeacon = (url, body) => {
      sessionStorage.setItem('ways', `${sessionStorage.getItem('ways') ?? ''}beacon `);
      return original.beacon(url, body);
    };
  });
  servePage(site, '/', '<a href="/next">next</a>');
  servePage(site, '/next');
  servePage(site, '/bare', '', '');
});

/** Opens a page with the tracker and waits until its view has been answered. */
async function open(tab = page): Promise<void> {
  const answered = tab.waitForResponse((response) => response.url().endsWith('/v1/batch'));
  await tab.goto(site.url);
  await (await answered).finished();
}

const track = (tab: Page, ...names: string[]) =>
  tab.evaluate((events) => {
    for (const event of events) (window as unknown as PageWindow).touchtrail.track(event);
  }, names);

/** How the pages of this tab have sent their requests. */
const ways = () => page.evaluate(() => sessionStorage.getItem('ways')?.trim());

/** What a page has been told is done by the time another request of it is answered. */
const settle = () => page.evaluate(() => fetch('/bare').then(() => true));

/** The events of each request, by name. */
const requests = () => site.deliveries.map(({ batch }) => batch.map(({ event, type }) => event ?? type));

/** Time stands still on the pages of this test, until it lets it pass. */
async function stopClock(): Promise<void> {
  await page.clock.install({ time: '2026-03-01T09:59:59Z' });
  await page.clock.pauseAt('2026-03-01T10:00:00Z');
}

describe('requests', () => {
  it('carry together what is said together, and one after the other what is said meanwhile, without a preflight', async () => {
    await open();
    await track(page, 'A', 'B', 'C');
    await site.events(4);
    await untilNow(site, page);
    expect(requests().slice(0, 2)).toEqual([['page'], ['A', 'B', 'C']]);
    expect((await site.events(4)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(site.requested.filter((path) => path === '/t/v1/batch')).toHaveLength(site.deliveries.length);
    expect(await ways()).toBe('keepalive keepalive keepalive');
  });

  it('outlive the page, and a beacon takes what is not under way when it ends', async () => {
    await open();
    site.answers.push('silent');
    await track(page, 'Under Way');
    await track(page, 'Waiting');
    expect(await ways()).toBe('keepalive keepalive');
    await page.goto(`${site.url}/bare`);
    await site.events(1, isTrack('Waiting'));
    // What was under way is sent again, by another beacon where Chromium gives it up in time, else by the next page.
    expect(await ways()).toMatch(/^keepalive keepalive beacon( beacon)?$/);
    await page.goto(site.url);
    await site.events(1, isTrack('Under Way'));
  });

  it('hold at most 20,000 characters, in the order things happened, but for an event that is larger by itself', async () => {
    await open();
    await page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      for (let count = 0; count < 12; count++) touchtrail.track(`Large ${count}`, { text: '語'.repeat(5_000) });
      touchtrail.track('Huge', { text: '語'.repeat(100_000) });
      touchtrail.track('Small');
    });
    await site.events(1, isTrack('Small'));
    expect(requests()).toEqual([
      ['page'],
      ['Large 0', 'Large 1', 'Large 2'],
      ['Large 3', 'Large 4', 'Large 5'],
      ['Large 6', 'Large 7', 'Large 8'],
      ['Large 9', 'Large 10', 'Large 11'],
      ['Huge'],
      ['Small'],
    ]);
    const bytes = site.deliveries.map(({ body }) => Buffer.byteLength(body));
    expect(Math.max(...bytes.toSpliced(5, 1))).toBeLessThan(64 * 1024);
    // Keepalive requests share 64 KB: what is larger goes without. None is refused by the browser and tried again.
    expect(await ways()).toBe('keepalive keepalive keepalive keepalive keepalive fetch keepalive');
  });
});

describe('an edge that does not take an event', () => {
  it('is asked again when it says so, for the same event with a new time of sending', async () => {
    await stopClock();
    site.answers.push({ status: 503, retryAfter: '7' });
    await open();
    await page.clock.runFor(6_999);
    await track(page, 'Later');
    expect(requests()).toEqual([['page']]);
    await page.clock.runFor(1);
    await poll(requests).toEqual([['page'], ['page', 'Later']]);
    const [refused, accepted] = site.deliveries;
    expect(accepted!.batch[0]).toEqual(refused!.batch[0]);
    expect(site.deliveries.map(({ sentAt }) => sentAt)).toEqual(['2026-03-01T10:00:00.000Z', '2026-03-01T10:00:07.000Z']);
    expect(accepted!.batch.map(({ timestamp }) => timestamp)).toEqual(['2026-03-01T10:00:00.000Z', '2026-03-01T10:00:06.999Z']);
  });

  it('is asked again after 1, 2, 4 … seconds when the connection is lost', async () => {
    await stopClock();
    let lost = 0;
    await page.route('**/v1/batch', (route) => (++lost > 3 ? route.continue() : route.abort('connectionreset')));
    await page.goto(site.url);
    for (const [before, seconds] of [
      [1, 1],
      [2, 2],
      [3, 4],
    ] as const) {
      await poll(() => lost).toBe(before);
      await settle();
      await page.clock.runFor(seconds * 1000 - 1);
      await settle();
      expect(lost).toBe(before);
      await page.clock.runFor(1);
    }
    await poll(requests).toEqual([['page']]);
  });

  it('is asked at once when the browser is online again', async () => {
    await open();
    await stopClock();
    await visitor.context.setOffline(true);
    await track(page, 'In the Train');
    await page.waitForFunction(() => !navigator.onLine);
    expect(requests()).toEqual([['page']]);
    await visitor.context.setOffline(false);
    await poll(requests).toEqual([['page'], ['In the Train']]);
  });

  it.each([
    [400, false],
    [401, false],
    [413, false],
    [401, true],
  ])('is not asked again when it refuses for good (%s), which is said once, and only to a developer (%s)', async (status, isDeveloper) => {
    servePage(site, '/', '', tagOf(site, `data-debug="${isDeveloper || ''}"`));
    site.answers.push({ status }, { status });
    await open();
    await track(page, 'Refused');
    await poll(() => site.answers.length).toBe(0);
    expect(await untilNow(site, page)).toEqual([]);
    expect(requests().slice(0, 2)).toEqual([['page'], ['Refused']]);
    expect(visitor.complaints.splice(0)).toEqual(isDeveloper ? [`touchtrail: the edge: ${status}`] : []);
  });
});

describe('what could not be sent', () => {
  it('is sent by the next page', async () => {
    await visitor.context.addInitScript(() => (navigator.sendBeacon = () => false));
    site.answers.push({ status: 503, retryAfter: '300' });
    await open();
    await page.click('a');
    await page.waitForURL('**/next');
    const views = await site.events(2, isPage);
    expect(views.map(({ context }) => context.page.url).toSorted()).toEqual([`${site.url}/`, `${site.url}/next`]);
    await page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.startsWith('touchtrail_queue_')));
  });

  it('is sent by another tab where its own was killed, a minute later', async () => {
    site.answers.push({ status: 503, retryAfter: '300' });
    await open();
    await track(page, 'Of the Killed Tab');
    const killed = page.waitForEvent('crash');
    const devtools = await visitor.context.newCDPSession(page);
    devtools.send('Page.crash').catch(() => 'the tab is gone');
    await killed;

    const soon = await visitor.context.newPage();
    await soon.goto(`${site.url}/next`);
    expect((await untilNow(site, soon)).map(({ context }) => context.page.url)).toEqual([`${site.url}/next`]);
    // The tab is gone already; the clock is one of all tabs.
    await page.close();
    const later = await visitor.context.newPage();
    await later.clock.install({ time: Date.now() + 61_000 });
    await later.goto(`${site.url}/next`);
    const [view, event] = await site.events(2, ({ context }) => context.page.url === `${site.url}/`);
    expect([view!.type, view!.sequence, event!.event, event!.sequence]).toEqual(['page', 1, 'Of the Killed Tab', 2]);
  });

  it('is nothing of what several tabs say at once while the edge fails now and then', async () => {
    await open();
    const tabs = [page, await visitor.context.newPage(), await visitor.context.newPage()];
    site.answers.push({ status: 503 }, 'lost', { status: 200 }, { status: 429 }, 'lost');
    await Promise.all(
      tabs.map(async (tab, index) => {
        if (index > 0) await tab.goto(site.url);
        await tab.waitForFunction(() => 'touchtrail' in window);
        for (let count = 0; count < 10; count++) await track(tab, `Event ${index}.${count}`);
      }),
    );
    const events = await site.events(33);
    expect(events.map(({ event }) => event ?? 'page').toSorted()).toEqual(
      [
        ...tabs.flatMap((_, index) => Array.from({ length: 10 }, (__, count) => `Event ${index}.${count}`)),
        'page',
        'page',
        'page',
      ].toSorted(),
    );
    expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1);
  });

  it('goes by a beacon where the storage is full', async () => {
    await visitor.context.addInitScript(() => {
      for (let length = 4_194_304; length >= 1; length /= 2) {
        try {
          for (let count = 0; ; count++) localStorage.setItem(`full ${length} ${count}`, 'x'.repeat(length));
        } catch {
          // Full to this length.
        }
      }
    });
    await open();
    site.answers.push({ status: 503, retryAfter: '300' });
    await track(page, 'Refused');
    await poll(() => site.answers.length).toBe(0);
    await settle();
    await page.goto(`${site.url}/bare`);
    await site.events(1, isTrack('Refused'));
    expect(await ways()).toMatch(/^keepalive keepalive beacon/);
  });
});

describe('a page that replaced fetch', () => {
  it.each([
    [
      'throws',
      () =>
        (window.fetch = () => {
          throw new Error('not here');
        }),
    ],
    ['never answers', () => (window.fetch = () => new Promise(() => {}))],
    ['rejects', () => (window.fetch = () => Promise.reject(new Error('no')))],
    ['returns nothing', () => (window.fetch = (() => {}) as unknown as typeof fetch)],
    ['answers with an empty object', () => (window.fetch = (() => Promise.resolve({})) as unknown as typeof fetch)],
    ['answers with an opaque error', () => (window.fetch = () => Promise.resolve(Response.error()))],
  ])('by one that %s loses nothing: a beacon or the next page brings it', async (_, replace) => {
    servePage(site, '/', '', `<script>(${replace.toString()})()</script>${tagOf(site)}`);
    await page.goto(site.url);
    await page.waitForFunction(() => 'touchtrail' in window);
    await track(page, 'Kept');
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    await page.goto(`${site.url}/next`);
    const events = await site.events(3);
    expect(events.map(({ event, context }) => event ?? context.page.title).toSorted()).toEqual(['Kept', 'Page /', 'Page /next']);
  });
});
