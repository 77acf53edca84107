import { UserError } from '../../config/user-error.ts';
import { partitionColumn, standsIn } from '../days.ts';
import { checkDays, checkKeys, noCompleteKey } from '../key-check.ts';
import { type Sql, join, raw, sql } from '../sql.ts';
import type { Change, MergeOptions, TableDefinition } from '../warehouse.ts';
import { duckDbDialect } from './dialect.ts';
import { insertUnordered } from './insert.ts';
import { render } from './render.ts';
import type { DuckDbSession } from './session.ts';
import { fitToTable, readerOf } from './staging.ts';
import { identifier } from './syntax.ts';
import { insertTarget } from './write.ts';

/**
 * {@link Warehouse.merge} on DuckDB. Into an empty table the source goes straight; else it is staged first, so that it is
 * computed once and checked before anything changes.
 */
export async function mergeInto(session: DuckDbSession, target: TableDefinition, source: Sql, options: MergeOptions): Promise<Change> {
  if (target.key.length === 0) throw new Error(`${target.name} has no key to merge by`);
  const label = options.label ?? `merge into ${target.name}`;
  const fitted = await fitToTable(session, target, source, label);
  const stored = await countOf(session, target, label);
  if (!options.days && stored === 0) return fillEmpty(session, target, fitted, label);
  return session.withTemporaryTable(async (staged) => {
    await session.run(render(sql`create temporary table ${raw(staged)} as ${fitted}`), `${label}: source`, () => 0);
    return mergeStaged(session, target, staged, { ...options, label, stored });
  });
}

/** Merges a staged table that has exactly the target's columns. `stored`: rows of the target, where they have been counted. */
export async function mergeStaged(
  session: DuckDbSession,
  target: TableDefinition,
  staged: string,
  options: MergeOptions & { readonly label: string; readonly stored?: number },
): Promise<Change> {
  const { label, days, deleteUnmatched = false, stored = await countOf(session, target, label) } = options;
  const rows = await checkKeysOf(session, raw(staged), target, label);
  if (days) await checkDays(readerOf(session), raw(staged), target, days, label);
  const inDays = days && standsIn(duckDbDialect, target, of('target', partitionColumn(target).name), days);
  if (stored === 0 || (inDays && !(await holdsRows(session, target, inDays, label)))) {
    const inserted = await insertUnordered(session, `insert into ${insertTarget(target)} from ${staged}`, label);
    return { inserted, updated: 0, deleted: 0 };
  }
  return session.transaction(async () => {
    // A statement of its own: a merge that also looks for unmatched rows of the target joins all of it, with all columns.
    const deleted =
      deleteUnmatched === false
        ? 0
        : (await session.run(render(deleteStatement(target, staged, deleteUnmatched, inDays)), `${label}: delete`)).rowsChanged;
    const before = stored - deleted;
    const isUpdating = target.columns.length > target.key.length;
    if (isUpdating && rows * MANY_TIMES <= before) {
      return { ...(await replaceChanged(session, target, staged, inDays, label)), deleted };
    }
    const merged = await session.run(render(mergeStatement(target, staged, inDays)), label);
    const inserted = (await countOf(session, target, label)) - before;
    return { inserted, updated: merged.rowsChanged - inserted, deleted };
  });
}

/** The keys are checked where the rows then stand; a violation takes them out again. */
async function fillEmpty(session: DuckDbSession, target: TableDefinition, fitted: Sql, label: string): Promise<Change> {
  return session.transaction(async () => {
    const inserted = await insertComplete(session, target, fitted, label);
    try {
      await checkKeysOf(session, raw(identifier(target.name)), target, label);
    } catch (error) {
      // The transaction may be somebody else's, who goes on.
      if (error instanceof UserError) await session.run(`delete from ${identifier(target.name)}`, `${label}: take back`);
      throw error;
    }
    return { inserted, updated: 0, deleted: 0 };
  });
}

/** Inserts rows whose key must be complete; the engine's own complaint would not say which row it means. */
async function insertComplete(session: DuckDbSession, target: TableDefinition, fitted: Sql, label: string): Promise<number> {
  const [first] = target.key as readonly [string];
  const key = raw(identifier(first));
  const anyNull = join(
    target.key.map((name) => sql`${raw(identifier(name))} is null`),
    ' or ',
  );
  const checked = sql`case when ${anyNull} then error(${INCOMPLETE} || ${shownKey(target)}) else ${key} end as ${key}`;
  const columns = target.columns.map(({ name }) => (name === first ? checked : raw(identifier(name))));
  try {
    const statement = sql`insert into ${raw(insertTarget(target))} select ${join(columns)} from (\n${fitted}\n) as fitted`;
    return await insertUnordered(session, render(statement), label);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const at = message.indexOf(INCOMPLETE);
    if (at < 0) throw error;
    throw noCompleteKey(label, message.slice(at + INCOMPLETE.length).split('\n')[0]!, { cause: error });
  }
}

/** `(site = "a", number = NULL)`, as SQL text. */
function shownKey(target: TableDefinition): Sql {
  const parts = target.key.map((name) => sql`${`${name} = `} || coalesce('"' || cast(${raw(identifier(name))} as varchar) || '"', 'NULL')`);
  return sql`'(' || ${join(parts, ` || ', ' || `)} || ')'`;
}

