import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomNumbers } from '../../testing/random.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { REPORT_ADS } from '../../models/costs/tables.ts';
import { expectedLinks, STAGES } from '../../models/funnels/testing/link-worlds.ts';
import type { CohortResult } from './cohort-result.ts';
import { type CohortQueryInput, parseCohortQuery } from './cohort-schema.ts';
import { runCohort } from './cohort.ts';
import { COHORT_PUBLICATION, cohortTables, type CohortWorld, expectedCohort, randomCohorts } from './testing/cohort-world.ts';

const ALL = { start_date: '2026-01-01', end_date: '2026-12-31' };
const world = randomCohorts(300, randomNumbers(5));

let warehouse: DuckDbWarehouse;
beforeAll(async () => {
  warehouse = await open(world);
});
afterAll(() => warehouse.close());

async function open(cohorts: CohortWorld): Promise<DuckDbWarehouse> {
  const opened = await openDuckDb(':memory:');
  const tables = cohortTables(cohorts);
  await opened.migrate([...tables.map(([one]) => one), REPORT_ADS]);
  for (const [one, rows] of tables) await opened.load(one, rows);
  return opened;
}

const ask = async (query: Partial<CohortQueryInput>, asked = warehouse): Promise<CohortResult> =>
  runCohort(asked, COHORT_PUBLICATION, parseCohortQuery({ date_range: ALL, model: 'linear', ...query }, COHORT_PUBLICATION.config));

/** Rows without what the oracle does not know. */
const bare = (rows: CohortResult['rows']) =>
  new Map(
    rows.map(({ value, passed, stages }) => [
      JSON.stringify([value, passed]),
      stages.map(({ rank: _rank, open: _open, ...figure }) => figure),
    ]),
  );

const figures = (rows: CohortResult['rows']) => rows.map(({ value, stages }) => [value, stages]);

