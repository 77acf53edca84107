/**
 * The touches of each conversion in their order, as a table: conversions joined to the sessions of their person in the
 * window, and one sort of the result.
 */
export const SORTED_TOUCHES = `create or replace table reference_touches as
  select conversions.conversion_name, conversions.id, sessions.session_id, sessions.started_at, sessions.is_direct
  from conversions
  inner join identities on identities.person_id = conversions.person_id
  inner join sessions on sessions.anonymous_id = identities.anonymous_id
    and sessions.started_at >= conversions.attribution_time - interval 90 day
    and sessions.started_at <= conversions.attribution_time + interval 5 minute
  order by conversions.conversion_name, conversions.id, sessions.started_at, sessions.session_id`;

export const REFERENCE_TABLES = ['reference_touches'] as const;
