import type { Column } from '../../../edge/contract/columns.ts';
import { partitionColumn, standsIn } from '../days.ts';
import { type Sql, arrayParam, join, raw, sql, table } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import { bigQueryDialect } from './dialect.ts';
import { columnType, identifier, literal } from './syntax.ts';

/** DDL of a table, partitioned by day and clustered. */
export function createTable(target: TableDefinition): Sql {
  const columns = target.columns.map(
    (column) => `  ${identifier(column.name)} ${columnType(column)}${constraint(column)}${description(column)}`,
  );
  const lines = [
    sql`create table if not exists ${table(target.name)} (\n${raw(columns.join(',\n'))}\n)`,
    ...(target.partitionBy ? [raw(`partition by ${partitionDay(target)}`)] : []),
    ...(target.clusterBy ? [raw(`cluster by ${target.clusterBy.map(identifier).join(', ')}`)] : []),
    raw(`options (description = ${literal(target.description)})`),
  ];
  return join(lines, '\n');
}

/** DDL of a view, which replaces what it showed before. */
export function createView(view: TableDefinition, query: Sql): Sql {
  return sql`create or replace view ${table(view.name)}\n${raw(`options (description = ${literal(view.description)})`)}\nas ${query}`;
}

/** DDL of a new column. Rows that are there have no value for it, so it is never required. */
export function addColumn(target: TableDefinition, column: Column): Sql {
  return sql`alter table ${table(target.name)} add column if not exists ${raw(`${identifier(column.name)} ${columnType(column)}${description(column)}`)}`;
}

/** The columns of a table in its order, from a query that may leave out nullable ones. */
export function fitted(target: TableDefinition, source: Sql, present: ReadonlySet<string>): Sql {
  const columns = target.columns.map((column) => {
    const name = identifier(column.name);
    const value = present.has(column.name) ? `source.${name}` : `cast(null as ${columnType(column)})`;
    return `${column.mode === 'repeated' ? `ifnull(${value}, [])` : value} as ${name}`;
  });
  return sql`select ${raw(columns.join(', '))} from (\n${source}\n) as source`;
}

/** `insert … select` of a query that has exactly the table's columns. */
export function append(target: TableDefinition, source: Sql): Sql {
  return sql`insert into ${table(target.name)} (${raw(names(target))})\n${source}`;
}

/** A staging table that BigQuery removes by itself if the run dies before it can. */
export function stage(name: string, source: Sql): Sql {
  return sql`create table ${table(name)}\noptions (expiration_timestamp = timestamp_add(current_timestamp(), interval 1 day)) as\n${source}`;
}

/**
 * `merge` from a staged table that has exactly the target's columns. With days, the condition on the target's partition
 * stands in the join and beside what is deleted: BigQuery prunes a merge only where both have it.
 */
export function merge(target: TableDefinition, staged: Sql, deleteUnmatched: boolean | Sql, days?: readonly string[]): Sql {
  const inDays = days && targetIn(target, days);
  const same = [...sameKey(target), ...(inDays ? [inDays] : [])];
  const others = target.columns.filter((column) => !target.key.includes(column.name));
  const differs = others.map((column) =>
    bigQueryDialect.differs(of('target', column.name), of('source', column.name), column.type, column.mode === 'repeated'),
  );
  const assignments = others.map((column) => raw(`${identifier(column.name)} = source.${identifier(column.name)}`));
  const clauses = [
    sql`merge into ${table(target.name)} as target`,
    sql`using ${staged} as source`,
    sql`on ${join(same, ' and ')}`,
    ...(others.length > 0 ? [sql`when matched and (${join(differs, '\n  or ')}) then update set ${join(assignments)}`] : []),
    raw(
      `when not matched by target then insert (${names(target)}) values (${target.columns.map((column) => `source.${identifier(column.name)}`).join(', ')})`,
    ),
    ...unmatched(deleteUnmatched, inDays),
  ];
  return join(clauses, '\n');
}

/**
 * Replaces whole days in one statement, so that no reader sees them empty. A row outside the days stops it: it would
 * stand there twice after the next replacement.
 */
export function replaceDays(target: TableDefinition, days: readonly string[], source: Sql): Sql {
  const partition = target.partitionBy!;
  const inserted = target.columns.map((column) =>
    column.name === partition
      ? sql`if(${raw(partitionDay(target, 'source'))} in unnest(${arrayParam(days, 'DATE')}), ${of('source', partition)}, error(concat('the source has a row of ', ifnull(cast(${raw(partitionDay(target, 'source'))} as string), 'no day'), ', which is none of the days to write')))`
      : of('source', column.name),
  );
  return sql`merge into ${table(target.name)} as target
using (\n${source}\n) as source
on false
when not matched by source and ${targetIn(target, days)} then delete
when not matched by target then insert (${raw(names(target))}) values (${join(inserted)})`;
}

/** Replaces all rows in one statement, so that no reader sees the table empty. */
export function replaceAll(target: TableDefinition, source: Sql): Sql {
  return sql`merge into ${table(target.name)} as target
using (\n${source}\n) as source
on false
when not matched by source then delete
when not matched by target then insert (${raw(names(target))}) values (${join(target.columns.map((column) => of('source', column.name)))})`;
}

/** Drops a table of this dataset; one that is not there is no error. */
export function dropTable(name: string): Sql {
  return sql`drop table if exists ${table(name)}`;
}

/** A query of the table's columns without rows. */
export function noRows(target: TableDefinition): string {
  const columns = target.columns.map((column) => `cast(null as ${columnType(column)}) as ${identifier(column.name)}`);
  return `(select ${columns.join(', ')} limit 0)`;
}

/** Deletes the rows whose key is among the rows of `keys`, which has exactly the key's columns. */
export function deleteKeys(target: TableDefinition, keys: Sql, days?: readonly string[]): Sql {
  const conditions = [
    ...(days ? [targetIn(target, days)] : []),
    sql`exists (select 1 from (\n${keys}\n) as source where ${join(sameKey(target), ' and ')})`,
  ];
  return sql`delete from ${table(target.name)} as target\nwhere ${join(conditions, '\n  and ')}`;
}

function sameKey(target: TableDefinition): Sql[] {
  return target.key.map((name) => sql`${of('target', name)} = ${of('source', name)}`);
}

function targetIn(target: TableDefinition, days: readonly string[]): Sql {
  return standsIn(bigQueryDialect, target, of('target', partitionColumn(target).name), days);
}

function unmatched(deleteUnmatched: boolean | Sql, inDays: Sql | undefined): Sql[] {
  if (deleteUnmatched === false) return [];
  const conditions = [...(inDays ? [inDays] : []), ...(deleteUnmatched === true ? [] : [sql`(${deleteUnmatched})`])];
  return [
    sql`when not matched by source${join(
      conditions.map((condition) => sql` and ${condition}`),
      '',
    )} then delete`,
  ];
}

/** The expression a table is partitioned by. */
function partitionDay(target: TableDefinition, side?: 'target' | 'source'): string {
  const { name, type } = partitionColumn(target);
  const column = `${side ? `${side}.` : ''}${identifier(name)}`;
  return type === 'TIMESTAMP' ? `date(${column})` : column;
}

function names(target: TableDefinition): string {
  return target.columns.map((column) => identifier(column.name)).join(', ');
}

function of(side: 'target' | 'source', name: string): Sql {
  return raw(`${side}.${identifier(name)}`);
}

/** An array cannot be declared NOT NULL: it never is NULL. */
function constraint(column: Column): string {
  return column.mode === 'required' ? ' not null' : '';
}

function description(column: Column): string {
  return ` options (description = ${literal(column.description)})`;
}
