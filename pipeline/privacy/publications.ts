import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Column } from '../../edge/contract/columns.ts';
import { UserError } from '../config/user-error.ts';
import { ANONYMOUS_ID_KINDS, type ErasedIds, isOneOf, namesErased } from '../models/erasures/predicates.ts';
import { NOT_ATTRIBUTED, Pointer, POINTER_FILE, PublishedConfig, PUBLICATIONS_FOLDER } from '../models/reports/publication.ts';
import { DIMENSION_COLUMNS } from '../models/reports/tables.ts';
import { duckDbDialect } from '../warehouse/duckdb/dialect.ts';
import { type DuckDbWarehouse, openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import { render } from '../warehouse/duckdb/render.ts';
import type { DuckDbSession } from '../warehouse/duckdb/session.ts';
import { identifier, literal } from '../warehouse/duckdb/syntax.ts';
import { type Sql, join, raw, sql } from '../warehouse/sql.ts';
import { WarehouseError } from '../warehouse/warehouse-error.ts';
import { replaceDatabase } from './database-file.ts';

/** Names another cluster's rows hold the earliest id of: they stay, without it. */
const GROUPING_COLUMNS = new Set(['cluster_id']);
/** What a conversion knows of its person. */
const CONVERSION_IDENTIFIERS = [
  'client_id',
  'user_id',
  'email_hash',
  'ip_key',
  'ip_hash',
  'ip_address',
  'person_id',
  'person_key',
  'matched_by',
];

function publicationFiles(dataFolder: string): string[] {
  const folder = path.join(dataFolder, PUBLICATIONS_FOLDER);
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.duckdb') && !name.startsWith('.'))
      .sort()
      .map((name) => path.join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Rows of all kept publications that name these persons. */
export async function countInPublications(dataFolder: string, ids: ErasedIds): Promise<number> {
  let count = 0;
  for (const file of publicationFiles(dataFolder)) count += await countIn(file, ids);
  return count;
}

async function countIn(file: string, ids: ErasedIds): Promise<number> {
  const reader = await openDuckDb(':memory:');
  try {
    await reader.session.run(`attach ${literal(file)} as old (read_only)`, 'attach the publication');
    await reader.session.run('use old', 'read the publication');
    let count = 0;
    for (const { name, columns } of await tablesOf(reader.session)) {
      const conditions = [
        namesErased(duckDbDialect, { name, columns }, ids),
        ...columns.filter((column) => GROUPING_COLUMNS.has(column.name)).map((column) => isErasedId(column.name, ids)),
      ].filter((condition) => condition !== undefined);
      if (conditions.length === 0) continue;
      const [row] = await reader.session.read<{ count: number }>(
        sql`select count(*) as count from ${raw(identifier(name))} where ${join(conditions, ' or ')}`,
        `rows of ${name}`,
      );
      count += row!.count;
    }
    await reader.session.run('use memory', 'let go');
    return count;
  } finally {
    await reader.close();
  }
}

/** What became of the publications. */
export interface CleanedPublications {
  /** Rewritten without the person. */
  readonly rewritten: readonly string[];
  /** Of an earlier version, and not to be rewritten: removed. */
  readonly removed: readonly string[];
}

/**
 * Takes these persons out of all kept publications. Each is rewritten aside and replaced, so that a reader has the whole of
 * one or the other. A conversion stays with its value and becomes `(not attributed)`, so that every total stays what it was.
 */
export async function cleanPublications(dataFolder: string, ids: ErasedIds): Promise<CleanedPublications> {
  const [rewritten, removed]: [string[], string[]] = [[], []];
  const current = currentFile(dataFolder);
  for (const file of publicationFiles(dataFolder)) {
    if ((await countIn(file, ids)) === 0) continue;
    try {
      await replaceDatabase(file, (copy) => fill(copy, ids));
      rewritten.push(path.basename(file));
    } catch (error) {
      if (!(error instanceof WarehouseError)) throw error;
      if (path.basename(file) === current) {
        throw new UserError(`the publication ${file} cannot be rewritten: ${error.message}\nrun \`touchtrail run\` to publish again`, {
          cause: error,
        });
      }
      rmSync(file);
      removed.push(path.basename(file));
    }
  }
  return { rewritten, removed };
}

function currentFile(dataFolder: string): string | undefined {
  try {
    return Pointer.parse(JSON.parse(readFileSync(path.join(dataFolder, PUBLICATIONS_FOLDER, POINTER_FILE), 'utf8'))).file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

interface StoredTable {
  readonly name: string;
  readonly columns: readonly Column[];
}

async function tablesOf(session: DuckDbSession): Promise<StoredTable[]> {
  const rows = await session.read<{ table_name: string; column_name: string; data_type: string }>(
    `select table_name, column_name, data_type from duckdb_columns() where database_name = 'old' and not internal order by table_name, column_index`,
    'read the catalogue',
  );
  return [...Map.groupBy(rows, (row) => row.table_name)].map(([name, columns]) => ({
    name,
    columns: columns.map(({ column_name, data_type }) => ({
      name: column_name,
      type: data_type === 'VARCHAR' ? 'STRING' : 'JSON',
      mode: data_type.endsWith('[]') ? 'repeated' : 'nullable',
      description: '',
    })),
  }));
}

const isErasedId = (column: string, ids: ErasedIds): Sql => isOneOf(duckDbDialect, raw(identifier(column)), ANONYMOUS_ID_KINDS, ids);

const nothing = (columns: string): Sql => raw(`select ${columns} where false`);

async function fill({ session }: DuckDbWarehouse, ids: ErasedIds): Promise<void> {
  const run = async (statement: Sql): Promise<void> => void (await session.run(render(statement), 'rewrite the publication'));
  await run(raw('copy from database old to fresh (schema)'));
  await run(raw('use old'));
  const tables = new Map((await tablesOf(session)).map((table) => [table.name, table.columns]));
  const condition = (name: string) => namesErased(duckDbDialect, { name, columns: tables.get(name) ?? [] }, ids) ?? raw('false');
  await run(
    sql`create temporary table erased_sessions as ${
      tables.has('sessions') ? sql`select session_id from sessions where ${condition('sessions')}` : nothing("'' as session_id")
    }`,
  );
  await run(
    sql`create temporary table erased_conversions as ${
      tables.has('conversions')
        ? sql`select conversion_name, id from conversions where ${condition('conversions')}
          union
          select conversion_name, conversion_id from attribution where session_id in (select session_id from erased_sessions)`
        : nothing("'' as conversion_name, '' as id")
    }`,
  );
  for (const [name, columns] of tables) {
    const into = raw(`insert into fresh.main.${identifier(name)} by name `);
    if (name === 'conversions') await run(sql`${into}${withoutIdentifiers(columns)}`);
    else if (name === 'attribution') await run(sql`${into}${credits(name, raw('conversions.attribution_time as click_time'))}`);
    else if (name === 'report_credits') await run(sql`${into}${credits(name, reported(columns, await timeZone(session)))}`);
    else if (name === 'report_sessions')
      await run(sql`${into}select * from report_sessions where session_id not in (select session_id from erased_sessions)`);
    else {
      const grouping = columns.filter((column) => GROUPING_COLUMNS.has(column.name));
      const replaced = grouping.map((column) => sql`if(${isErasedId(column.name, ids)}, null, ${raw(column.name)}) as ${raw(column.name)}`);
      const selected = replaced.length === 0 ? raw('*') : sql`* replace (${join(replaced)})`;
      await run(sql`${into}select ${selected} from ${raw(identifier(name))} where not ${condition(name)}`);
    }
  }
  await run(raw('drop table temp.main.erased_sessions'));
  await run(raw('drop table temp.main.erased_conversions'));
}

const IS_ERASED = raw(
  'exists (select 1 from erased_conversions as erased where erased.conversion_name = facts.conversion_name and erased.id = facts.conversion_id)',
);

function withoutIdentifiers(columns: readonly Column[]): Sql {
  const isErased = raw(
    'exists (select 1 from erased_conversions as erased where erased.conversion_name = facts.conversion_name and erased.id = facts.id)',
  );
  const replaced = columns
    .filter(({ name }) => CONVERSION_IDENTIFIERS.includes(name))
    .map(({ name }) => sql`if(${isErased}, null, facts.${raw(name)}) as ${raw(name)}`);
  return sql`select * replace (${join(replaced)}) from conversions as facts`;
}

/** What a credit that is not attributed has in report_credits; one of an earlier version has no parameters. */
function reported(columns: readonly Column[], zone: string): Sql {
  const params = raw(columns.some(({ name }) => name === 'params') ? 'conversions.params, ' : '');
  return sql`facts.conversion_date, conversions.is_qualified, ${params}${duckDbDialect.localDate(raw('conversions.attribution_time'), zone)} as click_date, ${join(
    DIMENSION_COLUMNS.filter(({ mode }) => mode === 'required').map((column) => sql`${NOT_ATTRIBUTED} as ${raw(column.name)}`),
  )}`;
}

/**
 * The credits of an erased person's conversions become one that is not attributed, for each model.
 * @param together what else that one has.
 */
function credits(name: 'attribution' | 'report_credits', together: Sql): Sql {
  return sql`
    select * from ${raw(name)} as facts where not ${IS_ERASED}
    union all by name
    select facts.conversion_name, facts.conversion_id, facts.model, '' as session_id, cast(sum(facts.credit) as bigint) as credit,
      cast(sum(facts.value_micros) as bigint) as value_micros, 'no_identifier' as reason, ${together}
    from ${raw(name)} as facts
    inner join conversions on conversions.conversion_name = facts.conversion_name and conversions.id = facts.conversion_id
    where ${IS_ERASED}
    group by all`;
}

async function timeZone(session: DuckDbSession): Promise<string> {
  const [row] = await session.read<{ config: string }>('select config from publication', 'publication');
  if (!row) throw new WarehouseError('publication', 'its table "publication" is empty');
  return PublishedConfig.parse(JSON.parse(row.config)).project.timeZone;
}
