import { toCsv } from '../export/csv.ts';
import type { BehindConversion } from './behind.ts';

const COLUMNS = [
  'conversion',
  'id',
  'conversion_time',
  'person_id',
  'credit',
  'value',
  'sessions',
  'inherited_from',
  'reason',
] as const satisfies readonly (keyof BehindConversion)[];

/** The conversions behind a number as CSV: plain numbers, no total. */
export function behindCsv(conversions: readonly BehindConversion[]): string {
  return toCsv(
    [...COLUMNS],
    conversions.map((row) => COLUMNS.map((name) => row[name])),
  );
}
