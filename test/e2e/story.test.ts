import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Site, startSite } from '../../examples/fernhill/site/server.ts';
import { pendingSegments } from '../../pipeline/embedded/landing/folders.ts';
import { createKey } from '../../pipeline/embedded/keys.ts';
import type { Journey } from '../../pipeline/query/journey/types.ts';
import type { ReportResult } from '../../pipeline/query/result.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { sql, table } from '../../pipeline/warehouse/sql.ts';
import { launchBrowser } from '../browser.ts';
import { type RunningUp, startUp, touchtrail, touchtrailJson } from '../cli.ts';

/*
 * The story that must always work, on the real parts: Chromium, the tracker as the edge serves it, the Worker in
 * workerd, the landing zone, DuckDB, the CLI. Only the calendar is helped along: what has landed after the form is moved
 * five months back, so that the e-mail and the deal come months later.
 */
const MONTHS_LATER = 150;
const EMAIL = 'Robin.Ashgrove@harrow-field.example';
/** Of a network for documentation (RFC 5737). */
const IP = '203.0.113.77';
const HASH = createHash('sha256').update(EMAIL.toLowerCase()).digest('hex');
// Headless Chromium says what it is, and is rightly taken for a bot.
const LAPTOP = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36';
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1';
const example = join(import.meta.dirname, '..', '..', 'examples', 'fernhill');

let folder: string;
let up: RunningUp;
let site: Site;
let browser: Browser;
let options: string[];
let website: string;
let adClickVisitor: string;
let mailReader: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-story-'));
  await cp(join(example, 'touchtrail.config.ts'), join(folder, 'touchtrail.config.ts'));
  await cp(join(example, 'conversions'), join(folder, 'conversions'), { recursive: true });
  await cp(join(example, 'costs'), join(folder, 'costs'), { recursive: true });
  await mkdir(join(folder, 'crm'));
  await writeFile(join(folder, 'crm', 'leads.csv'), 'lead_id,created_at,email,anonymous_id,form,mql_at,hand_raised_at\n');
  await writeDeals([]);
  options = ['--data', join(folder, 'data'), '--config', join(folder, 'touchtrail.config.ts')];
  await createKey(join(folder, 'data'), { kind: 'browser', name: 'website', key: 'demo' });
  await open();
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test('an ad click, a visit and a form: the CRM receives the exact cookie value', async () => {
  const laptop = await browser.newContext({ userAgent: LAPTOP });
  const page = await laptop.newPage();
  await visit(page, '/?utm_source=google&utm_medium=cpc&utm_campaign=dispatch-software&gclid=Cj0KCQ-story_1');
  await visit(page, '/pricing');
  await visit(page, '/demo');
  await page.fill('input[name=full_name]', 'Robin Ashgrove');
  await page.fill('input[name=email]', ` ${EMAIL} `);
  await page.click('button:has-text("Request a demo")');
  await page.waitForURL('**/thanks');
  await settled(page);

  adClickVisitor = await cookie(laptop);
  const [lead] = await leads();
  expect(lead).toMatchObject({ email: EMAIL, anonymous_id: adClickVisitor, form: 'demo' });
  await laptop.close();
});

test('before any run, the visitor finds themselves, marked as not yet processed', async () => {
  const shown = await touchtrail(['journey', '--email', EMAIL, ...options]);
  expect(shown.stderr).toBe('');
  expect(shown.stdout).toContain(adClickVisitor);
  expect(shown.stdout).toMatch(/not yet processed/i);
  expect(shown.stdout).not.toContain(EMAIL);
});

test('a second device arrives by the link of an e-mail, months later', async () => {
  await close();
  await moveBack(MONTHS_LATER);
  await open();
  const phone = await browser.newContext({
    userAgent: PHONE,
    viewport: { width: 375, height: 812 },
  });
  const page = await phone.newPage();
  await visit(page, `/pricing?utm_source=newsletter&utm_medium=email&utm_campaign=spring-letter&ehash=${HASH}`);
  expect(page.url()).not.toContain('ehash');
  await visit(page, '/');
  await settled(page);
  mailReader = await cookie(phone);
  expect(mailReader).not.toBe(adClickVisitor);
  await phone.close();
});

test('an event that tells too much is taken or refused, and loses the addresses in it either way', async () => {
  const told = { anonymousId: 'somebody-else', context: { ip: IP } };
  const answer = await fetch(`${up.url}/v1/batch`, {
    method: 'POST',
    headers: { 'cf-connecting-ip': IP, 'x-forwarded-for': IP, 'user-agent': LAPTOP },
    body: JSON.stringify({
      writeKey: 'demo',
      batch: [
        { ...told, type: 'track', event: 'Video Played', messageId: 'taken' },
        { ...told, type: 'trak', messageId: 'misspelt', properties: { email: EMAIL, comment: `write to ${EMAIL}` } },
      ],
    }),
  });
  expect(await answer.json()).toMatchObject({
    results: [
      { message_id: 'taken', status: 'ok' },
      { message_id: 'misspelt', status: 'rejected', reason: 'invalid_value' },
    ],
  });
});

