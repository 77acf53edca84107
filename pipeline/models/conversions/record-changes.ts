import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { KEPT_FIRST, columnsOf, inRange, rangesOf, stagedRows } from './ranges.ts';
import type { RecordBatch } from './record-batch.ts';
import {
  REJECTED_CONVERSIONS,
  STAGED_CONVERSIONS,
  STAGED_FOUND_CONVERSIONS,
  STAGED_LOOK_UPS,
  STAGED_RECORDS,
  STAGED_STORED,
} from './tables.ts';

/**
 * CTEs up to `candidates`: the rows among which the record of an id is chosen. Those that the second look has found, where it has;
 * else those of the range. Where there is no second look, what was stored before the range stands (`standing_ids`).
 */
function candidates(dialect: Dialect, batches: readonly RecordBatch[]): Sql {
  return sql`
    ${stagedRows(dialect, batches)},
    found_rows as (
      select ${columnsOf(STAGED_FOUND_CONVERSIONS)}
      from ${table(STAGED_FOUND_CONVERSIONS.name)}
      where conversion_time is not null
    ),
    found_ids as (
      select distinct conversion_name, id from found_rows
    ),
    standing_ids as (
      select records.conversion_name, records.id
      from ${table(STAGED_STORED.name)} as records
      inner join ${rangesOf(dialect, batches)} on ranges.conversion_name = records.conversion_name
      where not ranges.looks_twice and not records.is_in_range
    ),
    candidates as (
      select ${columnsOf(STAGED_CONVERSIONS, 'staged_rows')}
      from staged_rows
      left join found_ids on found_ids.conversion_name = staged_rows.conversion_name and found_ids.id = staged_rows.id
      where found_ids.id is null
      union all
      select ${columnsOf(STAGED_CONVERSIONS)} from found_rows
    )`;
}

const DECIDED = ['conversion_name', 'id', 'change', 'is_removed'];

/**
 * Query of staged_records: what differs from the stored records. A row that is there without a time has not disappeared: what was
 * stored of its id stands, until all of history is read.
 */
export function recordChanges(dialect: Dialect, batches: readonly RecordBatch[]): Sql {
  const given = STAGED_RECORDS.columns.filter(({ name }) => !DECIDED.includes(name));
  const differs = dialect.differs(raw('kept_rows.original_value'), raw('stored.original_value'), 'FLOAT64', false);
  return sql`
    with ${candidates(dialect, batches)},
    kept_rows as (
      select candidates.conversion_name, candidates.id, ${join(given.map(({ name }) => raw(`candidates.${name}`)))}
      from candidates
      left join standing_ids on standing_ids.conversion_name = candidates.conversion_name and standing_ids.id = candidates.id
      where standing_ids.id is null
      qualify row_number() over (${raw(KEPT_OF_CANDIDATES)}) = 1
    ),
    stored as (
      select conversion_name, id, row_hash, original_value, is_removed, is_in_range from ${table(STAGED_STORED.name)}
    ),
    compared as (
      select
        coalesce(kept_rows.conversion_name, stored.conversion_name) as conversion_name,
        coalesce(kept_rows.id, stored.id) as id,
        case when stored.id is null then 'inserted' when kept_rows.id is null then 'deleted' else 'updated' end as change,
        ${join(given.map(({ name }) => raw(`kept_rows.${name}`)))},
        coalesce(stored.is_removed, false) as was_removed,
        coalesce(stored.original_value > 0, false) as was_positive,
        coalesce(stored.is_in_range, false) as was_in_range,
        coalesce(kept_rows.row_hash <> stored.row_hash, true) or ${differs} as is_different
      from kept_rows
      full join stored on stored.conversion_name = kept_rows.conversion_name and stored.id = kept_rows.id
    ),
    invalid_ids as (
      select distinct invalid.conversion_name, invalid.id
      from (
        select conversion_name, id from ${table(STAGED_CONVERSIONS.name)} where id is not null and conversion_time is null
        union all
        select conversion_name, id from ${table(STAGED_FOUND_CONVERSIONS.name)} where id is not null and conversion_time is null
      ) as invalid
    ),
    decided as (
      select
        compared.conversion_name, compared.id, compared.change, compared.was_removed, compared.is_different,
        compared.was_in_range and (invalid_ids.id is null or ranges.from_time is null) as is_gone,
        ${join(given.map(({ name }) => raw(`compared.${name}`)))},
        coalesce(compared.original_value = 0, false) and not ranges.keep_zero
          and (compared.was_removed or (compared.was_positive and not ranges.is_redefined)) as is_removed
      from compared
      inner join ${rangesOf(dialect, batches)} on ranges.conversion_name = compared.conversion_name
      left join invalid_ids on invalid_ids.conversion_name = compared.conversion_name and invalid_ids.id = compared.id
    )
    select ${columnsOf(STAGED_RECORDS)}
    from decided
    where case change when 'inserted' then true when 'deleted' then is_gone else is_different or is_removed <> was_removed end`;
}

