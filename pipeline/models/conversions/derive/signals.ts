import type { Config } from '../../../config/schema.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { windowEnd, windowStart } from '../resolve.ts';
import { type Reach, signalsOfRows } from './persons.ts';
import { IDENTIFIERS, STAGED_DERIVED, STAGED_SIGNALS } from './tables.ts';

/**
 * Stages the persons that the identifiers of derived conversions find. In a table of their own the engine knows how few
 * they are, and looks the sessions of few persons up instead of hashing all sessions.
 */
export async function stageSignals(warehouse: Warehouse, config: Config): Promise<void> {
  const label = 'persons of conversions';
  await warehouse.load(STAGED_SIGNALS, [], { replace: true, label });
  await warehouse.append(STAGED_SIGNALS, signalRows(warehouse.dialect, config), label);
}

/** Rows of staged_signals. Reads staged_derived. */
export function signalRows(dialect: Dialect, config: Config): Sql {
  return sql`
    with kept_rows as (
      select conversion_name, id, ${join(IDENTIFIERS.map((name) => raw(name)))}
      from ${table(STAGED_DERIVED.name)}
      where is_present
    ),
    ${signalsOfRows(dialect, config)}
    select conversion_name, id, attribution_time, priority, matched_by, person_id from signals`;
}

/** Within which times all sessions lie that may decide between the staged signals; undefined where there is none. */
export async function reachOfSignals(warehouse: Warehouse, config: Config): Promise<Reach | undefined> {
  const { dialect } = warehouse;
  const [reach] = await warehouse.rows<{ first_at: string | null; last_at: string | null }>(
    sql`
      select
        min(${windowStart(dialect, config, raw('conversion_name'), raw('attribution_time'))}) as first_at,
        max(${windowEnd(dialect, raw('attribution_time'))}) as last_at
      from ${table(STAGED_SIGNALS.name)}`,
    'persons of conversions: reach',
  );
  const { first_at: from, last_at: to } = reach!;
  return from === null || to === null ? undefined : { from, to };
}
