import { SESSION_DIMENSIONS } from '../../config/filter-dimensions.ts';
import type { Filter } from '../../config/conversions.ts';
import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { GRACE_MINUTES } from '../conversions/resolve.ts';
import { customDimension } from '../dimensions/custom.ts';
import { filterSql } from '../dimensions/filter.ts';
import { IDENTITIES } from '../identity/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { decayTotal, decayWeight, decayed } from './decay.ts';
import type { ModelGroup } from './groups.ts';
import { needsOf } from './path-needs.ts';
import { as, selected } from './steps.ts';
import { STAGED_PATH_SESSIONS } from './tables.ts';

/** What is carried of every touch. */
const TOUCH = ['conversion_number', 'value_micros', 'is_answered', 'session_id', 'started_at', 'is_direct'] as const;
const OF_PATH = raw('over (partition by conversion_number)');

/** The column of `paths` that holds the position of the last touch that is significant to a model that says so itself. */
export const significantPosition = (model: string): string => `significant_position_${model}`;
const flagOf = (model: string): string => `is_significant_${model}`;

/**
 * All `sessions` of the person of `asked`: joins whose last condition more can be added to. Not a query of its own, which DuckDB
 * would join whole, the sessions of those who never convert included.
 */
export const ALL_PATH_SESSIONS = sql`inner join ${table(IDENTITIES.name)} as identities on identities.person_id = asked.person_id
      inner join ${table(SESSIONS.name)} as sessions on sessions.anonymous_id = identities.anonymous_id`;

/** Of those, the ones that a night has staged. */
export const STAGED_SESSIONS = sql`inner join ${table(STAGED_PATH_SESSIONS.name)} as sessions on sessions.person_id = asked.person_id`;

/**
 * CTEs that end with `paths`: one row per conversion and session in its window, as {@link TouchWeights} describes it, and with
 * `conversion_number`, `value_micros`, `is_answered`, and `id_rank`, the place among the session ids of the path.
 *
 * Conversions are numbered before, because windows over numbers cost a fraction of windows over texts.
 * @param from the CTE of the conversions: `asked` of {@link creditRows}, or those of them with credits of their own.
 * @param sessions {@link ALL_PATH_SESSIONS} or {@link STAGED_SESSIONS}.
 */
export function pathsOf(
  dialect: Dialect,
  config: Config,
  group: ModelGroup,
  from: { readonly name: string; readonly columns: readonly string[] },
  sessions: Sql,
): { readonly ctes: Sql; readonly columns: readonly string[] } {
  const needs = needsOf(group.models);
  const carried = [
    ...TOUCH,
    ...(needs.isNamed ? ['conversion_name', 'conversion_id', 'attribution_time'] : []),
    ...(needs.hasMonth ? ['month'] : []),
    ...(needs.hasSeconds ? ['seconds_before'] : []),
    ...needs.columns,
  ];
  const anchor = raw('asked.attribution_time');
  const computed: Readonly<Record<string, Sql>> = {
    conversion_number: raw('asked.conversion_number'),
    value_micros: raw('asked.value_micros'),
    is_answered: raw('asked.self_reported_channel is not null'),
    conversion_name: raw('asked.conversion_name'),
    conversion_id: raw('asked.id'),
    attribution_time: anchor,
    month: dialect.dateTrunc(dialect.localDate(anchor, config.project.timeZone), 'MONTH'),
    seconds_before: dialect.greatest(dialect.timestampDiff(anchor, raw('sessions.started_at'), 'SECOND'), raw('cast(0 as int64)')),
  };
  const flags = needs.significant.map(({ model }) => flagOf(model));
  const isLong = needs.decays.length > 0;
  const ofPath = [
    as(raw('row_number() over (partition by conversion_number order by session_id nulls first)'), 'id_rank'),
    as(sql`max(if(is_direct, null, position)) ${OF_PATH}`, 'last_significant'),
    ...needs.significant.map(({ model }) => as(sql`max(if(${raw(flagOf(model))}, position, null)) ${OF_PATH}`, significantPosition(model))),
    ...needs.decays.map(({ name }) => as(sql`cast(sum(${raw(decayWeight(name))}) ${OF_PATH} as int64)`, decayTotal(name))),
    ...(needs.hasChannels
      ? [
          as(raw('count(*) over (partition by conversion_number, channel)'), 'channel_touches'),
          as(sql`count(distinct channel) ${OF_PATH}`, 'path_channels'),
        ]
      : []),
  ];
  const weights = needs.decays.map((model) => as(decayed(model), decayWeight(model.name)));
  const known = [...carried, 'position', 'path_length', ...weights.map(({ name }) => name)];
  const ctes = sql`
    windows as (
      select
        ${raw(from.columns.join(', '))},
        ${dialect.timestampAdd(raw('attribution_time'), sql`-(${group.lookbackDays(raw('conversion_name'))})`, 'DAY')} as window_from,
        ${dialect.timestampAdd(raw('attribution_time'), raw(String(GRACE_MINUTES)), 'MINUTE')} as window_to
      from ${raw(from.name)}
    ),
    window_sessions as (
      select
        ${join(
          [
            ...carried.map((name) => sql`${computed[name] ?? raw(`sessions.${name}`)} as ${raw(name)}`),
            ...needs.significant.map(({ model, filter }) => selected(as(significantSql(dialect, config, filter), flagOf(model)))),
          ],
          ',\n        ',
        )}
      from windows as asked
      ${sessions}
        and sessions.started_at >= asked.window_from and sessions.started_at <= asked.window_to
    ),
    ordered_sessions as (
      select
        ${raw([...carried, ...flags].join(', '))},
        row_number() over (partition by conversion_number order by started_at nulls first, session_id nulls first) as position,
        count(*) ${OF_PATH} as path_length${
          isLong
            ? sql`,
        min(seconds_before) ${OF_PATH} as least_seconds_before`
            : raw('')
        }
      from window_sessions
    ),${
      isLong
        ? sql`
    decayed_sessions as (
      select
        ${join([raw([...carried, ...flags, 'position', 'path_length'].join(', ')), ...weights.map(selected)], ',\n        ')}
      from ordered_sessions
    ),`
        : raw('')
    }
    paths as (
      select
        ${join([raw(known.join(', ')), ...ofPath.map(selected)], ',\n        ')}
      from ${raw(isLong ? 'decayed_sessions' : 'ordered_sessions')}
    ),`;
  return { ctes, columns: [...known, ...ofPath.map(({ name }) => name)] };
}

/** The filter of a model over the columns of `sessions`. */
function significantSql(dialect: Dialect, config: Config, filter: Filter): Sql {
  return filterSql(dialect, filter, { dimension: ofSession, custom: (name) => customDimension(dialect, config, name, ofSession) });
}

function ofSession(name: string): Sql {
  if (!SESSION_DIMENSIONS.includes(name)) throw new Error(`significant: sessions have no dimension "${name}"`);
  return raw(`sessions.${name}`);
}
