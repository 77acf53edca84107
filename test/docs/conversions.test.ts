import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { EVENT_DIMENSIONS, EVENT_SESSION_DIMENSIONS } from '../../pipeline/config/filter-dimensions.ts';
import { loadConfig, type LoadedConfig } from '../../pipeline/config/load.ts';
import { attribution } from '../../pipeline/models/attribution/attribution.ts';
import { conversions } from '../../pipeline/models/conversions/conversions.ts';
import { QUERY_COLUMNS } from '../../pipeline/models/conversions/query-columns.ts';
import { events } from '../../pipeline/models/events/events.ts';
import { identity } from '../../pipeline/models/identity/identity.ts';
import { sessions } from '../../pipeline/models/sessions/sessions.ts';
import type { RunChoices, Step, StepResult } from '../../pipeline/models/step.ts';
import { reports } from '../../pipeline/models/reports/reports.ts';
import { type EventInput, type World, openWorld, page } from '../../pipeline/testing/world.ts';
import type { Row, TableDefinition } from '../../pipeline/warehouse/warehouse.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const text = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'conversions.md'), 'utf8');
const blocks = await codeBlocks('conversions.md');
const table = (header: string) => tableOf(text, header);

let world: World | undefined;
let loaded: LoadedConfig;
let folder: string | undefined;
afterEach(async () => {
  await world?.close();
  if (folder !== undefined) await rm(folder, { recursive: true });
  world = folder = undefined;
});

/** A project whose config holds a part of the page, and files of SQL beside it. */
async function project(part: string, files: readonly string[] = []): Promise<World> {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-docs-conversions-'));
  for (const name of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), blockOf(blocks, `sql ${name}`));
  }
  const config = join(folder, 'touchtrail.config.mjs');
  await writeFile(config, `export default { project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }, ${part} };`);
  loaded = await loadConfig(config);
  world = await openWorld({ ...loaded.config, site: { domains: ['www.fernhill.example'] } });
  return world;
}

/** A night up to the conversions. */
const night = async (now = '2026-07-01T03:00:00.000Z', choices: RunChoices = {}) =>
  await run([events, sessions, identity, conversions], now, choices);

/** A night up to the reports. */
const wholeNight = async () => await run([events, sessions, identity, conversions, attribution, reports], '2026-07-01T03:00:00.000Z');

async function run(steps: readonly Step[], now: string, choices: RunChoices = {}): Promise<StepResult[]> {
  const results = [];
  for (const step of steps)
    results.push(await step({ warehouse: world!.warehouse, config: world!.config, configFolder: folder!, now, ...choices }));
  return results;
}

/** An event as a table of the page writes it. */
const sent = (at: string, who: string, event: string, properties: string): EventInput => ({
  at,
  who,
  type: 'track',
  event,
  properties,
  ...(who === '' && { anonymous_id: null }),
});

/** The rows of a conversion as a table of the page writes them. */
async function listed(select: string, name: string): Promise<string[][]> {
  const rows = await world!.rows(`select ${select} from conversions where conversion_name = '${name}' order by conversion_time, id`);
  return rows.map((row) => Object.values(row).map((value) => (typeof value === 'object' ? '' : String(value))));
}

test('purchases: orders are kept once, at their first event, and refunds are taken off', async () => {
  const shop = await project(blockOf(blocks, 'ts purchase'));
  const rows = table('Time | Visitor | Event | Properties');
  expect(rows).toHaveLength(7);
  await shop.events(...rows.map(([at, who, event, properties]) => sent(at!, who!, event!, properties!)));
  await night();
  expect(await listed('id, conversion_date, raw_value_micros / 1000000 as value', 'training')).toEqual(table('Order | Day | Value'));
});

test('events: the filter leaves those that the page says', async () => {
  const site = await project(blockOf(blocks, 'ts event'));
  const rows = table('Time | Country | Properties');
  await site.events(
    ...rows.map(([at, country, properties]) => ({ ...sent(at!, `${at}`, 'demo_requested', properties!), country: country! })),
  );
  await night();
  const counting = rows.filter(([, , , verdict]) => verdict === 'counts');
  expect(counting).toHaveLength(2);
  expect(await listed('id, raw_value_micros / 1000000 as value', 'demo')).toEqual(
    counting.map(([, , properties]) => [(JSON.parse(properties!) as { lead_id: string }).lead_id, '50']),
  );
});

