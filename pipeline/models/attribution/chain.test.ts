import { afterAll, beforeAll, expect, test } from 'vitest';
import { runReport } from '../../query/result.ts';
import { parseReportQuery } from '../../query/schema.ts';
import { syncSources } from '../../sources/sources.ts';
import { type World, openWorld, page } from '../../testing/world.ts';
import { sql, table } from '../../warehouse/sql.ts';
import { conversions } from '../conversions/conversions.ts';
import { DEFINITIONS } from '../definitions.ts';
import { events } from '../events/events.ts';
import { identity } from '../identity/identity.ts';
import { publishedConfig } from '../reports/publication.ts';
import { reports } from '../reports/reports.ts';
import { sessions } from '../sessions/sessions.ts';
import { attribution } from './attribution.ts';

// A year of a business, through the real steps: leads become deals that are renegotiated and lost, an order is refunded.

const SITE = 'https://www.fernhill.example';
const HEADER = 'stage,id,created,lead_id,client_id,value,answer\n';
const STAGES = ['lead', 'mql', 'opportunity', 'closed_won'] as const;

/** What the CRM holds all year: three leads on their way to a deal each; the third says how it heard of us, and was never seen. */
const KEPT = `lead,L1,2026-02-12 10:00:00,,ann,,
lead,L2,2026-03-01 12:00:00,,ben,,
lead,L3,2026-03-05 12:00:00,,,,A friend told me
mql,M1,2026-02-20 10:00:00,L1,,,
mql,M2,2026-03-02 10:00:00,L2,,,
mql,M3,2026-03-06 10:00:00,L3,,,
opportunity,O1,2026-04-10 10:00:00,M1,ann,60000,
opportunity,O2,2026-04-11 10:00:00,M2,,15000,
opportunity,O3,2026-04-12 10:00:00,M3,,5000,
closed_won,D2,2026-05-25 10:00:00,O2,,10000,
closed_won,D3,2026-05-26 10:00:00,O3,,5000,
`;
const deal = (value: number) => `closed_won,D1,2026-05-20 10:00:00,O1,ann,${value},\n`;

let world: World;
beforeAll(async () => {
  world = await openWorld({
    sources: {
      crm: {
        csv: 'crm.csv',
        columns: {
          stage: 'STRING',
          id: 'STRING',
          created: 'TIMESTAMP',
          lead_id: 'STRING',
          client_id: 'STRING',
          value: 'FLOAT64',
          answer: 'STRING',
        },
        key: ['stage', 'id'],
      },
    },
    conversions: [
      ...STAGES.map((name, i) => ({
        name,
        label: name,
        sql: `${name}.sql`,
        value: i < 2 ? ('none' as const) : ('money' as const),
        adjustmentDays: 180,
        ...(i > 0 && { inherit: { from: STAGES[i - 1]! } }),
      })),
      { name: 'purchase', label: 'Purchase', kind: 'purchase' },
    ],
    selfReported: { rules: [{ channel: 'Word of Mouth', when: { contains: 'friend' } }] },
    attribution: { models: ['first_click', 'last_significant_click'] },
  });
  for (const name of STAGES) {
    await world.file(
      `${name}.sql`,
      `select id, created, client_id, lead_id, value, answer as self_reported_source from crm
       where stage = '${name}' and created >= @from and created < @to`,
    );
  }
  const ad = page(`${SITE}/pricing?utm_source=google&utm_medium=cpc&utm_campaign=Brand`);
  await world.events(
    { who: 'ann', at: '2026-02-10 09:00', ...ad },
    { who: 'ann', at: '2026-02-12 09:50', ...page(`${SITE}/demo`) },
    // After the lead: no stage of its chain is credited to it.
    { who: 'ann', at: '2026-04-01 09:00', ...page(`${SITE}/?utm_source=linkedin&utm_medium=paid_social`) },
    { who: 'ben', at: '2026-03-01 11:50', ...page(`${SITE}/?utm_source=news&utm_medium=email`) },
    { who: 'cleo', at: '2026-05-28 10:00', ...page(`${SITE}/shop`) },
    {
      who: 'cleo',
      at: '2026-05-28 10:10',
      type: 'track',
      event: 'Order Completed',
      properties: JSON.stringify({ order_id: 'X1', total: 120 }),
    },
  );
});
afterAll(() => world.close());

/** A night of all steps. @returns rows touched, by table. */
async function night(now: string, crm: string): Promise<Record<string, unknown>> {
  await world.file('crm.csv', HEADER + crm);
  const context = { warehouse: world.warehouse, config: world.config, configFolder: world.folder, now: `${now}T03:00:00.000Z` };
  const changes: Record<string, unknown> = {};
  for (const step of [events, syncSources, sessions, identity, conversions, attribution, reports]) {
    Object.assign(changes, (await world.warehouse.transaction(() => step(context))).changes);
  }
  return changes;
}

const NAMES = [...STAGES, 'purchase'] as const;

