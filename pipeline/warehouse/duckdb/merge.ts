import { checkKeys } from '../key-check.ts';
import { type Sql, join, raw, sql } from '../sql.ts';
import type { Change, TableDefinition } from '../warehouse.ts';
import { duckDbDialect } from './dialect.ts';
import { render } from './render.ts';
import type { DuckDbSession } from './session.ts';
import { fitToTable } from './staging.ts';
import { identifier } from './syntax.ts';

/** {@link Warehouse.merge} on DuckDB. The source is staged first, so that it is computed once and its keys are checked. */
export async function mergeInto(
  session: DuckDbSession,
  target: TableDefinition,
  source: Sql,
  deleteUnmatched: boolean | Sql,
  label: string,
): Promise<Change> {
  if (target.key.length === 0) throw new Error(`${target.name} has no key to merge by`);
  const fitted = await fitToTable(session, target, source, label);
  return session.withTemporaryTable(async (staged) => {
    await session.run(render(sql`create temporary table ${raw(staged)} as ${fitted}`), `${label}: source`, () => 0);
    return mergeStaged(session, target, staged, deleteUnmatched, label);
  });
}

/** Merges a staged table that has exactly the target's columns. */
export async function mergeStaged(
  session: DuckDbSession,
  target: TableDefinition,
  staged: string,
  deleteUnmatched: boolean | Sql,
  label: string,
): Promise<Change> {
  await checkKeys(
    { rows: (query, queryLabel) => session.read(query, queryLabel ?? label), dialect: duckDbDialect },
    raw(staged),
    target,
    label,
  );
  const statement = render(mergeStatement(target, staged, deleteUnmatched));
  const result = await session.run(statement, label, (merged) => merged.rowsChanged);
  const counts = { INSERT: 0, UPDATE: 0, DELETE: 0 };
  for (const chunk of await result.fetchAllChunks()) {
    for (const action of chunk.getColumnValues(0)) counts[action as keyof typeof counts]++;
  }
  return { inserted: counts.INSERT, updated: counts.UPDATE, deleted: counts.DELETE };
}

function mergeStatement(target: TableDefinition, staged: string, deleteUnmatched: boolean | Sql): Sql {
  const same = target.key.map((name) => sql`${of('target', name)} = ${of('source', name)}`);
  const others = target.columns.filter((column) => !target.key.includes(column.name));
  const differs = others.map((column) =>
    duckDbDialect.differs(of('target', column.name), of('source', column.name), column.type, column.mode === 'repeated'),
  );
  const assignments = others.map((column) => raw(`${identifier(column.name)} = source.${identifier(column.name)}`));
  const names = target.columns.map((column) => identifier(column.name));
  const update = others.length === 0 ? raw('') : sql`when matched and (${join(differs, '\n  or ')}) then update set ${join(assignments)}\n`;
  const remove =
    deleteUnmatched === false
      ? raw('')
      : sql`when not matched by source${deleteUnmatched === true ? raw('') : sql` and (${deleteUnmatched})`} then delete\n`;
  return sql`merge into ${raw(identifier(target.name))} as target
using ${raw(staged)} as source
on ${join(same, ' and ')}
${update}when not matched by target then insert (${raw(names.join(', '))}) values (${raw(names.map((name) => `source.${name}`).join(', '))})
${remove}returning merge_action`;
}

function of(side: 'target' | 'source', name: string): Sql {
  return raw(`${side}.${identifier(name)}`);
}