/** Figures are quotients of large integers: equal to about 15 digits. */
function expectClose(found: ReadonlyMap<string, readonly object[]>, expected: ReadonlyMap<string, readonly object[]>): void {
  expect([...found.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
  for (const [key, stages] of expected) {
    stages.forEach((figure, stage) => {
      for (const [name, value] of Object.entries(figure)) {
        const other = (found.get(key)![stage] as Record<string, number | null>)[name];
        if (value === null || other == null) expect(other, `${key} ${stage} ${name}`).toBe(value);
        else expect(other, `${key} ${stage} ${name}`).toBeCloseTo(value as number, 9);
      }
    });
  }
}

describe('lead cohorts of 300 random worlds', () => {
  test.each([
    ['by channel', { by: 'channel', stages: STAGES, split: null, from: '2026-01-01', to: '2026-12-31' }],
    ['without a dimension', { by: null, stages: STAGES, split: null, from: '2026-01-01', to: '2026-12-31' }],
    ['of one day', { by: 'medium', stages: STAGES, split: null, from: '2026-01-02', to: '2026-01-02' }],
    ['with some of the stages', { by: 'channel', stages: ['lead', 'closed_won'], split: null, from: '2026-01-01', to: '2026-01-01' }],
    ['split by a stage', { by: 'medium', stages: STAGES, split: 'mql', from: '2026-01-01', to: '2026-12-31' }],
  ] as const)('%s count as the definition says', async (_, { by, stages, split, from, to }) => {
    const { rows } = await ask({
      dimension: by,
      stages: [...stages],
      date_range: { start_date: from, end_date: to },
      ...(split && { split_by: split }),
    });
    expectClose(bare(rows), expectedCohort(world, { by, stages, split, from, to }));
  });

  test('have the same totals whatever the dimension: the number of leads, of conversions, and their value', async () => {
    const results = [
      await ask({ dimension: null }),
      await ask({}),
      await ask({ dimension: 'source_medium' }),
      await ask({ dimension: 'channel', limit: 1 }),
    ];
    const [whole] = results;
    for (const { totals } of results) expect(totals).toEqual(whole!.totals);
    const leads = world.conversions.filter(({ conversion_name }) => conversion_name === 'lead');
    expect(whole!.totals[0]!.stages[0]!.leads).toBe(leads.length);
    STAGES.forEach((name, stage) => {
      const linked = world.links.filter((link) => link.conversion_name === name && link.lead_id !== null);
      expect(whole!.totals[0]!.stages[stage]!.conversions, name).toBe(stage === 0 ? leads.length : linked.length);
    });
    const sums = (await ask({ dimension: 'channel', split_by: 'mql' })).totals.map(({ stages }) => stages[3]!.value!);
    expect(sums[0]! + sums[1]!).toBe(whole!.totals[0]!.stages[3]!.value);
    // A median of all is none of the medians of the parts.
    expect(whole!.rows[0]!.stages.map(({ median_days }) => median_days)).toEqual(
      whole!.totals[0]!.stages.map(({ median_days }) => median_days),
    );
  });

  test('count apart what is linked to no lead: nothing is lost', async () => {
    const { stages } = await ask({});
    for (const { name, links } of stages.slice(1)) {
      const of = world.links.filter((link) => link.conversion_name === name);
      const count = (kind: string) => of.filter((link) => (link.linked_by ?? 'nobody') === kind).length;
      expect(Object.fromEntries(Object.entries(links).map(([kind, { conversions }]) => [kind, conversions]))).toEqual({
        lead_id: count('lead_id'),
        user_id: count('user_id'),
        person: count('person'),
        nobody: count('nobody'),
      });
    }
  });

  test('by day are those of each day, and what is compared is what the other period shows', async () => {
    const days = await ask({ interval: 'day' });
    const one = { start_date: '2026-01-02', end_date: '2026-01-02' };
    const alone = await ask({ date_range: one });
    expect(figures(days.rows.filter(({ period }) => period === '2026-01-02'))).toEqual(figures(alone.rows));
    const compared = await ask({ date_range: { start_date: '2026-01-01', end_date: '2026-01-01' }, comparison_date_range: one });
    for (const row of alone.rows) expect(compared.rows.find(({ value }) => value === row.value)!.comparison).toEqual(row.stages);
    expect(compared.totals[0]!.comparison).toEqual(alone.totals[0]!.stages);
  });
});

const STORY: CohortWorld = (() => {
  const lead = { conversion_name: 'lead', lead_id: null, user_id: null, person_key: null, value_micros: null };
  const day = 1440;
  const deal = (id: string, lead_id: string, minute: number, value: number) => ({
    ...lead,
    conversion_name: 'closed_won',
    id,
    lead_id,
    minute,
    value_micros: value * 1_000_000,
  });
  const conversions = [
    { ...lead, id: 'A', minute: 0 },
    { ...lead, id: 'B', minute: 0 },
    { ...lead, id: 'C', minute: 1.9 * day },
    { ...lead, conversion_name: 'mql', id: 'A', lead_id: 'A', minute: 0.5 * day },
    { ...lead, conversion_name: 'mql', id: 'B', lead_id: 'B', minute: 1.5 * day },
    deal('D1', 'A', 1 * day, 100),
    deal('D2', 'A', 2 * day, 50),
    // Twenty deals without a lead of these dates tell how long leads take: a day.
    ...Array.from({ length: 20 }, (_, i) => ({ ...lead, id: `old${i}`, minute: -400 * day })),
    ...Array.from({ length: 20 }, (_, i) => deal(`won${i}`, `old${i}`, -399 * day, 1)),
  ];
  const links = expectedLinks(conversions);
  return {
    conversions,
    links,
    credits: [
      { lead_id: 'A', channel: 'Email', medium: 'm', credit: 600_000_000 },
      { lead_id: 'A', channel: 'Direct', medium: 'm', credit: 400_000_000 },
      { lead_id: 'B', channel: 'Direct', medium: 'm', credit: 1_000_000_000 },
      { lead_id: 'C', channel: '(not attributed)', medium: 'm', credit: 1_000_000_000 },
    ],
  };
})();

describe('a cohort written by hand', () => {
  let story: DuckDbWarehouse;
  beforeAll(async () => {
    story = await open(STORY);
  });
  afterAll(() => story.close());

  test('shows counts, value, rates, losses, days, places and what is still open', async () => {
    const { rows, stages } = await ask({ stages: ['lead', 'mql', 'closed_won'] }, story);
    expect(stages.map(({ name, previous, lag_days }) => [name, previous, lag_days])).toEqual([
      ['lead', null, null],
      ['mql', 'lead', null],
      ['closed_won', 'mql', 1],
    ]);
    expect(rows.map(({ value }) => value)).toEqual(['Direct', 'Email', '(not attributed)']);
    expect(rows[0]!.stages).toEqual([
      figure({ leads: 1.4, conversions: 1.4, rate_from_lead: 1, rank: 1 }),
      // Half a day with 0.4, a day and a half with 1.
      figure({ leads: 1.4, conversions: 1.4, rate_from_lead: 1, rate_from_previous: 1, dropped: 0, skipped: 0, median_days: 1.5, rank: 1 }),
      figure({
        leads: 0.4,
        conversions: 0.8,
        value: 60,
        rate_from_lead: 2 / 7,
        rate_from_previous: 2 / 7,
        dropped: 1,
        skipped: 0,
        open: 0,
        median_days: 0.5,
        rank: 2,
      }),
    ]);
    // Lead C came on the second of January, and the data end with the third: nine of ten deals take a day.
    expect(rows[2]!.stages[2]).toMatchObject({ leads: 0, open: 1, rank: null, value: 0 });
    expect(rows[1]!.stages[2]).toMatchObject({ leads: 0.6, conversions: 1.2, value: 90, rank: 1 });
  });

  test('a cohort may have the leads alone, as in a funnel of one stage', async () => {
    const { totals, stages } = await ask({ dimension: null, stages: ['lead'] }, story);
    expect(stages.map(({ name }) => name)).toEqual(['lead']);
    expect(totals.map((total) => total.stages.map(({ leads }) => leads))).toEqual([[3]]);
  });

  test('splits by a stage: the rate from lead to deal of those that passed, and of the others', async () => {
    const { totals, split_by, stages } = await ask({ dimension: null, stages: ['closed_won'], split_by: 'mql' }, story);
    expect(split_by).toEqual({ name: 'mql', label: 'MQL' });
    expect(stages.map(({ name, previous }) => [name, previous])).toEqual([
      ['lead', null],
      ['mql', 'lead'],
      ['closed_won', 'lead'],
    ]);
    expect(totals.map(({ passed, stages: [all, , won] }) => [passed, all!.leads, won!.rate_from_previous])).toEqual([
      [true, 2, 0.5],
      [false, 1, 0],
    ]);
  });
});

const NO_FIGURE = { value: null, rate_from_previous: null, dropped: null, skipped: null, open: null, median_days: null };
const figure = (given: object) => ({ ...NO_FIGURE, ...given });

test.each([
  [{ model: 'linaer' }, 'model: unknown model "linaer", did you mean "linear"?'],
  [{ stages: ['lead', 'mqls'] }, 'stages[1]: unknown stage "mqls", did you mean "mql"?'],
  [{ split_by: 'lead' }, 'split_by: unknown stage behind the first "lead"'],
  [{ dimension: 'date' }, 'dimension: "date": ask for an interval instead'],
  [{ dimension: 'chanel' }, 'did you mean "channel"?'],
  [{ interval: 'month', comparison_date_range: ALL }, 'comparison_date_range: has no rows in common with an interval'],
])('a query that cannot be answered says why: %o', (query, message) => {
  expect(() => parseCohortQuery({ date_range: ALL, model: 'linear', ...query }, COHORT_PUBLICATION.config)).toThrow(message);
});
