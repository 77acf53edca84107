import type { Config } from '../../config/schema.ts';
import { type Sql, arrayParam, join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Change, Warehouse } from '../../warehouse/warehouse.ts';
import { TOUCHED_CREDITS } from '../attribution/tables.ts';
import { CONVERSIONS } from '../conversions/tables.ts';
import { builtBy, definitionHash, forgetDefinitions, isRedefined, recordDefinition } from '../definitions.ts';
import { emptyHeld } from '../empty-held.ts';
import { fill } from '../fill.ts';
import type { StepContext } from '../step.ts';
import { linkRows } from './link-rows.ts';
import { REPORT_FUNNEL, STAGED_FUNNEL, STAGED_FUNNEL_SCOPE, STAGED_LINK_TABLES } from './tables.ts';

const DEFINITION = 'funnel';
/** Where one of these was built anew over all history, no queue says which conversions changed. */
const SOURCES = ['sessions', 'identity', 'attribution'];
const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };

/**
 * conversions → report_funnel. A night links those anew that attribution has credited anew since reports last read them,
 * and all that share an id, a user or a person with one, however far; so it must run before the step `reports`.
 */
export async function linkStages(context: StepContext): Promise<Record<string, Change>> {
  const { warehouse, config, now } = context;
  if (config.funnel.length < 2) return forgetLinks(warehouse);
  const rows = linkRows(config.funnel, sql`${table(CONVERSIONS.name)}`);
  const hash = definitionHash([rows], await builtBy(warehouse, SOURCES));
  if (await isRedefined(warehouse, DEFINITION, hash)) {
    const change = await fill(warehouse, REPORT_FUNNEL, rows, 'funnel: links');
    await recordDefinition(warehouse, DEFINITION, hash, now);
    return { report_funnel: change };
  }
  return { report_funnel: await night(warehouse, config) };
}

/** Where the config names no stages any more that could be linked. */
async function forgetLinks(warehouse: Warehouse): Promise<Record<string, Change>> {
  if ((await builtBy(warehouse, [DEFINITION])) === '[]') return {};
  const { deleted } = await warehouse.load(REPORT_FUNNEL, [], { replace: true, label: 'funnel: links' });
  await forgetDefinitions(warehouse, [DEFINITION]);
  return { report_funnel: { ...NOTHING, deleted } };
}

async function night(warehouse: Warehouse, { funnel }: Config): Promise<Change> {
  const ofStages = warehouse.dialect.isIn(raw('conversion_name'), sql`${arrayParam(funnel, 'STRING')}`);
  const touched = sql`select conversion_name, id from ${table(TOUCHED_CREDITS.name)} where ${ofStages}`;
  if ((await warehouse.rows(sql`select 1 as one from (${touched}) as touched limit 1`, 'funnel: touched')).length === 0) return NOTHING;
  await emptyHeld(warehouse, STAGED_LINK_TABLES, 'funnel: staged rows');
  let { inserted } = await warehouse.append(STAGED_FUNNEL_SCOPE, touched, 'funnel: touched conversions');
  while (inserted > 0) ({ inserted } = await warehouse.append(STAGED_FUNNEL_SCOPE, neighbours(ofStages), 'funnel: what they share'));
  const scope = sql`(
        select
          conversions.conversion_name, conversions.id, conversions.conversion_time, conversions.conversion_date, conversions.value_micros,
          conversions.lead_id, conversions.user_id, conversions.person_key
        from ${table(CONVERSIONS.name)} as conversions
        inner join ${table(STAGED_FUNNEL_SCOPE.name)} as scope
          on scope.conversion_name = conversions.conversion_name and scope.id = conversions.id
      )`;
  await warehouse.append(STAGED_FUNNEL, linkRows(funnel, scope), 'funnel: links of the night');
  const { deleted } = await warehouse.delete(REPORT_FUNNEL, GONE, { label: 'funnel: links' });
  const rows = sql`select ${raw(REPORT_FUNNEL.columns.map(({ name }) => name).join(', '))} from ${table(STAGED_FUNNEL.name)}`;
  const merged = await warehouse.merge(REPORT_FUNNEL, rows, { label: 'funnel: links' });
  await emptyHeld(warehouse, STAGED_LINK_TABLES, 'funnel: staged rows');
  return { ...merged, deleted };
}

const GONE = sql`
    select former.conversion_name, former.id
    from ${table(REPORT_FUNNEL.name)} as former
    inner join ${table(STAGED_FUNNEL_SCOPE.name)} as scope
      on scope.conversion_name = former.conversion_name and scope.id = former.id
    left join ${table(STAGED_FUNNEL.name)} as found
      on found.conversion_name = former.conversion_name and found.id = former.id
    where found.id is null`;

/**
 * Conversions that are not in scope and share something with one that is: they may be each other's lead now, or were until
 * now. A lead that is gone is known by its id alone.
 */
function neighbours(ofStages: Sql): Sql {
  return sql`
    with stages as (
      select conversion_name, id, lead_id, user_id, person_key from ${table(CONVERSIONS.name)} where ${ofStages}
    ),
    scope as (
      select known.id, stages.lead_id, stages.user_id, stages.person_key, former.lead_id as former_lead_id
      from ${table(STAGED_FUNNEL_SCOPE.name)} as known
      left join stages on stages.conversion_name = known.conversion_name and stages.id = known.id
      left join ${table(REPORT_FUNNEL.name)} as former on former.conversion_name = known.conversion_name and former.id = known.id
    ),
    near as (${join([shared('lead_id', 'id'), shared('id', 'lead_id'), shared('id', 'former_lead_id'), shared('user_id', 'user_id'), shared('person_key', 'person_key')], '\n      union distinct')}
      union distinct
      select former.conversion_name, former.id
      from ${table(REPORT_FUNNEL.name)} as former
      where former.lead_id in (select id from scope)
    )
    select near.conversion_name, near.id
    from near
    left join ${table(STAGED_FUNNEL_SCOPE.name)} as known on known.conversion_name = near.conversion_name and known.id = near.id
    where known.id is null`;
}

/** Conversions of which a column holds what another one of the scope holds. */
const shared = (column: string, other: string): Sql => sql`
    select stages.conversion_name, stages.id
    from stages
    where stages.${raw(column)} in (select ${raw(other)} from scope where ${raw(other)} is not null)`;
