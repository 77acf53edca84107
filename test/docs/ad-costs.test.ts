import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coverageView } from '../../pipeline/cli/render/coverage.ts';
import { PLAIN } from '../../pipeline/cli/render/text.ts';
import { AD_PARAMETERS } from '../../pipeline/config/costs.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import type { Config } from '../../pipeline/config/schema.ts';
import { attribution } from '../../pipeline/models/attribution/attribution.ts';
import { conversions } from '../../pipeline/models/conversions/conversions.ts';
import { ads } from '../../pipeline/models/costs/ads.ts';
import { REPORT_ADS, stagedCosts } from '../../pipeline/models/costs/tables.ts';
import { events } from '../../pipeline/models/events/events.ts';
import { identity } from '../../pipeline/models/identity/identity.ts';
import { publishedConfig } from '../../pipeline/models/reports/publication.ts';
import { reports } from '../../pipeline/models/reports/reports.ts';
import { sessions } from '../../pipeline/models/sessions/sessions.ts';
import { costCoverage } from '../../pipeline/query/coverage/coverage.ts';
import { parseCoverageQuery } from '../../pipeline/query/coverage/schema.ts';
import { syncCosts } from '../../pipeline/sources/costs.ts';
import { type World, openWorld, page } from '../../pipeline/testing/world.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const text = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'ad-costs.md'), 'utf8');
const blocks = await codeBlocks('ad-costs.md');
const VISITS = tableOf(text, 'Landing address | Platform | Campaign | Ad group | Ad | Matched by');
const FILES = ['ts touchtrail.config.ts', 'csv costs/google_ads.csv', 'csv costs/meta_ads.csv'];

let folder: string;
let world: World;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-docs-ad-costs-'));
  for (const name of FILES) {
    const file = join(folder, name.split(' ')[1]!);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, blockOf(blocks, name));
  }
  const { config } = await loadConfig(join(folder, 'touchtrail.config.ts'));
  world = await openWorld(config);
  await world.events(
    ...VISITS.map(([address], i) => ({ who: `v${i}`, at: '2026-03-03 10:00', ...page(`https://www.fernhill.example${address!}`) })),
  );
  // The first two become leads.
  await world.events(...[0, 1].map((i) => ({ who: `v${i}`, at: '2026-03-03 10:05', type: 'track' as const, event: 'Lead' })));
  const context = { ...world, configFolder: folder, now: '2026-04-01T03:00:00.000Z' };
  for (const step of [events, syncCosts, sessions, identity, conversions, attribution, reports, ads]) await step(context);
});
afterAll(async () => {
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

test('the visits of the page are of the ads that it says', async () => {
  const rows = await world.rows(`
    select ads.ad_platform, ads.campaign, ads.ad_group, ads.ad, ads.matched_by
    from report_sessions as facts
    inner join sessions on sessions.session_id = facts.session_id
    left join report_ads as ads on ads.ad_reference = facts.ad_reference
    order by sessions.anonymous_id`);
  expect(rows.map((row) => Object.values(row).map((value) => value ?? ''))).toEqual(VISITS.map(([, ...found]) => found));
});

test('what `touchtrail sources costs` shows is what the page shows', async () => {
  const publication = {
    publication_id: 'p1',
    published_at: '2026-04-01T03:00:00.000000Z',
    data_up_to: null,
    config: { ...publishedConfig(world.config), params: [] },
  };
  const date_range = { start_date: '2026-03-01', end_date: '2026-03-31' };
  const coverage = await costCoverage(world.warehouse, publication, parseCoverageQuery({ date_range }, publication.config));
  expect(coverageView(coverage).text({ width: 120, emphasis: PLAIN })).toBe(blockOf(blocks, 'text coverage'));
});

test('the parameters of landing addresses and the ways of matching are those that there are', () => {
  expect(tableOf(text, 'Id of | Parameters')).toEqual(Object.entries(AD_PARAMETERS).map(([level, names]) => [level, names.join(', ')]));
  const ways = tableOf(text, '`matched_by` | What the session says').map(([way]) => way!);
  const described = REPORT_ADS.columns.find(({ name }) => name === 'matched_by')!.description;
  for (const way of ways) expect(described).toContain(way);
});

test('the columns of a file are those that the page names', () => {
  const named = tableOf(text, 'Column of a file').flatMap(([columns]) => columns!.split(', '));
  expect(named.toSorted()).toEqual(
    stagedCosts(0)
      .columns.map(({ name }) => name)
      .toSorted(),
  );
});

test('the tables and parameters of the page are a config', async () => {
  const { costs } = await configWith(blockOf(blocks, 'ts tables'));
  expect(costs.map(({ platform, source, medium }) => [platform, source, medium])).toEqual([
    ['google_ads', 'google', 'cpc'],
    ['meta_ads', 'facebook', 'paid_social'],
    ['reddit_ads', 'reddit', 'paid'],
  ]);
  const own = await configWith(
    `costs: [{ csv: 'costs/meta_ads.csv', platform: 'x', source: 'x', medium: 'x', ${blockOf(blocks, 'ts match')} }]`,
  );
  expect(own.costs[0]!.match).toEqual({ campaignId: ['kampagne'], adGroupId: [], adId: ['anzeige'] });
});

let configs = 0;
async function configWith(part: string): Promise<Config> {
  const file = join(folder, `part-${++configs}.config.mjs`);
  await writeFile(file, `export default { project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }, ${part} };`);
  return (await loadConfig(file)).config;
}
