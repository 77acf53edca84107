import { REPORT_ADS } from '../../models/costs/tables.ts';
import { REPORT_COSTS, REPORT_CREDITS, REPORT_OTHER_COSTS, REPORT_SESSIONS } from '../../models/reports/tables.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import type { Row, TableDefinition } from '../../warehouse/warehouse.ts';
import type { Publication } from '../publication.ts';

/**
 * A small published world for the tests of the readers, every row written by hand.
 *
 * Person 1 clicks a brand ad on 5 January, comes back by newsletter on the 20th and leaves a lead; the deal D1 (€10,000)
 * closes on 10 March. Person 2 clicks a generic ad. Person 3 finds the site by search on 2 February, returns directly on
 * the 10th, leaves a lead, and D3 (€500) closes on 20 March. Lead L9 belongs to nobody known. LinkedIn costs bring no visit.
 */
export const PUBLICATION: Publication = {
  publication_id: '20260401T030000Z',
  published_at: '2026-04-01T03:00:00.000000Z',
  data_up_to: '2026-03-31T20:00:00.000000Z',
  config: {
    project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
    conversions: [
      { name: 'lead', label: 'Lead', value: 'none' },
      { name: 'closed_won', label: 'Closed/Won', value: 'money' },
    ],
    funnel: ['lead', 'closed_won'],
    eventFunnels: [],
    models: ['first_click', 'last_click', 'linear'],
    modelDetails: [],
    lookbackDays: 90,
    params: ['plan', 'size'],
    dimensions: {},
  },
};

const NOTHING = {
  campaign: null,
  ad_platform: null,
  term: null,
  content: null,
  landing_path: null,
  country: null,
  region: null,
  city: null,
  device_type: null,
  browser: null,
};
const BRAND = { ...NOTHING, channel: 'Paid Search', source: 'google', medium: 'cpc', campaign: 'brand', ad_platform: 'google_ads' };
const GENERIC = { ...BRAND, campaign: 'generic' };
const NEWSLETTER = { ...NOTHING, channel: 'Email', source: 'newsletter', medium: 'email', campaign: 'january' };
const SEARCH = { ...NOTHING, channel: 'Organic Search', source: 'google', medium: 'organic' };
const DIRECT = { ...NOTHING, channel: 'Direct', source: 'direct', medium: 'none' };
const NOBODY = { ...NOTHING, channel: '(not attributed)', source: '(not attributed)', medium: '(not attributed)' };

const SESSIONS: readonly Row[] = [
  {
    session_id: 's1',
    person_key: 1,
    session_number: 1,
    click_date: '2026-01-05',
    ...BRAND,
    landing_path: '/pricing',
    country: 'DE',
    device_type: 'desktop',
  },
  {
    session_id: 's2',
    person_key: 1,
    session_number: 2,
    click_date: '2026-01-20',
    ...NEWSLETTER,
    landing_path: '/',
    country: 'DE',
    device_type: 'mobile',
  },
  {
    session_id: 's3',
    person_key: 2,
    session_number: 1,
    click_date: '2026-01-06',
    ...GENERIC,
    landing_path: '/pricing',
    country: 'AT',
    device_type: 'desktop',
  },
  {
    session_id: 's4',
    person_key: 3,
    session_number: 1,
    click_date: '2026-02-02',
    ...SEARCH,
    landing_path: '/',
    country: 'DE',
    device_type: 'desktop',
  },
  {
    session_id: 's5',
    person_key: 3,
    session_number: 2,
    click_date: '2026-02-10',
    ...DIRECT,
    landing_path: '/demo',
    country: 'DE',
    device_type: 'desktop',
  },
];

const FULL = 1_000_000_000;

