import { SESSION_DIMENSIONS } from '../../config/filter-dimensions.ts';
import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, sql } from '../../warehouse/sql.ts';
import { comparisonsOf, filterSql } from './filter.ts';

/**
 * A dimension of the config as a SQL expression over the columns of a session: the value of its first rule that holds.
 * @param column the text of a column of `sessions`, by its name.
 * @throws Error for a dimension that the config does not have, or a rule that asks about more than sessions: the check of
 * the config refuses both.
 */
export function customDimension(
  dialect: Dialect,
  { dimensions }: Pick<Config, 'dimensions'>,
  name: string,
  column: (name: string) => Sql,
): Sql {
  const definition = dimensions[name];
  if (definition === undefined) throw new Error(`there is no custom dimension "${name}"`);
  const dimension = (one: string) => {
    if (!SESSION_DIMENSIONS.includes(one)) throw new Error(`custom dimension "${name}": sessions have no dimension "${one}"`);
    return column(one);
  };
  const cases = definition.rules.map(({ value, when }) => sql`when ${filterSql(dialect, when, { dimension })} then ${value}`);
  return sql`case ${join(cases, '\n      ')} else ${definition.otherwise} end`;
}

/** The columns of `sessions` that a dimension of the config reads. */
export function columnsOfCustomDimension({ dimensions }: Pick<Config, 'dimensions'>, name: string): string[] {
  const tests = (dimensions[name]?.rules ?? []).flatMap(({ when }) => comparisonsOf(when));
  return [...new Set(tests.flatMap(({ dimension }) => dimension ?? []))];
}
