import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { ATTRIBUTION, SELF_REPORTED, TOUCHED_CREDITS } from '../attribution/tables.ts';
import { CONVERSIONS } from '../conversions/tables.ts';
import { COSTS } from '../costs/tables.ts';
import { IDENTITIES } from '../identity/tables.ts';
import { adReference } from '../costs/ad-reference.ts';
import { ratesOf, projectMicros } from '../rates/lookup.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { NOT_ATTRIBUTED, SELF_REPORTED_SOURCE } from './publication.ts';
import { sourceKey } from './source-key.ts';
import {
  DIMENSION_COLUMNS,
  PREVIOUS_BY,
  previousDate,
  REPORT_CREDITS,
  REPORT_SESSIONS,
  REPORT_SOURCES,
  SOURCE_COLUMNS,
  STAGED_OTHER_COSTS,
  STAGED_REPORT_PERSONS,
} from './tables.ts';

const dimensions = DIMENSION_COLUMNS.map(({ name }) => name);

/** The rows of report_sessions. @param scope `staged`: of the persons in staged_report_persons only. */
export function sessionRows(dialect: Dialect, config: Config, scope: 'all' | 'staged'): Sql {
  const only = sql`
    inner join ${table(STAGED_REPORT_PERSONS.name)} as persons on persons.person_key = identities.person_key`;
  // By date first: where clocks are set back at midnight, a later start can have the earlier date.
  const byDate = raw('order by sessions.start_date nulls first, sessions.started_at nulls first, sessions.session_id nulls first');
  const before = (by: (typeof PREVIOUS_BY)[number] | undefined): Sql => {
    const same = by === undefined ? sql`` : sql`, ${by === 'source_medium' ? sourceMedium(dialect) : raw(`sessions.${by}`)}`;
    return sql`lag(sessions.start_date) over (partition by identities.person_key${same} ${byDate}) as ${raw(previousDate(by))}`;
  };
  return sql`
    with visits as (
      select
        sessions.session_id, identities.person_key, sessions.start_date as click_date,
        row_number() over (
          partition by identities.person_key order by sessions.started_at nulls first, sessions.session_id nulls first
        ) as session_number,
        ${join([undefined, ...PREVIOUS_BY].map(before))},
        ${adReference(dialect, 'sessions', config.costs)} as ad_reference,
        ${join(dimensions.map((name) => raw(`sessions.${name}`)))}
      from ${table(SESSIONS.name)} as sessions
      inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = sessions.anonymous_id${scope === 'staged' ? only : raw('')}
    )
    select
      session_id, person_key, click_date, session_number, ${raw([undefined, ...PREVIOUS_BY].map(previousDate).join(', '))}, ad_reference,
      ${sourceKey(dialect, (name) => raw(name))} as source_key,
      ${join(dimensions.map((name) => raw(name)))}
    from visits`;
}

/** As reports write it: of two pairs that read the same, sessions are of the same. */
const sourceMedium = (dialect: Dialect): Sql => dialect.concat(raw('sessions.source'), sql`' / '`, raw('sessions.medium'));

