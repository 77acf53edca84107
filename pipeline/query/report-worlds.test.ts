import { expect, test } from 'vitest';
import { PREVIOUS_BY } from '../models/reports/tables.ts';
import type { Row } from '../warehouse/warehouse.ts';
import { DIMENSION_NAMES, type DimensionName } from './dimensions.ts';
import { isConversionMetric, METRIC_NAMES } from './metrics.ts';
import { runReport } from './result.ts';
import { parseReportQuery, type ReportQueryInput } from './schema.ts';
import { randomNumbers } from '../testing/random.ts';
import {
  openFacts,
  type RandomFacts,
  RANDOM_CONVERSIONS,
  RANDOM_MODELS,
  RANDOM_PUBLICATION,
  randomFacts,
} from './testing/random-publication.ts';
import { oracleReport, type OracleQuery } from './testing/report-oracle.ts';

const SEEDS = [1, 2, 3];
/** So many that every dimension is asked for. */
const QUERIES_PER_WORLD = 8;
const ALL = { start_date: '2026-01-01', end_date: '2026-12-31' };
const DIMENSIONS = [...DIMENSION_NAMES, 'param.plan', 'custom.brand', 'custom.screen', 'custom.promo'] as DimensionName[];
const PAIRS = RANDOM_CONVERSIONS.flatMap((conversion) => RANDOM_MODELS.map((model) => ({ conversion, model })));

const equals = (field: string, value: string | boolean | undefined) =>
  value === undefined ? [] : [{ field, operator: 'equals' as const, value: String(value) }];

/** A query and the same one for the oracle. Every dimension is asked for in some world. */
function randomQuery(seed: number, number: number): { query: ReportQueryInput; filter: Partial<OracleQuery>; basis: OracleQuery['basis'] } {
  const below = randomNumbers(seed * 1000 + number);
  const dimensions = [
    DIMENSIONS[((seed - 1) * QUERIES_PER_WORLD + number) % DIMENSIONS.length]!,
    ...(below(2) ? [DIMENSIONS[below(DIMENSIONS.length)]!] : []),
  ];
  const basis = below(2) ? 'click_time' : 'conversion_time';
  const [from, to] = [['2026-01-01', '2026-12-31'] as const, ['2026-01-31', '2026-02-02'] as const][below(2)]!;
  const filter: Partial<OracleQuery> = {
    ...(below(4) === 0 && { channel: ['Email', 'Paid Search', '(not attributed)'][below(3)]! }),
    ...(below(4) === 0 && { campaign: ['brand', 'Brand 2026'][below(2)]! }),
    ...(below(3) === 0 && { qualified: below(2) === 0 }),
  };
  return {
    query: {
      date_range: { start_date: from, end_date: to },
      dimensions: [...new Set(dimensions)],
      metrics: METRIC_NAMES,
      attributed_conversions: PAIRS,
      time_basis: basis,
      filters: {
        and: [...equals('channel', filter.channel), ...equals('campaign', filter.campaign), ...equals('is_qualified', filter.qualified)],
      },
    },
    filter,
    basis,
  };
}

test.each(SEEDS)('every metric by any dimensions is what a plain loop over the facts finds (world %d)', async (seed) => {
  const facts = randomFacts(seed);
  const world = await openFacts(facts);
  try {
    for (let number = 0; number < QUERIES_PER_WORLD; number++) {
      const { query, filter, basis } = randomQuery(seed, number);
      // A publication of an earlier version has no source keys and no dates of earlier visits, and answers the same.
      const config = { ...RANDOM_PUBLICATION.config, hasSourceKeys: number % 3 > 0, hasPreviousDates: number % 3 > 0 };
      const { rows, totals } = await runReport(world, { ...RANDOM_PUBLICATION, config }, parseReportQuery(query, config));
      for (const { conversion, model } of PAIRS) {
        const { start_date: from, end_date: to } = query.date_range;
        const expected = oracleReport(facts, { from, to, dimensions: query.dimensions!, basis, conversion, model, ...filter });
        const what = `${JSON.stringify(query)} ${conversion} ${model}`;
        const found = new Map(
          rows.map((row) => [JSON.stringify(query.dimensions!.map((name) => row.dimensions[name] ?? null)), row.figures]),
        );
        found.set('total', totals.figures);
        for (const key of expected.keys()) expect(found.has(key), `${key} of ${what}`).toBe(true);
        for (const [key, figures] of found) {
          const own = expected.get(key);
          for (const metric of METRIC_NAMES) {
            const figure = figures[isConversionMetric(metric) ? `${conversion}.${model}.${metric}` : metric];
            // A row may be there for another pair.
            const wanted = own === undefined ? nothing(metric, conversion) : own[metric]!;
            const at = `${metric} at ${key} of ${what}`;
            if (wanted === null) expect(figure, at).toBeNull();
            else expect(figure, at).toBeCloseTo(wanted, 8);
          }
        }
      }
    }
  } finally {
    await world.close();
  }
});

