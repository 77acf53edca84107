import { partitionColumn, standsIn } from '../days.ts';
import { checkDays } from '../key-check.ts';
import { type Sql, join, raw, sql } from '../sql.ts';
import { type Change, type TableDefinition, keysOf } from '../warehouse.ts';
import { duckDbDialect } from './dialect.ts';
import { insertUnordered } from './insert.ts';
import { render } from './render.ts';
import type { DuckDbSession } from './session.ts';
import { fitToTable, readerOf } from './staging.ts';
import { identifier } from './syntax.ts';

/** {@link Warehouse.append} on DuckDB. */
export async function appendQuery(session: DuckDbSession, target: TableDefinition, source: Sql, label: string): Promise<Change> {
  const fitted = await fitToTable(session, target, source, label);
  const inserted = await insertUnordered(session, render(sql`insert into ${raw(insertTarget(target))} ${fitted}`), label);
  return { inserted, updated: 0, deleted: 0 };
}

/**
 * {@link Warehouse.replacePartitions} on DuckDB.
 * @throws UserError where the source holds a row outside the days: it would stand there twice after the next replacement.
 */
export async function replaceDays(
  session: DuckDbSession,
  target: TableDefinition,
  days: readonly string[],
  source: Sql,
  label: string,
): Promise<Change> {
  if (!target.partitionBy) throw new Error(`${target.name} is not partitioned: it has no days to replace`);
  const inDays = standsIn(duckDbDialect, target, raw(identifier(target.partitionBy)), days);
  const fitted = await fitToTable(session, target, source, label);
  return session.withTemporaryTable(async (staged) => {
    await session.run(render(sql`create temporary table ${raw(staged)} as ${fitted}`), `${label}: source`, () => 0);
    await checkDays(readerOf(session), raw(staged), target, days, label);
    return session.transaction(async () => {
      const deleted = await session.run(render(sql`delete from ${raw(identifier(target.name))} where ${inDays}`), `${label}: delete`);
      const inserted = await insertUnordered(session, `insert into ${insertTarget(target)} from ${staged}`, label);
      return { inserted, updated: 0, deleted: deleted.rowsChanged };
    });
  });
}

/** {@link Warehouse.delete} on DuckDB. */
export async function deleteKeys(
  session: DuckDbSession,
  target: TableDefinition,
  keys: Sql,
  days: readonly string[] | undefined,
  label: string,
): Promise<Change> {
  const fitted = await fitToTable(session, keysOf(target), keys, label);
  const same = target.key.map((name) => raw(`source.${identifier(name)} = target.${identifier(name)}`));
  const name = raw(identifier(target.name));
  const inDays = days ? [standsIn(duckDbDialect, target, raw(`target.${identifier(partitionColumn(target).name)}`), days)] : [];
  // By the places of the rows: the engine knows of a join which side is small, of `exists` it may hash the whole table.
  const places = sql`select target.rowid from ${name} as target inner join (\n${fitted}\n) as source on ${join([...same, ...inDays], ' and ')}`;
  const statement = sql`delete from ${name} as target where ${join([...inDays, sql`target.rowid in (${places})`], ' and ')}`;
  const result = await session.run(render(statement), label);
  return { inserted: 0, updated: 0, deleted: result.rowsChanged };
}

/** The table with its columns in the definition's order: a migrated table may have them in another. */
export function insertTarget(target: TableDefinition): string {
  return `${identifier(target.name)} (${target.columns.map((column) => identifier(column.name)).join(', ')})`;
}
