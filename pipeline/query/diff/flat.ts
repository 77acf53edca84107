import type { FlatTable, FlatType, FlatValue } from '../export/flat.ts';
import { CAUSE_NAMES } from './causes.ts';
import { inUnits } from './plain.ts';
import type { ConversionSide, DiffResult } from './types.ts';

const columns = (names: readonly string[], type: FlatType) => names.map((name) => ({ name, type }));

/** A comparison as a table for files: one row per metric and value of the dimension, with the parts of its change. */
export function figuresTable({ metrics }: DiffResult): FlatTable {
  return {
    columns: [...columns(['metric', 'key'], 'STRING'), ...columns(['before', 'after', 'change', ...CAUSE_NAMES], 'FLOAT64')],
    rows: metrics.flatMap(({ metric, rows }) =>
      rows.map((row): FlatValue[] => [
        metric,
        row.key,
        ...[row.before, row.after, row.after - row.before, ...CAUSE_NAMES.map((name) => row.causes[name] ?? 0n)].map((value) =>
          inUnits(metric, value),
        ),
      ]),
    ),
  };
}

/** The listed conversions as a table: one row per conversion and value of the dimension in either publication. */
export function listTable({ conversions }: DiffResult): FlatTable {
  return {
    columns: [
      ...columns(['conversion', 'id'], 'STRING'),
      ...columns(['conversion_time'], 'TIMESTAMP'),
      ...columns(['cause', 'detail', 'key'], 'STRING'),
      ...columns(['credit_before', 'value_before', 'credit_after', 'value_after'], 'FLOAT64'),
    ],
    rows: conversions.flatMap(({ conversion, id, conversion_time, cause, detail, before, after }) => {
      const keys = [...new Set([...before, ...after].map(({ key }) => key))];
      return keys.map((key) => [conversion, id, conversion_time, cause, detail, key, ...partOf(before, key), ...partOf(after, key)]);
    }),
  };
}

function partOf(side: ConversionSide, key: string | null): [credit: number, value: number] {
  const found = side.find((entry) => entry.key === key);
  return [inUnits('conversions', found?.credit ?? 0n), inUnits('conversion_value', found?.value_micros ?? 0n)];
}
