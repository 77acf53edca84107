import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { Column } from '../../../edge/contract/columns.ts';
import { DEFAULT_NAMES, loadConfig } from '../../config/load.ts';
import { Config } from '../../config/schema.ts';
import { UserError } from '../../config/user-error.ts';
import { findPublication } from '../../query/publication.ts';
import { readOnlyStatement } from '../../query/read-only-sql.ts';
import { openWarehouse } from '../../warehouse/open.ts';
import { raw } from '../../warehouse/sql.ts';
import { WarehouseError, WarehouseInUseError } from '../../warehouse/warehouse-error.ts';
import type { Value, Warehouse } from '../../warehouse/warehouse.ts';
import { type GlobalOptions, globalOptions } from '../options.ts';
import { toCsv } from '../render/csv.ts';
import { toJson } from '../render/json.ts';
import { renderRows } from '../render/rows.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';
import { countOf } from './period.ts';

interface QueryOptions {
  readonly limit?: string;
  readonly csv?: boolean;
}

const EXAMPLES = `
Only reading is possible, and only what lies in the warehouse. While a run writes to it, the last publication answers.

Examples:
  $ touchtrail query "show tables"
  $ touchtrail query "select channel, count(*) as sessions from sessions group by channel order by sessions desc"
  $ touchtrail query "select * from conversions" --csv > conversions.csv
`;

/** `touchtrail query`: read-only SQL on the warehouse. */
export function registerQuery(program: Command): void {
  program
    .command('query')
    .description('Read-only SQL on the warehouse.')
    .argument('<sql>', 'one statement: select, with, describe, show …')
    .option('--limit <rows>', 'most rows to show (default: 100 on a terminal, all for --csv and --json)')
    .option('--csv', 'comma-separated values')
    .addHelpText('after', EXAMPLES)
    .action(async (text: string, { limit, csv = false }: QueryOptions, self: Command) => {
      const global = globalOptions(self);
      const most = limit === undefined ? (csv || global.json ? Infinity : 100) : countOf('--limit', limit);
      const { warehouse, isPublication } = await open(global);
      try {
        const { columns, rows, more } = await read(warehouse, text, most, isPublication);
        if (global.json) writeResult(toJson(objectsOf(columns, rows)));
        else if (csv)
          writeResult(
            toCsv(
              columns.map(({ name }) => name),
              rows,
            ),
          );
        else writeResult(renderRows(columns, rows, screenOf()));
        if (more) writeNotice(`the first ${rows.length} rows; more with --limit, all with --csv or --json`);
      } finally {
        await warehouse.close();
      }
    });
}

/** The warehouse, or the last publication while a run holds the file. */
async function open({ dataFolder, configFile }: GlobalOptions): Promise<{ warehouse: Warehouse; isPublication: boolean }> {
  const isConfigured = configFile !== undefined || DEFAULT_NAMES.some((name) => existsSync(name));
  const config = isConfigured ? (await loadConfig(configFile)).config.warehouse : Config.shape.warehouse.parse(undefined);
  if (config.type === 'duckdb' && !existsSync(path.resolve(dataFolder, config.file))) {
    throw new UserError(`no warehouse yet at ${path.resolve(dataFolder, config.file)}: run \`touchtrail run\``);
  }
  try {
    return { warehouse: await openWarehouse(config, dataFolder, { readOnly: true, sandboxed: true }), isPublication: false };
  } catch (error) {
    if (!(error instanceof WarehouseInUseError)) throw error;
    const published = await findPublication(dataFolder, { sandboxed: true });
    if (!published)
      throw new UserError('a run is writing to the warehouse, and there is no publication yet: ask again when it is done', {
        cause: error,
      });
    writeNotice(`a run is writing to the warehouse: this is the publication of ${published.publication.published_at}, without raw events`);
    return { warehouse: published.warehouse, isPublication: true };
  }
}

/** Reads at most so many rows, and whether there are more. @throws UserError with the lines of SQL the engine complains of. */
async function read(warehouse: Warehouse, text: string, most: number, isPublication: boolean) {
  // The one place where SQL of a user is SQL: the guards are the check, the read-only connection and the sandbox.
  const query = raw(readOnlyStatement(text, warehouse.dialect.name));
  try {
    const { columns } = await warehouse.dryRun(query);
    const rows: (readonly Value[])[] = [];
    for await (const batch of warehouse.batches(query, 'query', { largeIntegers: 'text' })) {
      const length = batch[0]?.length ?? 0;
      for (let i = 0; i < length; i++) {
        if (rows.length === most) return { columns, rows, more: true };
        rows.push(batch.map((column) => column[i]!));
      }
    }
    return { columns, rows, more: false };
  } catch (error) {
    const absent = isPublication && error instanceof WarehouseError && /Table with name (\S+) does not exist/.exec(error.detail);
    if (absent) {
      throw new UserError(`query: the table ${absent[1]} is not available while a run writes: try again when it has ended`, {
        cause: error,
      });
    }
    if (error instanceof WarehouseError) throw new UserError(`query: ${error.detail}`, { cause: error });
    if (error instanceof RangeError) throw new UserError(`query: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Rows by column name; of columns with the same name the later ones are numbered. */
function objectsOf(columns: readonly Column[], rows: readonly (readonly Value[])[]): Record<string, Value>[] {
  const names: string[] = [];
  for (const { name } of columns) {
    let unique = name;
    for (let n = 2; names.includes(unique); n++) unique = `${name}_${n}`;
    names.push(unique);
  }
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]!])));
}
