import type { Comparison, Filter } from '../../config/conversions.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, sql } from '../../warehouse/sql.ts';
import { comparisonSql } from './comparison.ts';
import { jsonPath } from './json-path.ts';

/** Where the texts that a filter asks about stand. A subject without meaning there is left out. */
export interface FilterSubjects {
  /** The text of a built-in dimension. @throws Error for a name it does not have. */
  readonly dimension: (name: string) => Sql;
  /** The text of a dimension of the config. */
  readonly custom?: (name: string) => Sql;
  /** A JSON object of properties, among them the array `products`. */
  readonly properties?: Sql;
}

/** A filter as a condition that is never NULL. @throws Error for a subject that is not there: the check of the config refuses it. */
export function filterSql(dialect: Dialect, filter: Filter, subjects: FilterSubjects): Sql {
  const group = (parts: readonly Filter[], word: string) =>
    sql`(${join(
      parts.map((part) => filterSql(dialect, part, subjects)),
      word,
    )})`;
  if ('all' in filter) return group(filter.all, ' and ');
  if ('any' in filter) return group(filter.any, ' or ');
  if ('not' in filter) return sql`(not ${filterSql(dialect, filter.not, subjects)})`;
  return sql`(${subjectSql(dialect, filter, subjects)})`;
}

function subjectSql(dialect: Dialect, test: Comparison, { dimension, custom, properties }: FilterSubjects): Sql {
  if (test.dimension !== undefined) return comparisonSql(dialect, dimension(test.dimension), test);
  if (test.custom !== undefined && custom) return comparisonSql(dialect, custom(test.custom), test);
  if (test.property !== undefined && properties) return comparisonSql(dialect, dialect.jsonText(properties, jsonPath(test.property)), test);
  if (test.product !== undefined && properties) {
    const products = dialect.unnest(dialect.jsonElements(properties, '$.products'), 'product');
    const member = dialect.jsonText(sql`product`, jsonPath(test.product));
    return sql`exists (select 1 from ${products} where ${comparisonSql(dialect, member, test)})`;
  }
  throw new Error(`a filter asks about what is not there: ${JSON.stringify(test)}`);
}

/** All comparisons of a filter. */
export function comparisonsOf(filter: Filter): Comparison[] {
  if ('all' in filter) return filter.all.flatMap(comparisonsOf);
  if ('any' in filter) return filter.any.flatMap(comparisonsOf);
  return 'not' in filter ? comparisonsOf(filter.not) : [filter];
}
