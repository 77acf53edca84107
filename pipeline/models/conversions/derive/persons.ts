import type { Config } from '../../../config/schema.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, param, raw, sql, table } from '../../../warehouse/sql.ts';
import { BLOCKED } from '../../identity/blocked.ts';
import { keyRules } from '../../identity/rules.ts';
import { IDENTITIES, IDENTITY_KEYS, USER_IDENTITIES } from '../../identity/tables.ts';
import { SESSIONS } from '../../sessions/tables.ts';
import { windowEnd, windowStart } from '../resolve.ts';

/** An address says who somebody is for so many days before and after it was seen. */
export const DAYS_OF_AN_ADDRESS = 3;

/** Days of UTC that an instant at most {@link DAYS_OF_AN_ADDRESS} away may lie on, from the day of the conversion. */
export const NEAR_DAYS = Array.from({ length: 2 * DAYS_OF_AN_ADDRESS + 1 }, (_, i) => i - DAYS_OF_AN_ADDRESS);

/** Times between which sessions lie, ISO in UTC. */
export interface Reach {
  readonly from: string;
  readonly to: string;
}

/**
 * CTEs up to `resolved` (conversion_name, id, person_id, person_key, matched_by): the persons of the rows of the CTE
 * `kept_rows`, where one is found, as {@link signalsOfRows} and {@link chosenPersons} say.
 */
export function resolvedPersons(dialect: Dialect, config: Config): Sql {
  return sql`${signalsOfRows(dialect, config)},${chosenPersons(dialect, config)}`;
}

/**
 * CTEs up to `signals` (conversion_name, id, attribution_time, priority, matched_by, person_id): every person that an
 * identifier of the rows of the CTE `kept_rows` finds.
 */
export function signalsOfRows(dialect: Dialect, config: Config): Sql {
  return sql`
    ${addressedRows(dialect, config)},
    signals as (
      select kept_rows.conversion_name, kept_rows.id, kept_rows.attribution_time,
        1 as priority, 'client_id' as matched_by, identities.person_id
      from kept_rows
      inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = kept_rows.client_id
      union all${signal(2, 'client_id', 'client_id', 'ga_client_id')}
      union all${signal(3, 'user_id', 'user_id', 'user_id')}
      union all${signal(4, 'email_hash', 'email_hash', 'email_hash')}
      union all
      select addressed_rows.conversion_name, addressed_rows.id, addressed_rows.attribution_time,
        5 as priority, 'ip_address' as matched_by, identities.person_id
      from addressed_rows
      inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = addressed_rows.anonymous_id
    )`;
}

/**
 * CTEs from `signals` to `resolved`. The signals are tried in order: client_id as anonymous_id, client_id as GA client id,
 * user id, e-mail hash, address. The first whose person has a session in the longest window that a model has for the
 * conversion decides; if none has, the first that finds a person at all.
 * @param reach where all sessions in the windows lie, as constants, so that no other partition is read; default: anywhere.
 */
