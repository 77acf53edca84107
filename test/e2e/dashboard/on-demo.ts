import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DashboardServer, serveDashboard } from '../../../pipeline/dashboard/serve.ts';
import { launchBrowser } from '../../browser.ts';
import { STORY_EMAIL } from '../../simulator/story.ts';
import type { Truth } from '../../simulator/truth.ts';
import { conversionsByChannel, costByChannel, trafficByChannel, WHOLE_HISTORY } from '../../simulator/truth-tables.ts';
import type { World } from '../../simulator/world.ts';
import { barriers } from './accessibility.ts';
import { openTab } from './browse.ts';
import { describeTruthOnPages } from './truth-on-pages.ts';
import { VIEWS } from './views.ts';

/** Bytes of a page with its style and script, as they are sent. */
const LARGEST_PAGE = 60 * 1024;
const WHOLE = `from=${WHOLE_HISTORY.from}&to=${WHOLE_HISTORY.to}&compare=none`;

const euros = (cents: number) => `€${Math.round(cents / 100).toLocaleString('en')}`;
const count = (value: number) => value.toLocaleString('en');

/**
 * The dashboard in a real browser, on the data of the demonstration: what it shows equals what the simulator knows, under the
 * policy that it has in production. It belongs to the test that runs the demonstration, because that takes minutes.
 */