/** A credit with the dimensions of its session. @param parts of 1e9, of a value in units of the currency. */
function credit({ value, ...conversion }: Row & { value: number | null }, model: string, session_id: string, parts = FULL): Row {
  const found = SESSIONS.find((one) => one.session_id === session_id);
  const { session_number: _, ...session } = found ?? {};
  return {
    ...(found ? session : { ...NOBODY, click_date: conversion.conversion_date! }),
    ...conversion,
    model,
    session_id,
    credit: parts,
    value_micros: value === null ? null : Math.floor((value * parts) / 1000),
    is_qualified: null,
    reason: found ? null : 'unknown_identifier',
  };
}

const params = (given: Readonly<Record<string, string>>) => Object.entries(given).map(([key, value]) => ({ key, value }));
const L1 = {
  conversion_name: 'lead',
  conversion_id: 'L1',
  person_key: 1,
  conversion_date: '2026-01-20',
  value: null,
  params: params({ plan: 'pro' }),
};
const L3 = {
  conversion_name: 'lead',
  conversion_id: 'L3',
  person_key: 3,
  conversion_date: '2026-02-10',
  value: null,
  params: params({ plan: 'basic', size: '10' }),
};
const L9 = { conversion_name: 'lead', conversion_id: 'L9', person_key: null, conversion_date: '2026-02-15', value: null };
const D1 = {
  conversion_name: 'closed_won',
  conversion_id: 'D1',
  person_key: 1,
  conversion_date: '2026-03-10',
  value: 10_000,
  params: params({ size: '200', plan: 'pro' }),
};
const D3 = { conversion_name: 'closed_won', conversion_id: 'D3', person_key: 3, conversion_date: '2026-03-20', value: 500 };

const CREDITS: readonly Row[] = [
  credit(L1, 'first_click', 's1'),
  credit(L3, 'first_click', 's4'),
  credit(L9, 'first_click', ''),
  credit(D1, 'first_click', 's1'),
  credit(D3, 'first_click', 's4'),
  credit(L1, 'last_click', 's2'),
  credit(L3, 'last_click', 's5'),
  credit(L9, 'last_click', ''),
  credit(D1, 'last_click', 's2'),
  credit(D3, 'last_click', 's5'),
  // Not a path of the story: three credits that only add up to one exactly if nothing is rounded on the way.
  credit(D1, 'linear', 's1', 333_333_334),
  credit(D1, 'linear', 's2', 333_333_333),
  credit(D1, 'linear', 's3', 333_333_333),
];

const LINKEDIN = {
  ...NOTHING,
  channel: 'Paid Social',
  source: 'linkedin',
  medium: 'paid_social',
  campaign: 'abm',
  ad_platform: 'linkedin_ads',
};
const COSTS: readonly Row[] = [
  { cost_key: 'c1', click_date: '2026-01-05', ...BRAND, cost_micros: 100_000_000, impressions: 1000, clicks: 20 },
  { cost_key: 'c2', click_date: '2026-01-06', ...GENERIC, cost_micros: 300_000_000, impressions: 2000, clicks: 50 },
  { cost_key: 'c3', click_date: '2026-02-01', ...LINKEDIN, cost_micros: 200_000_000, impressions: 4000, clicks: 10 },
];

/** The tables that reports read, with their rows. */
export const REPORT_TABLES: readonly (readonly [TableDefinition, readonly Row[]])[] = [
  [REPORT_SESSIONS, SESSIONS],
  [REPORT_CREDITS, CREDITS],
  [REPORT_COSTS, COSTS],
  [REPORT_OTHER_COSTS, []],
  [REPORT_ADS, []],
];

/** The world as a warehouse in memory. */
export async function openWorld(more: { credits?: readonly Row[] } = {}): Promise<DuckDbWarehouse> {
  const warehouse = await openDuckDb(':memory:');
  await warehouse.migrate(REPORT_TABLES.map(([table]) => table));
  for (const [table, rows] of REPORT_TABLES)
    await warehouse.load(table, table === REPORT_CREDITS ? [...rows, ...(more.credits ?? [])] : rows);
  return warehouse;
}
