import type { Comparison } from '../../config/conversions.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, param, raw, sql } from '../../warehouse/sql.ts';

const NUMERIC = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/**
 * Whether a text passes a comparison: a condition that is never NULL. Texts are compared without regard to letter case,
 * numbers as numbers; with nothing, which is NULL, no comparison holds but `isSet: false`.
 */
export function comparisonSql(dialect: Dialect, text: Sql, test: Comparison): Sql {
  if (test.isSet !== undefined) {
    const isSet = sql`coalesce(${dialect.trim(text)} <> '', false)`;
    return test.isSet ? isSet : sql`not ${isSet}`;
  }
  return sql`coalesce(${holds(dialect, text, test)}, false)`;
}

function holds(dialect: Dialect, text: Sql, test: Comparison): Sql {
  if (test.equals !== undefined) return equals(dialect, text, test.equals);
  if (test.in !== undefined) {
    const alternatives = test.in.map((value) => sql`coalesce(${equals(dialect, text, value)}, false)`);
    return sql`(${join(alternatives, ' or ')})`;
  }
  if (test.contains !== undefined) return sql`strpos(${dialect.lower(text)}, ${dialect.lower(sql`${test.contains}`)}) > 0`;
  if (test.startsWith !== undefined) return sql`starts_with(${dialect.lower(text)}, ${dialect.lower(sql`${test.startsWith}`)})`;
  if (test.matches !== undefined) return dialect.regexpContains(text, `(?i)${test.matches}`);
  for (const [name, operator] of Object.entries(NUMERIC)) {
    const bound = test[name as keyof typeof NUMERIC];
    if (bound !== undefined) return sql`${dialect.safeCast(text, 'FLOAT64')} ${raw(operator)} ${param(bound, 'FLOAT64')}`;
  }
  throw new Error(`a comparison without an operator: ${JSON.stringify(test)}`);
}

function equals(dialect: Dialect, text: Sql, value: string | number | boolean): Sql {
  if (typeof value === 'number') return sql`${dialect.safeCast(text, 'FLOAT64')} = ${param(value, 'FLOAT64')}`;
  return sql`${dialect.lower(text)} = ${dialect.lower(sql`${String(value)}`)}`;
}