export function describeDashboard(dataFolder: () => string, truth: Truth, world: World): void {
  let server: DashboardServer;
  let browser: Browser;
  const logged: string[] = [];
  beforeAll(async () => {
    server = await serveDashboard({ dataFolder: dataFolder(), host: '127.0.0.1', port: 0, log: (line) => logged.push(line) });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  describeTruthOnPages(() => ({ url: server.url, browser }), truth, world);

  const won = truth.conversions.filter(({ stage }) => stage === 'closed_won');

  describe('the dashboard in a browser', () => {
    test.each(VIEWS)('$name is whole, small, and open to everybody, in both schemes, on a desk and on a phone', async ({ address }) => {
      const { page, faults, ...tab } = await openTab(browser, { width: 1280, scheme: 'light' });
      const answer = await page.goto(server.url + address);
      expect(answer?.headers()['content-security-policy']).toContain("default-src 'none'");
      expect(await page.locator('h1').count()).toBe(1);
      expect(await page.locator('main table, main .empty, main form').count()).toBeGreaterThan(0);
      const loaded = await page.evaluate(() =>
        [...document.querySelectorAll('link[rel=stylesheet], script')].map((one) => one.getAttribute('href') ?? one.getAttribute('src')),
      );
      const parts = await Promise.all([address, ...loaded].map(async (one) => (await fetch(server.url + one!)).text()));
      expect(parts.reduce((sum, part) => sum + gzipSync(part).length, 0)).toBeLessThan(LARGEST_PAGE);

      expect(await barriers(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await barriers(page, 'colours')).toEqual([]);
      await page.setViewportSize({ width: 375, height: 800 });
      expect(await barriers(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 'wider than a phone').toBeLessThanOrEqual(0);
      await page.emulateMedia({ colorScheme: 'light' });
      expect(await barriers(page, 'colours')).toEqual([]);
      expect(faults).toEqual([]);
      await tab.close();
    });

    test('the overview says what the simulator knows', async () => {
      const { page, ...tab } = await openTab(browser, { width: 1280, scheme: 'light' });
      await page.goto(`${server.url}/?${WHOLE}&conversion=closed_won&model=first_click`);
      const tiles = await page
        .locator('.tile')
        .evaluateAll((all) => all.map((one) => [...one.querySelectorAll('span')].map((part) => part.textContent)));
      const cost = truth.costs.reduce((sum, { cents }) => sum + cents, 0);
      const value = won.reduce((sum, { valueCents }) => sum + valueCents!, 0);
      expect(tiles).toEqual([
        ['Sessions', count(truth.sessions.length)],
        ['Users', count(new Set(truth.sessions.map(({ person }) => person)).size)],
        ['Cost', euros(cost)],
        ['Conversions', count(won.length)],
        ['Value', euros(value)],
        ['ROAS', (value / cost).toFixed(2)],
      ]);
      await tab.close();
    });

    test('every cell of the channels equals the truth, under two models side by side', async () => {
      const { page, ...tab } = await openTab(browser, { width: 1280, scheme: 'light' });
      await page.goto(
        `${server.url}/channels?${WHOLE}&conversion=closed_won&model=first_click&model=last_significant_click&metric=sessions&metric=cost&metric=conversions&metric=conversion_value`,
      );
      const shown = await page.locator('main table tbody tr').evaluateAll((rows) =>
        // The first text of a cell is its figure.
        rows.map((row) => [...row.children].map((cell) => (cell.querySelector('a') ?? cell.firstChild ?? cell).textContent?.trim() ?? '')),
      );
      const traffic = trafficByChannel(truth);
      const costs = costByChannel(truth);
      const [first, last] = (['first_click', 'last_significant_click'] as const).map((model) =>
        conversionsByChannel(truth, 'closed_won', model),
      );
      expect(shown.length).toBeGreaterThan(5);
      for (const [channel, ...cells] of shown) {
        const cents = costs.get(channel!);
        expect(cells, channel).toEqual([
          count(traffic.get(channel!)?.sessions ?? 0),
          cents === undefined ? '—' : euros(cents),
          ...[first!, last!].flatMap((sums) => [count(sums.get(channel!)?.conversions ?? 0), euros(sums.get(channel!)?.valueCents ?? 0)]),
        ]);
      }
      expect(new Set(shown.map(([channel]) => channel))).toEqual(new Set([...traffic.keys(), ...first!.keys(), ...last!.keys()]));
      await tab.close();
    });

    test('without a script, a reader goes from a channel to its campaigns, changes the model, and downloads what is shown', async () => {
      const { page, faults, ...tab } = await openTab(browser, { width: 1280, scheme: 'light', javaScriptEnabled: false });
      await page.goto(`${server.url}/channels?${WHOLE}`);
      await page.getByRole('link', { name: 'Paid Search', exact: true }).click();
      await page.getByRole('link', { name: 'google', exact: true }).click();
      expect(await page.getByRole('combobox', { name: 'By', exact: true }).inputValue()).toBe('campaign');
      await page.getByRole('checkbox', { name: 'Last click' }).check();
      await page.getByRole('button', { name: 'Show' }).click();
      const url = new URL(page.url());
      expect(url.searchParams.getAll('model')).toContain('last_click');
      expect([url.searchParams.get('in.channel'), url.searchParams.get('in.source')]).toEqual(['Paid Search', 'google']);
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download as CSV' }).click()]);
      expect(download.suggestedFilename()).toMatch(/^channels-.*\.csv$/);
      // A download is no page that fails.
      expect(faults.filter((fault) => !fault.includes('ERR_ABORTED'))).toEqual([]);
      await tab.close();
    });

    test('with the keyboard alone, a reader comes past the navigation, through the period, and into a row', async () => {
      const { page, faults, ...tab } = await openTab(browser, { width: 1280, scheme: 'dark' });
      const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
      await page.goto(`${server.url}/channels?${WHOLE}`);
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('To the content');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('Download as CSV');
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('7 days');
      await page.keyboard.press('Enter');
      await page.waitForURL(/period=7d/);
      // The arrow keys of a select do not leave the page; its button does.
      const by = page.getByRole('combobox', { name: 'By', exact: true });
      await by.focus();
      await page.keyboard.press('ArrowDown');
      expect(await by.inputValue()).toBe('source');
      expect(page.url()).not.toContain('by=source');
      await page.keyboard.press('Tab');
      await page.getByRole('button', { name: 'Show' }).press('Enter');
      await page.waitForURL(/by=source/);
      // A table that is wider than the screen is scrolled by keys: it can be focused.
      await page.setViewportSize({ width: 375, height: 800 });
      await page.locator('.scroll').first().focus();
      await page.keyboard.press('ArrowRight');
      await page.waitForFunction(() => document.querySelector('.scroll')!.scrollLeft > 0);
      await page.keyboard.press('y');
      await page.waitForURL(/period=year/);
      expect(faults).toEqual([]);
      await tab.close();
    });

    test('a person is found by an e-mail address, which stands in no address', async () => {
      const { page, faults, ...tab } = await openTab(browser, { width: 1280, scheme: 'light' });
      const asked: string[] = [];
      page.on('request', (request) => asked.push(decodeURIComponent(`${request.url()} ${request.postData() ?? ''}`)));
      await page.goto(`${server.url}/journeys`);
      await page.getByRole('combobox', { name: 'Find a person by' }).selectOption('email');
      await page.locator('input[name=value]').fill(STORY_EMAIL);
      await page.keyboard.press('Enter');
      await page.waitForURL(/email=[0-9a-f]{64}/);
      const text = await page.locator('main').innerText();
      expect(text).toContain('€50,000');
      expect(text).toMatch(/Paid Search/);
      expect(asked.filter((one) => one.includes(STORY_EMAIL))).toEqual([]);
      expect(await page.content()).not.toContain(STORY_EMAIL);
      expect(faults).toEqual([]);
      await tab.close();
    });

    test('nothing of this was an error of the dashboard', () => {
      expect(logged).toEqual([]);
    });
  });
}
