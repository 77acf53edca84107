import { REPORT_COSTS, REPORT_CREDITS, REPORT_OTHER_COSTS, REPORT_SESSIONS, REPORT_SOURCES } from '../models/reports/tables.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { join, param, raw, sql, type Sql, table } from '../warehouse/sql.ts';
import type { DateRange } from './dates.ts';
import {
  type DimensionSetting,
  type DimensionSource,
  dimensionSource,
  factColumn,
  type FactTable,
  isOfSources,
  isSourceColumn,
  joinsSql,
  sourceColumn,
} from './dimension-sql.ts';
import { dimensionColumn, type DimensionName, isParam } from './dimensions.ts';
import { factFilter, joinsOfFilter } from './filters.ts';
import { firstSessions, type Told, toldBySessions } from './first-sessions.ts';
import { aggregateSql, factsOf, isDistinct, type Measure } from './measures.ts';
import type { AttributedConversion, ReportQuery } from './schema.ts';

/** The periods of a report that are added up apart. */
export type Period = 'current' | 'comparison';

/** What of which facts is added up, and by what. */
export interface FactsRequest {
  readonly query: ReportQuery;
  readonly dialect: Dialect;
  readonly config: DimensionSetting['config'];
  readonly measures: readonly Measure[];
  readonly dimensions: readonly DimensionName[];
  /** Whether costs are among the facts: by what they do not carry they are not. */
  readonly costs: boolean;
}

/** Name of the column with a measure of a period, among the groups of facts. */
export const periodColumn = (measure: Measure, period: Period): string => `${period}_${measure}`;

export const periodsOf = (query: ReportQuery): readonly Period[] => (query.comparison_date_range ? ['current', 'comparison'] : ['current']);

/**
 * The facts of each table, grouped and put below each other: no join of tables of facts, so no fact is counted twice or lost.
 * Columns: the dimensions, `conversion_name` and `model` (NULL but for credits), and {@link periodColumn} of every measure.
 * A group may come in several rows, but one whose distinct values must be told apart comes in one.
 */
export function factsSql(request: FactsRequest): Sql {
  const { query, measures } = request;
  const tables: FactTable[] = [
    { table: REPORT_SESSIONS, date: 'click_date' },
    { table: REPORT_CREDITS, date: query.time_basis === 'click_time' ? 'click_date' : 'conversion_date' },
    { table: REPORT_COSTS, date: 'click_date' },
    { table: REPORT_OTHER_COSTS, date: 'click_date' },
  ];
  const used = tables.filter((facts) => measures.some((measure) => factsOf(measure) === facts.table));
  return join(
    used.flatMap((facts) => partsOf(facts, request).map((part) => namedGroups(facts, request, part))),
    '\nunion all\n',
  );
}

interface Key {
  readonly name: string;
  readonly sql: Sql;
}

/** Facts that are grouped alike: no group of a report has facts of two parts whose persons are told apart. */
interface Part {
  /** How sessions tell which of them are counted as persons; without it persons are told apart. */
  readonly told?: Told;
  /** Which facts are of the part, and of their groups by source key which are: without it all are. */
  readonly facts?: Sql;
  readonly groups?: Sql;
}

/** Sessions of which only some say who came before are grouped in two parts. */
function partsOf(facts: FactTable, request: FactsRequest): Part[] {
  const told = request.measures.includes('users') ? toldBySessions(facts, request) : undefined;
  if (!told) return [{}];
  if (!told.except) return [{ told }];
  const isExcept = sql`coalesce(facts.source_key in (${told.except}), false)`;
  // Groups are few: to leave out some of them is cheaper than to leave out their facts.
  return [{ told, groups: sql`not ${isExcept}` }, { facts: sql`facts.source_key in (${told.except})` }];
}

/**
 * Facts are grouped by the columns that dimensions are made of, as they are stored; only what is left of them is named and looked
 * up. Not where distinct values are counted, which must be told apart under the final name.
 */