test('the deal closes months later: its revenue stands in the month of the close, its credit with the ad click before the lead', async () => {
  const [lead] = await leads();
  const closedAt = daysFromNow(0);
  await writeDeals([{ deal_id: 'D-1', lead_id: lead!['lead_id']!, closed_at: closedAt, amount: '50000.00' }]);

  const run = await touchtrail(['run', ...options]);
  expect(run.stderr).not.toMatch(/error/i);
  expect(run.code).toBe(0);

  const period = ['--from', '2020-01-01', '--to', daysFromNow(400), '--interval', 'month'];
  const columns = [
    '--conversion',
    'closed_won',
    '--model',
    'first_click,last_significant_click',
    '--metrics',
    'conversions,conversion_value',
  ];
  const months = await touchtrailJson<ReportResult>(['report', '--by', 'date,channel,campaign', ...period, ...columns, ...options]);
  expect(months.rows).toEqual([
    {
      dimensions: { date: `${closedAt.slice(0, 7)}-01`, channel: 'Paid Search', campaign: 'dispatch-software' },
      figures: {
        'closed_won.first_click.conversions': 1,
        'closed_won.first_click.conversion_value': 50_000,
        'closed_won.last_significant_click.conversions': 1,
        'closed_won.last_significant_click.conversion_value': 50_000,
      },
    },
  ]);

  const journey = await touchtrailJson<Journey>(['journey', '--lead', lead!['lead_id']!, ...options]);
  const click = journey.sessions.find((session) => session.campaign === 'dispatch-software')!;
  for (const model of ['first_click', 'last_click', 'last_significant_click']) {
    expect(click.credits).toContainEqual({ conversion: 'closed_won', conversion_id: 'D-1', model, credit: 1, value: 50_000 });
  }
});

test('the journey shows both devices and the signal that joined them', async () => {
  const journey = await touchtrailJson<Journey>(['journey', '--email', EMAIL, ...options]);
  expect(journey.person_ids).toHaveLength(1);
  expect(journey.devices.map(({ anonymous_id, device_type }) => [anonymous_id, device_type])).toEqual([
    [adClickVisitor, 'desktop'],
    [mailReader, 'mobile'],
  ]);
  expect(journey.sessions.map(({ anonymous_id, channel, campaign }) => [anonymous_id, channel, campaign])).toEqual([
    [adClickVisitor, 'Paid Search', 'dispatch-software'],
    [mailReader, 'Email', 'spring-letter'],
  ]);
  expect(journey.signals.filter(({ joins }) => joins)).toMatchObject([
    {
      key_name: 'email_hash',
      shown_value: `${HASH.slice(0, 8)}…`,
      seen: [
        { anonymous_id: adClickVisitor, origin: 'form', verdict: 'used' },
        { anonymous_id: mailReader, origin: 'url', verdict: 'used' },
      ],
    },
  ]);
  expect(journey.pending).toEqual([]);

  const { stdout } = await touchtrail(['journey', '--email', EMAIL, ...options]);
  expect(stdout).toMatch(new RegExp(`^ +D1 +.*desktop.* anonymous_id ${adClickVisitor}$`, 'm'));
  expect(stdout).toMatch(new RegExp(`^ +D2 +.*mobile.* anonymous_id ${mailReader}$`, 'm'));
  expect(stdout).toMatch(
    new RegExp(`^Joined by\\n +email_hash ${HASH.slice(0, 8)}…\\n +D1 .* · form · deterministic\\n +D2 .* · url · weak$`, 'm'),
  );
  expect(stdout).toMatch(/^ .* D1 +Paid Search · google \/ cpc · dispatch-software · \/ · /m);
  expect(stdout).toMatch(/^ .* D2 +Email · newsletter \/ email · spring-letter · \/pricing · 2 pages$/m);
  expect(stdout).toMatch(/^ .* ★ +Closed\/Won D-1 · €50,000\.00$/m);
  expect(stdout).not.toMatch(/not yet processed/i);
  expect(stdout.toLowerCase()).not.toContain(EMAIL.toLowerCase());
});

test('a second run on unchanged data changes no row and keeps the publication', async () => {
  const again = await touchtrailJson<{ changes: Record<string, Record<string, number>>; publication_kept: boolean }>(['run', ...options]);
  const touched = Object.entries(again.changes).filter(([, change]) => Object.values(change).some((rows) => rows > 0));
  expect(touched).toEqual([]);
  expect(again.publication_kept).toBe(true);
});