export function chosenPersons(dialect: Dialect, config: Config, reach?: Reach): Sql {
  const isInReach = reach
    ? sql`
        and sessions.started_at >= ${param(reach.from, 'TIMESTAMP')} and sessions.started_at <= ${param(reach.to, 'TIMESTAMP')}`
    : raw('');
  return sql`
    reached_signals as (
      select signals.conversion_name, signals.id, signals.priority, signals.person_id
      from signals
      inner join ${table(IDENTITIES.name)} as identities on identities.person_id = signals.person_id
      inner join ${table(SESSIONS.name)} as sessions
        on sessions.anonymous_id = identities.anonymous_id
        and sessions.started_at >= ${windowStart(dialect, config, raw('signals.conversion_name'), raw('signals.attribution_time'))}
        and sessions.started_at <= ${windowEnd(dialect, raw('signals.attribution_time'))}${isInReach}
      group by signals.conversion_name, signals.id, signals.priority, signals.person_id
    ),
    chosen_signals as (
      select signals.conversion_name, signals.id, signals.matched_by, signals.person_id
      from signals
      left join reached_signals
        on reached_signals.conversion_name = signals.conversion_name
        and reached_signals.id = signals.id
        and reached_signals.priority = signals.priority
        and reached_signals.person_id = signals.person_id
      qualify row_number() over (
        partition by signals.conversion_name, signals.id
        order by if(reached_signals.id is null, 1, 0) nulls first, signals.priority nulls first, signals.person_id nulls first
      ) = 1
    ),
    people as (
      select identities.person_id, min(identities.person_key) as person_key
      from ${table(IDENTITIES.name)} as identities
      inner join (select distinct person_id from chosen_signals) as chosen on chosen.person_id = identities.person_id
      group by identities.person_id
    ),
    resolved as (
      select chosen_signals.conversion_name, chosen_signals.id, chosen_signals.matched_by, people.person_id, people.person_key
      from chosen_signals
      inner join people on people.person_id = chosen_signals.person_id
    )`;
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

/**
 * CTEs up to `addressed_rows`: the conversions with an address, and the visitor who was seen with exactly that address
 * nearest in time; equally near, the earlier sight, then the smaller id. An address that is blocked, or that more visitors
 * than its cap had within those days, finds nobody. Of a day its first and last sight are known.
 */
function addressedRows(dialect: Dialect, config: Config): Sql {
  const { maxAnonymousIds } = keyRules(config).get('ip_hash')!;
  const reach = raw(String(DAYS_OF_AN_ADDRESS));
  const near = dialect.values('near', { days: 'INT64' }, NEAR_DAYS.map((days) => [days])); // prettier-ignore
  const distance = sql`abs(${dialect.unixMicros(raw('seen_at'))} - ${dialect.unixMicros(raw('attribution_time'))})`;
  return sql`asked_addresses as (
      select
        kept_rows.conversion_name, kept_rows.id, kept_rows.attribution_time, kept_rows.ip_key,
        ${dialect.dateAdd(dialect.localDate(raw('kept_rows.attribution_time'), 'UTC'), raw('near.days'))} as day
      from kept_rows
      cross join ${near}
      where kept_rows.ip_key is not null
    ),
    seen_addresses as (
      select asked.conversion_name, asked.id, asked.attribution_time, seen.anonymous_id, seen.first_seen, seen.last_seen
      from asked_addresses as asked
      inner join ${table(IDENTITY_KEYS.name)} as seen
        on seen.key_name = 'ip_hash' and seen.key_value = asked.ip_key and seen.day = asked.day
      left join ${BLOCKED} as blocked_values on blocked_values.key_name = seen.key_name and blocked_values.key_value = seen.key_value
      where blocked_values.key_name is null
    ),
    sights as (
      select conversion_name, id, attribution_time, anonymous_id, first_seen as seen_at from seen_addresses
      union all
      select conversion_name, id, attribution_time, anonymous_id, last_seen as seen_at from seen_addresses
    ),
    near_sights as (
      select conversion_name, id, attribution_time, anonymous_id, seen_at, ${distance} as distance
      from sights
      where seen_at >= ${dialect.timestampAdd(raw('attribution_time'), sql`-${reach}`, 'DAY')}
        and seen_at <= ${dialect.timestampAdd(raw('attribution_time'), reach, 'DAY')}
    ),
    crowded_rows as (
      select conversion_name, id
      from (select distinct conversion_name, id, anonymous_id from near_sights) as visitors
      group by conversion_name, id
      having count(*) > ${raw(String(maxAnonymousIds))}
    ),
    addressed_rows as (
      select sights.conversion_name, sights.id, sights.attribution_time, sights.anonymous_id
      from near_sights as sights
      left join crowded_rows as crowded on crowded.conversion_name = sights.conversion_name and crowded.id = sights.id
      where crowded.id is null
      qualify row_number() over (
        partition by sights.conversion_name, sights.id
        order by sights.distance nulls first, sights.seen_at nulls first, sights.anonymous_id nulls first
      ) = 1
    )`;
}
