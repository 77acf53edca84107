import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Column } from '../../../edge/contract/columns.ts';
import { type SqlConversion, parentOf } from '../../config/conversions.ts';
import { withoutFrontMatter } from '../../config/front-matter.ts';
import { UserError } from '../../config/user-error.ts';
import { type Sql, sql } from '../../warehouse/sql.ts';
import { WarehouseError, sqlFrame } from '../../warehouse/warehouse-error.ts';
import type { StepContext } from '../step.ts';
import { remedyFor } from './check/remedies.ts';
import { columnProblems } from './query-columns.ts';
import { ALL_TIME, type QueryRange, parseQuery } from './user-sql.ts';

/** A query of a user that the engine accepts. */
export interface CheckedQuery {
  readonly columns: readonly Column[];
  /** The query with @from and @to bound. */
  readonly over: (range: QueryRange) => Sql;
  readonly warnings: readonly string[];
}

/** A query that the engine understands; whether it returns what a conversion needs is told by `problems`. */
export interface DescribedQuery extends CheckedQuery {
  /** The conversion and its file, as messages name them. */
  readonly place: string;
  /** What is wrong with the columns, in words. */
  readonly problems: readonly string[];
}

/**
 * Reads and checks the query of a conversion by a dry run.
 * @throws UserError with the file and, for each column that does not fit, what was expected.
 */
export async function checkedQuery(
  context: Pick<StepContext, 'warehouse' | 'configFolder' | 'config'>,
  conversion: SqlConversion,
): Promise<CheckedQuery> {
  const { problems, place, ...query } = await describedQuery(context, conversion);
  if (problems.length > 0) throw new UserError(`${place}: the query does not return what a conversion needs\n  ${problems.join('\n  ')}`);
  return query;
}

/**
 * As {@link checkedQuery}, but leaves it to the caller what becomes of columns that do not fit.
 * @param account who asks, for messages.
 * @throws UserError where the file cannot be read, is not one SELECT, or the engine refuses it.
 */
export async function describedQuery(
  { warehouse, configFolder, config }: Pick<StepContext, 'warehouse' | 'configFolder' | 'config'>,
  conversion: SqlConversion,
  account?: string,
): Promise<DescribedQuery> {
  const file = path.resolve(configFolder, conversion.sql);
  const place = `conversion ${conversion.name} (${file})`;
  const text = await readQuery(file, place);
  const bare = withoutFrontMatter(text);
  const { query, parameters } = parseQuery(bare, warehouse.dialect.name, ALL_TIME, place);
  const columns = await dryRun();
  const unused = ['from', 'to'].filter((name) => !parameters.has(name)).map((name) => `@${name}`);
  const warnings =
    unused.length === 0
      ? []
      : [`${place}: the query does not use ${unused.join(' and ')}: whatever range it is asked for, it returns rows beyond it`];
  const problems = columnProblems(columns, { inherits: parentOf(conversion) !== undefined });
  // Lines matter to messages only: how many the front matter has is no part of the definition.
  const over = (range: QueryRange) => parseQuery(bare.trim(), warehouse.dialect.name, range, place).query;
  return { place, columns, over, warnings, problems };

  async function dryRun() {
    try {
      // As a subquery, so that nothing but a SELECT passes.
      return (await warehouse.dryRun(sql`select returned.* from (\n${query}\n) as returned`)).columns;
    } catch (error) {
      const remedy = remedyFor(error, config, account);
      const because = remedy === undefined ? '' : `\n${remedy}`;
      if (error instanceof WarehouseError) throw queryError(error, text, place, because);
      throw new UserError(`${place}: ${error instanceof Error ? error.message : String(error)}${because}`, { cause: error });
    }
  }
}

/** What the engine complains of, with the lines of the user's own file. */
function queryError(error: WarehouseError, text: string, place: string, remedy: string): UserError {
  // The line before the query's first opens the subquery.
  const line = error.line === undefined ? undefined : error.line - 1;
  const isInFile = line !== undefined && line >= 1 && line <= text.split('\n').length;
  const message = isInFile ? `${place}, line ${line}: ${error.words}\n${sqlFrame(text, line)}` : `${place}: ${error.words}`;
  return new UserError(`${message}${remedy}`, { cause: error });
}

async function readQuery(file: string, place: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`${place}: the file cannot be read; expected a SQL file with one SELECT`, { cause: error });
  }
}
