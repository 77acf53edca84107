import { ATTRIBUTION } from '../../models/attribution/tables.ts';
import { CONVERSIONS } from '../../models/conversions/tables.ts';
import { GRACE_MINUTES } from '../../models/conversions/resolve.ts';
import { IDENTITIES } from '../../models/identity/tables.ts';
import { SESSIONS } from '../../models/sessions/tables.ts';
import { join, raw, sql, type Sql } from '../../warehouse/sql.ts';
import { type Compared, MOVES } from './conversions.ts';
import { anyDiffers, of, type PublicationPair, SIDES } from './pair.ts';

// What tells the causes from each other, for the conversions that differ only: a comparison costs what the change costs.

/** What the source says of a conversion. */
const GIVEN = [
  'conversion_time',
  'attribution_time',
  'client_id',
  'lead_id',
  'user_id',
  'email_hash',
  'ip_key',
  'original_value',
  'currency',
  'is_qualified',
  'self_reported_source',
  'params',
];
/** What a session tells rules and paths. */
export const OF_SESSIONS = [
  'anonymous_id',
  'started_at',
  'channel',
  'source',
  'medium',
  'campaign',
  'term',
  'content',
  'ad_platform',
  'is_direct',
];
/** What else a model may ask about a session. */
const OF_VISITS = ['landing_path', 'page_views', 'engaged_seconds', 'events', 'country', 'region', 'city', 'device_type', 'browser'];

/** Behind each name of a column that differs. */
export const SEPARATOR = ', ';

/** One row per conversion that differs: both sides of it, and of the conversion whose credits it has. */
export const SUBJECTS = 'subjects';
/** What happened to the sessions that have its credit in either publication. */
export const CREDITED = 'credited_evidence';
/** The same of all sessions of its person up to then: what credits alone do not show. */
export const OF_PERSONS = 'person_evidence';

/** Makes the tables that causes are found from. */
export async function makeEvidence(pair: PublicationPair, compared: Compared): Promise<void> {
  await pair.make('heads', heads(compared), 'conversions whose credits are inherited');
  await pair.make(SUBJECTS, subjects(pair, compared), 'conversions that differ');
  await pair.make('credited_sessions', creditedSessions(compared), 'credited sessions');
  await pair.make(CREDITED, sessionEvidence(pair, 'credited_sessions', OF_SESSIONS), 'what became of credited sessions');
}

/** Makes {@link OF_PERSONS} of the conversions that a query names. */
export async function makePersonEvidence(pair: PublicationPair, conversionIds: Sql): Promise<void> {
  await pair.make('person_sessions', personSessions(conversionIds), 'sessions of their persons');
  await pair.make(OF_PERSONS, sessionEvidence(pair, 'person_sessions', [...OF_SESSIONS, ...OF_VISITS]), 'what became of these sessions');
}

const ofSide = (column: string, isLater: boolean) => sql`max(if(is_later = ${isLater}, ${raw(column)}, null))`;

/** The conversion at the head of its chain whose credits a conversion has, in both publications. */
function heads({ conversion, model }: Compared): Sql {
  const side = (name: (typeof SIDES)[number]) => sql`
      select credits.conversion_id, ${raw(String(name === 'later'))} as is_later,
        min(credits.inherited_from_name) as head_name, min(credits.inherited_from_id) as head_id
      from ${of(name, ATTRIBUTION)} as credits
      inner join changed on changed.conversion_id = credits.conversion_id
      where credits.conversion_name = ${conversion} and credits.model = ${model}
      group by credits.conversion_id`;
  return sql`
    with changed as (select distinct conversion_id from ${raw(MOVES)})
    select conversion_id,
      ${ofSide('head_name', false)} as earlier_name, ${ofSide('head_id', false)} as earlier_id,
      ${ofSide('head_name', true)} as later_name, ${ofSide('head_id', true)} as later_id
    from (${join(SIDES.map(side), ' union all ')}) as credits
    group by conversion_id`;
}

