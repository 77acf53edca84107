import { longestLookbackDays, modelsOf } from '../../config/attribution.ts';
import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, arrayParam, param, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { GRACE_MINUTES } from '../conversions/resolve.ts';
import { CONVERSIONS, TOUCHED_CONVERSIONS } from '../conversions/tables.ts';
import { builtBy, recordDefinition } from '../definitions.ts';
import { IDENTITIES } from '../identity/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { TRACKING_BEGAN } from './credits.ts';
import { type CreditTables, SELF_REPORTED, STAGED_ATTRIBUTED, STAGED_PATH_SESSIONS, creditTables } from './tables.ts';
import { sessionColumns } from './path-needs.ts';

/** When tracking began, as it was when the credits without a session were given their reasons: a row of `definitions`. */
const TRACKING = 'attribution, tracking began';

/**
 * Stages the conversions whose credits are made anew: those that were touched, and all that inherit from one of them,
 * however far down.
 * @param heirs names of the conversions that inherit, by level.
 * @returns how many.
 */
export async function stageTouched(warehouse: Warehouse, heirs: readonly (readonly string[])[]): Promise<number> {
  let { inserted: staged } = await warehouse.append(
    STAGED_ATTRIBUTED,
    sql`select distinct conversion_name, id from ${table(TOUCHED_CONVERSIONS.name)}`,
    'attribution: touched conversions',
  );
  if (staged === 0) return 0;
  for (const names of heirs) {
    const { inserted } = await warehouse.append(STAGED_ATTRIBUTED, children(warehouse.dialect, names), 'attribution: those that inherit');
    staged += inserted;
  }
  return staged;
}

/** Of these names, those whose parent is staged and that are not staged themselves. */
function children(dialect: Dialect, names: readonly string[]): Sql {
  return sql`
    select children.conversion_name, children.id
    from ${table(CONVERSIONS.name)} as children
    inner join ${table(STAGED_ATTRIBUTED.name)} as parents
      on parents.conversion_name = children.parent_name and parents.id = children.parent_id
    left join ${table(STAGED_ATTRIBUTED.name)} as known
      on known.conversion_name = children.conversion_name and known.id = children.id
    where known.id is null and ${dialect.isIn(raw('children.conversion_name'), sql`${arrayParam(names, 'STRING')}`)}`;
}

/**
 * Touches the conversions that are not attributed for a reason that an earlier or a later beginning of tracking changes;
 * only where it began at another time than before.
 */
export async function touchByTracking(warehouse: Warehouse, { touches }: CreditTables, now: string): Promise<void> {
  const began = await trackingBegan(warehouse);
  if ((await builtBy(warehouse, [TRACKING])).includes(JSON.stringify(began))) return;
  const isBefore = sql`coalesce(credits.click_time < tracking.began_at, true)`;
  const doubted = sql`
    select distinct credits.conversion_name, credits.conversion_id as id
    from ${table(touches.name)} as credits
    cross join (${TRACKING_BEGAN}) as tracking
    where credits.session_id = '' and credits.reason <> ${SELF_REPORTED} and ${isBefore} <> (credits.reason = 'before_tracking')`;
  await warehouse.merge(TOUCHED_CONVERSIONS, doubted, { label: 'attribution: beginning of tracking' });
  await recordDefinition(warehouse, TRACKING, began, now);
}

/** Notes when tracking began, after all credits were made by it. */
export async function noteTracking(warehouse: Warehouse, now: string): Promise<void> {
  await recordDefinition(warehouse, TRACKING, await trackingBegan(warehouse), now);
}

async function trackingBegan(warehouse: Warehouse): Promise<string> {
  const [row] = await warehouse.rows<{ began_at: string | null }>(TRACKING_BEGAN, 'beginning of tracking');
  return row?.began_at ?? 'never';
}

/** Stages what the credits of the staged conversions are made from, so that large tables are read once, and not for every level. */
export async function stageSources(warehouse: Warehouse, config: Config, hasHeirs: boolean): Promise<void> {
  const reach = await reachOfStaged(warehouse, config);
  if (reach) await warehouse.append(STAGED_PATH_SESSIONS, pathSessions(config, reach), 'attribution: sessions in reach');
  const tables = creditTables(config);
  if (hasHeirs) await warehouse.append(tables.parents, parentCredits(tables), 'attribution: credits of parents');
}

interface Reach {
  readonly from: string;
  readonly to: string;
}

/** Within which times all sessions lie that a staged conversion can be credited to; undefined where there are none. */
async function reachOfStaged(warehouse: Warehouse, config: Config): Promise<Reach | undefined> {
  const { dialect } = warehouse;
  const anchor = raw('conversions.attribution_time');
  const [reach] = await warehouse.rows<{ first_at: string | null; last_at: string | null }>(
    sql`
      select
        min(${dialect.timestampAdd(anchor, raw(String(-longestLookbackDays(config))), 'DAY')}) as first_at,
        max(${dialect.timestampAdd(anchor, raw(String(GRACE_MINUTES)), 'MINUTE')}) as last_at
      from ${table(CONVERSIONS.name)} as conversions
      inner join ${table(STAGED_ATTRIBUTED.name)} as renewed
        on renewed.conversion_name = conversions.conversion_name and renewed.id = conversions.id
      where conversions.person_id is not null`,
    'attribution: reach',
  );
  const { first_at: from, last_at: to } = reach!;
  return from === null || to === null ? undefined : { from, to };
}

/** The times are constants, so that no other partition of sessions is read. */
function pathSessions(config: Config, { from, to }: Reach): Sql {
  const columns = ['session_id', 'started_at', 'is_direct', ...sessionColumns(config, modelsOf(config))];
  return sql`
    select persons.person_id, ${raw(columns.map((name) => `sessions.${name}`).join(', '))}
    from (
      select distinct conversions.person_id
      from ${table(CONVERSIONS.name)} as conversions
      inner join ${table(STAGED_ATTRIBUTED.name)} as renewed
        on renewed.conversion_name = conversions.conversion_name and renewed.id = conversions.id
    ) as persons
    inner join ${table(IDENTITIES.name)} as identities on identities.person_id = persons.person_id
    inner join ${table(SESSIONS.name)} as sessions on sessions.anonymous_id = identities.anonymous_id
    where sessions.started_at >= ${param(from, 'TIMESTAMP')} and sessions.started_at <= ${param(to, 'TIMESTAMP')}`;
}

const parentCredits = ({ touches }: CreditTables): Sql => sql`
    with parents as (
      select distinct children.parent_name, children.parent_id
      from ${table(CONVERSIONS.name)} as children
      inner join ${table(STAGED_ATTRIBUTED.name)} as renewed
        on renewed.conversion_name = children.conversion_name and renewed.id = children.id
      left join ${table(STAGED_ATTRIBUTED.name)} as known
        on known.conversion_name = children.parent_name and known.id = children.parent_id
      where children.parent_name is not null and known.id is null
    )
    select ${raw(touches.columns.map(({ name }) => `credits.${name}`).join(', '))}
    from ${table(touches.name)} as credits
    inner join parents on parents.parent_name = credits.conversion_name and parents.parent_id = credits.conversion_id`;
