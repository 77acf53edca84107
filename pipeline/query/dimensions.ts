import { raw, sql, type Sql } from '../warehouse/sql.ts';
import type { Dialect } from '../warehouse/dialect.ts';
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

export type DimensionName = keyof typeof DIMENSIONS;
export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as DimensionName[];

export type DateInterval = 'day' | 'week' | 'month';

/** One of the three tables of facts, and which of its columns is the date of the report. */
export interface FactTable {
  readonly table: TableDefinition;
  readonly date: 'click_date' | 'conversion_date';
}

/** The SQL of a dimension on a table of facts, as text (`date`: a DATE, by default the day). */
export function dimensionSql(name: DimensionName, facts: FactTable, dialect: Dialect, interval: DateInterval = 'day'): Sql {
  if (name === 'date') return dateSql(raw(facts.date), dialect, interval);
  const value = name === 'source_medium' ? dialect.concat(raw('source'), sql`' / '`, raw('medium')) : raw(name);
  if (facts.table !== REPORT_CREDITS) return value;
  return sql`case when session_id = '' then ${NOT_ATTRIBUTED} else ${value} end`;
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
