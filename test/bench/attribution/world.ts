import type { DuckDbWarehouse } from '../../../pipeline/warehouse/duckdb/duckdb.ts';

/** Days of history, the last of which ends before the night. */
const DAYS = 180;
const BEGIN = `timestamp '2026-01-01'`;
export const NIGHT = '2026-07-01T03:00:00.000Z';

/** Of four sessions one is a person's first in the mean, but a tenth of the persons have most of a third of all sessions. */
const SESSIONS_PER_PERSON = 4;

export interface Size {
  readonly seed: number;
  readonly sessions: number;
  readonly conversions: number;
}

/** A whole number from 0 to below `below`, by the seed and what it is for. */
const drawn = (seed: number, purpose: string, number: string, below: string | number) =>
  `cast(hash(${number}, '${seed} ${purpose}') % cast(${below} as ubigint) as bigint)`;

/** The person of a session, by its number. */
function personOf({ seed, sessions }: Size, number: string): string {
  const persons = Math.max(10, Math.round(sessions / SESSIONS_PER_PERSON));
  const frequent = drawn(seed, 'person', number, Math.round(persons / 10));
  return `if(${drawn(seed, 'frequent', number, 10)} < 3, ${frequent}, ${drawn(seed, 'person', number, persons)})`;
}

/** When a session began, by its number. */
const startOf = ({ seed }: Size, number: string): string =>
  `${BEGIN} + to_microseconds(${drawn(seed, 'start', number, DAYS * 86_400_000_000)})`;

const CHANNELS = `['Direct', 'Paid Search', 'Organic Search', 'Email', 'Paid Social', 'Referral']`;

/**
 * Fills a warehouse with sessions of persons, each known by one or two browsers, a sixth of them direct, and with
 * conversions, each of which follows one of the sessions within two days. Of ten conversions one was resolved to nobody; every
 * other one has a value. Rows stand in the order in which they came, ids are hashes as those of the product are.
 */
export async function fillWorld({ session }: DuckDbWarehouse, size: Size): Promise<void> {
  const { seed, sessions, conversions } = size;
  const persons = Math.max(10, Math.round(sessions / SESSIONS_PER_PERSON));
  const occasion = drawn(seed, 'occasion', 'n', sessions);
  const statements = [
    `insert into identities by name
    select
      md5('v' || p || '.' || device) as anonymous_id, md5('v' || p || '.0') as person_id, p as person_key, ${BEGIN} as first_seen,
      true as has_events, md5('v' || p || '.0') as cluster_id
    from range(${persons}) as numbers(p), range(2) as devices(device)`,
    `insert into sessions by name
    with visits as (
      select
        s, ${personOf(size, 's')} as person, if(${drawn(seed, 'device', 's', 4)} = 0, 1, 0) as device,
        ${startOf(size, 's')} as started_at, ${drawn(seed, 'channel', 's', 6)} as channel
      from range(${sessions}) as numbers(s)
    )
    select
      md5('s' || s) as session_id, md5('v' || person || '.' || device) as anonymous_id, started_at, started_at + interval 5 minute as ended_at,
      cast(started_at as date) as start_date, 5 as events, 3 as page_views, 60.0 as engaged_seconds, [] as click_ids,
      if(channel = 0, 'direct', 'source' || channel) as source, if(channel = 0, 'none', 'cpc') as medium,
      ${CHANNELS}[channel + 1] as channel, channel = 0 as is_direct, 'desktop' as device_type
    from visits
    order by started_at`,
    `insert into conversions by name
    with occasions as (
      select n, ${occasion} as s, ${startOf(size, occasion)} + to_seconds(${drawn(seed, 'delay', 'n', 2 * 86_400)}) as created
      from range(${conversions}) as numbers(n)
    )
    select
      if(n % 2 = 0, 'lead', 'deal') as conversion_name, 'C' || lpad(cast(n as varchar), 9, '0') as id,
      created as conversion_time, created as attribution_time, cast(created as date) as conversion_date,
      md5('v' || ${personOf(size, 's')} || '.0') as client_id,
      if(n % 2 = 0, null, 1 + ${drawn(seed, 'value', 'n', 5_000_000)} * 10_000) as value_micros,
      if(${drawn(seed, 'resolved', 'n', 10)} = 0, null, md5('v' || ${personOf(size, 's')} || '.0')) as person_id,
      ${personOf(size, 's')} as person_key
    from occasions
    order by created`,
    `insert into events by name
    select
      'wk' as write_key_id, 'first' as message_id, 'page' as type, ${BEGIN} as occurred_at, ${BEGIN} as received_at,
      md5('v0.0') as anonymous_id, [] as email_hashes, [] as click_ids, false as is_bot, false as is_internal, 'edge' as edge_instance,
      1 as edge_sequence`,
  ];
  for (const statement of statements) await session.run(statement, 'bench: world');
}
