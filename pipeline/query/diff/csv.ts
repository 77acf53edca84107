import { toCsv } from '../export/csv.ts';
import { CAUSE_NAMES } from './causes.ts';
import { inUnits } from './plain.ts';
import type { ConversionSide, DiffResult } from './types.ts';

/** A comparison as CSV: one row per metric and value of the dimension, with the parts of its change. */
export function figuresCsv({ metrics }: DiffResult): string {
  const rows = metrics.flatMap(({ metric, rows: found }) =>
    found.map((row) => [
      metric,
      row.key,
      ...[row.before, row.after, row.after - row.before, ...CAUSE_NAMES.map((name) => row.causes[name] ?? 0n)].map((value) =>
        inUnits(metric, value),
      ),
    ]),
  );
  return toCsv(['metric', 'key', 'before', 'after', 'change', ...CAUSE_NAMES], rows);
}

const LIST_COLUMNS = [
  'conversion',
  'id',
  'conversion_time',
  'cause',
  'detail',
  'key',
  'credit_before',
  'value_before',
  'credit_after',
  'value_after',
];

/** The listed conversions as CSV: one row per conversion and value of the dimension in either publication. */
export function listCsv({ conversions }: DiffResult): string {
  const rows = conversions.flatMap(({ conversion, id, conversion_time, cause, detail, before, after }) => {
    const keys = [...new Set([...before, ...after].map(({ key }) => key))];
    return keys.map((key) => [conversion, id, conversion_time, cause, detail, key, ...partOf(before, key), ...partOf(after, key)]);
  });
  return toCsv(LIST_COLUMNS, rows);
}

function partOf(side: ConversionSide, key: string | null): [credit: number, value: number] {
  const found = side.find((entry) => entry.key === key);
  return [inUnits('conversions', found?.credit ?? 0n), inUnits('conversion_value', found?.value_micros ?? 0n)];
}