function namedGroups(facts: FactTable, request: FactsRequest, part: Part): Sql {
  const { told } = part;
  const { query, dialect, config, dimensions } = request;
  const setting: DimensionSetting = { dialect, config, interval: query.interval };
  const own = request.measures.filter((measure) => factsOf(measure) === facts.table);
  const isFinal = own.some((measure) => isDistinct(measure) && !(measure === 'users' && told));
  const joins = { facts: new Set(joinsOfFilter(query.filters, facts, setting)), groups: new Set<'ads' | 'wide'>() };
  const keys = new Map<string, Sql>();
  const isKeyed = !isFinal && isBySource(facts, request, setting);
  const names = dimensions.map((name): Key => {
    const column = dimensionColumn(name, query.dimensions);
    const source = dimensionSource(name, facts, setting);
    if (isFinal || isParam(name) || source.joins.includes('wide')) {
      source.joins.forEach((one) => joins.facts.add(one));
      keys.set(
        `named_${column}`,
        source.sql((one) => factColumn(one, facts)),
      );
      return { name: column, sql: raw(`facts.named_${column}`) };
    }
    return { name: column, sql: namedLater(source, facts, keys, joins.groups, isKeyed) };
  });
  const isCredits = facts.table === REPORT_CREDITS;
  const pair = isCredits ? ['conversion_name', 'model'] : [];
  const periods = periodsOf(query);
  const groupedBy = [...[...keys].map(([name, key]) => sql`${key} as ${raw(name)}`), ...pair.map((name) => raw(`facts.${name}`))];
  const sums = own.flatMap((measure) =>
    periods.map((period) => {
      const counted = conditionsOf(period, facts, query);
      const first = measure === 'users' && told ? firstSessions(rangeOf(period, query), facts, told, request) : undefined;
      const value = first ? sql`countif(${join([...counted, first], ' and ')})` : aggregateSql(measure, counted);
      return sql`${value} as ${raw(periodColumn(measure, period))}`;
    }),
  );
  const columns = request.measures.flatMap((measure) =>
    periods.map((period) => {
      const column = periodColumn(measure, period);
      return own.includes(measure) ? raw(`facts.${column}`) : sql`${param(null, 'INT64')} as ${raw(column)}`;
    }),
  );
  return sql`select ${join([
    ...names.map(({ name, sql: value }) => sql`${value} as ${raw(name)}`),
    ...['conversion_name', 'model'].map((name) => raw(isCredits ? `facts.${name}` : `cast(null as string) as ${name}`)),
    ...columns,
  ])}
from (
  select ${join([...groupedBy, ...sums])}
  from ${table(facts.table.name)} as facts
  ${joinsSql(joins.facts, raw('facts.ad_reference'))}
  where ${join([...conditions(facts, request, setting), ...(part.facts ? [part.facts] : [])], ' and ')}
  ${groupedBy.length ? sql`group by ${raw(groupedBy.map((_, i) => i + 1).join(', '))}` : sql``}
) as facts
${isKeyed ? sql`left join ${table(REPORT_SOURCES.name)} as sources on sources.source_key = facts.source_key` : sql``}
${joinsSql(joins.groups, raw(isKeyed ? 'sources.ad_reference' : 'facts.ad_reference'))}
${part.groups ? sql`where ${part.groups}` : sql``}`;
}

/** Whether facts are grouped by what brought them as one integer: a single text is grouped by as fast, and makes fewer groups. */
function isBySource(facts: FactTable, { dimensions }: FactsRequest, setting: DimensionSetting): boolean {
  if (!setting.config.hasSourceKeys || (facts.table !== REPORT_SESSIONS && facts.table !== REPORT_CREDITS)) return false;
  const columns = dimensions.flatMap((name) => dimensionSource(name, facts, setting).columns);
  return new Set(columns.filter(isSourceColumn)).size > 1;
}

/** A dimension of groups, each of which has the columns that it is made of, or the key of what has them. */
function namedLater(source: DimensionSource, facts: FactTable, keys: Map<string, Sql>, joins: Set<'ads' | 'wide'>, isKeyed: boolean): Sql {
  source.joins.forEach((one) => joins.add(one));
  if (isKeyed) keys.set('source_key', raw('facts.source_key'));
  if (isKeyed && isOfSources(source)) return source.sql(sourceColumn);
  const isSources = (column: string) => isKeyed && isSourceColumn(column);
  source.columns.filter((column) => !isSources(column)).forEach((column) => keys.set(column, factColumn(column, facts)));
  return source.sql((column) => (isSources(column) ? sourceColumn(column) : raw(`facts.${column}`)));
}

function conditions(facts: FactTable, { query, costs }: FactsRequest, setting: DimensionSetting): Sql[] {
  const ranges = [query.date_range, ...(query.comparison_date_range ? [query.comparison_date_range] : [])];
  const filter = factFilter(query.filters, facts, setting);
  const isLeftOut = !costs && (facts.table === REPORT_COSTS || facts.table === REPORT_OTHER_COSTS);
  return [
    sql`(${join(
      ranges.map((range) => within(facts, range)),
      ' or ',
    )})`,
    ...(facts.table === REPORT_CREDITS ? [pairsSql(query.attributed_conversions)] : []),
    ...(isLeftOut ? [sql`false`] : []),
    ...(filter ? [filter] : []),
  ];
}

/** With one period all facts are of it. */
function conditionsOf(period: Period, facts: FactTable, query: ReportQuery): Sql[] {
  return query.comparison_date_range ? [within(facts, rangeOf(period, query))] : [];
}

const rangeOf = (period: Period, { date_range, comparison_date_range }: ReportQuery): DateRange =>
  period === 'comparison' && comparison_date_range ? comparison_date_range : date_range;

/** Whether a fact is dated within a period. */
export const within = (facts: FactTable, { start_date, end_date }: DateRange): Sql =>
  sql`facts.${raw(facts.date)} between ${param(start_date, 'DATE')} and ${param(end_date, 'DATE')}`;

/**
 * Conversion by conversion, so that many models of one are one comparison. Credits lie in the order of both: the engine leaves out
 * what a list of names excludes, and not what alternatives do.
 */
function pairsSql(pairs: readonly AttributedConversion[]): Sql {
  const byConversion = Map.groupBy(pairs, ({ conversion }) => conversion);
  const parts = [...byConversion].map(
    ([conversion, models]) =>
      sql`(facts.conversion_name = ${conversion} and facts.model in (${join(models.map(({ model }) => sql`${model}`))}))`,
  );
  if (parts.length < 2) return parts[0] ?? sql`false`;
  const names = (of: (pair: AttributedConversion) => string) => join([...new Set(pairs.map(of))].map((name) => sql`${name}`));
  return sql`(facts.conversion_name in (${names(({ conversion }) => conversion)})
    and facts.model in (${names(({ model }) => model)}) and (${join(parts, ' or ')}))`;
}
