import { COSTS, REPORT_ADS } from '../../models/costs/tables.ts';
import {
  PREVIOUS_BY,
  previousDate,
  REPORT_COSTS,
  REPORT_CREDITS,
  REPORT_OTHER_COSTS,
  REPORT_SESSIONS,
  REPORT_SOURCES,
  SOURCE_COLUMNS,
} from '../../models/reports/tables.ts';
import { SESSIONS } from '../../models/sessions/tables.ts';
import { randomNumbers } from '../../testing/random.ts';
import { openDuckDb, type DuckDbWarehouse } from '../../warehouse/duckdb/duckdb.ts';
import type { Row, Value } from '../../warehouse/warehouse.ts';
import type { Publication } from '../publication.ts';
import { PUBLICATION } from './world.ts';

/** The rows of a random publication: what the reports are asked of, and what a plain loop goes over. */
export interface RandomFacts {
  readonly sessions: readonly Row[];
  readonly credits: readonly Row[];
  readonly costs: readonly Row[];
  readonly otherCosts: readonly Row[];
  readonly ads: readonly Row[];
}

export const RANDOM_MODELS = ['first_click', 'linear', 'markov'];
export const RANDOM_CONVERSIONS = ['lead', 'order'];

/** `order` is worth money, of which 40 % are profit; the rules of the custom dimensions are the ones that the oracle knows. */
export const RANDOM_PUBLICATION: Publication = {
  ...PUBLICATION,
  config: {
    ...PUBLICATION.config,
    conversions: [
      { name: 'lead', label: 'Lead', value: 'none' },
      { name: 'order', label: 'Order', value: 'money', margin: 0.4 },
    ],
    models: RANDOM_MODELS,
    params: ['plan'],
    hasSourceKeys: true,
    hasPreviousDates: true,
    previousDatesBy: [...PREVIOUS_BY],
    dimensions: {
      brand: {
        label: 'Brand',
        rules: [
          { value: 'Brand', when: { dimension: 'campaign', contains: 'brand' } },
          { value: 'Paid', when: { dimension: 'medium', equals: 'cpc' } },
        ],
        otherwise: 'Other',
      },
      screen: { label: 'Screen', rules: [{ value: 'Small', when: { dimension: 'device_type', equals: 'mobile' } }], otherwise: 'Large' },
      promo: { label: 'Promo', rules: [{ value: 'Promo', when: { dimension: 'landing_url', contains: 'promo' } }], otherwise: 'No promo' },
    },
  },
};

const DAYS = ['2026-01-30', '2026-01-31', '2026-02-01', '2026-02-02', '2026-02-14', '2026-03-01'];
const FULL = 1_000_000_000;

