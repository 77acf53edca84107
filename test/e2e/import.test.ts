import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKey, listKeys } from '../../pipeline/embedded/keys.ts';
import type { Journey } from '../../pipeline/query/journey/types.ts';
import type { ReportResult } from '../../pipeline/query/result.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { sql } from '../../pipeline/warehouse/sql.ts';
import { type RunningUp, startUp, touchtrail, touchtrailJson } from '../cli.ts';

/*
 * A deal that closes in the first week: the visit that brought it lies before tracking began, in the export of Google Analytics. The
 * tracker has reported the GA client id of the lead's browser, by which the two meet.
 */
const CLIENT_ID = '1234567890.1714979280';
const VISITOR = '0198a000-0000-7000-8000-000000000001';
const LAPTOP = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36';
const DAY_MS = 86_400_000;
const NOW = Date.now();
const dayFromNow = (days: number) => new Date(NOW + days * DAY_MS).toISOString().slice(0, 10);

const CONFIG = `
import { defineConfig } from 'touchtrail';
export default defineConfig({
  project: { name: 'Fernhill', timeZone: 'UTC', currency: 'EUR' },
  sources: {
    crm_deals: {
      csv: 'deals.csv',
      columns: { deal_id: 'STRING', anonymous_id: 'STRING', closed_at: 'TIMESTAMP', amount: 'FLOAT64' },
      key: ['deal_id'],
    },
  },
  conversions: [{ name: 'closed_won', label: 'Closed/Won', sql: 'closed_won.sql', value: 'money' }],
});
`;
const CLOSED_WON = `select deal_id as id, closed_at as created, anonymous_id as client_id, amount as value, 'EUR' as currency
from crm_deals where closed_at >= @from and closed_at < @to
`;

/** A row of the GA4 export, twenty days ago. */
function ga4Row(seconds: number, name: string, params: readonly object[]): object {
  const at = BigInt(NOW - 20 * DAY_MS + seconds * 1000) * 1000n;
  return {
    event_timestamp: String(at),
    event_name: name,
    event_params: [{ key: 'ga_session_id', value: { int_value: '1714979280' } }, ...params],
    user_pseudo_id: CLIENT_ID,
    geo: { country: 'Germany', city: 'Cologne' },
    platform: 'WEB',
    stream_id: '1',
  };
}
const location = (url: string) => ({ key: 'page_location', value: { string_value: url } });
const LANDING = location('https://www.fernhill.example/?utm_source=google&utm_medium=cpc&utm_campaign=dispatch-software');
const ROWS = [
  ga4Row(0, 'session_start', [LANDING]),
  ga4Row(0, 'page_view', [LANDING]),
  ga4Row(40, 'page_view', [location('https://www.fernhill.example/pricing')]),
];

let folder: string;
let options: string[];
let up: RunningUp;
let siteKey: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-import-e2e-'));
  options = ['--data', join(folder, 'data'), '--config', join(folder, 'touchtrail.config.ts')];
  await writeFile(join(folder, 'touchtrail.config.ts'), CONFIG);
  await writeFile(join(folder, 'closed_won.sql'), CLOSED_WON);
  const closedAt = new Date(NOW + 60_000).toISOString();
  await writeFile(join(folder, 'deals.csv'), `deal_id,anonymous_id,closed_at,amount\nD-1,${VISITOR},${closedAt},9000\n`);
  await writeFile(join(folder, 'events.json.gz'), gzipSync(ROWS.map((row) => `${JSON.stringify(row)}\n`).join('')));
  siteKey = (await createKey(join(folder, 'data'), { kind: 'browser', name: 'website', key: 'demo' })).record.id;
  up = await startUp(options);
});
afterAll(async () => {
  await up?.stop();
  await rm(folder, { recursive: true, force: true });
});

const bySource = async (): Promise<unknown> => {
  const period = ['--from', dayFromNow(-40), '--to', dayFromNow(2), '--interval', 'month'];
  const figures = ['--conversion', 'closed_won', '--model', 'first_click', '--metrics', 'conversions,conversion_value'];
  const report = await touchtrailJson<ReportResult>(['report', '--by', 'channel,campaign', ...period, ...figures, ...options]);
  return report.rows.filter(({ figures: found }) => Object.values(found).some((figure) => (figure ?? 0) !== 0));
};
const figures = { 'closed_won.first_click.conversions': 1, 'closed_won.first_click.conversion_value': 9000 };

