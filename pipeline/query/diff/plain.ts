import { quotient } from '../metrics.ts';
import { type Cause } from './causes.ts';
import type { DiffMetric } from './schema.ts';
import type { ConversionSide, DiffConversion, DiffFigures, DiffResult } from './types.ts';

/** Smallest units of one: parts of a conversion, micros of the currency. */
const UNITS: Readonly<Record<DiffMetric, bigint>> = {
  conversions: 1_000_000_000n,
  conversion_value: 1_000_000n,
  sessions: 1n,
  cost: 1_000_000n,
  other_cost: 1_000_000n,
};

/** A figure of a comparison in whole units: conversions, units of the project currency, sessions. */
export const inUnits = (metric: DiffMetric, value: bigint): number => quotient(value, UNITS[metric]);

interface PlainFigures {
  readonly before: number;
  readonly after: number;
  readonly change: number;
  readonly causes: Partial<Record<Cause, number>>;
}

/** Figures in whole units; a part that is no binary fraction is the nearest number. */
export function plainFigures(metric: DiffMetric, { before, after, causes }: DiffFigures): PlainFigures {
  const units = (value: bigint) => inUnits(metric, value);
  return {
    before: units(before),
    after: units(after),
    change: units(after - before),
    causes: Object.fromEntries(Object.entries(causes).map(([cause, part]) => [cause, units(part)])),
  };
}

const reference = ({ publication_id, published_at, data_up_to }: DiffResult['from']) => ({ publication_id, published_at, data_up_to });

/** A comparison for programs: figures in whole units. */
export function plainDiff({ from, to, query, metrics, differing, conversions }: DiffResult): object {
  return {
    from: reference(from),
    to: reference(to),
    query,
    metrics: metrics.map(({ metric, rows, total, note, isMissing }) => ({
      metric,
      rows: rows.map((row) => ({ key: row.key, ...plainFigures(metric, row) })),
      total: isMissing ? null : plainFigures(metric, total),
      ...(note !== undefined && { note }),
    })),
    differing,
    conversions: conversions.map(plainConversion),
  };
}

const side = (entries: ConversionSide) =>
  entries.map(({ key, credit, value_micros }) => ({
    key,
    credit: inUnits('conversions', credit),
    value: inUnits('conversion_value', value_micros),
  }));

/** A conversion that differs, for programs. */
export function plainConversion({ before, after, ...conversion }: DiffConversion) {
  return { ...conversion, before: side(before), after: side(after) };
}
