import type { Config } from '../../../config/schema.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, param, raw, sql, table } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { projectMicros, ratesOf } from '../../rates/lookup.ts';
import { CONVERSIONS, CONVERSION_RECORDS, TOUCHED_CONVERSIONS } from '../tables.ts';
import { type Inheritance, inheritances } from './graph.ts';
import { IDENTIFIERS, STAGED_DERIVED } from './tables.ts';

/** Which conversions are derived: all, or those that are queued, with the children of parents that came or went. */
export type DeriveScope = 'all' | 'touched';

/**
 * The queries that fill staged_derived, in order: conversions that inherit from none, then each that does, after its
 * parent, of which it reads what has been staged. @returns each with its label.
 */
export function stagedQueries(dialect: Dialect, config: Config, scope: DeriveScope): { label: string; query: Sql }[] {
  const children = inheritances(config);
  const names = children.map(({ name }) => sql`${name}`);
  const others = names.length === 0 ? raw('true') : sql`keys.conversion_name not in (${join(names)})`;
  const orphans = sql`
      select keys.conversion_name, keys.id from (${keysOf(scope)}) as keys where ${others}`;
  return [
    { label: 'conversions to derive', query: stagedRows(dialect, config, scope, orphans) },
    ...children.map((child) => ({
      label: `conversions to derive: ${child.name}`,
      query: stagedRows(dialect, config, scope, scopeOfChild(child, scope), child),
    })),
  ];
}

/** Fills staged_derived. @returns how many conversions are derived. */
export async function stageDerived(warehouse: Warehouse, config: Config, scope: DeriveScope): Promise<number> {
  const label = 'conversions to derive';
  if (scope === 'touched') {
    const queued = await warehouse.rows(sql`select 1 as queued from ${table(TOUCHED_CONVERSIONS.name)} limit 1`, label);
    if (queued.length === 0) return 0;
  }
  await warehouse.load(STAGED_DERIVED, [], { replace: true, label });
  let derived = 0;
  for (const one of stagedQueries(warehouse.dialect, config, scope)) {
    derived += (await warehouse.append(STAGED_DERIVED, one.query, one.label)).inserted;
  }
  return derived;
}

const identifiers = (alias: string): Sql => join(IDENTIFIERS.map((name) => raw(`${alias}.${name}`)));

function keysOf(scope: DeriveScope): Sql {
  if (scope === 'touched') return sql`select distinct conversion_name, id from ${table(TOUCHED_CONVERSIONS.name)}`;
  return sql`
        select conversion_name, id from ${table(CONVERSION_RECORDS.name)}
        union distinct
        select conversion_name, id from ${table(CONVERSIONS.name)}`;
}

/** Query of the keys of a conversion that inherits: what is queued, and the children of parents that came or went. */
function scopeOfChild({ name, parent }: Inheritance, scope: DeriveScope): Sql {
  const own = sql`
      select keys.conversion_name, keys.id from (${keysOf(scope)}) as keys where keys.conversion_name = ${name}`;
  if (scope === 'all') return own;
  return sql`${own}
      union distinct
      select records.conversion_name, records.id
      from ${table(CONVERSION_RECORDS.name)} as records
      inner join ${table(STAGED_DERIVED.name)} as parents
        on parents.conversion_name = ${parent} and parents.id = records.lead_id and parents.is_present <> parents.was_present
      where records.conversion_name = ${name}`;
}

/**
 * Rows of staged_derived of the conversions with these keys.
 * @param child what they inherit; the rows of the parent are staged already.
 */
