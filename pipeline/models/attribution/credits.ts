import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, arrayParam, join, raw, sql, table } from '../../warehouse/sql.ts';
import { inWindow } from '../conversions/resolve.ts';
import { CONVERSIONS } from '../conversions/tables.ts';
import { EVENTS } from '../events/tables.ts';
import { IDENTITIES } from '../identity/tables.ts';
import { IS_PERSON } from '../identity/evidence.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { ATTRIBUTION, FULL_CREDIT, SELF_REPORTED, STAGED_ATTRIBUTED, STAGED_PATH_SESSIONS } from './tables.ts';
import { MODEL_WEIGHTS } from './weights.ts';

/** Which conversions credits are made for. */
export interface CreditScope {
  /**
   * `but`: conversions that have credits of their own, which are those of all other names. `of`: heirs; of these parents
   * are the credits as they are now, a query with the columns of `attribution`.
   */
  readonly names: { readonly but: readonly string[] } | { readonly of: readonly string[]; readonly parents: Sql };
  /** Only those in staged_attributed, of whose persons the sessions are in staged_path_sessions; default: all. */
  readonly only?: 'staged';
  /** The models, by name; default: those of the product. */
  readonly weights?: Readonly<Record<string, Sql>>;
}

/** Typed, because DuckDB computes with bare numbers in 32 bits. */
const FULL = raw(`cast(${FULL_CREDIT} as int64)`);
const OF_MODEL = 'partition by conversion_name, conversion_id, model';
const byRemainder = (remainder: string): Sql => raw(`${OF_MODEL} order by ${remainder} desc nulls last, session_id nulls first`);
const COLUMNS = raw(ATTRIBUTION.columns.map(({ name }) => name).join(', '));

/**
 * Credits of conversions, for every model in one pass over the paths: integers that sum to exactly 1e9, and values that
 * sum to exactly the conversion's. What whole division leaves over goes, one unit each, to the largest remainders, of equal
 * ones to the least session_id (Hamilton's method).
 *
 * A conversion whose parent is attributed has the parent's credits, and its own value divided by them. Of the others, one
 * whose person said where they came from is credited to that, as the config says when; one without a path gets one row per
 * model with the reason.
 */
