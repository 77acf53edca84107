import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { renderCohort } from '../../pipeline/cli/render/funnel-cohort.ts';
import { renderEventFunnel } from '../../pipeline/cli/render/funnel-events.ts';
import { PLAIN } from '../../pipeline/cli/render/text.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import { attribution } from '../../pipeline/models/attribution/attribution.ts';
import { conversions } from '../../pipeline/models/conversions/conversions.ts';
import { events } from '../../pipeline/models/events/events.ts';
import { funnels } from '../../pipeline/models/funnels/funnels.ts';
import { identity } from '../../pipeline/models/identity/identity.ts';
import { publishedConfig } from '../../pipeline/models/reports/publication.ts';
import { reports } from '../../pipeline/models/reports/reports.ts';
import { sessions } from '../../pipeline/models/sessions/sessions.ts';
import { runCohort } from '../../pipeline/query/funnel/cohort.ts';
import { type CohortQueryInput, parseCohortQuery } from '../../pipeline/query/funnel/cohort-schema.ts';
import { parseEventFunnelQuery, runEventFunnel } from '../../pipeline/query/funnel/event-funnel.ts';
import type { Publication } from '../../pipeline/query/publication.ts';
import { type World, openWorld, page } from '../../pipeline/testing/world.ts';
import type { TableDefinition } from '../../pipeline/warehouse/warehouse.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..');
const text = await readFile(join(root, 'docs', 'funnels.md'), 'utf8');
const blocks = await codeBlocks('funnels.md');

let world: World | undefined;
let folder: string | undefined;
afterEach(async () => {
  await world?.close();
  if (folder !== undefined) await rm(folder, { recursive: true });
  world = folder = undefined;
});

/** A project whose config holds a part of the page, with the queries of the example company. */
async function project(part: string): Promise<World> {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-docs-funnels-'));
  await cp(join(root, 'examples', 'fernhill', 'conversions'), join(folder, 'conversions'), { recursive: true });
  const config = join(folder, 'touchtrail.config.mjs');
  await writeFile(config, `export default { project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }, ${part} };`);
  world = await openWorld({ ...(await loadConfig(config)).config, site: { domains: ['www.fernhill.example'] } });
  return world;
}

async function night(): Promise<Publication> {
  const { warehouse, config } = world!;
  for (const step of [events, sessions, identity, conversions, attribution, funnels, reports])
    await step({ warehouse, config, configFolder: folder!, now: '2026-05-01T03:00:00.000Z' });
  return {
    publication_id: 'p',
    published_at: '2026-05-01T03:00:00.000000Z',
    data_up_to: '2026-05-01T03:00:00.000000Z',
    config: { ...publishedConfig(config), params: [] },
  };
}

const crm = (name: string, columns: Readonly<Record<string, 'STRING' | 'TIMESTAMP' | 'DATE' | 'FLOAT64'>>): TableDefinition => ({
  name,
  description: 'Of the CRM.',
  columns: Object.entries(columns).map(([column, type]) => ({ name: column, type, description: 'Of the CRM.' })),
  key: [],
});
const LEADS = crm('crm_leads', {
  lead_id: 'STRING',
  created_at: 'TIMESTAMP',
  email: 'STRING',
  anonymous_id: 'STRING',
  mql_at: 'TIMESTAMP',
  hand_raised_at: 'TIMESTAMP',
});
const DEALS = crm('crm_deals', {
  deal_id: 'STRING',
  lead_id: 'STRING',
  stage: 'STRING',
  closed_at: 'DATE',
  amount: 'FLOAT64',
  currency: 'STRING',
});

const time = (cell: string): string | null => (cell === '' ? null : `${cell.replace(' ', 'T')}:00.000Z`);

test('the cohorts of the page are those that its leads make', async () => {
  const site = await project(blockOf(blocks, 'ts stages'));
  await site.warehouse.migrate([LEADS, DEALS]);
  const rows = tableOf(text, 'Lead | Created | Came by');
  expect(rows).toHaveLength(5);
  for (const [lead_id, created, query] of rows)
    await site.events({ who: `visitor of ${lead_id}`, at: created!, ...page(`https://www.fernhill.example/${query}`) });
  await site.load(
    LEADS,
    rows.map(([lead_id, created, , mql, hand]) => ({
      lead_id: lead_id!,
      created_at: time(created!),
      anonymous_id: `visitor of ${lead_id}`,
      mql_at: time(mql!),
      hand_raised_at: time(hand!),
    })),
  );
  await site.load(
    DEALS,
    rows.flatMap(([lead_id, , , , , deal_id, closed_at, value]) =>
      deal_id === '' ? [] : [{ deal_id: deal_id!, lead_id: lead_id!, stage: 'closed_won', closed_at: closed_at!, amount: Number(value) }],
    ),
  );
  const publication = await night();
  const shown = async (query: Partial<CohortQueryInput>): Promise<string> => {
    const march = { start_date: '2026-03-01', end_date: '2026-03-31' };
    const parsed = parseCohortQuery({ date_range: march, model: 'first_click', ...query }, publication.config);
    return renderCohort(await runCohort(site.warehouse, publication, parsed), { width: 120, emphasis: PLAIN });
  };
  expect(await shown({ stages: ['mql', 'closed_won'] })).toBe(blockOf(blocks, 'text cohort'));
  expect(await shown({ stages: ['mql', 'closed_won'], split_by: 'hand_raiser', dimension: null })).toBe(blockOf(blocks, 'text split'));
});

test('the ways of the page are those that its visitors take', async () => {
  const site = await project(blockOf(blocks, 'ts event-funnels'));
  for (const [at, who, what] of tableOf(text, 'Time | Visitor | What')) {
    const [kind, name, properties] = what!.split(' ');
    const happened =
      kind === 'page' ? page(`https://www.fernhill.example${name}`) : { type: 'track' as const, event: name!, properties: properties! };
    await site.events({ who: who!, at: at!, ...happened });
  }
  const publication = await night();
  const date_range = { start_date: '2026-03-02', end_date: '2026-03-04' };
  const query = parseEventFunnelQuery({ date_range, name: 'demo', dimension: null }, publication.config);
  const result = await runEventFunnel(site.warehouse, publication, query);
  expect(result.totals.steps.map(({ entries }) => entries)).toEqual([3, 2, 1]);
  expect(renderEventFunnel(result, { width: 120, emphasis: PLAIN })).toBe(blockOf(blocks, 'text events'));
});
