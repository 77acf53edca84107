import type { Column } from '../../../edge/contract/columns.ts';
import { UserError } from '../../config/user-error.ts';
import { raw, sql } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import { render } from './render.ts';
import type { DuckDbSession } from './session.ts';
import { columnType, createTable, identifier, literal } from './syntax.ts';

/**
 * {@link Warehouse.migrate} on DuckDB.
 * @throws UserError where a column has another type than the definition, naming both.
 */
export async function migrate(session: DuckDbSession, definitions: readonly TableDefinition[]): Promise<void> {
  const tables = definitions.filter(({ query }) => query === undefined);
  await session.transaction(async () => {
    const existing = await existingColumns(session);
    const missing = tables.filter(({ name }) => !existing.has(name));
    if (missing.length > 0) await session.run(missing.map(creation).join(';\n'), 'create tables');
    for (const table of tables) {
      const columns = existing.get(table.name);
      if (!columns) continue;
      for (const column of table.columns) await migrateColumn(session, table, column, columns.get(column.name));
    }
    for (const view of definitions) if (view.query !== undefined) await createView(session, view);
  });
}

/** A table of that name, of a former version that stored what is now looked up, makes way. */
async function createView(session: DuckDbSession, view: TableDefinition): Promise<void> {
  const name = identifier(view.name);
  const [stored] = await session.read(
    `select table_name from duckdb_tables()
     where database_name = current_database() and schema_name = 'main' and table_name = ${literal(view.name)}`,
    'read the catalogue',
  );
  if (stored) await session.run(`drop table ${name}`, `drop the table ${view.name}`);
  await session.run(render(sql`create or replace view ${raw(name)} as ${view.query!}`), `create ${view.name}`);
  await session.run(`comment on view ${name} is ${literal(view.description)}`, `describe ${view.name}`);
}

async function existingColumns(session: DuckDbSession): Promise<Map<string, Map<string, string>>> {
  const rows = await session.read<{ table_name: string; column_name: string; data_type: string }>(
    `select table_name, column_name, data_type from duckdb_columns()
     where database_name = current_database() and schema_name = 'main' and not internal`,
    'read the catalogue',
  );
  const tables = new Map<string, Map<string, string>>();
  for (const row of rows) {
    const columns = tables.get(row.table_name) ?? new Map<string, string>();
    tables.set(row.table_name, columns.set(row.column_name, row.data_type));
  }
  return tables;
}

/**
 * The statements that make a table. Only the table gets its description: DuckDB rewrites the whole entry for every column's, which
 * costs more than all else.
 */
function creation(table: TableDefinition): string {
  const name = identifier(table.name);
  return `${createTable(name, table)};\ncomment on table ${name} is ${literal(table.description)}`;
}

async function migrateColumn(session: DuckDbSession, table: TableDefinition, column: Column, existing: string | undefined): Promise<void> {
  if (existing === undefined) {
    // Rows that are there already have no value, so a new column cannot be NOT NULL; arrays get their default.
    const missing = column.mode === 'repeated' ? ' default []' : '';
    await session.run(
      `alter table ${identifier(table.name)} add column ${identifier(column.name)} ${columnType(column)}${missing}`,
      `add ${table.name}.${column.name}`,
    );
    return;
  }
  const expected = await canonicalType(session, column);
  if (existing !== expected) {
    throw new UserError(
      `table ${table.name}: column "${column.name}" is ${existing} in the warehouse, but ${expected} in the data model; ` +
        `rename or drop the column, or restore its former type`,
    );
  }
}

const spellings = new Map<string, string>();

/** The engine's own spelling of a type: it quotes the members of a struct by rules of its own. */
async function canonicalType(session: DuckDbSession, column: Column): Promise<string> {
  const type = columnType(column);
  if (column.type !== 'STRUCT') return type;
  const known = spellings.get(type);
  if (known !== undefined) return known;
  const [row] = await session.read<{ name: string }>(`select typeof(cast(null as ${type})) as name`, 'spell a type');
  spellings.set(type, row!.name);
  return row!.name;
}
