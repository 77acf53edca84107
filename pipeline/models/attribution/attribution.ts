import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { inWindow } from '../conversions/resolve.ts';
import { CONVERSIONS } from '../conversions/tables.ts';
import { EVENTS } from '../events/tables.ts';
import { IDENTITIES } from '../identity/tables.ts';
import { IS_PERSON } from '../identity/evidence.ts';
import { SESSIONS } from '../sessions/tables.ts';
import type { Step } from '../step.ts';
import { ATTRIBUTION, FULL_CREDIT } from './tables.ts';
import { MODEL_WEIGHTS } from './weights.ts';

/** conversions × sessions → attribution, for all conversions and models in one pass over the paths. */
export const attribution: Step = async ({ warehouse, config }) => ({
  changes: {
    attribution: await warehouse.merge(ATTRIBUTION, creditRows(warehouse.dialect, config), { deleteUnmatched: true, label: 'attribution' }),
  },
  warnings: [],
});

/** Typed, because DuckDB computes with bare numbers in 32 bits. */
const FULL = raw(`cast(${FULL_CREDIT} as int64)`);

/**
 * Credits of every conversion and model: integers that sum to exactly 1e9, and values that sum to exactly the
 * conversion's. What whole division leaves over goes, one unit each, to the largest remainders, of equal ones to the
 * least session_id (Hamilton's method). A conversion without a path gets one row per model with the reason.
 *
 * @param weights the models, by name.
 */
export function creditRows(dialect: Dialect, config: Config, weights: Readonly<Record<string, Sql>> = MODEL_WEIGHTS): Sql {
  const models = config.attribution.models;
  const cases = models.map((model) => sql`when ${model} then ${weights[model]!}`);
  const of = 'partition by conversion_name, conversion_id, model';
  const byRemainder = (remainder: string) => raw(`${of} order by ${remainder} desc nulls last, session_id nulls first`);
  // The value may exceed what a product with 1e9 leaves room for, so its thousand millions are multiplied apart.
  const wholes = dialect.intDiv(raw('abs(value_micros)'), FULL);
  const rest = sql`(abs(value_micros) - ${wholes} * ${FULL}) * credit`;
  const sign = raw('if(value_micros < 0, -1, 1)');
  return sql`
    with models as (
      select model.name as model from ${dialect.values(
        'model',
        { name: 'STRING' },
        models.map((model) => [model]),
      )}
    ),
    touches as (
      select
        conversions.conversion_name,
        conversions.id as conversion_id,
        conversions.value_micros,
        sessions.session_id,
        sessions.started_at,
        sessions.is_direct,
        row_number() over (
          partition by conversions.conversion_name, conversions.id
          order by sessions.started_at nulls first, sessions.session_id nulls first
        ) as position,
        count(*) over (partition by conversions.conversion_name, conversions.id) as path_length
      from ${table(CONVERSIONS.name)} as conversions
      inner join ${table(IDENTITIES.name)} as identities on identities.person_id = conversions.person_id
      inner join ${table(SESSIONS.name)} as sessions
        on sessions.anonymous_id = identities.anonymous_id
        and ${inWindow(dialect, config, raw('sessions.started_at'), raw('conversions.attribution_time'))}
    ),
    paths as (
      select
        conversion_name, conversion_id, value_micros, session_id, started_at, position, path_length,
        max(if(is_direct, null, position)) over (partition by conversion_name, conversion_id) as last_significant
      from touches
    ),
    weighted_touches as (
      select
        conversion_name, conversion_id, value_micros, session_id, started_at, models.model,
        case models.model ${join(cases, ' ')} end as weight
      from paths
      cross join models
    ),
    totalled_touches as (
      select
        conversion_name, conversion_id, value_micros, session_id, started_at, model, weight,
        cast(sum(weight) over (${raw(of)}) as int64) as total_weight
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
          row_number() over (${byRemainder('credit_remainder')}) <= ${FULL} - sum(credit_floor) over (${raw(of)}), 1, 0
        ) as credit
      from divided_credits
    ),
    divided_values as (
      select
        conversion_name, conversion_id, value_micros, session_id, started_at, model, credit,
        ${wholes} * credit + ${dialect.intDiv(rest, FULL)} as value_floor,
        mod(${rest}, ${FULL}) as value_remainder
      from credits
    ),
    attributed as (
      select
        conversion_name, conversion_id, model, session_id, credit,
        ${sign} * (value_floor + if(
          row_number() over (${byRemainder('value_remainder')}) <= abs(value_micros) - sum(value_floor) over (${raw(of)}), 1, 0
        )) as value_micros,
        started_at as click_time,
        cast(null as string) as reason
      from divided_values
    ),
    tracking as (
      select min(occurred_at) as began_at from ${table(EVENTS.name)} where ${IS_PERSON}
    ),
    not_attributed as (
      select
        conversions.conversion_name,
        conversions.id as conversion_id,
        models.model,
        '' as session_id,
        ${FULL} as credit,
        conversions.value_micros,
        conversions.attribution_time as click_time,
        case
          when coalesce(conversions.attribution_time < tracking.began_at, true) then 'before_tracking'
          when coalesce(conversions.client_id, conversions.user_id, conversions.email_hash) is null then 'no_identifier'
          when conversions.person_id is null then 'unknown_identifier'
          else 'no_session_in_window'
        end as reason
      from ${table(CONVERSIONS.name)} as conversions
      cross join models
      cross join tracking
      left join (select distinct conversion_name, conversion_id from touches) as reached
        on reached.conversion_name = conversions.conversion_name and reached.conversion_id = conversions.id
      where reached.conversion_id is null
    )
    select conversion_name, conversion_id, model, session_id, credit, value_micros, click_time, reason from attributed
    union all
    select conversion_name, conversion_id, model, session_id, credit, value_micros, click_time, reason from not_attributed`;
}
