import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { ATTRIBUTION } from '../attribution/tables.ts';
import { CONVERSIONS } from '../conversions/tables.ts';
import { COSTS } from '../costs/tables.ts';
import { IDENTITIES } from '../identity/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';
import type { Step } from '../step.ts';
import { NOT_ATTRIBUTED } from './publication.ts';
import { DIMENSION_COLUMNS, REPORT_COSTS, REPORT_CREDITS, REPORT_SESSIONS } from './tables.ts';

/** sessions, attribution and costs → the tables that reports read. */
export const reports: Step = async ({ warehouse, config }) => {
  const { dialect } = warehouse;
  const replace = { deleteUnmatched: true } as const;
  return {
    changes: {
      report_sessions: await warehouse.merge(REPORT_SESSIONS, sessionRows, { ...replace, label: 'report sessions' }),
      report_credits: await warehouse.merge(REPORT_CREDITS, creditRows(dialect, config), { ...replace, label: 'report credits' }),
      report_costs: await warehouse.merge(REPORT_COSTS, costRows(dialect), { ...replace, label: 'report costs' }),
    },
    warnings: [],
  };
};

const dimensions = DIMENSION_COLUMNS.map(({ name }) => name);

const sessionRows = sql`
    select
      sessions.session_id, identities.person_key, sessions.start_date as click_date,
      row_number() over (
        partition by identities.person_key order by sessions.started_at nulls first, sessions.session_id nulls first
      ) as session_number,
      ${join(dimensions.map((name) => raw(`sessions.${name}`)))}
    from ${table(SESSIONS.name)} as sessions
    inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = sessions.anonymous_id`;

function creditRows(dialect: Dialect, config: Config): Sql {
  const required = new Set(DIMENSION_COLUMNS.filter(({ mode }) => mode === 'required').map(({ name }) => name));
  const dimension = (name: string) =>
    required.has(name) ? sql`coalesce(sessions.${raw(name)}, ${NOT_ATTRIBUTED}) as ${raw(name)}` : raw(`sessions.${name}`);
  return sql`
    select
      attribution.conversion_name, attribution.conversion_id, attribution.model, attribution.session_id,
      conversions.person_key, conversions.conversion_date,
      ${dialect.localDate(raw('attribution.click_time'), config.project.timeZone)} as click_date,
      attribution.credit, attribution.value_micros, conversions.is_qualified, attribution.reason,
      ${join(dimensions.map(dimension))}
    from ${table(ATTRIBUTION.name)} as attribution
    inner join ${table(CONVERSIONS.name)} as conversions
      on conversions.conversion_name = attribution.conversion_name and conversions.id = attribution.conversion_id
    left join ${table(SESSIONS.name)} as sessions on sessions.session_id = attribution.session_id`;
}

function costRows(dialect: Dialect): Sql {
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