const visit = (who: string, query: string): EventInput[] => [
  { who, at: '10:00', ...page(`https://www.fernhill.example/${query}`) },
  { ...sent('10:01', who, 'demo_requested', '{}'), message_id: `demo of ${who}` },
];

test('events: every dimension that the page names is one, and a dimension of your own can be asked for', async () => {
  const row = table('Subject |').find(([subject]) => subject === 'dimension')!;
  const named = row[1]!
    .split(/[^a-z_]+/)
    .filter((word) => word.includes('_') || [...EVENT_DIMENSIONS, ...EVENT_SESSION_DIMENSIONS].some((name) => name === word));
  expect(named).toEqual([...EVENT_DIMENSIONS.filter((name) => !name.startsWith('utm_')), 'utm_source', ...EVENT_SESSION_DIMENSIONS]);
  const site = await project(blockOf(blocks, 'ts dimensions'));
  await site.events(
    ...visit('anna', '?gclid=1&utm_campaign=Brand%20DE'),
    ...visit('ben', '?gclid=2&utm_campaign=generic'),
    ...visit('cem', '?utm_source=newsletter&utm_campaign=brand'),
  );
  await night();
  expect(await listed('id', 'brand_demo')).toEqual([['demo of anna']]);
});

test('combined: the first of each visitor in 90 days', async () => {
  const site = await project(blockOf(blocks, 'ts combined'));
  const rows = table('Time | Visitor | Event | Properties | First contact');
  await site.events(...rows.map(([at, who, event, properties]) => sent(at!, who!, event!, properties!)));
  await night();
  expect(await listed('id', 'first_contact')).toEqual(rows.map((row) => [row[4]!]).filter(([id]) => id !== ''));
});

const crm = (name: string, columns: Readonly<Record<string, 'STRING' | 'TIMESTAMP' | 'DATE' | 'FLOAT64'>>): TableDefinition => ({
  name,
  description: 'Of the CRM.',
  columns: Object.entries(columns).map(([column, type]) => ({ name: column, type, description: 'Of the CRM.' })),
  key: [],
});
const LEADS = crm('crm_leads', { lead_id: 'STRING', created_at: 'TIMESTAMP', anonymous_id: 'STRING', email: 'STRING' });
const DEALS = crm('crm_deals', { deal_id: 'STRING', closed_at: 'DATE', lead_id: 'STRING', amount: 'FLOAT64', stage: 'STRING' });

async function company(): Promise<World> {
  const opened = await project('', ['conversions/closed_won.sql', 'conversions/lead.sql']);
  await opened.warehouse.migrate([LEADS, DEALS]);
  return opened;
}

/** The deals as the CRM has them on the first or the second of July. */
const deals = (day: 1 | 2): Row[] =>
  table('Deal | Closed').flatMap(([deal_id, closed_at, before, after]) => {
    const [stage, amount] = day === 1 ? ['closed_won', before!] : after!.split(' ');
    return amount === '' ? [] : [{ deal_id: deal_id!, closed_at: closed_at!, lead_id: 'L-1', stage: stage!, amount: Number(amount) }];
  });