function subjects(pair: PublicationPair, { conversion }: Compared): Sql {
  const given = pair.columnsOf(CONVERSIONS, GIVEN);
  const changedColumns = given.map((name) => sql`if(${anyDiffers([name], 'earlier', 'later')}, ${name + SEPARATOR}, '')`);
  return sql`
    select
      changed.conversion_id,
      earlier.id is null as is_new,
      later.id is null as is_deleted,
      coalesce(later.conversion_time, earlier.conversion_time) as conversion_time,
      earlier.id is not null and later.id is not null and (${anyDiffers(given, 'earlier', 'later')}) as is_updated,
      ${pair.dialect.concat(raw(`''`), ...changedColumns)} as updated_columns,
      heads.earlier_name as earlier_head_name, heads.earlier_id as earlier_head_id,
      heads.later_name as later_head_name, heads.later_id as later_head_id,
      heads.earlier_name is distinct from heads.later_name or heads.earlier_id is distinct from heads.later_id as is_other_head,
      earlier_head.id is not null and later_head.id is not null and (${anyDiffers(given, 'earlier_head', 'later_head')}) as is_head_updated,
      coalesce(earlier_head.person_id, earlier.person_id) as earlier_person, coalesce(later_head.person_id, later.person_id) as later_person,
      coalesce(later_head.attribution_time, later.attribution_time, earlier.attribution_time) as attribution_time,
      coalesce(heads.later_name, ${conversion}) as subject_name,
      earlier.rate as earlier_rate, later.rate as later_rate,
      earlier.value_micros is distinct from later.value_micros and earlier.raw_value_micros is distinct from later.raw_value_micros as is_revalued,
      earlier.value_micros is distinct from later.value_micros and earlier.raw_value_micros is not distinct from later.raw_value_micros
        as is_rescaled
    from (select distinct conversion_id from ${raw(MOVES)}) as changed
    left join heads on heads.conversion_id = changed.conversion_id
    left join ${of('earlier', CONVERSIONS)} as earlier on earlier.conversion_name = ${conversion} and earlier.id = changed.conversion_id
    left join ${of('later', CONVERSIONS)} as later on later.conversion_name = ${conversion} and later.id = changed.conversion_id
    left join ${of('earlier', CONVERSIONS)} as earlier_head
      on earlier_head.conversion_name = heads.earlier_name and earlier_head.id = heads.earlier_id
    left join ${of('later', CONVERSIONS)} as later_head on later_head.conversion_name = heads.later_name and later_head.id = heads.later_id`;
}

function creditedSessions({ conversion, model }: Compared): Sql {
  const side = (name: (typeof SIDES)[number]) => sql`
      select credits.conversion_id, credits.session_id
      from ${of(name, ATTRIBUTION)} as credits
      inner join ${raw(SUBJECTS)} as subjects on subjects.conversion_id = credits.conversion_id
      where credits.conversion_name = ${conversion} and credits.model = ${model} and credits.session_id <> ''`;
  return join(SIDES.map(side), ' union distinct ');
}

function personSessions(conversionIds: Sql): Sql {
  const side = (name: (typeof SIDES)[number]) => sql`
      select subjects.conversion_id, sessions.session_id
      from ${raw(SUBJECTS)} as subjects
      inner join (${conversionIds}) as asked on asked.conversion_id = subjects.conversion_id
      inner join ${of(name, IDENTITIES)} as identities on identities.person_id = subjects.${raw(name)}_person
      inner join ${of(name, SESSIONS)} as sessions on sessions.anonymous_id = identities.anonymous_id
      where sessions.started_at <= subjects.attribution_time + interval ${raw(String(GRACE_MINUTES))} minute`;
  return join(SIDES.map(side), ' union distinct ');
}

/**
 * Per conversion: whether a session that both publications have is its person's in one of them only, and whether one came,
 * changed or went.
 */
function sessionEvidence(pair: PublicationPair, pairs: string, columns: readonly string[]): Sql {
  const compared = pair.columnsOf(SESSIONS, columns);
  return sql`
    select
      pairs.conversion_id,
      max(if(earlier.session_id is not null and later.session_id is not null
        and coalesce(earlier_ids.person_id = subjects.earlier_person, false) <> coalesce(later_ids.person_id = subjects.later_person, false),
        1, 0)) = 1 as is_moved,
      max(if(earlier.session_id is null or later.session_id is null or ${anyDiffers(compared, 'earlier', 'later')}, 1, 0)) = 1 as is_changed
    from ${raw(pairs)} as pairs
    inner join ${raw(SUBJECTS)} as subjects on subjects.conversion_id = pairs.conversion_id
    left join ${of('earlier', SESSIONS)} as earlier on earlier.session_id = pairs.session_id
    left join ${of('later', SESSIONS)} as later on later.session_id = pairs.session_id
    left join ${of('earlier', IDENTITIES)} as earlier_ids on earlier_ids.anonymous_id = earlier.anonymous_id
    left join ${of('later', IDENTITIES)} as later_ids on later_ids.anonymous_id = later.anonymous_id
    group by pairs.conversion_id`;
}
