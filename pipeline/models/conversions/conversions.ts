import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../config/user-error.ts';
import { sql, table } from '../../warehouse/sql.ts';
import { WarehouseError, sqlFrame } from '../../warehouse/warehouse-error.ts';
import type { Step, StepContext } from '../step.ts';
import { columnProblems } from './query-columns.ts';
import { queryRows } from './query-rows.ts';
import { conversionRows, rejectedRows } from './resolve.ts';
import { CONVERSIONS, REJECTED_CONVERSIONS, STAGED_CONVERSIONS } from './tables.ts';
import { ALL_TIME, type QueryRange, parseQuery } from './user-sql.ts';

type Conversion = StepContext['config']['conversions'][number];

/** The SQL files of the config → conversions and rejected_conversions. A bad row stops nothing; a bad query does. */
export const conversions: Step = async (context) => {
  const { warehouse, config } = context;
  const queries = [];
  // All are checked before any is run.
  for (const conversion of config.conversions) queries.push({ conversion, ...(await checkedQuery(context, conversion, ALL_TIME)) });
  await warehouse.load(STAGED_CONVERSIONS, [], { replace: true, label: 'conversions' });
  for (const { conversion, query, columns } of queries) {
    const rows = queryRows(warehouse.dialect, config, conversion.name, query, columns);
    await warehouse.append(STAGED_CONVERSIONS, (await context.withoutErased?.(rows)) ?? rows, `conversion ${conversion.name}`);
  }
  const merged = await warehouse.merge(CONVERSIONS, conversionRows(warehouse.dialect, config), {
    deleteUnmatched: true,
    label: 'conversions',
  });
  const rejected = await warehouse.merge(REJECTED_CONVERSIONS, rejectedRows(), { deleteUnmatched: true, label: 'rejected conversions' });
  return {
    changes: { conversions: merged, rejected_conversions: rejected },
    warnings: [...queries.flatMap(({ warnings }) => warnings), ...(await rowWarnings(context))],
  };
};

/**
 * Reads and checks the query of a conversion by a dry run.
 * @throws UserError with the file and, for each column that does not fit, what was expected.
 */
async function checkedQuery({ warehouse, configFolder }: StepContext, conversion: Conversion, range: QueryRange) {
  const file = path.resolve(configFolder, conversion.sql);
  const place = `conversion ${conversion.name} (${file})`;
  const text = await readQuery(file, place);
  const { query, parameters } = parseQuery(text, warehouse.dialect.name, range, place);
  const columns = await dryRun();
  const problems = columnProblems(columns);
  if (problems.length > 0) throw new UserError(`${place}: the query does not return what a conversion needs\n  ${problems.join('\n  ')}`);
  const unused = ['from', 'to'].filter((name) => !parameters.has(name)).map((name) => `@${name}`);
  const warnings =
    unused.length === 0
      ? []
      : [`${place}: the query does not use ${unused.join(' and ')}: whatever range it is asked for, it returns rows beyond it`];
  return { query, columns, warnings };

  async function dryRun() {
    try {
      // As a subquery, so that nothing but a SELECT passes.
      return (await warehouse.dryRun(sql`select returned.* from (\n${query}\n) as returned`)).columns;
    } catch (error) {
      if (error instanceof WarehouseError) throw queryError(error, text, place);
      throw new UserError(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}

/** What the engine complains of, with the lines of the user's own file. */
function queryError(error: WarehouseError, text: string, place: string): UserError {
  // The line before the query's first opens the subquery.
  const line = error.line === undefined ? undefined : error.line - 1;
  const isInFile = line !== undefined && line >= 1 && line <= text.split('\n').length;
  const message = isInFile ? `${place}, line ${line}: ${error.words}\n${sqlFrame(text, line)}` : `${place}: ${error.words}`;
  return new UserError(message, { cause: error });
}

async function readQuery(file: string, place: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`${place}: the file cannot be read; expected a SQL file with one SELECT`, { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  missing_id: 'have no id',
  missing_created: 'have no created',
  duplicate_id: 'repeat the id of another row, of which the earliest is kept',
};

/** What the reader must know of the rows: refused ones, and values that are in no total. */
async function rowWarnings({ warehouse, config }: StepContext): Promise<string[]> {
  const refused = await warehouse.rows<{ conversion_name: string; reason: string; refused: number; example: string | null }>(
    sql`
      select conversion_name, reason, count(*) as refused, min(id) as example
      from ${table(REJECTED_CONVERSIONS.name)}
      group by conversion_name, reason
      order by conversion_name nulls first, reason nulls first`,
    'rejected conversions',
  );
  const values = await warehouse.rows<{
    conversion_name: string;
    foreign_values: number;
    currency: string | null;
    unusable_values: number;
  }>(
    sql`
      select
        conversion_name,
        countif(original_value is not null and currency <> ${config.project.currency}) as foreign_values,
        min(if(original_value is not null and currency <> ${config.project.currency}, currency, null)) as currency,
        countif(has_unusable_value) as unusable_values
      from ${table(STAGED_CONVERSIONS.name)}
      group by conversion_name
      order by conversion_name nulls first`,
    'conversion values',
  );
  return [
    ...refused.map(
      ({ conversion_name, reason, refused, example }) =>
        `conversion ${conversion_name}: ${refused} rows ${REASONS[reason] ?? reason}${example === null ? '' : `, for example ${example}`}; see rejected_conversions`,
    ),
    ...values.flatMap(({ conversion_name, foreign_values, currency, unusable_values }) => [
      ...(foreign_values > 0
        ? [
            `conversion ${conversion_name}: ${foreign_values} values in another currency than ${config.project.currency} (such as ${currency}) are in no total: ` +
              'there are no exchange rates yet',
          ]
        : []),
      ...(unusable_values > 0 ? [`conversion ${conversion_name}: ${unusable_values} values are no finite amounts and left out`] : []),
    ]),
  ];
}
