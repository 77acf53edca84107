import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { IDENTITIES, USER_IDENTITIES } from '../identity/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { STAGED_CONVERSIONS } from './tables.ts';

/** A session this much after attribution_time still counts: the form is sent a moment before the CRM notes the lead. */
export const GRACE_MINUTES = 5;

/** Whether a session lies in the look-back window; both ends count. */
export function inWindow(dialect: Dialect, config: Config, startedAt: Sql, attributionTime: Sql): Sql {
  const from = dialect.timestampAdd(attributionTime, raw(String(-config.attribution.lookbackDays)), 'DAY');
  const to = dialect.timestampAdd(attributionTime, raw(String(GRACE_MINUTES)), 'MINUTE');
  return sql`${startedAt} >= ${from} and ${startedAt} <= ${to}`;
}

const STAGED_COLUMNS = join(STAGED_CONVERSIONS.columns.map(({ name }) => raw(name)));

/**
 * CTE `kept_rows`: of the rows of one conversion with an id and a time the earliest, of equal times the least hash. The
 * hash knows a value to its millionth; what differs beyond that is ordered by the value.
 */
const KEPT_ROWS = sql`
    ranked_rows as (
      select
        ${STAGED_COLUMNS},
        row_number() over (
          partition by conversion_name, id
          order by conversion_time nulls first, row_hash nulls first, original_value nulls first
        ) as place
      from ${table(STAGED_CONVERSIONS.name)}
      where id is not null and conversion_time is not null
    ),
    kept_rows as (
      select ${STAGED_COLUMNS} from ranked_rows where place = 1
    )`;

/**
 * Conversions with their person. The signals are tried in order: client_id as anonymous_id, client_id as GA client id,
 * user id, e-mail hash. The first whose person has a session in the window decides; if none has, the first that finds a
 * person at all.
 */
export function conversionRows(dialect: Dialect, config: Config): Sql {
  return sql`
    with ${KEPT_ROWS},
    signals as (
      select kept_rows.conversion_name, kept_rows.id, kept_rows.attribution_time,
        1 as priority, 'client_id' as matched_by, identities.person_id
      from kept_rows
      inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = kept_rows.client_id
      union all${signal(2, 'client_id', 'client_id', 'ga_client_id')}
      union all${signal(3, 'user_id', 'user_id', 'user_id')}
      union all${signal(4, 'email_hash', 'email_hash', 'email_hash')}
    ),
    reached_signals as (
      select signals.conversion_name, signals.id, signals.priority
      from signals
      inner join ${table(IDENTITIES.name)} as identities on identities.person_id = signals.person_id
      inner join ${table(SESSIONS.name)} as sessions
        on sessions.anonymous_id = identities.anonymous_id
        and ${inWindow(dialect, config, raw('sessions.started_at'), raw('signals.attribution_time'))}
      group by signals.conversion_name, signals.id, signals.priority
    ),
    chosen_signals as (
      select signals.conversion_name, signals.id, signals.matched_by, signals.person_id
      from signals
      left join reached_signals
        on reached_signals.conversion_name = signals.conversion_name
        and reached_signals.id = signals.id
        and reached_signals.priority = signals.priority
      qualify row_number() over (
        partition by signals.conversion_name, signals.id
        order by if(reached_signals.id is null, 1, 0) nulls first, signals.priority nulls first, signals.person_id nulls first
      ) = 1
    ),
    people as (
      select distinct person_id, person_key from ${table(IDENTITIES.name)}
    )
    select
      kept_rows.conversion_name, kept_rows.id, kept_rows.conversion_time, kept_rows.attribution_time,
      ${dialect.localDate(raw('kept_rows.conversion_time'), config.project.timeZone)} as conversion_date,
      kept_rows.client_id, kept_rows.lead_id, kept_rows.user_id, kept_rows.email_hash,
      if(kept_rows.currency = ${config.project.currency}, ${dialect.micros(raw('kept_rows.original_value'))}, null) as value_micros,
      kept_rows.original_value, kept_rows.currency, kept_rows.is_qualified, kept_rows.params,
      people.person_id, people.person_key, chosen_signals.matched_by
    from kept_rows
    left join chosen_signals on chosen_signals.conversion_name = kept_rows.conversion_name and chosen_signals.id = kept_rows.id
    left join people on people.person_id = chosen_signals.person_id`;
}

/** Query of the conversions whose identifier in a column is one that a person is known by. */
function signal(priority: number, matchedBy: string, column: string, keyName: string): Sql {
  return sql`
      select kept_rows.conversion_name, kept_rows.id, kept_rows.attribution_time,
        ${raw(String(priority))} as priority, ${raw(`'${matchedBy}'`)} as matched_by, known.person_id
      from kept_rows
      inner join ${table(USER_IDENTITIES.name)} as known
        on known.key_name = ${raw(`'${keyName}'`)} and known.key_value = kept_rows.${raw(column)}`;
}

/** Rows that became no conversion, with the reason; equal rows once. */
export function rejectedRows(): Sql {
  return sql`
    with ${KEPT_ROWS},
    reasons as (
      select conversion_name, row_hash, id, 'missing_id' as reason, 'the row has no id' as detail
      from ${table(STAGED_CONVERSIONS.name)}
      where id is null
      union all
      select conversion_name, row_hash, id, 'missing_created' as reason, 'the row has no created' as detail
      from ${table(STAGED_CONVERSIONS.name)}
      where id is not null and conversion_time is null
      union all
      select conversion_name, row_hash, id, 'duplicate_id' as reason, 'another row has the same id; the one with the earliest created is kept' as detail
      from ranked_rows
      where place > 1
    )
    select conversion_name, row_hash, reason, min(id) as id, min(detail) as detail
    from reasons
    group by conversion_name, row_hash, reason`;
}