/** A publication with every kind of gap: no campaign, no person, no value, no rate, no ad, no session, nothing said of qualified. */
export function randomFacts(seed: number): RandomFacts {
  const below = randomNumbers(seed);
  const oneOf = <Value>(values: readonly Value[]): Value => values[below(values.length)]!;
  const source = () =>
    oneOf([
      {
        channel: 'Paid Search',
        source: 'google',
        medium: 'cpc',
        campaign: oneOf(['brand', 'generic', null]),
        ad_platform: oneOf(['google_ads', null]),
      },
      { channel: 'Email', source: 'newsletter', medium: 'email', campaign: oneOf(['january', null]), ad_platform: null },
      { channel: 'Direct', source: 'direct', medium: 'none', campaign: null, ad_platform: null },
    ]);
  const ads = [1, 2, 3].map((ad_reference) => ({
    ad_reference,
    ad_platform: oneOf(['google_ads', null]),
    account: oneOf(['Main', null]),
    campaign: oneOf(['Brand 2026', 'generic', null]),
    ad_group: oneOf(['Crew', null]),
    ad: oneOf(['Ad A', null]),
    is_ad: true,
  }));
  const sessions = Array.from({ length: 25 }, (_, i) => ({
    session_id: `s${i}`,
    person_key: below(8),
    session_number: 1 + below(3),
    click_date: oneOf(DAYS),
    ad_reference: oneOf([1, 2, 3, 4, null]),
    ...source(),
    term: null,
    content: oneOf(['hero', null]),
    landing_path: oneOf(['/', '/pricing', null]),
    country: oneOf(['DE', 'AT', null]),
    region: null,
    city: null,
    device_type: oneOf(['mobile', 'desktop', null]),
    browser: oneOf(['Chrome', 'Safari']),
    os: oneOf(['iOS', 'Windows', null]),
    landing_url: oneOf(['https://www.fernhill.example/?promo=1', 'https://www.fernhill.example/', null]),
  }));
  const credits = RANDOM_CONVERSIONS.flatMap((conversion_name) =>
    Array.from({ length: 9 }, (_, i) => {
      const own = {
        conversion_name,
        conversion_id: `${conversion_name}${i}`,
        person_key: oneOf([below(8), null]),
        conversion_date: oneOf(DAYS),
        is_qualified: oneOf([true, false, null]),
        params: oneOf([[], [{ key: 'plan', value: 'pro' }], [{ key: 'plan', value: 'basic' }]]),
      };
      const value = conversion_name === 'lead' ? null : oneOf([null, 0, 10_000_001, 249_990_000]);
      return RANDOM_MODELS.flatMap((model) => creditsOf(own, model, value, { sessions, below, oneOf }));
    }).flat(),
  );
  const costs = Array.from({ length: 12 }, (_, i) => ({
    cost_key: `c${i}`,
    click_date: oneOf(DAYS),
    ...source(),
    account: oneOf(['Main', null]),
    ad_group: oneOf(['Crew', null]),
    ad: oneOf(['Ad A', null]),
    cost_micros: below(6) === 0 ? null : below(90_000_000),
    currency: 'EUR',
    impressions: below(1000),
    clicks: below(50),
    platform_conversions_micros: oneOf([null, below(3_000_000)]),
    platform_value_micros: oneOf([null, below(80_000_000)]),
  }));
  const otherCosts = Array.from({ length: 5 }, (_, i) => ({
    name: `cost_${i}`,
    click_date: oneOf(DAYS),
    channel: oneOf(['Paid Search', 'Events', null]),
    source: oneOf(['google', null]),
    medium: oneOf(['cpc', null]),
    campaign: oneOf(['brand', null]),
    ad_platform: null,
    currency: 'EUR',
    other_cost_micros: below(8) === 0 ? null : below(50_000_000),
  }));
  return { sessions, credits, costs, otherCosts, ads };
}

interface Draw {
  readonly sessions: readonly Row[];
  readonly below: (number: number) => number;
  readonly oneOf: <Value>(values: readonly Value[]) => Value;
}

/** Credits of a conversion under a model that add up to one: of sessions, self-reported, or not attributed. */
function creditsOf(conversion: Row, model: string, value: number | null, { sessions, below, oneOf }: Draw): Row[] {
  const kind = below(5);
  const noSession = {
    session_id: '',
    session_number: null,
    ad_reference: null,
    campaign: null,
    ad_platform: null,
    click_date: oneOf(DAYS),
    ...ABSENT,
  };
  if (kind === 0) {
    const unknown = { channel: '(not attributed)', source: '(not attributed)', medium: '(not attributed)' };
    return [{ ...noSession, ...unknown, ...conversion, model, credit: FULL, value_micros: value, reason: 'no_session_in_window' }];
  }
  if (kind === 1) {
    const said = { channel: 'Podcast (SRA)', source: 'self-reported', medium: 'self-reported' };
    return [{ ...noSession, ...said, ...conversion, model, credit: FULL, value_micros: value, reason: 'self_reported' }];
  }
  const parts = oneOf([[FULL], [333_333_334, 333_333_333, 333_333_333], [400_000_000, 600_000_000]]);
  let left = value;
  return parts.map((credit, i) => {
    const session = sessions[(below(sessions.length) + i) % sessions.length]!;
    const share = value === null || left === null ? null : i === parts.length - 1 ? left : Math.floor((value * credit) / FULL);
    if (left !== null && share !== null) left -= share;
    return { ...session, ...conversion, model, credit, value_micros: share, reason: null };
  });
}

