import type { Page } from 'playwright-core';
import { beforeEach, expect, it } from 'vitest';
import type { ScriptSite } from './script-site.ts';
import type { SentEvent } from './sent-event.ts';
import { isTrack, servePage, tagOf, untilNow, useVisits, type Visit } from './visitor.ts';

/** When each page is opened; time stands still until a test lets it pass. */
const OPENED = Date.parse('2026-03-01T10:00:00Z');
const HOUR = 3_600_000;
const LONG = '<style>body { margin: 0 } main { height: 7200px }</style><main></main>';

let site: ScriptSite;
let visitor: Visit;
let page: Page;

useVisits((visit) => ({ site, page } = visitor = visit));
beforeEach(async () => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.clock.install({ time: OPENED - 1000 });
  await page.clock.pauseAt(OPENED);
});

async function open(body = ''): Promise<void> {
  servePage(site, '/', body);
  await page.goto(site.url);
  await page.waitForFunction(() => 'touchtrail' in window);
}

const pass = (seconds: number) => page.clock.runFor(seconds * 1000);

/** Scrolls, and waits until the page has been told. */
async function scroll(top: number): Promise<void> {
  await page.evaluate(async (y) => {
    const scrolled = new Promise((resolve) => addEventListener('scroll', resolve, { once: true }));
    scrollTo(0, y);
    await scrolled;
  }, top);
}

/** The tab goes to the background, or comes back, as the browser tells a page; Chromium without a screen does not do it by itself. */
async function turn(hidden: boolean): Promise<void> {
  await page.evaluate((isHidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden });
    dispatchEvent(new Event(isHidden ? 'blur' : 'focus'));
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

const summary = ({ properties, timestamp, context }: SentEvent) => ({
  ...properties,
  path: new URL(context.page.url).pathname,
  after: (Date.parse(timestamp) - OPENED) / 1000,
});

/** What was told of the engagement so far, each with the seconds after the page was opened. */
async function told() {
  return (await untilNow(site, page)).filter(isTrack('Page Engaged')).map(summary);
}

it('counts the seconds between signs of life: pointer, keys, scrolling', async () => {
  await open(LONG);
  await pass(14);
  await page.mouse.move(100, 100);
  await pass(14);
  await page.keyboard.press('Shift');
  await pass(14);
  await scroll(100);
  await pass(3);
  await turn(true);
  expect(await told()).toEqual([{ engaged_seconds: 45, scroll_depth: 11, path: '/', after: 45 }]);
});

it('stops 15 seconds after the last sign of life', async () => {
  await open();
  await pass(60);
  await page.keyboard.press('Shift');
  await pass(40);
  await turn(true);
  expect(await told()).toEqual([{ engaged_seconds: 30, scroll_depth: 100, path: '/', after: 75 }]);
});

it('stops where the window loses the focus, and goes on where it gets it back', async () => {
  await open();
  await pass(4);
  await page.evaluate(() => dispatchEvent(new Event('blur')));
  await pass(10);
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await pass(3);
  await page.evaluate(() => dispatchEvent(new Event('blur')));
  await pass(HOUR / 1000);
  await turn(true);
  expect(await told()).toEqual([{ engaged_seconds: 7, scroll_depth: 100, path: '/', after: 17 }]);
});

it('tells at each end of the attention what has been added since', async () => {
  await open();
  await pass(3);
  await turn(true);
  await pass(60);
  await turn(false);
  await pass(2.5);
  await turn(true);
  await turn(false);
  await turn(true);
  expect(await told()).toEqual([
    { engaged_seconds: 3, scroll_depth: 100, path: '/', after: 3 },
    { engaged_seconds: 2.5, scroll_depth: 100, path: '/', after: 65.5 },
  ]);
});

it('belongs to the last active moment, not to the closing of a tab that was left for hours', async () => {
  await open();
  await pass(2 * 3600);
  await page.close({ runBeforeUnload: true });
  const [engaged] = await site.events(1, isTrack('Page Engaged'));
  expect(summary(engaged!)).toEqual({ engaged_seconds: 15, scroll_depth: 100, path: '/', after: 15 });
});

it('is not told again when a tab is closed that has been in the background for hours', async () => {
  servePage(site, '/bare', '', '');
  await open();
  await pass(5);
  await turn(true);
  await pass(2 * 3600);
  await page.goto(`${site.url}/bare`);
  await open();
  expect(await told()).toEqual([{ engaged_seconds: 5, scroll_depth: 100, path: '/', after: 5 }]);
});

it('leaves the visit as it is, although its time lies in the past', async () => {
  await open();
  const other = await visitor.context.newPage();
  await other.goto(`${site.url}/?utm_source=mail`);
  await site.events(2);
  await pass(HOUR / 1000);
  await other.clock.runFor(HOUR);
  // The other tab is in use, and begins another visit.
  await untilNow(site, other);
  await turn(true);
  await site.events(1, isTrack('Page Engaged'));
  servePage(site, '/next');
  await other.goto(`${site.url}/next`);
  const [next] = await site.events(1, ({ type, context }) => type === 'page' && context.page.url.endsWith('/next'));
  expect(next!.context['landing']).toMatchObject({ url: `${site.url}/?utm_source=mail` });
});

it('is told of each page of an application by itself', async () => {
  await open(LONG);
  await pass(5);
  await scroll(2880);
  await page.evaluate(() => {
    history.pushState(null, '', '/second');
    // Half as long, so that its end is in view without a scroll, which would be told of by the next frame or a later one.
    document.querySelector('main')!.style.height = '3600px';
  });
  await pass(0.001);
  await pass(7);
  await turn(true);
  expect(await told()).toEqual([
    { engaged_seconds: 5, scroll_depth: 50, path: '/', after: 5 },
    { engaged_seconds: 7, scroll_depth: 100, path: '/second', after: 12.001 },
  ]);
});

it('is not told below one second, which counts with what follows on the same page', async () => {
  await open();
  await pass(0.6);
  await turn(true);
  expect(await told()).toEqual([]);
  await turn(false);
  await pass(0.6);
  await turn(true);
  expect(await told()).toEqual([{ engaged_seconds: 1.2, scroll_depth: 100, path: '/', after: 1.2 }]);
});

it('goes on in a form, from field to field and back to the page', async () => {
  await open('<input id="one"><input id="two"><p>Text</p>');
  await page.click('#one');
  await pass(10);
  await page.keyboard.press('Tab');
  await pass(10);
  await page.click('p');
  await pass(10);
  await turn(true);
  expect(await told()).toEqual([{ engaged_seconds: 30, scroll_depth: 100, path: '/', after: 30 }]);
});

it.each([
  ['a page that is wholly visible', '<p>Short</p>', 0, 100],
  ['a long page that was not scrolled', LONG, 0, 10],
  ['a page that was seen to the half', LONG, 2880, 50],
  ['a page that was seen to its end', LONG, 6480, 100],
])('says how much was seen of %s', async (_, body, top, depth) => {
  await open(body);
  if (top) {
    await scroll(top);
    // What was seen stays seen.
    await scroll(0);
  }
  await pass(2);
  await turn(true);
  expect(await told()).toEqual([{ engaged_seconds: 2, scroll_depth: depth, path: '/', after: 2 }]);
});

it('says how much was seen although the script runs before the page has content', async () => {
  servePage(site, '/', LONG, tagOf(site).replace(' async', ''));
  await page.goto(site.url);
  await pass(2);
  await turn(true);
  expect(await told()).toEqual([{ engaged_seconds: 2, scroll_depth: 10, path: '/', after: 2 }]);
});
