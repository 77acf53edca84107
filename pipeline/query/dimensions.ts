import { raw, sql, type Sql } from '../warehouse/sql.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { nearest } from '../config/suggest.ts';
import { SELF_REPORTED } from '../models/attribution/tables.ts';
import { NOT_ATTRIBUTED } from '../models/reports/publication.ts';
import { REPORT_CREDITS } from '../models/reports/tables.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';

interface Dimension {
  readonly label: string;
  /** Whether ad costs carry it. By a dimension they do not carry, cost stands in the totals only. */
  readonly ofCosts: boolean;
}

/** What a report can be broken down by and filtered on. `date` is the day of the time basis. */
export const DIMENSIONS = {
  date: { label: 'Date', ofCosts: true },
  channel: { label: 'Channel', ofCosts: true },
  source: { label: 'Source', ofCosts: true },
  medium: { label: 'Medium', ofCosts: true },
  source_medium: { label: 'Source / medium', ofCosts: true },
  campaign: { label: 'Campaign', ofCosts: true },
  ad_platform: { label: 'Ad platform', ofCosts: true },
  term: { label: 'Term', ofCosts: false },
  content: { label: 'Content', ofCosts: false },
  landing_path: { label: 'Landing page', ofCosts: false },
  country: { label: 'Country', ofCosts: false },
  region: { label: 'Region', ofCosts: false },
  city: { label: 'City', ofCosts: false },
  device_type: { label: 'Device', ofCosts: false },
  browser: { label: 'Browser', ofCosts: false },
} as const satisfies Readonly<Record<string, Dimension>>;

export type BuiltInDimension = keyof typeof DIMENSIONS;
export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as BuiltInDimension[];

const PARAM = 'param.';
/** Begins the name of a dimension by a custom parameter of the conversions: `param.plan`. Only conversions carry it. */
type ParamDimension = `${typeof PARAM}${string}`;
export type DimensionName = BuiltInDimension | ParamDimension;

export const isParam = (name: string): name is ParamDimension => name.startsWith(PARAM) && name.length > PARAM.length;
/** The dimension by a parameter of that name. */
export const paramDimension = (key: string): ParamDimension => `${PARAM}${key}`;
export const isDimension = (name: string): name is DimensionName => Object.hasOwn(DIMENSIONS, name) || isParam(name);
export const dimensionLabel = (name: DimensionName): string => (isParam(name) ? name.slice(PARAM.length) : DIMENSIONS[name].label);
export const isOfCosts = (name: DimensionName): boolean => !isParam(name) && DIMENSIONS[name].ofCosts;

/** What to tell someone who wrote a dimension that is none. */
export function unknownDimension(given: unknown): string {
  const near = typeof given === 'string' ? nearest(given, DIMENSION_NAMES) : undefined;
  const known = DIMENSION_NAMES.map((name) => `"${name}"`).join(', ');
  return `${JSON.stringify(given)}: expected one of ${known} or "${PARAM}NAME"${near ? `; did you mean "${near}"?` : ''}`;
}

/** The column that a dimension of a report has in its SQL: the name of a parameter may be anything. */
export function dimensionColumn(name: DimensionName, dimensions: readonly DimensionName[]): string {
  return isParam(name) ? `param_${dimensions.indexOf(name)}` : name;
}

export type DateInterval = 'day' | 'week' | 'month';

/** One of the three tables of facts, and which of its columns is the date of the report. */
export interface FactTable {
  readonly table: TableDefinition;
  readonly date: 'click_date' | 'conversion_date';
}

/** The SQL of a dimension on a table of facts, as text (`date`: a DATE, by default the day). */
export function dimensionSql(name: DimensionName, facts: FactTable, dialect: Dialect, interval: DateInterval = 'day'): Sql {
  if (name === 'date') return dateSql(raw(facts.date), dialect, interval);
  if (isParam(name)) return paramSql(name.slice(PARAM.length), facts, dialect);
  const value = name === 'source_medium' ? dialect.concat(raw('source'), sql`' / '`, raw('medium')) : raw(name);
  if (facts.table !== REPORT_CREDITS) return value;
  return sql`case when session_id = '' and coalesce(reason, '') <> ${SELF_REPORTED} then ${NOT_ATTRIBUTED} else ${value} end`;
}

/** The value of a parameter, of several the least: whoever returns them decides whether there are. Sessions and costs have none. */
function paramSql(key: string, facts: FactTable, dialect: Dialect): Sql {
  if (facts.table !== REPORT_CREDITS) return raw('cast(null as string)');
  return sql`(select min(given.value) from ${dialect.unnest(raw('params'), 'given')} where given.key = ${key})`;
}

function dateSql(date: Sql, dialect: Dialect, interval: DateInterval): Sql {
  switch (interval) {
    case 'day':
      return date;
    case 'week':
      return dialect.dateTrunc(date, 'WEEK');
    case 'month':
      return dialect.dateTrunc(date, 'MONTH');
  }
}
