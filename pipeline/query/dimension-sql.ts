import { SELF_REPORTED } from '../models/attribution/tables.ts';
import { REPORT_ADS } from '../models/costs/tables.ts';
import { columnsOfCustomDimension, customDimension } from '../models/dimensions/custom.ts';
import { NOT_ATTRIBUTED, type PublishedConfig } from '../models/reports/publication.ts';
import { DIMENSION_COLUMNS, REPORT_COSTS, REPORT_CREDITS, REPORT_OTHER_COSTS, SOURCE_COLUMNS } from '../models/reports/tables.ts';
import { SESSIONS } from '../models/sessions/tables.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { join, raw, sql, type Sql, table } from '../warehouse/sql.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';
import { type BuiltInDimension, type DateInterval, type DimensionName, isCustom, isOfCosts, isParam, ownName } from './dimensions.ts';

/** One of the tables of facts, and which of its columns is the date of the report. Its alias in SQL is `facts`. */
export interface FactTable {
  readonly table: TableDefinition;
  readonly date: 'click_date' | 'conversion_date';
}

/** What the SQL of a dimension depends on besides its name. */
export interface DimensionSetting {
  readonly dialect: Dialect;
  readonly config: Pick<PublishedConfig, 'dimensions' | 'hasSourceKeys' | 'hasPreviousDates' | 'previousDatesBy'>;
  /** What `date` stands for; default: the day. */
  readonly interval?: DateInterval;
}

/** How a dimension is made from a table of facts. */
export interface DimensionSource {
  /** The columns it is made of: facts are grouped by these first, and what it takes to name them is asked of the groups. */
  readonly columns: readonly string[];
  /** Its text (`date`: a DATE), given the SQL of a column. */
  readonly sql: (column: (name: string) => Sql) => Sql;
  /** What its SQL needs beside the facts: `report_ads` as `ads`, `sessions` as `wide`. */
  readonly joins: readonly ('ads' | 'wide')[];
}

/** Names for what is no column as it stands. */
const IS_NOT_ATTRIBUTED = 'is_not_attributed';
const EXPRESSIONS: Readonly<Record<string, string>> = {
  is_first_session: 'facts.session_number = 1',
  [IS_NOT_ATTRIBUTED]: `(facts.reason is not null and facts.reason <> '${SELF_REPORTED}')`,
};
/** Dimensions that the ad of a session decides, where it is known. */
const OF_ADS: readonly string[] = ['campaign', 'ad_platform', 'account', 'ad_group', 'ad'];
const NOTHING = raw('cast(null as string)');

/** The SQL of a column on a table of facts. */
export function factColumn(name: string, facts: FactTable): Sql {
  return raw(name === 'date' ? `facts.${facts.date}` : (EXPRESSIONS[name] ?? `facts.${name}`));
}

/** Joins behind `from … as facts` (or groups of them). @param reference the SQL of their ad_reference. */
export function joinsSql(joins: ReadonlySet<'ads' | 'wide'>, reference: Sql): Sql {
  const parts = [
    ...(joins.has('wide') ? [sql`left join ${table(SESSIONS.name)} as wide on wide.session_id = facts.session_id`] : []),
    ...(joins.has('ads') ? [sql`left join ${table(REPORT_ADS.name)} as ads on ads.ad_reference = ${reference}`] : []),
  ];
  return join(parts, '\n');
}

/** Whether all that a dimension is made of stands in report_sources: then it can be asked of these instead of the facts. */
export function isOfSources({ columns, joins }: DimensionSource): boolean {
  return !joins.includes('wide') && columns.length > 0 && columns.every((name) => name === IS_NOT_ATTRIBUTED || isSourceColumn(name));
}

/** Whether a dimension is a column of the facts as it stands, but for what is not attributed. */
export const isOwnColumn = (name: DimensionName, { table: one }: FactTable): boolean =>
  !OF_ADS.includes(name) && DIMENSION_COLUMNS.some((column) => column.name === name) && one.columns.some((column) => column.name === name);

/** Whether a column of facts stands in report_sources as well. */
export const isSourceColumn = (name: string): boolean => (SOURCE_COLUMNS as readonly string[]).includes(name);

/** The SQL of such a column, where facts or their groups are joined with report_sources as `sources`. */
export function sourceColumn(name: string): Sql {
  return raw(name === IS_NOT_ATTRIBUTED ? 'facts.source_key is null' : `sources.${name}`);
}

/** How a dimension is made from a table of facts. */
export function dimensionSource(name: DimensionName, facts: FactTable, setting: DimensionSetting): DimensionSource {
  if (name === 'date') return plain(['date'], (column) => dateSql(column('date'), setting));
  if (isParam(name)) return paramSource(ownName(name), facts, setting.dialect);
  const source = isCustom(name) ? customSource(ownName(name), facts, setting) : builtIn(name, facts, setting.dialect);
  return facts.table === REPORT_CREDITS ? ofCredits(source) : source;
}