function stagedRows(dialect: Dialect, config: Config, scope: DeriveScope, keys: Sql, child?: Inheritance): Sql {
  const { currency, timeZone } = config.project;
  const day = (column: string) => dialect.localDate(raw(column), 'UTC');
  const isMatched = child?.onlyMatched ? raw('recorded.parent_id is not null') : raw('true');
  const parentId = child
    ? raw('if(coalesce(derived.is_present, parents.id is not null), records.lead_id, null)')
    : raw('cast(null as string)');
  const parents = child
    ? sql`
      left join ${table(STAGED_DERIVED.name)} as derived on derived.conversion_name = ${child.parent} and derived.id = records.lead_id
      left join ${scope === 'all' ? table(CONVERSIONS.name) : raw('known_parents')} as parents
        on parents.conversion_name = ${child.parent} and parents.id = records.lead_id`
    : raw('');
  const [records, former] =
    scope === 'all' ? [table(CONVERSION_RECORDS.name), table(CONVERSIONS.name)] : [raw('own_records'), raw('own_rows')];
  return sql`
    with scope as (${keys}
    ),${scope === 'all' ? raw('') : rowsOfScope(child)}
    recorded as (
      select
        scope.conversion_name, scope.id, records.is_removed, records.conversion_time, records.original_value, records.currency,
        ${identifiers('records')},
        former.id is not null as was_present, former.conversion_time as former_time,
        ${dialect.localDate(raw('records.conversion_time'), timeZone)} as conversion_date,
        ${parentId} as parent_id
      from scope
      left join ${records} as records on records.conversion_name = scope.conversion_name and records.id = scope.id
      left join ${former} as former on former.conversion_name = scope.conversion_name and former.id = scope.id${parents}
    ),
    states as (
      select
        recorded.conversion_name, recorded.id, coalesce(${isMatched} and not recorded.is_removed, false) as is_present, recorded.was_present,
        recorded.conversion_time, recorded.former_time, recorded.conversion_date, recorded.original_value, recorded.currency,
        ${identifiers('recorded')},
        ${child ? sql`if(recorded.parent_id is null, null, ${child.parent})` : raw('cast(null as string)')} as parent_name, recorded.parent_id
      from recorded
    ),
    rates as (${ratesOf(dialect, sql`(select currency, conversion_date as day from states where original_value is not null) as valued`, currency)}
    )
    select
      states.conversion_name, states.id, states.is_present, states.was_present,
      if(states.is_present, ${day('states.conversion_time')}, null) as day,
      ${day('states.former_time')} as former_day,
      if(states.is_present, states.conversion_date, null) as conversion_date,
      if(states.is_present, ${projectMicros(dialect, raw('states.original_value'), raw('states.currency'), raw('rates.rate'), currency)}, ${param(null, 'INT64')}) as raw_value_micros,
      if(states.is_present, rates.rate, null) as rate,
      if(states.is_present, rates.rate_date, null) as rate_date,
      if(states.is_present, states.parent_name, null) as parent_name,
      if(states.is_present, states.parent_id, null) as parent_id,
      ${join(IDENTIFIERS.map((name) => raw(`if(states.is_present, states.${name}, null) as ${name}`)))}
    from states
    left join rates on rates.currency = states.currency and rates.day = states.conversion_date and states.original_value is not null`;
}

/** CTEs with the rows of the few keys of the scope: an engine that joins the whole tables may hash all of their rows. */
function rowsOfScope(child?: Inheritance): Sql {
  const columns = sql`
        records.conversion_name, records.id, records.lead_id, records.is_removed, records.conversion_time, records.original_value,
        records.currency, ${identifiers('records')}`;
  const ofParents = child
    ? sql`
    known_parents as (
      select parents.conversion_name, parents.id
      from ${table(CONVERSIONS.name)} as parents
      inner join (select distinct lead_id from own_records) as wanted on wanted.lead_id = parents.id
      where parents.conversion_name = ${child.parent}
    ),`
    : raw('');
  return sql`
    own_records as (
      select ${columns}
      from ${table(CONVERSION_RECORDS.name)} as records
      inner join scope on scope.conversion_name = records.conversion_name and scope.id = records.id
    ),
    own_rows as (
      select stored.conversion_name, stored.id, stored.conversion_time
      from ${table(CONVERSIONS.name)} as stored
      inner join scope on scope.conversion_name = stored.conversion_name and scope.id = stored.id
    ),${ofParents}`;
}