export function creditRows(dialect: Dialect, config: Config, { names, only, weights = MODEL_WEIGHTS }: CreditScope): Sql {
  const { models } = config.attribution;
  const hasHeirs = 'of' in names;
  const cases = models.map((model) => sql`when ${model} then ${weights[model]!}`);
  const named = hasHeirs ? names.of : names.but;
  const isOfName = dialect.isIn(raw('conversions.conversion_name'), sql`${arrayParam(named, 'STRING')}`);
  const isNamed = named.length === 0 ? raw('true') : hasHeirs ? isOfName : sql`not ${isOfName}`;
  return sql`
    with models as (
      select model.name as model from ${dialect.values(
        'model',
        { name: 'STRING' },
        models.map((model) => [model]),
      )}
    ),
    asked as (
      select
        conversions.conversion_name, conversions.id, conversions.value_micros, conversions.attribution_time, conversions.person_id,
        conversions.client_id, conversions.user_id, conversions.email_hash, conversions.ip_key,
        conversions.self_reported_channel, conversions.parent_name, conversions.parent_id
      from ${table(CONVERSIONS.name)} as conversions${
        only === undefined
          ? raw('')
          : sql`
      inner join ${table(STAGED_ATTRIBUTED.name)} as renewed
        on renewed.conversion_name = conversions.conversion_name and renewed.id = conversions.id`
      }
      where ${isNamed}
    ),${hasHeirs ? inherited(names.parents) : raw('')}
    touches as (
      select
        asked.conversion_name,
        asked.id as conversion_id,
        asked.value_micros,
        asked.self_reported_channel is not null as is_answered,
        sessions.session_id,
        sessions.started_at,
        sessions.is_direct,
        row_number() over (
          partition by asked.conversion_name, asked.id
          order by sessions.started_at nulls first, sessions.session_id nulls first
        ) as position,
        count(*) over (partition by asked.conversion_name, asked.id) as path_length
      from ${raw(hasHeirs ? 'own' : 'asked')} as asked
      inner join ${only === undefined ? ALL_PATH_SESSIONS : sql`${table(STAGED_PATH_SESSIONS.name)}`} as sessions
        on sessions.person_id = asked.person_id
        and ${inWindow(dialect, config, raw('sessions.started_at'), raw('asked.attribution_time'))}
    ),
    paths as (
      select
        conversion_name, conversion_id, value_micros, is_answered, session_id, started_at, position, path_length,
        max(if(is_direct, null, position)) over (partition by conversion_name, conversion_id) as last_significant
      from touches
    ),
    weighted_touches as (
      select
        conversion_name, conversion_id, value_micros, session_id, started_at, models.model,
        case models.model ${join(cases, ' ')} end as weight
      from paths
      cross join models
      where ${countsPath(config, raw('last_significant is not null'))}
    ),
    totalled_touches as (
      select
        conversion_name, conversion_id, value_micros, session_id, started_at, model, weight,
        cast(sum(weight) over (${raw(OF_MODEL)}) as int64) as total_weight
      from weighted_touches
      where weight > 0
    ),
    divided_credits as (
      select
        conversion_name, conversion_id, value_micros, session_id, started_at, model,
        ${dialect.intDiv(sql`${FULL} * weight`, raw('total_weight'))} as credit_floor,
        mod(${FULL} * weight, total_weight) as credit_remainder
      from totalled_touches
    ),
    credits as (
      select
        conversion_name, conversion_id, value_micros, session_id, started_at, model,
        credit_floor + if(
          row_number() over (${byRemainder('credit_remainder')}) <= ${FULL} - sum(credit_floor) over (${raw(OF_MODEL)}), 1, 0
        ) as credit
      from divided_credits
    ),${dividedValues(dialect, 'credits', 'own_values', [])}${hasHeirs ? dividedValues(dialect, 'heirs', 'heirs_values', FROM_PARENT) : raw('')}
    reached as (
      select conversion_name, conversion_id
      from touches
      group by conversion_name, conversion_id
      having ${countsPath(config, raw('countif(not is_direct) > 0'), raw('countif(is_answered) > 0'))}
    ),
    tracking as (
      ${TRACKING_BEGAN}
    ),
    without_path as (
      select
        asked.conversion_name,
        asked.id as conversion_id,
        models.model,
        '' as session_id,
        ${FULL} as credit,
        asked.value_micros,
        asked.attribution_time as click_time,
        case
          when ${canAnswer(config) ? raw('asked.self_reported_channel is not null') : raw('false')} then '${raw(SELF_REPORTED)}'
          when coalesce(asked.attribution_time < tracking.began_at, true) then 'before_tracking'
          when coalesce(asked.client_id, asked.user_id, asked.email_hash, asked.ip_key) is null then 'no_identifier'
          when asked.person_id is null then 'unknown_identifier'
          else 'no_session_in_window'
        end as reason,
        ${canAnswer(config) ? raw('asked.self_reported_channel') : NO_TEXT} as channel
      from ${raw(hasHeirs ? 'own' : 'asked')} as asked
      cross join models
      cross join tracking
      left join reached on reached.conversion_name = asked.conversion_name and reached.conversion_id = asked.id
      where reached.conversion_id is null
    ),
    results as (
      select
        conversion_name, conversion_id, model, session_id, credit, value_micros, started_at as click_time,
        ${NO_TEXT} as reason, ${NO_TEXT} as channel, ${NO_TEXT} as inherited_from_name, ${NO_TEXT} as inherited_from_id
      from own_values
      union all
      select
        conversion_name, conversion_id, model, session_id, credit, value_micros, click_time,
        reason, channel, ${NO_TEXT} as inherited_from_name, ${NO_TEXT} as inherited_from_id
      from without_path${
        hasHeirs
          ? sql`
      union all
      select
        conversion_name, conversion_id, model, session_id, credit, value_micros, started_at as click_time,
        reason, channel, inherited_from_name, inherited_from_id
      from heirs_values`
          : raw('')
      }
    )
    select ${COLUMNS} from results`;
}

