import type { Column } from '../contract/columns.ts';

/** What BigQuery says about one row: https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll#response-body */
export interface RowError {
  readonly reason: string;
  readonly location: string;
  readonly debugInfo: '';
  readonly message: string;
}

/** Deepest nesting of a JSON value that BigQuery stores. */
const JSON_DEPTH = 500;

/** The RowError of a row that can never be stored as it is. */
export function invalid(location: string, message: string): RowError {
  return { reason: 'invalid', location, debugInfo: '', message };
}

/** Checks rows against the columns of one table. */
export type RowCheck = (row: unknown, ignoreUnknown: boolean) => RowError | undefined;

/**
 * A check as `tabledata.insertAll` makes it: unknown columns, missing and null required ones, and values that do not convert.
 * Stricter than BigQuery in one thing: a STRING takes text alone, where BigQuery would quietly write a number down.
 */
export function createRowCheck(columns: readonly Column[], path = ''): RowCheck {
  const byName = new Map(columns.map((column) => [column.name, { column, check: createValueCheck(column, path + column.name) }]));
  const required = columns.filter(({ mode }) => mode === 'required').map(({ name }) => name);
  return (row, ignoreUnknown) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return invalid(path, 'This field is not a record.');
    const values = row as Record<string, unknown>;
    for (const name in values) {
      // Names of columns are compared without regard to case.
      const known = byName.get(name) ?? byName.get(name.toLowerCase());
      if (!known && !ignoreUnknown) return invalid(path + name, `no such field: ${path}${name}.`);
      const wrong = known?.check(values[name], ignoreUnknown);
      if (wrong) return wrong;
    }
    const missing = required.find((name) => values[name] === undefined);
    return missing === undefined ? undefined : invalid('', `Missing required field: ${path}${missing}.`);
  };
}

function createValueCheck({ mode, ...column }: Column, path: string): RowCheck {
  const checkOne = column.type === 'STRUCT' ? createRowCheck(column.fields ?? [], `${path}.`) : createScalarCheck(column, path);
  const isNull = invalid(path, `Only optional fields can be set to NULL. Field: ${column.name}; Value: NULL`);
  if (mode === 'repeated') {
    return (value, ignoreUnknown) => {
      if (value === null || value === undefined) return undefined;
      if (!Array.isArray(value)) return invalid(path, 'Field is repeated: array expected.');
      for (const item of value) {
        const wrong = item === null ? isNull : checkOne(item, ignoreUnknown);
        if (wrong) return wrong;
      }
      return undefined;
    };
  }
  return (value, ignoreUnknown) => {
    if (value === null || value === undefined) return mode === 'required' && value === null ? isNull : undefined;
    return checkOne(value, ignoreUnknown);
  };
}

function createScalarCheck({ type }: Column, path: string): RowCheck {
  const converts = CONVERSIONS[type];
  return (value) => {
    if (Array.isArray(value)) return invalid(path, 'Array specified for non-repeated field.');
    return converts(value) ? undefined : invalid(path, `Could not convert value to ${type.toLowerCase()}. Field: ${path}`);
  };
}

const CONVERSIONS: Readonly<Record<Column['type'], (value: unknown) => boolean>> = {
  STRING: (value) => typeof value === 'string',
  INT64: isInt64,
  FLOAT64: (value) => (typeof value === 'number' ? Number.isFinite(value) : isText(value, /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i)),
  BOOL: (value) => typeof value === 'boolean' || isText(value, /^(true|false)$/i),
  TIMESTAMP: (value) => isInstant(value, /^(\d{4})-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/),
  DATE: (value) => isInstant(value, /^(\d{4})-\d\d-\d\d$/),
  JSON: isJson,
  STRUCT: () => false,
};

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

function isInt64(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  return isText(value, /^-?\d{1,19}$/) && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
}

/** Instants and dates from the year 1 to the year 9999 that exist in the calendar. */
function isInstant(value: unknown, form: RegExp): boolean {
  if (!isText(value, form) || value.startsWith('0000')) return false;
  const day = value.slice(0, 10);
  const ms = Date.parse(value);
  // An engine may read 30 February as 1 March.
  return !Number.isNaN(ms) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** JSON columns take JSON as text, nested at most {@link JSON_DEPTH} levels deep. */
function isJson(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    return depthWithin(JSON.parse(value) as unknown, JSON_DEPTH);
  } catch {
    return false;
  }
}

function depthWithin(root: unknown, most: number): boolean {
  let level = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return false;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return true;
}
