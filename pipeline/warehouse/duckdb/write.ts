import { UserError } from '../../config/user-error.ts';
import { type Sql, arrayParam, raw, sql } from '../sql.ts';
import type { Change, TableDefinition } from '../warehouse.ts';
import { render } from './render.ts';
import type { DuckDbSession } from './session.ts';
import { fitToTable } from './staging.ts';
import { identifier } from './syntax.ts';

/** {@link Warehouse.append} on DuckDB. */
export async function appendQuery(session: DuckDbSession, target: TableDefinition, source: Sql, label: string): Promise<Change> {
  const fitted = await fitToTable(session, target, source, label);
  const result = await session.run(render(sql`insert into ${raw(insertTarget(target))} ${fitted}`), label);
  return { inserted: result.rowsChanged, updated: 0, deleted: 0 };
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
  const day = raw(`cast(${identifier(target.partitionBy)} as date)`);
  const inDays = sql`list_contains(${arrayParam(days, 'DATE')}, ${day})`;
  const fitted = await fitToTable(session, target, source, label);
  return session.withTemporaryTable(async (staged) => {
    await session.run(render(sql`create temporary table ${raw(staged)} as ${fitted}`), `${label}: source`, () => 0);
    const [outside] = await session.read<{ day: string | null }>(
      sql`select ${day} as day from ${raw(staged)} where coalesce(not ${inDays}, true) order by day nulls first limit 1`,
      label,
    );
    if (outside) throw new UserError(`${label}: the source has a row of ${outside.day ?? 'no day'}, which is none of the days to replace`);
    return session.transaction(async () => {
      const deleted = await session.run(render(sql`delete from ${raw(identifier(target.name))} where ${inDays}`), `${label}: delete`);
      const inserted = await session.run(`insert into ${insertTarget(target)} from ${staged}`, label);
      return { inserted: inserted.rowsChanged, updated: 0, deleted: deleted.rowsChanged };
    });
  });
}

/** The table with its columns in the definition's order: a migrated table may have them in another. */
export function insertTarget(target: TableDefinition): string {
  return `${identifier(target.name)} (${target.columns.map((column) => identifier(column.name)).join(', ')})`;
}
