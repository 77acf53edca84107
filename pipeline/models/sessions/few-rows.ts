import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';

/**
 * The rows of a query that gives few, so that the engine knows it before it joins them with many. DuckDB guesses how many
 * rows its joins give, after some of them far too many, and would hash the other side; what comes out of the list of a
 * single row it takes for few. BigQuery looks how many there are, and bounds the size of a row.
 * @param columns of the query: what is selected.
 * @param order a column that tells the rows apart.
 */
export function fewRows(dialect: Dialect, query: Sql, columns: readonly string[], order: string): Sql {
  if (dialect.name !== 'duckdb') return query;
  const row = dialect.struct(Object.fromEntries(columns.map((name) => [name, raw(name)])));
  return sql`
      select ${join(columns.map((name) => raw(`few.${name} as ${name}`)))}
      from (
        select ${dialect.arrayAgg(row, raw(`${order} nulls first`))} as list
        from (${query}) as given
      ) as listed, ${dialect.unnest(raw('listed.list'), 'few')}`;
}
