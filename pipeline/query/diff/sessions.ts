import { SESSIONS } from '../../models/sessions/tables.ts';
import { param, raw, sql, type Sql } from '../../warehouse/sql.ts';
import type { ChangedDefinitions } from './definitions.ts';
import { OF_SESSIONS } from './evidence.ts';
import { isNamedByCosts, keyedFacts, SESSION_FACTS } from './keys.ts';
import { anyDiffers, of, type PublicationPair, SIDES } from './pair.ts';
import type { DiffQuery } from './schema.ts';

/** What each cause changes in a metric: rows of key, cause and the change. */
export const SESSION_CHANGES = 'session_changes';
export const SESSION_TOTALS = 'session_totals';

/** Makes {@link SESSION_CHANGES} and {@link SESSION_TOTALS}. */
export async function makeSessionChanges(pair: PublicationPair, query: DiffQuery, definitions: ChangedDefinitions): Promise<void> {
  for (const side of SIDES) {
    const facts = keyedFacts(pair, side, query, SESSION_FACTS, raw('facts.session_id'), raw('true'));
    await pair.make(`${side}_sessions`, facts, 'sessions', side);
  }
  await pair.make(
    SESSION_TOTALS,
    sql`
    select key, sum(earlier) as earlier, sum(later) as later
    from (
      select key, count(*) as earlier, 0 as later from earlier_sessions group by key
      union all
      select key, 0 as earlier, count(*) as later from later_sessions group by key
    ) as counted
    group by key`,
    'sessions of both publications',
  );
  await pair.make(
    SESSION_CHANGES,
    sql`
    select moves.key, moves.change, ${cause(pair, query, definitions)} as cause
    from (${onlyIn('earlier_sessions', 'later_sessions', -1)} union all ${onlyIn('later_sessions', 'earlier_sessions', 1)}) as moves
    left join ${of('earlier', SESSIONS)} as earlier on earlier.session_id = moves.session_id
    left join ${of('later', SESSIONS)} as later on later.session_id = moves.session_id`,
    'sessions that differ',
  );
}

/** A session that stands elsewhere now has gone from there, and come here. */
const onlyIn = (one: string, other: string, change: 1 | -1): Sql => sql`
      select session_id, key, ${change} as change from ${raw(one)} as sessions
      where not exists (
        select 1 from ${raw(other)} as others where others.session_id = sessions.session_id and others.key is not distinct from sessions.key
      )`;

/** What costs name is named otherwise where the session is the same. A session that went where another one of its visitor now stands was made anew by late events. */
function cause(pair: PublicationPair, query: DiffQuery, definitions: ChangedDefinitions): Sql {
  const isAfter = sql`later.started_at > ${param(pair.earlier.data_up_to ?? pair.earlier.published_at, 'TIMESTAMP')}`;
  const isReplaced = sql`exists (
      select 1 from ${of('later', SESSIONS)} as others
      where others.anonymous_id = earlier.anonymous_id and others.started_at <= earlier.ended_at and others.ended_at >= earlier.started_at
    )`;
  return sql`case
      when earlier.session_id is null and ${isAfter} then 'new'
      when ${definitions.has('sessions') || definitions.has('project')} then 'definition'
      when ${isNamedByCosts(pair, query)} and not (${anyDiffers(pair.columnsOf(SESSIONS, OF_SESSIONS), 'earlier', 'later')}) then 'costs'
      when later.session_id is null and not ${isReplaced} then 'deleted'
      else 'late_events'
    end`;
}