/** What the engine's complaint is told by. */
const INCOMPLETE = 'incomplete key: ';

/** One pass over the hashes of the keys; only where two are equal are the keys themselves grouped. @returns how many rows there are. */
async function checkKeysOf(session: DuckDbSession, rows: Sql, target: TableDefinition, label: string): Promise<number> {
  const keys = join(target.key.map((name) => raw(identifier(name))));
  const anyNull = join(
    target.key.map((name) => sql`${raw(identifier(name))} is null`),
    ' or ',
  );
  const [found] = await session.read<{ rows: number; copies: number; incomplete: number }>(
    sql`select count(*) as rows, count(*) - count(distinct hash(${keys})) as copies, count(*) filter (where ${anyNull}) as incomplete from ${rows}`,
    `${label}: check`,
  );
  if (found!.copies > 0 || found!.incomplete > 0) await checkKeys(readerOf(session), rows, target, label);
  return found!.rows;
}

async function holdsRows(session: DuckDbSession, target: TableDefinition, inDays: Sql, label: string): Promise<boolean> {
  const name = raw(identifier(target.name));
  const rows = await session.read(sql`select 1 as one from ${name} as target where ${inDays} limit 1`, `${label}: check`);
  return rows.length > 0;
}

async function countOf(session: DuckDbSession, target: TableDefinition, label: string): Promise<number> {
  const [row] = await session.read<{ rows: number }>(`select count(*) as rows from ${identifier(target.name)}`, `${label}: count`);
  return row!.rows;
}

/** A target of this many times the rows of the source takes them sooner by {@link replaceChanged} than by a merge. */
const MANY_TIMES = 10;
/** Where a row stands that is replaced; NULL of a new one. */
const PLACE = raw(identifier('place in the target'));

/** What a merge does, of few rows: those that are equal stay, those that differ are deleted and written anew. */
async function replaceChanged(
  session: DuckDbSession,
  target: TableDefinition,
  staged: string,
  inDays: Sql | undefined,
  label: string,
): Promise<Pick<Change, 'inserted' | 'updated'>> {
  const name = raw(identifier(target.name));
  return session.withTemporaryTable(async (changed) => {
    const comparison = sql`create temporary table ${raw(changed)} as
select source.*, target.rowid as ${PLACE}
from ${raw(staged)} as source
left join ${name} as target on ${matching(target, inDays)}
where target.rowid is null or ${join(differences(target), '\n  or ')}`;
    await session.run(render(comparison), `${label}: changes`, () => 0);
    const places = sql`select ${PLACE} from ${raw(changed)} where ${PLACE} is not null`;
    const { rowsChanged: updated } = await session.run(
      render(sql`delete from ${name} where rowid in (${places})`),
      `${label}: former rows`,
    );
    const columns = target.columns.map((column) => identifier(column.name)).join(', ');
    const written = await insertUnordered(session, `insert into ${insertTarget(target)} select ${columns} from ${changed}`, label);
    return { inserted: written - updated, updated };
  });
}

/** Of each column outside of the key, whether source and target differ in it. */
function differences(target: TableDefinition): Sql[] {
  return target.columns
    .filter((column) => !target.key.includes(column.name))
    .map((column) => duckDbDialect.differs(of('target', column.name), of('source', column.name), column.type, column.mode === 'repeated'));
}

function mergeStatement(target: TableDefinition, staged: string, inDays: Sql | undefined): Sql {
  const others = target.columns.filter((column) => !target.key.includes(column.name));
  const differs = differences(target);
  const assignments = others.map((column) => raw(`${identifier(column.name)} = source.${identifier(column.name)}`));
  const names = target.columns.map((column) => identifier(column.name));
  const update = others.length === 0 ? raw('') : sql`when matched and (${join(differs, '\n  or ')}) then update set ${join(assignments)}\n`;
  return sql`merge into ${raw(identifier(target.name))} as target
using ${raw(staged)} as source
on ${matching(target, inDays)}
${update}when not matched by target then insert (${raw(names.join(', '))}) values (${raw(names.map((name) => `source.${name}`).join(', '))})`;
}

function deleteStatement(target: TableDefinition, staged: string, deleteUnmatched: true | Sql, inDays: Sql | undefined): Sql {
  const conditions = [
    ...(inDays ? [inDays] : []),
    ...(deleteUnmatched === true ? [] : [sql`(${deleteUnmatched})`]),
    sql`not exists (select 1 from ${raw(staged)} as source where ${matching(target, undefined)})`,
  ];
  return sql`delete from ${raw(identifier(target.name))} as target where ${join(conditions, '\n  and ')}`;
}

function matching(target: TableDefinition, inDays: Sql | undefined): Sql {
  const same = target.key.map((name) => sql`${of('target', name)} = ${of('source', name)}`);
  return join(inDays ? [...same, inDays] : same, ' and ');
}

function of(side: 'target' | 'source', name: string): Sql {
  return raw(`${side}.${identifier(name)}`);
}