/** The sessions of every person. */
const ALL_PATH_SESSIONS = sql`(
        select identities.person_id, sessions.session_id, sessions.started_at, sessions.is_direct
        from ${table(IDENTITIES.name)} as identities
        inner join ${table(SESSIONS.name)} as sessions on sessions.anonymous_id = identities.anonymous_id
      )`;

const FROM_PARENT = ['reason', 'channel', 'inherited_from_name', 'inherited_from_id'];
const NO_TEXT = raw('cast(null as string)');

/** When the site was first seen by a person: query of one row (began_at), NULL where there was no event. */
export const TRACKING_BEGAN = sql`select min(occurred_at) as began_at from ${table(EVENTS.name)} where ${IS_PERSON}`;

/** Whether an answer is ever credited; then it is wherever no path counts. */
const canAnswer = ({ selfReported }: Config): boolean => selfReported.credit !== 'never';

/** Whether a path is credited although its person said where they came from, or where they did not. */
function countsPath({ selfReported }: Config, isSignificant: Sql, isAnswered = raw('is_answered')): Sql {
  switch (selfReported.credit) {
    case 'never':
    case 'empty':
      return raw('true');
    case 'direct':
      return sql`(${isSignificant} or not ${isAnswered})`;
    case 'always':
      return sql`not ${isAnswered}`;
  }
}

/** CTEs of the credits that conversions have from their parents, and of the conversions whose parent has none to give. */
function inherited(parents: Sql): Sql {
  return sql`
    heirs as (
      select
        asked.conversion_name, asked.id as conversion_id, asked.value_micros,
        credits.model, credits.session_id, credits.credit, credits.click_time as started_at, credits.reason, credits.channel,
        coalesce(credits.inherited_from_name, credits.conversion_name) as inherited_from_name,
        coalesce(credits.inherited_from_id, credits.conversion_id) as inherited_from_id
      from asked
      inner join (${parents}
      ) as credits on credits.conversion_name = asked.parent_name and credits.conversion_id = asked.parent_id
      where credits.session_id <> '' or credits.channel is not null
    ),
    own as (
      select
        asked.conversion_name, asked.id, asked.value_micros, asked.attribution_time, asked.person_id,
        asked.client_id, asked.user_id, asked.email_hash, asked.ip_key, asked.self_reported_channel
      from asked
      left join (select distinct conversion_name, conversion_id from heirs) as heirs
        on heirs.conversion_name = asked.conversion_name and heirs.conversion_id = asked.id
      where heirs.conversion_id is null
    ),`;
}

/**
 * CTEs that divide the value of each conversion by its credits. The value may exceed what a product with 1e9 leaves room
 * for, so its thousand millions are multiplied apart.
 */
function dividedValues(dialect: Dialect, credits: string, name: string, carried: readonly string[]): Sql {
  const columns = raw(['conversion_name', 'conversion_id', 'model', 'session_id', 'started_at', 'credit', ...carried].join(', '));
  const wholes = dialect.intDiv(raw('abs(value_micros)'), FULL);
  const rest = sql`(abs(value_micros) - ${wholes} * ${FULL}) * credit`;
  const sign = raw('if(value_micros < 0, -1, 1)');
  return sql`
    ${raw(name)}_divided as (
      select
        ${columns}, value_micros,
        ${wholes} * credit + ${dialect.intDiv(rest, FULL)} as value_floor,
        mod(${rest}, ${FULL}) as value_remainder
      from ${raw(credits)}
    ),
    ${raw(name)} as (
      select
        ${columns},
        ${sign} * (value_floor + if(
          row_number() over (${byRemainder('value_remainder')}) <= abs(value_micros) - sum(value_floor) over (${raw(OF_MODEL)}), 1, 0
        )) as value_micros
      from ${raw(name)}_divided
    ),`;
}
