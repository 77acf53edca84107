import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, param, raw, sql, table } from '../../warehouse/sql.ts';
import type { Column } from '../../../edge/contract/columns.ts';
import { rangesOf } from './ranges.ts';
import type { RecordBatch } from './record-batch.ts';
import { CONVERSION_RECORDS, STAGED_RECORDS, STAGED_STORED } from './tables.ts';

/** What of a record may change, column by column. */
const LOGGED = CONVERSION_RECORDS.columns.filter(
  ({ name }) => !CONVERSION_RECORDS.key.includes(name) && name !== 'row_hash' && name !== 'is_removed',
);

/** Query of conversion_changes: what the staged records change in the stored ones. Redefined conversions are left out. */
export function loggedChanges(dialect: Dialect, batches: readonly RecordBatch[], changedAt: string): Sql {
  const columns = dialect.values(
    'logged',
    { column_name: 'STRING' },
    ['', ...LOGGED.map(({ name }) => name)].map((name) => [name]),
  );
  const differing = LOGGED.map(
    (column) =>
      sql`when ${column.name} then ${dialect.differs(raw(`staged.${column.name}`), raw(`stored.${column.name}`), column.type, column.mode === 'repeated')}`,
  );
  const texts = (alias: string) => {
    const cases = LOGGED.map((column) => sql`when ${column.name} then ${textOf(dialect, column, alias)}`);
    return sql`case logged.column_name ${join(cases, ' ')} else ${dialect.castText(raw(`${alias}.original_value`))} end`;
  };
  return sql`
    with staged as (
      select ${join(STAGED_RECORDS.columns.map(({ name }) => raw(`changed.${name}`)))}
      from ${table(STAGED_RECORDS.name)} as changed
      inner join ${rangesOf(dialect, batches)} on ranges.conversion_name = changed.conversion_name
      where not ranges.is_redefined
    ),
    logged_changes as (
      select
        staged.conversion_name, staged.id, logged.column_name,
        case
          when stored.id is null then 'inserted'
          when staged.change = 'deleted' or (staged.is_removed and not stored.is_removed) then 'deleted'
          when stored.is_removed and not staged.is_removed then 'inserted'
          else 'updated'
        end as change,
        if(stored.id is null or stored.is_removed, null, ${texts('stored')}) as from_value,
        if(staged.change = 'deleted', null, ${texts('staged')}) as to_value,
        if(staged.change = 'deleted', 'disappeared', if(staged.is_removed, 'zero', 'source')) as reason,
        coalesce(stored.is_removed, false) and (staged.is_removed or staged.change = 'deleted') as is_silent,
        case logged.column_name ${join(differing, ' ')} else false end as is_different
      from staged
      left join ${table(STAGED_STORED.name)} as stored
        on stored.conversion_name = staged.conversion_name and stored.id = staged.id
      cross join ${columns}
    )
    select
      ${param(changedAt, 'TIMESTAMP')} as changed_at, conversion_name, id, change, column_name, from_value, to_value, reason
    from logged_changes
    where not is_silent and if(change = 'updated', is_different, column_name = '')`;
}

/** Query of conversion_changes for conversions that are not in the config any more. */
export function loggedRemovals(dialect: Dialect, names: Sql, changedAt: string): Sql {
  return sql`
    select
      ${param(changedAt, 'TIMESTAMP')} as changed_at, records.conversion_name, records.id, 'deleted' as change, '' as column_name,
      ${dialect.castText(raw('records.original_value'))} as from_value, cast(null as string) as to_value, 'definition' as reason
    from ${table(CONVERSION_RECORDS.name)} as records
    inner join (${names}) as removed on removed.conversion_name = records.conversion_name
    where not records.is_removed`;
}

/** A value as a reader of the log knows it; a time as ISO in UTC. */
function textOf(dialect: Dialect, { name, type, mode }: Column, alias: string): Sql {
  const value = raw(`${alias}.${name}`);
  if (mode === 'repeated') return dialect.jsonString(value);
  return type === 'TIMESTAMP' ? instantText(dialect, value) : dialect.castText(value);
}

const DAY_MICROS = '86400000000';

/** `2026-03-02T12:00:00.000000Z`: an engine's own text of a time is its own. */
function instantText(dialect: Dialect, time: Sql): Sql {
  const ofDay = sql`mod(mod(${dialect.unixMicros(time)}, ${raw(DAY_MICROS)}) + ${raw(DAY_MICROS)}, ${raw(DAY_MICROS)})`;
  const digits = (count: number, value: Sql) => sql`substr(${dialect.castText(sql`${raw(`1${'0'.repeat(count)}`)} + ${value}`)}, 2)`;
  const part = (micros: string, of: string) => sql`mod(${dialect.intDiv(ofDay, raw(micros))}, ${raw(of)})`;
  return dialect.concat(
    dialect.castText(sql`date(${time})`),
    raw(`'T'`),
    digits(2, part('3600000000', '24')),
    raw(`':'`),
    digits(2, part('60000000', '60')),
    raw(`':'`),
    digits(2, part('1000000', '60')),
    raw(`'.'`),
    digits(6, part('1', '1000000')),
    raw(`'Z'`),
  );
}
