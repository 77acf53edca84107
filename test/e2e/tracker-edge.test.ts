import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LandingLine } from '../../edge/contract/delivery.ts';
import type { EventRow } from '../../edge/contract/event-row.ts';
import { type Site, startSite } from '../../examples/fernhill/site/server.ts';
import { createKey } from '../../pipeline/embedded/keys.ts';
import { type RunningEdge, startUp } from '../../pipeline/embedded/up.ts';
import { launchBrowser } from '../browser.ts';

const HASH = createHash('sha256').update('grace@hopper.example').digest('hex');

let folder: string;
let browser: Browser;
let edge: RunningEdge;
let site: Site;
const logged: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-'));
  const { key } = await createKey(join(folder, 'data'), { kind: 'browser', name: 'website', key: 'demo' });
  browser = await launchBrowser();
  edge = await startUp({ dataFolder: join(folder, 'data'), port: 0, log: (line) => logged.push(line) });
  const edgeUrl = edge.url.replace('127.0.0.1', 't.fernhill.example');
  site = await startSite({ port: 0, host: '127.0.0.1', edgeUrl, writeKey: key, crmFolder: join(folder, 'crm') });
});
afterAll(async () => {
  await browser.close();
  await site.stop();
  await edge.stop();
  await rm(folder, { recursive: true });
});

/** Everything that has landed, sealed. */
async function landed(): Promise<{ events: EventRow[]; failed: unknown[]; bytes: string }> {
  await edge.seal();
  const sealed = join(folder, 'data', 'landing', 'sealed');
  const files = (await readdir(sealed)).filter((file) => file.endsWith('.ndjson')).toSorted();
  const bytes = (await Promise.all(files.map((file) => readFile(join(sealed, file), 'utf8')))).join('');
  const lines = bytes
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LandingLine);
  return {
    events: lines.flatMap((line) => ('event' in line ? [line.event] : [])),
    failed: lines.filter((line) => 'failed' in line),
    bytes,
  };
}

it('brings a visit from the ad click to the form into the landing zone, and the same id into the CRM', async () => {
  const context = await browser.newContext({ locale: 'en-GB' });
  const complaints: string[] = [];
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  const page = await context.newPage();
  const home = site.url.replace('127.0.0.1', 'www.fernhill.example');
  const answered = (count: number) => {
    let seen = 0;
    return page.waitForResponse((response) => response.url().endsWith('/v1/batch') && ++seen === count);
  };

  let batch = answered(1);
  await page.goto(`${home}/?utm_source=google&utm_medium=cpc&utm_campaign=crew&gclid=Cj0-AbC_9`);
  expect((await batch).status()).toBe(200);
  await page.getByRole('link', { name: 'Request a demo' }).first().click();
  await page.fill('#name', 'Grace Hopper');
  await page.fill('#email', 'Grace@Hopper.example');
  batch = answered(1);
  await page.getByRole('button', { name: 'Request a demo' }).click();
  await page.waitForURL('**/thanks');
  await batch;
  const cookie = (await context.cookies()).find(({ name }) => name === 'anonymous_id')!;

  await expect.poll(async () => new Set((await landed()).events.map((event) => event.message_id)).size, { timeout: 20_000 }).toBe(4);
  const { events, failed, bytes } = await landed();
  expect(failed).toEqual([]);
  // A page that leaves before its answer repeats the event on the next one: copies carry the same message id.
  const visit = [...new Map(events.map((event) => [event.message_id, event])).values()].toSorted((a, b) => a.sequence! - b.sequence!);
  expect(visit.map((event) => [event.type, event.event, event.page_path])).toEqual([
    ['page', null, '/'],
    ['page', null, '/demo'],
    ['track', 'Form Submitted', '/demo'],
    ['page', null, '/thanks'],
  ]);
  for (const event of visit) {
    expect(event).toMatchObject({
      anonymous_id: cookie.value,
      utm_source: 'google',
      utm_medium: 'cpc',
      utm_campaign: 'crew',
      click_ids: [{ name: 'gclid', value: 'Cj0-AbC_9' }],
      library: 'touchtrail.js/0.1.0',
    });
  }
  expect(visit.map((event) => event.email_hashes)).toEqual([[], [], [{ hash: HASH, origin: 'form' }], []]);
  for (const secret of ['hopper', 'grace', '127.0.0.1']) expect(bytes.toLowerCase()).not.toContain(secret);

  const [, lead] = (await readFile(join(folder, 'crm', 'leads.csv'), 'utf8')).split('\n');
  expect(lead!.split(',').slice(2, 5)).toEqual(['Grace@Hopper.example', cookie.value, 'demo']);
  expect(complaints).toEqual([]);
  await context.close();
});
