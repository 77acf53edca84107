import { COSTS } from '../../models/costs/tables.ts';
import { join, raw, sql, type Sql } from '../../warehouse/sql.ts';
import type { ChangedDefinitions } from './definitions.ts';
import { costKey, within } from './keys.ts';
import { of, type PublicationPair, type Side, SIDES } from './pair.ts';
import type { DiffQuery } from './schema.ts';

export const COST_CHANGES = 'cost_changes';
export const COST_TOTALS = 'cost_totals';

/** Makes {@link COST_CHANGES} and {@link COST_TOTALS}, as those of sessions. */
export async function makeCostChanges(pair: PublicationPair, query: DiffQuery, definitions: ChangedDefinitions): Promise<void> {
  const columns = pair.columnsOf(COSTS, COSTS.key);
  const key = costKey(query.dimension, pair.dialect);
  for (const name of SIDES) {
    await pair.make(
      `${name}_costs`,
      sql`
      select ${join(columns.map((column) => raw(column)))}, ${key} as key, cost_micros, original_cost
      from ${of(name, COSTS)} where ${within(query, 'date')}`,
      'costs',
    );
  }
  await pair.make(
    COST_TOTALS,
    sql`
    select key, sum(earlier) as earlier, sum(later) as later
    from (
      select key, coalesce(cost_micros, 0) as earlier, 0 as later from earlier_costs
      union all
      select key, 0 as earlier, coalesce(cost_micros, 0) as later from later_costs
    ) as costs
    group by key`,
    'costs of both publications',
  );
  const same = columns.map((column) => raw(`later.${column} is not distinct from earlier.${column}`));
  await pair.make(
    COST_CHANGES,
    sql`
    with compared as (
      select
        earlier.key as earlier_key, later.key as later_key,
        coalesce(earlier.cost_micros, 0) as earlier_micros, coalesce(later.cost_micros, 0) as later_micros,
        ${causeSql(definitions)} as cause
      from earlier_costs as earlier
      full join later_costs as later on ${join(same, ' and ')}
      where earlier.cost_micros is distinct from later.cost_micros or earlier.key is distinct from later.key
    )
    ${changeOf('earlier', '-')} union all ${changeOf('later', '')}`,
    'costs that differ',
  );
}

/** What a row cost has gone from where it stood, and come where it stands. */
const changeOf = (side: Side, sign: '' | '-'): Sql => sql`
    select ${raw(side)}_key as key, ${raw(`${sign}${side}_micros`)} as change, cause from compared where ${raw(side)}_micros <> 0`;

function causeSql(definitions: ChangedDefinitions): Sql {
  return sql`case
          when ${definitions.has('project')} then 'definition'
          when earlier.date is null or later.date is null or earlier.original_cost is distinct from later.original_cost then 'costs'
          when earlier.cost_micros is distinct from later.cost_micros then 'exchange_rates'
          when ${definitions.has('sessions')} then 'definition'
          else 'costs'
        end`;
}
