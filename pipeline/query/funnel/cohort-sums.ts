import type { Row, Value } from '../../warehouse/warehouse.ts';
import { quotient } from '../metrics.ts';
import { FIGURES, figureColumn, type FigureName } from './cohort-sql.ts';
import type { CohortFigure } from './cohort-result.ts';
import type { FunnelStage } from './ranks.ts';

/** What is added up of a row at a stage, exactly: credits in parts of 1e9, `high` in micros, `low` in 1e9ths of a micro. */
export type Sums = Readonly<Record<FigureName, bigint | null>> & {
  readonly reached: bigint;
  readonly both: bigint;
  readonly conversions: bigint;
  /** The two middle gaps in hours. */
  readonly median: readonly [bigint, bigint] | null;
};

export const NO_SUMS: Sums = { reached: 0n, both: 0n, conversions: 0n, valued: 0n, high: null, low: null, open: 0n, median: null };

export interface SumsRow {
  readonly period: string | null;
  readonly value: string | null;
  readonly passed: boolean | null;
  readonly sums: readonly Sums[];
}

/** What a row of one result has in common with one of another. */
export const keyOf = ({ period, value, passed }: Omit<SumsRow, 'sums'>): string => JSON.stringify([period, value, passed]);

/** The rows of the statement of a cohort, put together; and the medians over all rows, by side of the split and stage. */
export function readCohort(
  rows: readonly Row[],
  stages: number,
): { readonly rows: SumsRow[]; readonly medians: ReadonlyMap<boolean | null, readonly Sums['median'][]> } {
  const medians = new Map<string, Sums['median'][]>();
  const totals = new Map<boolean | null, Sums['median'][]>();
  for (const row of rows.filter(({ kind }) => kind === 'median')) {
    const list = row['is_total'] === true ? at(totals, ofRow(row).passed) : at(medians, keyOf(ofRow(row)));
    list[row['stage'] as number] = [BigInt(row['least'] as string), BigInt(row['most'] as string)];
  }
  const figures = rows.filter(({ kind }) => kind === 'figures');
  return {
    rows: figures.map((row) => {
      const key = ofRow(row);
      const own = medians.get(keyOf(key));
      return { ...key, sums: Array.from({ length: stages }, (_, stage) => sumsOf(row, stage, own?.[stage] ?? null)) };
    }),
    medians: totals,
  };
}

const ofRow = (row: Row): Omit<SumsRow, 'sums'> => ({
  period: row['period'] as string | null,
  value: row['value'] as string | null,
  passed: row['passed'] as boolean | null,
});

function at<Key>(lists: Map<Key, Sums['median'][]>, key: Key): Sums['median'][] {
  if (!lists.has(key)) lists.set(key, []);
  return lists.get(key)!;
}

const integer = (value: Value | undefined): bigint | null => (typeof value === 'string' ? BigInt(value) : null);

function sumsOf(row: Row, stage: number, median: Sums['median']): Sums {
  const of = Object.fromEntries(FIGURES.map((name) => [name, integer(row[figureColumn(name, stage)])])) as Record<
    FigureName,
    bigint | null
  >;
  return { ...of, reached: of.reached ?? 0n, both: of.both ?? 0n, conversions: of.conversions ?? 0n, median };
}

/** The sums of two rows together; the median of both is not known from theirs. */
export function addSums(left: Sums, right: Sums): Sums {
  const sum = (name: FigureName) => (left[name] === null ? right[name] : right[name] === null ? left[name] : left[name] + right[name]);
  return {
    reached: left.reached + right.reached,
    both: left.both + right.both,
    conversions: left.conversions + right.conversions,
    valued: sum('valued'),
    high: sum('high'),
    low: sum('low'),
    open: left === NO_SUMS ? right.open : sum('open'),
    median: null,
  };
}

const FULL = 1_000_000_000n;
const MICROS = 1_000_000n;
const DAY_HOURS = 24n;

/** The figures of a stage from its sums and those of the stages before; integers until this last step. */
export function figureOf(
  sums: readonly Sums[],
  place: number,
  previous: number | null,
  { money }: FunnelStage,
): Omit<CohortFigure, 'rank'> {
  const own = sums[place]!;
  const before = previous === null ? null : sums[previous]!.reached;
  return {
    leads: credits(own.reached),
    conversions: credits(own.conversions),
    value: money ? valueOf(own) : null,
    rate_from_lead: rate(own.reached, sums[0]!.reached),
    rate_from_previous: before === null ? null : rate(own.both, before),
    dropped: before === null ? null : credits(before - own.both),
    skipped: before === null ? null : credits(own.reached - own.both),
    open: previous === null || own.open === null ? null : credits(own.open),
    median_days: own.median === null ? null : quotient(own.median[0] + own.median[1], 2n * DAY_HOURS),
  };
}

const credits = (parts: bigint): number => quotient(parts, FULL);
const rate = (part: bigint, whole: bigint): number | null => (whole === 0n ? null : quotient(part, whole));

/** The value of nothing is 0, that of conversions without a known one is unknown. */
function valueOf({ conversions, valued, high, low }: Sums): number | null {
  if (conversions === 0n) return 0;
  if (!valued) return null;
  return quotient((high ?? 0n) * FULL + (low ?? 0n), FULL * MICROS);
}