test('without its history, a deal of the first week is credited to the direct visit', async () => {
  const page = {
    type: 'page',
    anonymousId: VISITOR,
    messageId: 'live-1',
    context: { gaClientId: CLIENT_ID, page: { url: 'https://www.fernhill.example/demo' } },
  };
  const answer = await fetch(`${up.url}/v1/batch`, {
    method: 'POST',
    headers: { 'user-agent': LAPTOP },
    body: JSON.stringify({ writeKey: 'demo', batch: [page] }),
  });
  expect(answer.status).toBe(200);
  expect((await touchtrail(['run', ...options])).code).toBe(0);
  expect(await bySource()).toMatchObject([{ dimensions: { channel: 'Direct' }, figures }]);
});

test('a dry run shows the events, and sends nothing', async () => {
  const { code, stdout } = await touchtrail(['import', join(folder, 'events.json.gz'), '--format', 'ga4', '--dry-run', ...options]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^would import 3 events of 3 records; nothing was sent\n +2 {2}page\n +1 {2}track\n/m);
  expect(stdout).toMatch(/page .*google .*cpc|1234567890\.1714979280/);
  expect((await listKeys(join(folder, 'data'))).map(({ id }) => id)).toEqual([siteKey]);
});

test('imported through the running edge, the visit before tracking began gets the credit', async () => {
  const imported = await touchtrail(['import', join(folder, 'events.json.gz'), '--format', 'ga4', ...options]);
  expect([imported.code, imported.stderr]).toEqual([0, expect.stringContaining(`touchtrail up at ${up.url}`)]);
  expect(imported.stdout).toMatch(/^imported 3 events of 3 records\n/);
  expect(imported.stdout).toMatch(/\n3 of them happened before tracking began \(\d{4}-.*\)\nnext: touchtrail run\n$/);
  // The key is nobody's to see.
  expect(imported.stdout + imported.stderr + up.log()).not.toContain('sk_');

  expect((await touchtrail(['run', ...options])).code).toBe(0);
  const [credited, journey] = await Promise.all([bySource(), touchtrailJson<Journey>(['journey', '--anonymous-id', VISITOR, ...options])]);
  expect(credited).toMatchObject([{ dimensions: { channel: 'Paid Search', campaign: 'dispatch-software' }, figures }]);
  expect(journey.person_ids).toHaveLength(1);
  expect(journey.sessions.map(({ anonymous_id, channel, page_views }) => [anonymous_id, channel, page_views])).toEqual([
    [CLIENT_ID, 'Paid Search', 2],
    [VISITOR, 'Direct', 1],
  ]);
});

test('imported again, or as a copy of what the site has sent itself, nothing changes', async () => {
  const copy = { type: 'page', anonymousId: VISITOR, messageId: 'live-1', timestamp: new Date(NOW).toISOString() };
  await writeFile(join(folder, 'archive.json'), JSON.stringify(copy));
  const imports = [
    ['events.json.gz', '--format', 'ga4'],
    ['archive.json', '--format', 'segment', '--as', 'website'],
  ];
  // At once: the running edge takes both.
  const done = await Promise.all(
    imports.map(async ([file, ...more]) => await touchtrailJson<{ stored: number }>(['import', join(folder, file!), ...more, ...options])),
  );
  expect(done.map(({ stored }) => stored)).toEqual([3, 1]);
  expect((await touchtrail(['run', ...options])).code).toBe(0);
  await up.stop();
  const warehouse = await openDuckDb(join(folder, 'data', 'warehouse.duckdb'), { readOnly: true });
  try {
    expect(await warehouse.rows(sql`select type, event, country, count(*) as events from events group by all order by all`)).toEqual([
      { type: 'page', event: null, country: 'DE', events: 2 },
      { type: 'page', event: null, country: null, events: 1 },
      { type: 'track', event: 'session_start', country: 'DE', events: 1 },
    ]);
  } finally {
    await warehouse.close();
  }
});
