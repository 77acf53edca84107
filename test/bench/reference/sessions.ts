import { EVENT_COLUMNS } from '../../../edge/contract/event-row.ts';
import { columnType, identifier, literal } from '../../../pipeline/warehouse/duckdb/syntax.ts';

/** Reads the events of landing segments into the columns of events_raw, and checks nothing that the engine does not. */
export function readSegments(files: string): string {
  const members = EVENT_COLUMNS.map((column) => `${identifier(column.name)} ${column.type === 'JSON' ? 'VARCHAR' : columnType(column)}`);
  return `insert into events_raw
    select ${EVENT_COLUMNS.map(({ name }) => `event.${identifier(name)}`).join(', ')}
    from read_json(${literal(files)}, format = 'newline_delimited', columns = {event: ${literal(`STRUCT(${members.join(', ')})`)}})
    where event is not null`;
}

/** The first received copy of each event, as a table. Copies are few: they are found over the ids, and only they are ordered. */
export const FIRST_COPIES = `create or replace table reference_events as
  with copied as (
    select write_key_id, message_id from events_raw group by write_key_id, message_id having count(*) > 1
  ),
  first_copies as (
    select events_raw.*
    from events_raw
    inner join copied using (write_key_id, message_id)
    qualify row_number() over (partition by write_key_id, message_id order by received_at) = 1
  )
  select events_raw.* from events_raw anti join copied using (write_key_id, message_id)
  union all
  select * from first_copies`;

/** Visits of each visitor by pauses alone, as a table: a new one begins where more than 30 minutes have passed. */
export const GAP_SESSIONS = `create or replace table reference_sessions as
  with gaps as (
    select anonymous_id, occurred_at, lag(occurred_at) over (partition by anonymous_id order by occurred_at) as previous_at
    from events
  ),
  numbered as (
    select
      anonymous_id, occurred_at,
      sum(case when previous_at is null or occurred_at - previous_at > interval 30 minute then 1 else 0 end)
        over (partition by anonymous_id order by occurred_at rows unbounded preceding) as number
    from gaps
  )
  select anonymous_id, number, min(occurred_at) as started_at, max(occurred_at) as ended_at, count(*) as events
  from numbered
  group by anonymous_id, number`;

/** Each visitor with the least visitor it shares an identifier with, as a table: one round of what a graph would take to its end. */
export const JOINED_IDENTIFIERS = `create or replace table reference_identities as
  with visitors as (
    select anonymous_id, min(occurred_at) as first_seen from events group by anonymous_id
  ),
  identifiers as (
    select anonymous_id, 'user_id' as name, user_id as value from events where user_id is not null
    union
    select anonymous_id, 'ga_client_id' as name, ga_client_id as value from events where ga_client_id is not null
    union
    select anonymous_id, 'email_hash' as name, unnest(email_hashes).hash as value from events where len(email_hashes) > 0
  ),
  owners as (
    select name, value, min(anonymous_id) as owner from identifiers group by name, value
  ),
  owned as (
    select identifiers.anonymous_id, min(owners.owner) as owner
    from identifiers
    inner join owners using (name, value)
    group by identifiers.anonymous_id
  )
  select visitors.anonymous_id, visitors.first_seen, coalesce(owned.owner, visitors.anonymous_id) as owner
  from visitors
  left join owned using (anonymous_id)`;

export const REFERENCE_TABLES = ['reference_events', 'reference_sessions', 'reference_identities'] as const;
