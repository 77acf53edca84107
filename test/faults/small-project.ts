import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { toLandingLines } from '../../edge/contract/delivery.ts';
import type { EventRow } from '../../edge/contract/event-row.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import { projectTables } from '../../pipeline/sources/project-tables.ts';
import { PUBLISHED_TABLES } from '../../pipeline/night/publish.ts';
import { NIGHT_TABLES } from '../../pipeline/night/tables.ts';
import { landed } from '../../pipeline/query/testing/journey-world.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { join as joinSql, raw, sql, table } from '../../pipeline/warehouse/sql.ts';
import type { Row, TableDefinition } from '../../pipeline/warehouse/warehouse.ts';

/** A project of a few visitors, leads and deals in a temporary folder, with the landing of one night at a time. */
export interface SmallProject {
  readonly folder: string;
  readonly configFile: string;
  readonly dataFolder: string;
}

const CONFIG = `
import { defineConfig } from 'touchtrail';
export default defineConfig({
  project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
  sources: {
    crm_leads: {
      csv: 'leads.csv',
      columns: { lead_id: 'STRING', created_at: 'TIMESTAMP', email: 'STRING', anonymous_id: 'STRING' },
      key: ['lead_id'],
      identity: { anonymous_id: 'anonymous_id', email: 'email' },
      seen: 'created_at',
    },
    crm_deals: {
      csv: 'deals.csv',
      columns: { deal_id: 'STRING', lead_id: 'STRING', closed_at: 'DATE', amount: 'FLOAT64' },
      key: ['deal_id'],
    },
  },
  costs: [{ csv: 'google_ads.csv', platform: 'google_ads', source: 'google', medium: 'cpc' }],
  conversions: [
    // Whenever the test runs, the second night sees what has changed.
    { name: 'lead', label: 'Lead', sql: 'lead.sql', adjustmentDays: 3650 },
    { name: 'closed_won', label: 'Closed/Won', sql: 'closed_won.sql', value: 'money', adjustmentDays: 3650 },
  ],
  attribution: { models: ['last_significant_click', 'linear', 'markov'] },
  funnel: ['lead', 'closed_won'],
  eventFunnels: [
    { name: 'return', label: 'Return', steps: [{ name: 'first', page_path: '/' }, { name: 'again', page_path: '/' }], windowHours: 48 },
  ],
});
`;

const FILES: Readonly<Record<string, string>> = {
  'touchtrail.config.ts': CONFIG,
  'lead.sql': `select lead_id as id, created_at as created, anonymous_id as client_id, email from crm_leads
    where created_at >= @from and created_at < @to`,
  'closed_won.sql': `select deals.deal_id as id, deals.closed_at as created, leads.anonymous_id as client_id, leads.created_at as attribution_time,
      deals.amount as value, 'EUR' as currency
    from crm_deals as deals inner join crm_leads as leads on leads.lead_id = deals.lead_id
    where deals.closed_at >= cast(@from as date) and deals.closed_at < cast(@to as date)`,
  'google_ads.csv': costs(['2026-03-01,1,7,Brand,,,,,12.34,100,5']),
  'leads.csv': leads(['L1,2026-03-02 10:30:00,ada@example.com,visitor-a']),
  'deals.csv': deals(['D1,L1,2026-03-20,4800']),
};

export function createProject(): SmallProject {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'touchtrail-night-')));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const project = projectIn(folder);
  land(project, 'night-1', [
    visit('m1', 'visitor-a', '2026-03-02T10:00:00.000Z', { utm_source: 'google', utm_medium: 'cpc', utm_campaign: 'Brand' }),
    visit('m2', 'visitor-a', '2026-03-02T10:20:00.000Z', {}),
    visit('m2', 'visitor-a', '2026-03-02T10:20:00.000Z', {}),
    visit('m3', 'visitor-b', '2026-03-02T12:00:00.000Z', { referrer: 'https://www.bing.com/' }),
  ]);
  return project;
}

/**
 * What the second night finds: more visits of old and new visitors, one of them of a month that no model is fitted to yet, two
 * leads more, a deal changed, another day of costs.
 */