/** The figure of a group without facts. */
function nothing(metric: string, conversion: string): number | null {
  if (['sessions', 'users', 'conversions', 'converted_users', 'qualified_conversions'].includes(metric)) return 0;
  return conversion === 'order' && (metric === 'conversion_value' || metric === 'profit') ? 0 : null;
}

const begin = (date: string, interval: 'day' | 'month') => (interval === 'day' ? date : `${date.slice(0, 8)}01`);

/** Nothing, time, each dimension by which sessions say when their person came before, and both. */
const BY_SESSIONS: readonly { dimensions: readonly DimensionName[]; interval: 'day' | 'month' }[] = [undefined, ...PREVIOUS_BY].flatMap(
  (by) => {
    const own = by ? [by] : [];
    return [
      { dimensions: own, interval: 'day' as const },
      { dimensions: ['date' as const, ...own], interval: 'day' as const },
      { dimensions: ['date' as const, ...own], interval: 'month' as const },
    ];
  },
);

/** As the report names it: the campaign as the costs call it, where they know the ad. */
function named(name: DimensionName, row: Row, { ads }: RandomFacts): unknown {
  if (name === 'source_medium') return `${row['source'] as string} / ${row['medium'] as string}`;
  const ad = name === 'campaign' ? ads.find(({ ad_reference }) => ad_reference === row['ad_reference']) : undefined;
  return ad?.['campaign'] ?? row[name] ?? null;
}

test.each(SEEDS)('persons are counted by sessions as a plain loop tells them apart (world %d)', async (seed) => {
  const facts = randomFacts(seed);
  const world = await openFacts(facts);
  try {
    for (const [start_date, end_date] of [['2026-01-01', '2026-12-31'] as const, ['2026-01-31', '2026-02-14'] as const]) {
      const other = { start_date: '2026-02-01', end_date: '2026-03-31' };
      for (const { dimensions, interval } of BY_SESSIONS) {
        // Two periods have no date in common.
        const isCompared = !dimensions.includes('date');
        const expected = (range: { start_date: string; end_date: string }) => {
          const persons = new Map<string, Set<unknown>>();
          for (const row of facts.sessions) {
            const date = row['click_date'] as string;
            if (date < range.start_date || date > range.end_date) continue;
            const key = JSON.stringify(dimensions.map((name) => (name === 'date' ? begin(date, interval) : named(name, row, facts))));
            persons.set(key, (persons.get(key) ?? new Set()).add(row['person_key']));
          }
          return persons;
        };
        const query: ReportQueryInput = {
          date_range: { start_date, end_date },
          ...(isCompared && { comparison_date_range: other }),
          dimensions: [...dimensions],
          interval,
          metrics: ['users', 'sessions'],
        };
        const { rows, totals } = await runReport(world, RANDOM_PUBLICATION, parseReportQuery(query, RANDOM_PUBLICATION.config));
        const [now, before] = [expected({ start_date, end_date }), isCompared ? expected(other) : new Map<string, Set<unknown>>()];
        expect(rows).toHaveLength(new Set([...now.keys(), ...before.keys()]).size);
        expect(rows.reduce((sum, row) => sum + row.figures['sessions']!, 0)).toBe(totals.figures['sessions']);
        for (const row of rows) {
          const key = JSON.stringify(dimensions.map((name) => row.dimensions[name]));
          expect(row.figures['users'], `${key} of ${JSON.stringify(query)}`).toBe(now.get(key)?.size ?? 0);
          if (isCompared) expect(row.comparison!['users'], key).toBe(before.get(key)?.size ?? 0);
        }
      }
    }
  } finally {
    await world.close();
  }
});

test('credits of every model add up to the conversions, by both time bases, whatever the dimensions', async () => {
  const facts = randomFacts(7);
  const world = await openFacts(facts);
  try {
    const report = async (query: Partial<ReportQueryInput>) =>
      await runReport(
        world,
        RANDOM_PUBLICATION,
        parseReportQuery({ date_range: ALL, attributed_conversions: PAIRS, ...query }, RANDOM_PUBLICATION.config),
      );
    const metrics: ReportQueryInput['metrics'] = ['sessions', 'users', 'cost', 'other_cost', 'conversions', 'converted_users'];
    const { totals: whole } = await report({ dimensions: [], metrics });
    for (const { conversion, model } of PAIRS) expect(whole.figures[`${conversion}.${model}.conversions`]).toBe(9);
    for (const [i, dimension] of DIMENSIONS.entries()) {
      const time_basis = i % 2 ? 'click_time' : 'conversion_time';
      const { rows, totals } = await report({ dimensions: [dimension], time_basis, metrics });
      expect(totals.figures, dimension).toEqual(whole.figures);
      for (const { conversion, model } of PAIRS) {
        const parts = rows.map(({ figures }) => Math.round(figures[`${conversion}.${model}.conversions`]! * 1e9));
        expect(
          parts.reduce((sum, credit) => sum + credit, 0),
          `rows by ${dimension}`,
        ).toBe(9e9);
      }
    }
  } finally {
    await world.close();
  }
});