/** The SQL of a dimension on the facts themselves, where they are joined with what {@link DimensionSource.joins} says. */
export function dimensionSql(name: DimensionName, facts: FactTable, setting: DimensionSetting): Sql {
  return dimensionSource(name, facts, setting).sql((column) => factColumn(column, facts));
}

const plain = (columns: readonly string[], make: DimensionSource['sql']): DimensionSource => ({ columns, sql: make, joins: [] });

/** Where no session is credited, a dimension is neither a value nor not set. */
function ofCredits(source: DimensionSource): DimensionSource {
  return {
    ...source,
    columns: [IS_NOT_ATTRIBUTED, ...source.columns],
    sql: (column) => sql`case when ${column(IS_NOT_ATTRIBUTED)} then ${NOT_ATTRIBUTED} else ${source.sql(column)} end`,
  };
}

function builtIn(name: Exclude<BuiltInDimension, 'date'>, facts: FactTable, dialect: Dialect): DimensionSource {
  if (isOfMoney(facts)) {
    const has = (column: string) => facts.table.columns.some((one) => one.name === column);
    if (name === 'source_medium') return sourceMedium(dialect);
    return has(name) ? plain([name], (column) => column(name)) : plain([], () => NOTHING);
  }
  if (name === 'source_medium') return sourceMedium(dialect);
  if (name === 'new_returning') {
    return plain(
      ['is_first_session'],
      (column) => sql`case ${column('is_first_session')} when true then 'new' when false then 'returning' end`,
    );
  }
  if (OF_ADS.includes(name)) return ofAds(name);
  return plain([name], (column) => column(name));
}

const isOfMoney = ({ table: one }: FactTable) => one === REPORT_COSTS || one === REPORT_OTHER_COSTS;

const sourceMedium = (dialect: Dialect): DimensionSource =>
  plain(['source', 'medium'], (column) => dialect.concat(column('source'), sql`' / '`, column('medium')));

/** As the costs name the ad of a session now; where they do not know it, as the session does. */
function ofAds(name: string): DimensionSource {
  const isOwn = DIMENSION_COLUMNS.some((column) => column.name === name);
  const found = raw(`ads.${name}`);
  return {
    columns: ['ad_reference', ...(isOwn ? [name] : [])],
    sql: (column) => (isOwn ? sql`coalesce(${found}, ${column(name)})` : found),
    joins: ['ads'],
  };
}

/** The value of a parameter, of several the least: whoever returns them decides whether there are. Sessions and costs have none. */
function paramSource(key: string, facts: FactTable, dialect: Dialect): DimensionSource {
  if (facts.table !== REPORT_CREDITS) return plain([], () => NOTHING);
  return plain(
    ['params'],
    (column) => sql`(select min(given.value) from ${dialect.unnest(column('params'), 'given')} where given.key = ${key})`,
  );
}

/**
 * A dimension of the config. Facts carry most of what its rules may ask about; the rest, such as whole addresses, is looked up
 * in the sessions. Of costs that have nothing of what they ask about it is not known.
 */
function customSource(key: string, facts: FactTable, { dialect, config }: DimensionSetting): DimensionSource {
  const asked = columnsOfCustomDimension(config, key);
  const value = (column: (name: string) => Sql) => customDimension(dialect, config, key, column);
  if (isOfMoney(facts)) {
    if (!isOfCosts(`custom.${key}`, config)) return plain([], () => NOTHING);
    return plain(asked, (column) => {
      const known = asked.length === 0 ? sql`true` : sql`coalesce(${join(asked.map(column))}) is not null`;
      return sql`case when ${known} then ${value(column)} end`;
    });
  }
  const parts = asked.map((name) => [name, wideOrOwn(name)] as const);
  const part = new Map(parts);
  return {
    columns: [...new Set(parts.flatMap(([, source]) => source.columns))],
    sql: (column) => value((name) => part.get(name)!.sql(column)),
    joins: [...new Set(parts.flatMap(([, source]) => source.joins))],
  };
}

function wideOrOwn(name: string): DimensionSource {
  if (OF_ADS.includes(name)) return ofAds(name);
  if (DIMENSION_COLUMNS.some((column) => column.name === name)) return plain([name], (column) => column(name));
  return { columns: [], sql: () => raw(`wide.${name}`), joins: ['wide'] };
}

function dateSql(date: Sql, { dialect, interval = 'day' }: DimensionSetting): Sql {
  switch (interval) {
    case 'day':
      return date;
    case 'week':
      return dialect.dateTrunc(date, 'WEEK');
    case 'month':
      return dialect.dateTrunc(date, 'MONTH');
  }
}
