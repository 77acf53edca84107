import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, arrayParam, join, raw, sql } from '../../warehouse/sql.ts';
import { FULL } from './closed.ts';
import { valueParts } from './shares.ts';
import { selected } from './steps.ts';

/**
 * CTEs of conversions that inherit: `heirs`, the credits they have from their parents, and `own`, those of `asked` whose
 * parent has none to give.
 * @param parents a query with the columns of `attribution`.
 * @param models names of the models that are asked for.
 * @param columns those of `own`.
 */
export function inherited(dialect: Dialect, parents: Sql, models: readonly string[], columns: readonly string[]): Sql {
  return sql`
    heirs as (
      select
        asked.conversion_number, asked.value_micros,
        credits.model, credits.session_id, credits.credit, credits.click_time, credits.reason, credits.channel,
        coalesce(credits.inherited_from_name, credits.conversion_name) as inherited_from_name,
        coalesce(credits.inherited_from_id, credits.conversion_id) as inherited_from_id
      from asked
      inner join (${parents}
      ) as credits on credits.conversion_name = asked.parent_name and credits.conversion_id = asked.parent_id
      where (credits.session_id <> '' or credits.channel is not null) and ${dialect.isIn(raw('credits.model'), sql`${arrayParam(models, 'STRING')}`)}
    ),
    own as (
      select ${raw(columns.map((name) => `asked.${name}`).join(', '))}
      from asked
      left join (select distinct conversion_number from heirs) as heirs on heirs.conversion_number = asked.conversion_number
      where heirs.conversion_number is null
    ),`;
}

const CARRIED = 'conversion_number, model, session_id, credit, click_time, reason, channel, inherited_from_name, inherited_from_id';

/** CTEs from `heirs` to `inherited_values`, where the value of each conversion is divided by the credits it inherits. */
export function inheritedValues(dialect: Dialect): Sql {
  const ofModel = 'partition by conversion_number, model';
  return sql`
    heirs_parts as (
      select ${raw(CARRIED)}, value_micros, ${join(valueParts(dialect, 'credit', 'inherited').map(selected))}
      from heirs
      where credit < ${FULL}
    ),
    inherited_values as (
      select ${raw(CARRIED)}, value_micros
      from heirs
      where credit = ${FULL}
      union all
      select
        ${raw(CARRIED)},
        if(value_micros < 0, -1, 1) * (value_floor_inherited + if(
          row_number() over (${raw(ofModel)} order by value_remainder_inherited desc nulls last, session_id nulls first)
            <= abs(value_micros) - cast(sum(value_floor_inherited) over (${raw(ofModel)}) as int64), 1, 0
        )) as value_micros
      from heirs_parts
    ),`;
}