const ABSENT = {
  term: null,
  content: null,
  landing_path: null,
  country: null,
  region: null,
  city: null,
  device_type: null,
  browser: null,
  os: null,
  landing_url: null,
};

function withoutUrl(row: Row): Row {
  const { landing_url: _url, ...others } = row;
  return others;
}

/** Sessions with the dates of the sessions before of their person, overall and of the same value of each dimension that has one. */
function withPreviousDates(sessions: readonly Row[]): Row[] {
  const latest = new Map<string, Value>();
  const before = (key: string, date: Value) => {
    const previous = latest.get(key) ?? null;
    latest.set(key, date);
    return previous;
  };
  const inOrder = sessions.toSorted((a, b) => (a['click_date']! < b['click_date']! ? -1 : a['click_date']! > b['click_date']! ? 1 : 0));
  return inOrder.map((row) => {
    const [person, date] = [row['person_key'] as number, row['click_date']!];
    return {
      ...row,
      previous_date: before(`${person}`, date),
      ...Object.fromEntries(
        PREVIOUS_BY.map((by) => {
          const value = by === 'source_medium' ? `${row['source'] as string} / ${row['medium'] as string}` : row[by];
          return [previousDate(by), before(JSON.stringify([person, by, value ?? null]), date)];
        }),
      ),
    };
  });
}

/** The facts as a published warehouse in memory; the reader closes it. */
export async function openFacts({ sessions, credits, costs, otherCosts, ads }: RandomFacts): Promise<DuckDbWarehouse> {
  const warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([REPORT_SESSIONS, REPORT_CREDITS, REPORT_COSTS, REPORT_OTHER_COSTS, REPORT_SOURCES, REPORT_ADS, SESSIONS, COSTS]);
  const sources = new Map<string, Row>();
  const keyOf = (row: Row): number | null => {
    if (row['reason'] !== undefined && row['reason'] !== null && row['reason'] !== 'self_reported') return null;
    const columns = Object.fromEntries(SOURCE_COLUMNS.map((name) => [name, row[name] ?? null]));
    const text = JSON.stringify(columns);
    if (!sources.has(text)) sources.set(text, { source_key: sources.size + 1, ...columns });
    return sources.get(text)!['source_key'] as number;
  };
  const without = (rows: readonly Row[]) => rows.map((row) => ({ ...withoutUrl(row), source_key: keyOf(row) }));
  await warehouse.load(REPORT_SESSIONS, withPreviousDates(without(sessions)));
  await warehouse.load(REPORT_SOURCES, [...sources.values()]);
  await warehouse.load(REPORT_COSTS, costs);
  await warehouse.load(REPORT_CREDITS, without(credits));
  await warehouse.load(REPORT_OTHER_COSTS, otherCosts);
  await warehouse.load(REPORT_ADS, ads);
  await warehouse.load(
    SESSIONS,
    sessions.map(({ session_id, landing_url, click_date, channel, source, medium }) => ({
      session_id: session_id!,
      landing_url: landing_url ?? null,
      anonymous_id: 'a',
      started_at: `${click_date as string}T12:00:00Z`,
      ended_at: `${click_date as string}T12:10:00Z`,
      start_date: click_date!,
      events: 1,
      page_views: 1,
      engaged_seconds: 0,
      click_ids: [],
      channel: channel!,
      source: source!,
      medium: medium!,
      is_direct: false,
    })),
  );
  return warehouse;
}
