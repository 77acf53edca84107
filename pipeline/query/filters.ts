import { NOT_ATTRIBUTED } from '../models/reports/publication.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { arrayParam, join, param, raw, sql, type Sql } from '../warehouse/sql.ts';
import { type DimensionName, dimensionSql, type FactTable, isOfCosts } from './dimensions.ts';
import { type Condition, conditionsOf, type Filters, isMetricCondition } from './schema.ts';

const OPERATORS = { gt: raw('>'), gte: raw('>='), lt: raw('<'), lte: raw('<=') };

/** Which facts are counted: the conditions on dimensions, as SQL on one table of facts. Undefined where there are none. */
export function factFilter(filters: Filters | undefined, facts: FactTable, dialect: Dialect): Sql | undefined {
  return filterSql(
    filters,
    (condition) => !isMetricCondition(condition),
    (condition) => dimensionCondition(condition, facts, dialect),
  );
}

/** Which rows of the result are shown: the conditions on metrics, given the SQL of a metric column. */
export function rowFilter(filters: Filters | undefined, columnSql: (column: string) => Sql): Sql | undefined {
  return filterSql(filters, isMetricCondition, (condition) => comparison(columnSql(condition.field), condition, 'FLOAT64'));
}

/** Whether the filter names a dimension that costs do not carry, so that they cannot be filtered. */
export function filtersBeyondCosts(filters: Filters | undefined): boolean {
  return conditionsOf(filters).some(([, condition]) => !isMetricCondition(condition) && !isOfCosts(condition.field as DimensionName));
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

function dimensionCondition(condition: Condition, facts: FactTable, dialect: Dialect): Sql {
  const name = condition.field as DimensionName;
  const value = dimensionSql(name, facts, dialect);
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
