import type { Column } from '../../edge/contract/columns.ts';
import { UserError } from '../config/user-error.ts';
import { didYouMean } from './source-columns.ts';
import type { Row, TableDefinition, Value } from './warehouse.ts';

const ISO_TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;
const ISO_DATE = /^\d{4}-\d\d-\d\d$/;

/**
 * Passes rows on that fit a table.
 * @throws UserError naming the row (from 1), the column and what was expected.
 */
export async function* checkedRows(target: TableDefinition, rows: Iterable<Row> | AsyncIterable<Row>, label: string): AsyncGenerator<Row> {
  const names = new Set(target.columns.map((column) => column.name));
  let count = 0;
  for await (const row of rows) {
    count++;
    const unknown = Object.keys(row).find((name) => !names.has(name));
    if (unknown !== undefined) {
      throw new UserError(
        `${label}: row ${count} has a member "${unknown}", which is no column of ${target.name}${didYouMean(unknown, [...names])}`,
      );
    }
    const problem = firstProblem(target.columns, row);
    if (problem !== undefined) throw new UserError(`${label}: row ${count}: ${problem}`);
    yield row;
  }
}

function firstProblem(columns: readonly Column[], row: Readonly<Record<string, Value>>): string | undefined {
  for (const column of columns) {
    const problem = valueProblem(row[column.name] ?? null, column);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function valueProblem(value: Value, column: Column): string | undefined {
  if (column.mode === 'repeated') {
    if (value === null) return undefined;
    return Array.isArray(value)
      ? (value as Value[]).map((element) => scalarProblem(element, column)).find((problem) => problem !== undefined)
      : mismatch(value, column);
  }
  if (value === null) return column.mode === 'required' ? `column "${column.name}" is required but has no value` : undefined;
  return scalarProblem(value, column);
}

function scalarProblem(value: Value, column: Column): string | undefined {
  if (column.type !== 'STRUCT') return fits(value, column) ? undefined : mismatch(value, column);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return mismatch(value, column);
  return firstProblem(column.fields ?? [], value as Readonly<Record<string, Value>>);
}

function fits(value: Value, column: Column): boolean {
  switch (column.type) {
    case 'STRING':
      return typeof value === 'string';
    case 'JSON':
      return typeof value === 'string' && isJson(value);
    case 'INT64':
      // Beyond 2^53 as its exact text, as `batches` reads it.
      return Number.isSafeInteger(value) || (typeof value === 'string' && isLargeInteger(value));
    case 'FLOAT64':
      return typeof value === 'number';
    case 'BOOL':
      return typeof value === 'boolean';
    case 'TIMESTAMP':
      return typeof value === 'string' && ISO_TIMESTAMP.test(value) && isCalendarTime(value);
    case 'DATE':
      return typeof value === 'string' && ISO_DATE.test(value) && isCalendarTime(value);
    case 'STRUCT':
      return false;
    default:
      return column.type satisfies never;
  }
}

/** Whether it is the text of an integer of 64 bits that a number cannot hold. */
function isLargeInteger(text: string): boolean {
  if (!/^-?[1-9]\d{15,18}$/.test(text)) return false;
  return !Number.isSafeInteger(Number(text)) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

/** Whether the date exists: `Date` takes the 30th of February for the 2nd of March. */
function isCalendarTime(text: string): boolean {
  const parsed = new Date(text);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text.slice(0, 10));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function mismatch(value: Value, column: Column): string {
  const shown = JSON.stringify(value);
  return `column "${column.name}" is ${column.type}, got ${shown.length > 80 ? `${shown.slice(0, 77)}…` : shown}`;
}