/**
 * The rows of report_credits; what they say of their session is what report_sessions says.
 * @param scope `touched`: of the conversions in touched_credits only.
 */
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
      sessions.session_number, sessions.ad_reference,
      case when attribution.reason = ${SELF_REPORTED} then ${sourceKey(dialect, saidSource)} else sessions.source_key end as source_key,
      ${join(dimensions.map(dimensionOfCredit))}
    from ${table(ATTRIBUTION.name)} as attribution${scope === 'touched' ? only : raw('')}
    inner join ${table(CONVERSIONS.name)} as conversions
      on conversions.conversion_name = attribution.conversion_name and conversions.id = attribution.conversion_id
    left join ${table(REPORT_SESSIONS.name)} as sessions on sessions.session_id = attribution.session_id`;
}

/** What brought a person who was asked: nothing of it is known but the answer. */
function saidSource(name: string): Sql {
  if (name === 'channel') return raw('attribution.channel');
  if (name === 'source' || name === 'medium') return sql`${SELF_REPORTED_SOURCE}`;
  return raw(`cast(null as ${name === 'ad_reference' ? 'int64' : 'string'})`);
}

/** Rows that report_sources lacks. */
export function newSources(): Sql {
  const columns = raw(['source_key', ...SOURCE_COLUMNS].join(', '));
  return sql`
    select distinct ${columns}
    from (
      select ${columns} from ${table(REPORT_SESSIONS.name)}
      union all
      select ${columns} from ${table(REPORT_CREDITS.name)} where reason = ${SELF_REPORTED}
    ) as facts
    where not exists (select 1 from ${table(REPORT_SOURCES.name)} as known where known.source_key = facts.source_key)`;
}

const existsIn = (facts: Sql): Sql => sql`exists (select 1 from ${facts} as facts where facts.source_key = sources.source_key)`;

/** Keys of report_sources that no fact has any more. */
export function formerSources(): Sql {
  const answers = sql`(select source_key from ${table(REPORT_CREDITS.name)} where reason = ${SELF_REPORTED})`;
  return sql`
    select sources.source_key
    from ${table(REPORT_SOURCES.name)} as sources
    where not ${existsIn(sql`${table(REPORT_SESSIONS.name)}`)} and not ${existsIn(answers)}`;
}

/** Where a credit has no session, its source is what the person said, or not known. */
function dimensionOfCredit(name: string): Sql {
  const isSelfReported = sql`attribution.reason = ${SELF_REPORTED}`;
  if (name === 'channel') return sql`coalesce(sessions.channel, attribution.channel, ${NOT_ATTRIBUTED}) as channel`;
  if (name !== 'source' && name !== 'medium') return raw(`sessions.${name}`);
  return sql`coalesce(sessions.${raw(name)}, if(${isSelfReported}, ${SELF_REPORTED_SOURCE}, ${NOT_ATTRIBUTED})) as ${raw(name)}`;
}

/** Columns of `costs` that stand for a dimension of sessions, where they are not called the same. */
const OF_COSTS: Readonly<Record<string, string>> = {
  channel: 'channel',
  source: 'source',
  medium: 'medium',
  campaign: 'campaign',
  ad_platform: 'platform',
};

const dimensionOfCost = (name: string): Sql =>
  raw(OF_COSTS[name] === undefined ? `cast(null as string) as ${name}` : `costs.${OF_COSTS[name]} as ${name}`);

/** The rows of report_costs. */
export function costRows(dialect: Dialect): Sql {
  const part = (value: Sql) => [dialect.castText(sql`length(${value})`), raw("':'"), value];
  const key = COSTS.key.map((name) => (name === 'date' ? dialect.castText(raw('costs.date')) : raw(`costs.${name}`)));
  return sql`
    select
      ${dialect.sha256Hex(dialect.concat(...key.flatMap(part)))} as cost_key,
      costs.date as click_date,
      ${join(dimensions.map(dimensionOfCost))},
      costs.account, costs.campaign_id, costs.ad_group, costs.ad,
      costs.cost_micros, costs.currency, costs.impressions, costs.clicks,
      costs.platform_conversions_micros, costs.platform_value_micros
    from ${table(COSTS.name)} as costs`;
}

/** The rows of report_other_costs, from staged_other_costs. */
export function otherCostRows(dialect: Dialect, { project }: Config): Sql {
  const converted = projectMicros(dialect, raw('staged.micros / 1000000'), raw('staged.currency'), raw('rates.rate'), project.currency);
  return sql`
    with rates as (${ratesOf(dialect, sql`(select currency, click_date as day from ${table(STAGED_OTHER_COSTS.name)}) as spent`, project.currency)}
    )
    select
      staged.name, staged.click_date, staged.channel, staged.source, staged.medium, staged.campaign, staged.ad_platform,
      staged.account, staged.ad_group, staged.ad, staged.currency, staged.micros as original_micros,
      if(staged.currency = ${project.currency}, staged.micros, ${converted}) as other_cost_micros
    from ${table(STAGED_OTHER_COSTS.name)} as staged
    left join rates on rates.currency = staged.currency and rates.day = staged.click_date`;
}