/** `channel conversion count value`, by the first click, of a month; as the report has it. */
async function reported(month: string, time_basis: 'conversion_time' | 'click_time' = 'conversion_time'): Promise<string[]> {
  const config = { ...publishedConfig(world.config), params: [] };
  const publication = { publication_id: 'p', published_at: '2026-07-01T03:00:00.000000Z', data_up_to: null, config };
  const query = {
    date_range: { start_date: `${month}-01`, end_date: `${month}-${month === '2026-02' ? 28 : 30}` },
    metrics: ['conversions', 'conversion_value'],
    attributed_conversions: NAMES.map((conversion) => ({ conversion, model: 'first_click' })),
    time_basis,
  };
  const { rows } = await runReport(world.warehouse, publication, parseReportQuery(query, config));
  return rows
    .flatMap(({ dimensions, figures }) =>
      NAMES.flatMap((name) => {
        const [count, value] = ['conversions', 'conversion_value'].map((metric) => figures[`${name}.first_click.${metric}`]);
        return count ? [`${dimensions.channel} ${name} ${count} ${value ?? '-'}`] : [];
      }),
    )
    .toSorted();
}

const NOTHING = { inserted: 0, updated: 0, deleted: 0 };
const EARLY = {
  '2026-02': ['Paid Search lead 1 -', 'Paid Search mql 1 -'],
  '2026-03': ['Email lead 1 -', 'Email mql 1 -', 'Word of Mouth (SRA) lead 1 -', 'Word of Mouth (SRA) mql 1 -'],
  '2026-04': ['Email opportunity 1 15000', 'Paid Search opportunity 1 60000', 'Word of Mouth (SRA) opportunity 1 5000'],
};
const OTHER_DEALS = ['Email closed_won 1 10000', 'Word of Mouth (SRA) closed_won 1 5000'];

test('a deal has the channel of its lead, four stages up; the reports of the months follow what the CRM and the shop say', async () => {
  await night('2026-06-01', KEPT + deal(50_000));
  const months = async () => Object.fromEntries(await Promise.all(Object.keys(EARLY).map(async (month) => [month, await reported(month)])));
  expect(await months()).toEqual(EARLY);
  expect(await reported('2026-05')).toEqual(['Direct purchase 1 120', ...OTHER_DEALS, 'Paid Search closed_won 1 50000'].toSorted());
  expect(await reported('2026-02', 'click_time')).toEqual([
    'Paid Search closed_won 1 50000',
    'Paid Search lead 1 -',
    'Paid Search mql 1 -',
    'Paid Search opportunity 1 60000',
  ]);
  expect(await world.rows("select distinct inherited_from_name, inherited_from_id from attribution where conversion_id = 'D1'")).toEqual([
    { inherited_from_name: 'lead', inherited_from_id: 'L1' },
  ]);

  // Renegotiated: only this deal is credited anew. Both models credit one touch: it is a row of credits, and one for each of them in reports.
  const renegotiated = await night('2026-06-15', KEPT + deal(75_000));
  expect(renegotiated).toMatchObject({
    conversions: { ...NOTHING, updated: 1 },
    attribution: { ...NOTHING, updated: 1 },
    report_credits: { ...NOTHING, updated: 2 },
    report_sessions: NOTHING,
  });
  expect(await reported('2026-05')).toEqual(['Direct purchase 1 120', ...OTHER_DEALS, 'Paid Search closed_won 1 75000'].toSorted());
  expect(
    await world.rows(
      'select id, change, column_name, cast(from_value as double) as was, cast(to_value as double) as is_now from conversion_changes',
    ),
  ).toEqual([{ id: 'D1', change: 'updated', column_name: 'original_value', was: 50_000, is_now: 75_000 }]);
  expect(await months()).toEqual(EARLY);

  // Back to lost: the row is gone from the deals; the order is refunded in full.
  await world.events({
    who: 'cleo',
    at: '2026-06-18 10:00',
    type: 'track',
    event: 'Order Refunded',
    properties: JSON.stringify({ order_id: 'X1', total: 120 }),
  });
  const lost = await night('2026-06-20', KEPT);
  expect(lost).toMatchObject({ attribution: { ...NOTHING, deleted: 2 }, report_credits: { ...NOTHING, deleted: 4 } });
  expect(await reported('2026-05')).toEqual(OTHER_DEALS);
  expect(await reported('2026-02', 'click_time')).toEqual([
    'Paid Search lead 1 -',
    'Paid Search mql 1 -',
    'Paid Search opportunity 1 60000',
  ]);
  expect(await months()).toEqual(EARLY);

  // A night without news touches nothing.
  const quiet = await night('2026-06-21', KEPT);
  for (const [name, change] of Object.entries(quiet)) expect(change, name).toEqual(NOTHING);

  // What follows night by night is what a build of the end is.
  const tables = ['attribution', 'report_credits', 'report_sessions'] as const;
  const contents = () =>
    Promise.all(
      tables.map((name) =>
        world.rows(
          `select md5(string_agg(cast(to_json(one) as varchar), ' ' order by cast(to_json(one) as varchar))) as hash from ${name} as one`,
        ),
      ),
    );
  const before = await contents();
  await world.warehouse.delete(DEFINITIONS, sql`select name from ${table(DEFINITIONS.name)}`);
  await night('2026-06-22', KEPT);
  expect(await contents()).toEqual(before);
});
