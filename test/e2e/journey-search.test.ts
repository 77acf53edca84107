import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DashboardServer, serveDashboard } from '../../pipeline/dashboard/serve.ts';
import { openDashboard, type TestDashboard } from '../../pipeline/dashboard/testing/dashboard.ts';
import { PEOPLE_CONFIG, PEOPLE_TABLES } from '../../pipeline/dashboard/testing/people.ts';
import { JANE } from '../../pipeline/query/testing/journey-world.ts';
import { launchBrowser } from '../browser.ts';

let dashboard: TestDashboard;
let server: DashboardServer;
let browser: Browser;
beforeAll(async () => {
  dashboard = await openDashboard(PEOPLE_TABLES, { config: PEOPLE_CONFIG });
  server = await serveDashboard({ dataFolder: dashboard.dataFolder, host: '127.0.0.1', port: 0, log: () => {} });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  await dashboard.close();
});

/** Looks for an address, then for a lead, and tells what was sent and where it led. */
async function search(javaScriptEnabled: boolean) {
  const context = await browser.newContext({ javaScriptEnabled });
  try {
    const page = await context.newPage();
    const sent: string[] = [];
    const led: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') sent.push(new URLSearchParams(request.postData() ?? '').get('value') ?? '');
    });
    await page.goto(`${server.url}/journeys`);
    for (const [by, value] of [
      ['email', 'Jane@Fernhill.example'],
      ['lead', 'L1'],
    ] as const) {
      await page.getByLabel('Find a person by').selectOption(by);
      await page.getByLabel('Id or address').fill(value);
      await page.getByRole('button', { name: 'Show journey' }).click();
      await page.getByRole('heading', { name: 'Person a1' }).waitFor();
      await page.waitForURL((url) => url.search.startsWith(`?${by}=`));
      led.push(new URL(page.url()).search);
      expect(await page.content()).not.toMatch(/jane/i);
    }
    return { sent, led };
  } finally {
    await context.close();
  }
}

it('an e-mail address that is searched leaves the browser as its hash', async () => {
  expect(await search(true)).toEqual({ sent: [JANE, 'L1'], led: [`?email=${JANE}`, '?lead=L1'] });
});

it('without a script the server hashes it: no address of a page holds it', async () => {
  expect(await search(false)).toEqual({ sent: ['Jane@Fernhill.example', 'L1'], led: [`?email=${JANE}`, '?lead=L1'] });
});
