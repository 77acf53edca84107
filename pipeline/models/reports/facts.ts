import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { ATTRIBUTION, SELF_REPORTED, TOUCHED_CREDITS } from '../attribution/tables.ts';
import { CONVERSIONS } from '../conversions/tables.ts';
import { COSTS } from '../costs/tables.ts';
import { IDENTITIES } from '../identity/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { NOT_ATTRIBUTED, SELF_REPORTED_SOURCE } from './publication.ts';
import { DIMENSION_COLUMNS, STAGED_REPORT_PERSONS } from './tables.ts';

const dimensions = DIMENSION_COLUMNS.map(({ name }) => name);

/** The rows of report_sessions. @param scope `staged`: of the persons in staged_report_persons only. */
export function sessionRows(scope: 'all' | 'staged'): Sql {
  const only = sql`
    inner join ${table(STAGED_REPORT_PERSONS.name)} as persons on persons.person_key = identities.person_key`;
  return sql`
    select
      sessions.session_id, identities.person_key, sessions.start_date as click_date,
      row_number() over (
        partition by identities.person_key order by sessions.started_at nulls first, sessions.session_id nulls first
      ) as session_number,
      ${join(dimensions.map((name) => raw(`sessions.${name}`)))}
    from ${table(SESSIONS.name)} as sessions
    inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = sessions.anonymous_id${scope === 'staged' ? only : raw('')}`;
}

/** The rows of report_credits. @param scope `touched`: of the conversions in touched_credits only. */
export function creditRows(dialect: Dialect, config: Config, scope: 'all' | 'touched'): Sql {
  const only = sql`
    inner join ${table(TOUCHED_CREDITS.name)} as touched
      on touched.conversion_name = attribution.conversion_name and touched.id = attribution.conversion_id`;
  return sql`
    select
      attribution.conversion_name, attribution.conversion_id, attribution.model, attribution.session_id,
      conversions.person_key, conversions.conversion_date,
      ${dialect.localDate(raw('attribution.click_time'), config.project.timeZone)} as click_date,
      attribution.credit, attribution.value_micros, conversions.is_qualified, attribution.reason, conversions.params,
      ${join(dimensions.map(dimensionOfCredit))}
    from ${table(ATTRIBUTION.name)} as attribution${scope === 'touched' ? only : raw('')}
    inner join ${table(CONVERSIONS.name)} as conversions
      on conversions.conversion_name = attribution.conversion_name and conversions.id = attribution.conversion_id
    left join ${table(SESSIONS.name)} as sessions on sessions.session_id = attribution.session_id`;
}

/** Where a credit has no session, its source is what the person said, or not known. */
function dimensionOfCredit(name: string): Sql {
  const isSelfReported = sql`attribution.reason = ${SELF_REPORTED}`;
  if (name === 'channel') return sql`coalesce(sessions.channel, attribution.channel, ${NOT_ATTRIBUTED}) as channel`;
  if (name !== 'source' && name !== 'medium') return raw(`sessions.${name}`);
  return sql`coalesce(sessions.${raw(name)}, if(${isSelfReported}, ${SELF_REPORTED_SOURCE}, ${NOT_ATTRIBUTED})) as ${raw(name)}`;
}

/** The rows of report_costs. */
export function costRows(dialect: Dialect): Sql {
  const part = (value: Sql) => [dialect.castText(sql`length(${value})`), raw("':'"), value];
  const key = COSTS.key.map((name) => (name === 'date' ? dialect.castText(raw('costs.date')) : raw(`costs.${name}`)));
  const carried: Readonly<Record<string, string>> = {
    channel: 'channel',
    source: 'source',
    medium: 'medium',
    campaign: 'campaign',
    ad_platform: 'platform',
  };
  const dimension = (name: string) =>
    raw(carried[name] === undefined ? `cast(null as string) as ${name}` : `costs.${carried[name]} as ${name}`);
  return sql`
    select
      ${dialect.sha256Hex(dialect.concat(...key.flatMap(part)))} as cost_key,
      costs.date as click_date,
      ${join(dimensions.map(dimension))},
      costs.cost_micros, costs.currency, costs.impressions, costs.clicks
    from ${table(COSTS.name)} as costs`;
}
