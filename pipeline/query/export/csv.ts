import type { Value } from '../../warehouse/warehouse.ts';
import type { ReportResult } from '../result.ts';
import { flatReport, type FlatTable } from './flat.ts';

/** Controls that are no part of a text: an escape sequence in a CSV still reaches the terminal of whoever prints it. */
const CONTROLS = /[^\P{Cc}\t\r\n]/gu;
/** What a spreadsheet takes for a formula (OWASP, "CSV Injection"); a plain number is none. */
const FORMULA = /^[=+\-@\t\r\n]/;
const NUMBER = /^[+-]?\d+(\.\d+)?$/;

/** Writes a table as CSV (RFC 4180: CRLF, quotes doubled). Empty for NULL; text that begins a formula is led by `'`. */
export function toCsv(header: readonly string[], rows: readonly (readonly Value[])[]): string {
  return [header, ...rows].map((row) => row.map(cell).join(',') + '\r\n').join('');
}

/** A table as CSV: the names of its columns as header. */
export function flatCsv({ columns, rows }: FlatTable): string {
  return toCsv(
    columns.map(({ name }) => name),
    rows,
  );
}

/** A report as CSV: the names of the query schema as header, plain numbers, no total. */
export const reportCsv = (result: ReportResult): string => flatCsv(flatReport(result));

function cell(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replace(CONTROLS, '');
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
