import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, arrayParam, raw, sql } from '../../warehouse/sql.ts';
import { FULL } from './closed.ts';
import { valueOf } from './shares.ts';

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
  const order = raw(
    'partition by conversion_number, model order by session_id nulls first rows between unbounded preceding and current row',
  );
  return sql`
    heirs_parts as (
      select ${raw(CARRIED)}, value_micros, cast(sum(credit) over (${order}) as int64) as credited
      from heirs
      where credit < ${FULL}
    ),
    inherited_values as (
      select ${raw(CARRIED)}, value_micros
      from heirs
      where credit = ${FULL}
      union all
      select ${raw(CARRIED)}, ${valueOf(dialect)} as value_micros
      from heirs_parts
    ),`;
}