describe('queries', () => {
  test('the front matter of the page is read, with the window and the parent', async () => {
    await company();
    expect(loaded.config.conversions).toMatchObject([
      { name: 'closed_won', label: 'Closed/Won', value: 'money', adjustmentDays: 180, inherit: { from: 'lead' } },
      { name: 'lead', label: 'Lead', value: 'none', adjustmentDays: 30 },
    ]);
  });

  test('the columns of the page are those that a query may return', () => {
    expect(table('Column | Type').map(([column, type]) => [column, type])).toEqual(
      Object.entries(QUERY_COLUMNS).map(([name, { expected }]) => [name, expected]),
    );
  });

  test('a deal takes the credits of its lead', async () => {
    const opened = await company();
    await opened.load(LEADS, [{ lead_id: 'L-1', created_at: '2026-03-02T12:00:00.000Z', anonymous_id: 'anna' }]);
    await opened.load(DEALS, deals(1));
    await opened.events({ who: 'anna', at: '10:00', ...page('https://www.fernhill.example/?utm_source=newsletter&utm_medium=email') });
    await wholeNight();
    // 8,000 in December and 50,000 in May: long before and after the look-back window of the lead.
    expect(
      await opened.rows(
        `select conversion_id as id, credit, inherited_from_id as lead from attribution
         where conversion_name = 'closed_won' and model = 'first_click' order by conversion_id`,
      ),
    ).toEqual(['D-1', 'D-2', 'D-3'].map((id) => ({ id, credit: 1_000_000_000, lead: 'L-1' })));
  });

  test('the second night follows the CRM in its window, logs it, and says what it does not follow; --full does', async () => {
    const opened = await company();
    await opened.warehouse.load(DEALS, deals(1), { replace: true });
    await night('2026-07-01T03:00:00.000Z');
    const values = 'id, raw_value_micros / 1000000 as value';
    expect(await listed(values, 'closed_won')).toEqual([
      ['D-3', '8000'],
      ['D-1', '50000'],
      ['D-2', '12000'],
    ]);
    await opened.warehouse.load(DEALS, deals(2), { replace: true });
    const results = await night('2026-07-02T03:00:00.000Z');
    expect(await listed(values, 'closed_won')).toEqual([
      ['D-3', '8000'],
      ['D-1', '75000'],
      ['D-4', '20000'],
    ]);
    const log = await opened.rows(
      `select id, change, column_name, from_value, to_value, reason from conversion_changes order by id, column_name`,
    );
    expect(log.map((row) => Object.values(row).map((value) => value ?? ''))).toEqual(table('Id | Change | Column'));
    expect(results.flatMap(({ warnings }) => warnings)).toContain(blockOf(blocks, 'text not followed').trim());
    await night('2026-07-02T04:00:00.000Z', { full: ['closed_won'] });
    expect((await listed(values, 'closed_won'))[0]).toEqual(['D-3', '9000']);
  });

  test('an export that lacks all of the deals stops the run', async () => {
    const opened = await company();
    await opened.load(DEALS, deals(1));
    await night();
    await opened.warehouse.load(DEALS, [], { replace: true });
    await expect(night('2026-07-02T03:00:00.000Z')).rejects.toThrow('touchtrail run --allow-mass-delete');
    await night('2026-07-02T04:00:00.000Z', { allowMassDelete: true });
    // The deal of December lies before the window.
    expect(await listed('id', 'closed_won')).toEqual([['D-3']]);
  });
});

test('normalised values: the sums of 30 days are those of the reference', async () => {
  const site = await project(blockOf(blocks, 'ts normalize'));
  const rows = table('Time | Event | Properties | Value | Normalised');
  await site.events(...rows.map(([at, event, properties]) => sent(at!, 'anna', event!, properties!)));
  await night();
  const found = await site.rows(
    `select raw_value_micros / 1000000 as raw, value_micros / 1000000 as normalised from conversions order by conversion_time`,
  );
  expect(found).toEqual(rows.map((row) => ({ raw: Number(row[3]), normalised: Number(row[4]) })));
});

test('self-reported: an answer is the channel where nothing but direct visits led there', async () => {
  const site = await project(blockOf(blocks, 'ts self-reported'));
  const rows = table('Visitor | Came by | Answer');
  for (const [who, address, answer] of rows) {
    const properties = JSON.stringify({ lead_id: `lead of ${who}`, self_reported_source: answer });
    await site.events({ who: who!, at: '10:00', ...page(address!) }, sent('10:01', who!, 'demo_requested', properties));
  }
  await wholeNight();
  const found = await site.rows(
    `select conversion_id as id, channel from report_credits where model = 'last_click' order by conversion_id`,
  );
  expect(found).toEqual(rows.map(([who, , , channel]) => ({ id: `lead of ${who}`, channel })));
});