export function secondDay(project: SmallProject): void {
  land(project, 'night-2', [
    visit('m4', 'visitor-b', '2026-03-02T12:10:00.000Z', {}),
    visit('m5', 'visitor-b', '2026-03-03T09:00:00.000Z', { utm_source: 'newsletter', utm_medium: 'email' }),
    visit('m7', 'visitor-d', '2026-02-10T10:00:00.000Z', { utm_source: 'partner', utm_medium: 'referral' }),
    { ...visit('m6', 'visitor-c', '2026-03-03T09:30:00.000Z', {}), email_hashes: [{ hash: 'b'.repeat(64), origin: 'form' }] },
  ]);
  writeFileSync(
    join(project.folder, 'leads.csv'),
    leads([
      'L0,2026-02-10 10:30:00,,visitor-d',
      'L1,2026-03-02 10:30:00,ada@example.com,visitor-a',
      'L2,2026-03-03 09:40:00,ada@example.com,visitor-b',
    ]),
  );
  writeFileSync(join(project.folder, 'deals.csv'), deals(['D1,L1,2026-03-21,5200.50', 'D2,L2,2026-03-25,900']));
  writeFileSync(
    join(project.folder, 'google_ads.csv'),
    costs(['2026-03-01,1,7,Brand,,,,,12.34,100,5', '2026-03-02,1,7,Brand,,,,,20.00,180,9']),
  );
}

/** The same project in a folder of its own. */
export function copyProject(project: SmallProject): SmallProject {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'touchtrail-night-')));
  cpSync(project.folder, folder, { recursive: true });
  return projectIn(folder);
}

/** When a run did something: two runs that do the same differ by it. */
const TIMES_OF_RUNS: ReadonlySet<string> = new Set([
  'definitions.built_at',
  'identity_changes.changed_at',
  'conversion_changes.changed_at',
  'model_versions.fitted_at',
]);

/** The rows of all tables the night makes, its own book-keeping left out, and of what it published, each in a fixed order. */
export async function contents(project: SmallProject): Promise<Record<string, readonly Row[]>> {
  const { config } = await loadConfig(project.configFile);
  const stored = await rowsOf(join(project.dataFolder, 'warehouse.duckdb'), projectTables(config), '');
  const pointer = JSON.parse(readFileSync(join(project.dataFolder, 'publications', 'current.json'), 'utf8')) as { file: string };
  const booked = new Set(NIGHT_TABLES.map(({ name }) => name));
  const published = await rowsOf(
    join(project.dataFolder, 'publications', pointer.file),
    PUBLISHED_TABLES.filter(({ name }) => !booked.has(name)),
    'published ',
  );
  return { ...stored, ...published };
}

async function rowsOf(file: string, tables: readonly TableDefinition[], prefix: string): Promise<Record<string, readonly Row[]>> {
  const warehouse = await openDuckDb(file);
  try {
    const result: Record<string, readonly Row[]> = {};
    for (const { name, columns: all } of tables) {
      const columns = all.filter((column) => !TIMES_OF_RUNS.has(`${name}.${column.name}`));
      const list = joinSql(columns.map((column) => raw(column.name)));
      const rows: Row[] = [];
      // Persons have integer keys of 60 bits.
      const query = sql`select ${list} from ${table(name)} order by all`;
      for await (const batch of warehouse.batches(query, name, { largeIntegers: 'text' })) {
        for (const i of batch[0]!.keys()) rows.push(Object.fromEntries(columns.map((column, c) => [column.name, batch[c]![i]!])));
      }
      result[prefix + name] = rows;
    }
    return result;
  } finally {
    await warehouse.close();
  }
}

function projectIn(folder: string): SmallProject {
  return { folder, configFile: join(folder, 'touchtrail.config.ts'), dataFolder: join(folder, 'data') };
}

/** Puts a sealed segment where the edge would. */
export function land(project: SmallProject, segment: string, events: readonly EventRow[], more = ''): string {
  const header = {
    edge_instance: segment,
    edge_sequence: 1,
    received_at: '2026-03-02T10:00:00.000Z',
    write_key_id: 'wk_1',
    count: events.length,
  };
  const file = join(project.dataFolder, 'landing', 'sealed', `${segment}.ndjson`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, toLandingLines({ header, events: events.map((event) => ({ ...event, edge_instance: segment })), failed: [] }) + more);
  return file;
}

export function visit(messageId: string, visitor: string, at: string, more: Partial<EventRow>): EventRow {
  const page = { page_url: 'https://www.fernhill.example/', page_path: '/', country: 'DE' };
  return landed({ message_id: messageId, anonymous_id: visitor, received_at: at, ...page, ...more });
}

function leads(rows: readonly string[]): string {
  return ['lead_id,created_at,email,anonymous_id', ...rows, ''].join('\n');
}

function deals(rows: readonly string[]): string {
  return ['deal_id,lead_id,closed_at,amount', ...rows, ''].join('\n');
}

function costs(rows: readonly string[]): string {
  return ['date,account_id,campaign_id,campaign,ad_group_id,ad_group,ad_id,ad,cost,impressions,clicks', ...rows, ''].join('\n');
}
