import { NOT_ATTRIBUTED, type PublishedConfig } from '../models/reports/publication.ts';
import { REPORT_CREDITS, REPORT_SESSIONS, REPORT_SOURCES } from '../models/reports/tables.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { arrayParam, join, param, raw, sql, type Sql, table } from '../warehouse/sql.ts';
import {
  type DimensionSetting,
  type DimensionSource,
  dimensionSource,
  factColumn,
  type FactTable,
  isOfSources,
  isOwnColumn,
  isSourceColumn,
  joinsSql,
  sourceColumn,
} from './dimension-sql.ts';
import { type DimensionName, isOfCosts } from './dimensions.ts';
import { type Condition, conditionsOf, type Filters, isMetricCondition, isQualifiedCondition } from './schema.ts';

const OPERATORS = { gt: raw('>'), gte: raw('>='), lt: raw('<'), lte: raw('<=') };

const isDimensionCondition = (condition: Condition): boolean => !isMetricCondition(condition) && !isQualifiedCondition(condition);

/**
 * Which facts are counted: the conditions on dimensions, and of credits those on is_qualified, as SQL on one table of facts.
 * Undefined where there are none. Sessions and costs are of no conversion, so is_qualified leaves them as they are.
 */
export function factFilter(filters: Filters | undefined, facts: FactTable, setting: DimensionSetting): Sql | undefined {
  const isChosen = (condition: Condition) =>
    isDimensionCondition(condition) || (isQualifiedCondition(condition) && facts.table === REPORT_CREDITS);
  return filterSql(filters, isChosen, (condition) =>
    isQualifiedCondition(condition) ? qualifiedSql(condition) : dimensionCondition(condition, facts, setting),
  );
}

/** What the conditions on dimensions need beside a table of facts. */
export function joinsOfFilter(filters: Filters | undefined, facts: FactTable, setting: DimensionSetting): readonly ('ads' | 'wide')[] {
  return conditionsOf(filters).flatMap(([, condition]) => {
    if (!isDimensionCondition(condition)) return [];
    const source = dimensionSource(condition.field as DimensionName, facts, setting);
    return isAskedOfSources(source, facts, setting) ? [] : source.joins;
  });
}

/** Which rows of the result are shown: the conditions on metrics, given the SQL of a metric column. */
export function rowFilter(filters: Filters | undefined, columnSql: (column: string) => Sql): Sql | undefined {
  return filterSql(filters, isMetricCondition, (condition) => comparison(columnSql(condition.field), condition, 'FLOAT64'));
}

/** Whether the filter names a dimension that costs do not carry, so that they cannot be filtered. */
export function filtersBeyondCosts(filters: Filters | undefined, config: Pick<PublishedConfig, 'dimensions'>): boolean {
  return conditionsOf(filters).some(
    ([, condition]) => isDimensionCondition(condition) && !isOfCosts(condition.field as DimensionName, config),
  );
}

function filterSql(
  filters: Filters | undefined,
  chosen: (condition: Condition) => boolean,
  toSql: (condition: Condition) => Sql,
): Sql | undefined {
  if (!filters) return undefined;
  const [members, separator] = 'and' in filters ? ([filters.and, 'and'] as const) : ([filters.or, 'or'] as const);
  const pieces = members.flatMap((member): Sql[] => {
    if ('field' in member) return chosen(member) ? [toSql(member)] : [];
    const [conditions, inner] = 'and' in member ? ([member.and, 'and'] as const) : ([member.or, 'or'] as const);
    const parts = conditions.filter(chosen).map(toSql);
    return parts.length ? [sql`(${join(parts, ` ${inner} `)})`] : [];
  });
  return pieces.length ? sql`(${join(pieces, ` ${separator} `)})` : undefined;
}

/** Whether the conversion of a credit is qualified, as a condition that is never NULL. */
function qualifiedSql(condition: Condition): Sql {
  const column = raw('facts.is_qualified');
  if (condition.operator === 'is_set') return sql`${column} is not null`;
  if (condition.operator === 'not_set') return sql`${column} is null`;
  if (condition.operator !== 'equals') throw new Error(`condition on "${condition.field}" is none: the query was not parsed`);
  return condition.value === 'true' ? sql`coalesce(${column}, false)` : sql`coalesce(not ${column}, false)`;
}

/** Whether a condition is asked of what brought the facts, each kind once. */
function isAskedOfSources(source: DimensionSource, facts: FactTable, { config }: DimensionSetting): boolean {
  const has = facts.table === REPORT_SESSIONS || facts.table === REPORT_CREDITS;
  return has && config.hasSourceKeys === true && isOfSources(source);
}

function dimensionCondition(condition: Condition, facts: FactTable, setting: DimensionSetting): Sql {
  const name = condition.field as DimensionName;
  const { dialect, config } = setting;
  const source = dimensionSource(name, facts, { dialect, config });
  const holds = (value: Sql) => conditionSql(condition, value, dialect);
  if (isOwnColumn(name, facts) && isOneOfTexts(condition)) return holds(raw(`facts.${name}`));
  if (!isAskedOfSources(source, facts, setting)) return holds(source.sql((column) => factColumn(column, facts)));
  const value = source.sql((column) => (isSourceColumn(column) ? sourceColumn(column) : raw('false')));
  const among = sql`facts.source_key in (
    select sources.source_key from ${table(REPORT_SOURCES.name)} as sources
    ${joinsSql(new Set(source.joins), raw('sources.ad_reference'))}
    where ${holds(value)}
  )`;
  // Without a key it is not attributed.
  return facts.table === REPORT_CREDITS ? sql`(${among} or (facts.source_key is null and ${holds(sql`${NOT_ATTRIBUTED}`)}))` : among;
}

/** Whether a condition asks for certain texts, which what is not attributed has in no column. */
function isOneOfTexts(condition: Condition): boolean {
  if (condition.operator === 'equals') return condition.value !== NOT_ATTRIBUTED;
  return condition.operator === 'in' && !condition.value.includes(NOT_ATTRIBUTED);
}

/** A condition on the text of a dimension, or on the date. */
function conditionSql(condition: Condition, value: Sql, dialect: Dialect): Sql {
  switch (condition.operator) {
    case 'equals':
      return sql`(${value} is not null and ${value} = ${condition.value})`;
    case 'contains':
      return sql`(${value} is not null and strpos(${dialect.lower(value)}, ${dialect.lower(sql`${condition.value}`)}) > 0)`;
    case 'in':
      return sql`(${value} is not null and ${dialect.isIn(value, sql`${arrayParam(condition.value, 'STRING')}`)})`;
    case 'is_set':
      return sql`(${value} is not null and ${value} not in ('', ${NOT_ATTRIBUTED}))`;
    case 'not_set':
      return sql`(${value} is null or ${value} in ('', ${NOT_ATTRIBUTED}))`;
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return comparison(value, condition, 'DATE');
  }
}

function comparison(value: Sql, condition: Condition, type: 'DATE' | 'FLOAT64'): Sql {
  if (!('value' in condition) || Array.isArray(condition.value) || !Object.hasOwn(OPERATORS, condition.operator)) {
    throw new Error(`condition on "${condition.field}" is no comparison: the query was not parsed`);
  }
  return sql`${value} ${OPERATORS[condition.operator as keyof typeof OPERATORS]} ${param(condition.value, type)}`;
}
