import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { ScriptSite } from './script-site.ts';
import { isPage, isTrack, type PageWindow, servePage, untilNow, useVisits, type Visit } from './visitor.ts';

let site: ScriptSite;
let visitor: Visit;
let page: Page;

useVisits(
  (visit) => {
    visitor = visit;
    ({ site, page } = visit);
    servePage(site, '/thanks', '', '');
  },
  // What the page itself throws says so.
  { excuses: (complaint) => complaint.includes('by the page') },
);

it('takes whatever the methods are given, without throwing', async () => {
  servePage(site, '/', '<form><input name="company"></form>');
  await page.goto(site.url);
  await site.events(1, isPage);
  await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
  // Once before the methods that are loaded later are there, once with them.
  for (const round of ['first', 'second']) {
    const thrown = await page.evaluate((prefix) => {
      const cyclic: Record<string, unknown> = {};
      cyclic['self'] = cyclic;
      const throwing = Object.defineProperty({}, 'email', {
        enumerable: true,
        get() {
          throw new Error('by the page');
        },
      });
      const values: unknown[] = [undefined, null, 0, Number.NaN, '', 'text', true, 10n, Symbol('s'), new Date(Number.NaN)];
      values.push([], {}, cyclic, throwing, { toJSON: () => decodeURI('%') }, Object.create(null), document, window, new Proxy({}, {}));
      const { touchtrail } = window as unknown as { touchtrail: Record<string, (...args: unknown[]) => unknown> };
      const errors: string[] = [];
      for (const [name, method] of Object.entries(touchtrail)) {
        if (typeof method !== 'function') continue;
        for (const value of values)
          for (const args of [
            [],
            [value],
            [value, value],
            ['text', value],
            ['text', {}, value],
            ['text', {}, { context: value, timestamp: value }],
          ]) {
            // It says what the visitor has decided, whatever that is: another test's concern.
            if (name === 'consent') continue;
            try {
              method(...args);
              if (name === 'debug') method(false);
            } catch (error) {
              errors.push(`${name}: ${String(error)}`);
            }
          }
      }
      touchtrail['track']!('Huge', { text: 'x'.repeat(1e6) });
      touchtrail['track']!(`${prefix} Done`);
      return [...new Set(errors)];
    }, round);
    expect(thrown).toEqual([]);
    await site.events(1, isTrack(`${round} Done`));
    await page.waitForFunction(() => !String((window as unknown as PageWindow).touchtrail.on).includes('then'));
  }
});

it('sends an event whose properties have no JSON form without them', async () => {
  servePage(site, '/', '');
  await page.goto(site.url);
  await site.events(1, isPage);
  await page.evaluate(() => {
    const { touchtrail } = window as unknown as PageWindow;
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    touchtrail.track('Cyclic', cyclic);
    touchtrail.track('Big', { count: 10n });
    touchtrail.track(
      'Time',
      { at: new Date(Number.NaN), run: () => 1, sign: Symbol('s'), none: undefined },
      { timestamp: new Date(Number.NaN) },
    );
  });
  const events = (await untilNow(site, page)).filter(({ type }) => type === 'track');
  expect(events.map(({ event, properties }) => [event, properties])).toEqual([
    ['Cyclic', undefined],
    ['Big', undefined],
    ['Time', { at: null }],
  ]);
  for (const { timestamp } of events) expect(Math.abs(Date.parse(timestamp) - Date.now())).toBeLessThan(60_000);
});

it('says once that the write key is missing, and does nothing', async () => {
  servePage(site, '/', '<form><input name="company"></form>', `<script async src="${site.edge}/t/t.js"></script>`);
  await page.goto(site.url);
  await page.waitForLoadState('load');
  expect(visitor.complaints.splice(0)).toEqual(['touchtrail: no write key']);
  expect(await page.evaluate(() => [document.cookie, localStorage.length, 'touchtrail' in window])).toEqual(['', 0, false]);
  expect(site.deliveries).toEqual([]);
});