test('nothing that is stored holds the visitor’s address or IP address, but for the tables of the CRM', async () => {
  const data = join(folder, 'data');
  const files = (await readdir(data, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(data, join(entry.parentPath, entry.name)));
  const searched = files.filter((file) => !NOT_OF_VISITORS.has(file));
  // The edge ran twice, once for each device.
  expect(searched.filter((file) => file.startsWith('landing/loaded/'))).toHaveLength(2);
  expect(searched.filter((file) => file.startsWith('publications/') && file.endsWith('.duckdb'))).toHaveLength(1);
  for (const file of searched) {
    const bytes = (await readFile(join(data, file))).toString('latin1').toLowerCase();
    for (const secret of SECRETS) expect(bytes.includes(secret), `${file} holds ${secret}`).toBe(false);
  }
});

test('no table but those of the CRM holds the visitor’s address or IP address, in any column', async () => {
  const data = join(folder, 'data');
  const { file } = JSON.parse(await readFile(join(data, 'publications', 'current.json'), 'utf8')) as { file: string };
  const found = {
    ...(await tablesThatTell(join(data, 'warehouse.duckdb'))),
    ...(await tablesThatTell(join(data, 'publications', file), 'published ')),
  };
  expect(found).toMatchObject({ events: 0, events_raw: 0, failed_events: 0, conversions: 0, 'published conversions': 0 });
  expect(Object.keys(found).filter((name) => found[name]! > 0)).toEqual(['crm_leads']);
});

/** What must not be found, in lower case: the name and the domain of the address alone would be too much already. */
const SECRETS = ['harrow-field', 'ashgrove', IP, '127.0.0.1'];

/** Files of the data folder that hold nothing of visitors, or the CRM's own rows. */
const NOT_OF_VISITORS = new Set([
  // The address on which the edge listens is this machine's own.
  'up.json',
  'runtime/workerd.sh',
  // Contains the CRM's tables; its other tables are asked one by one.
  'warehouse.duckdb',
]);

/** By table, the rows that hold one of the secrets in any column. */
async function tablesThatTell(file: string, prefix = ''): Promise<Record<string, number>> {
  const warehouse = await openDuckDb(file, { readOnly: true });
  try {
    const tables = await warehouse.rows<{ name: string }>(sql`select table_name as name from information_schema.tables order by 1`);
    const counts: Record<string, number> = {};
    for (const { name } of tables) {
      const [row] = await warehouse.rows<{ hits: number }>(
        sql`select count(*) as hits from ${table(name)} as stored where regexp_matches(lower(cast(stored as varchar)), ${SECRETS.join('|').replaceAll('.', String.raw`\.`)})`,
      );
      counts[prefix + name] = row!.hits;
    }
    return counts;
  } finally {
    await warehouse.close();
  }
}

/** Starts the edge and the website. */
async function open(): Promise<void> {
  up = await startUp(options);
  site = await startSite({
    port: 0,
    host: '127.0.0.1',
    edgeUrl: `http://t.fernhill.example:${new URL(up.url).port}`,
    writeKey: 'demo',
    crmFolder: join(folder, 'crm'),
  });
  website = `http://www.fernhill.example:${new URL(site.url).port}`;
}

async function close(): Promise<void> {
  await site?.stop();
  await up?.stop();
}

/** Moves everything that has happened so far back in time: the landed events and the lead. */
async function moveBack(days: number): Promise<void> {
  const earlier = (time: string) => new Date(Date.parse(time) - days * 86_400_000).toISOString();
  for (const file of await pendingSegments(join(folder, 'data'))) {
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll(/(?<="(?:occurred_at|received_at|sent_at|original_timestamp)":")[^"]+/g, earlier));
  }
  const crm = join(folder, 'crm', 'leads.csv');
  await writeFile(crm, (await readFile(crm, 'utf8')).replace(/(?<=\n[^,]+,)[^,]+/, earlier));
}

/** Opens a page and waits until the tracker has sent its page view. */
async function visit(page: Page, path: string): Promise<void> {
  const sent = page.waitForResponse((response) => response.url().includes('/v1/') && response.request().method() === 'POST');
  await page.goto(`${website}${path}`);
  expect((await sent).status()).toBe(200);
}

/** Waits until the page after a form has sent what there was to send. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
}

async function cookie(context: BrowserContext): Promise<string> {
  const found = (await context.cookies(website)).find(({ name }) => name === 'anonymous_id');
  expect(found?.value).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  return found!.value;
}

async function leads(): Promise<Record<string, string>[]> {
  const [header, ...rows] = (await readFile(join(folder, 'crm', 'leads.csv'), 'utf8')).trim().split('\n');
  const names = header!.split(',');
  return rows.map((row) => Object.fromEntries(row.split(',').map((cell, i) => [names[i]!, cell])));
}

async function writeDeals(deals: { deal_id: string; lead_id: string; closed_at: string; amount: string }[]): Promise<void> {
  const rows = deals.map(
    (deal) => `${deal.deal_id},${deal.lead_id},Harrow Field,${new Date().toISOString()},closed_won,${deal.closed_at},${deal.amount},EUR\n`,
  );
  await writeFile(join(folder, 'crm', 'deals.csv'), `deal_id,lead_id,name,created_at,stage,closed_at,amount,currency\n${rows.join('')}`);
  const stages = deals.map((deal) => `${deal.deal_id},closed_won,${deal.closed_at}T12:00:00Z\n`);
  await writeFile(join(folder, 'crm', 'deal_stages.csv'), `deal_id,stage,entered_at\n${stages.join('')}`);
}

function daysFromNow(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}