const KEPT_OF_CANDIDATES =
  'partition by candidates.conversion_name, candidates.id ' +
  'order by candidates.conversion_time nulls first, candidates.row_hash nulls first, candidates.original_value nulls first';

/** Query of staged_refusals: rows that become no record, with the reason; equal rows once. */
export function refusals(dialect: Dialect, batches: readonly RecordBatch[]): Sql {
  return sql`
    with ${candidates(dialect, batches)},
    incomplete_rows as (
      select staged.conversion_name, staged.row_hash, staged.id, staged.conversion_time
      from ${table(STAGED_CONVERSIONS.name)} as staged
      inner join ${rangesOf(dialect, batches)} on ranges.conversion_name = staged.conversion_name
      where (staged.id is null or staged.conversion_time is null)
        and (staged.conversion_time is null or ${inRange('staged.conversion_time')})
    ),
    ranked_rows as (
      select
        conversion_name, row_hash, id, conversion_time,
        row_number() over (${KEPT_FIRST}) as place
      from candidates
    ),
    reasons as (
      select conversion_name, row_hash, id, conversion_time,
        if(id is null, 'missing_id', 'missing_created') as reason,
        if(id is null, 'the row has no id', 'the row has no created') as detail
      from incomplete_rows
      union all
      select ranked_rows.conversion_name, ranked_rows.row_hash, ranked_rows.id, ranked_rows.conversion_time, 'duplicate_id' as reason,
        'another row has the same id; the one with the earliest created is kept' as detail
      from ranked_rows
      left join standing_ids on standing_ids.conversion_name = ranked_rows.conversion_name and standing_ids.id = ranked_rows.id
      where ranked_rows.place > 1 or standing_ids.id is not null
    )
    select conversion_name, row_hash, reason, min(id) as id, min(conversion_time) as conversion_time, min(detail) as detail
    from reasons
    group by conversion_name, row_hash, reason`;
}

/** Query of the keys of rejected_conversions that this night's refusals replace: those of the ranges, those without a time, those looked for. */
export function replacedRefusals(dialect: Dialect, batches: readonly RecordBatch[], present: Sql): Sql {
  return sql`
    select refused.conversion_name, refused.row_hash, refused.reason
    from ${table(REJECTED_CONVERSIONS.name)} as refused
    inner join ${rangesOf(dialect, batches)} on ranges.conversion_name = refused.conversion_name
    left join ${table(STAGED_LOOK_UPS.name)} as looked
      on looked.conversion_name = refused.conversion_name and looked.id = refused.id and refused.reason = 'duplicate_id'
    left join (${present}) as present
      on present.conversion_name = refused.conversion_name and present.row_hash = refused.row_hash and present.reason = refused.reason
    where present.reason is null
      and (refused.conversion_time is null or ${inRange('refused.conversion_time')} or looked.id is not null)`;
}
