import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Change, Warehouse } from '../../warehouse/warehouse.ts';
import { TOUCHED_CONVERSIONS } from '../conversions/tables.ts';
import { builtBy, definitionHash, isRedefined, recordDefinition } from '../definitions.ts';
import { emptyHeld } from '../empty-held.ts';
import { forgetPersons } from '../identity/changes.ts';
import type { Step, StepContext } from '../step.ts';
import { type CreditScope, creditRows, customRefusals, pathsByModels } from './credits.ts';
import { type CustomModel, type RefusedRow, customModels, refusedWeight } from './custom.ts';
import { heirsByLevel } from './levels.ts';
import {
  ATTRIBUTION,
  STAGED_ATTRIBUTED,
  STAGED_CREDITS,
  STAGED_FORMER_CREDITS,
  STAGED_PARENT_CREDITS,
  STAGED_TABLES,
  TOUCHED_CREDITS,
} from './tables.ts';
import { noteTracking, stageSources, stageTouched, touchByTracking } from './touched.ts';
import { scoreVisits } from './visits/unscored.ts';

const DEFINITION = 'attribution';
/** What credits are made from: where one of these was built anew over all history, no queue says what changed. */
const SOURCES = ['sessions', 'identity', 'derived conversions'];
const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };

/**
 * conversions × sessions → attribution. A night makes the credits of the conversions in `touched_conversions` anew, and of
 * all that inherit from them; the first run, one with other models or rules, and one after a rebuild of what it reads make
 * all. Conversions that inherit are credited after their parents, level by level.
 */
export const attribution: Step = async (context) => {
  const { warehouse, now } = context;
  const levels = levelScopes(context, await customModels(context));
  const hash = definitionHash(
    levels(undefined, sql`${table(ATTRIBUTION.name)}`).map((scope) => creditRows(warehouse.dialect, context.config, scope)),
    await builtBy(warehouse, SOURCES),
  );
  await emptyHeld(warehouse, STAGED_TABLES, 'attribution: staged rows');
  const isFull = await isRedefined(warehouse, DEFINITION, hash);
  const change = isFull ? await rebuild(context, levels) : await night(context, levels);
  if (isFull) await recordDefinition(warehouse, DEFINITION, hash, now);
  await emptyHeld(warehouse, [...STAGED_TABLES, TOUCHED_CONVERSIONS], 'attribution: staged rows');
  await forgetPersons(warehouse, 'conversions');
  return { changes: { attribution: change }, warnings: [] };
};

/** The scopes in their order: those with credits of their own, then every level of those that inherit. */
type Levels = (only: CreditScope['only'], parents: Sql) => CreditScope[];

function levelScopes({ config }: Pick<StepContext, 'config'>, custom: readonly CustomModel[]): Levels {
  const heirs = heirsByLevel(config.conversions);
  return (only, parents) => [
    { names: { but: heirs.flat() }, custom, ...(only && { only }) },
    ...heirs.map((names): CreditScope => ({ names: { of: names, parents }, custom, ...(only && { only }) })),
  ];
}

/** @throws UserError for the first row of a model of one's own that no credit can be made of. */
async function refuseCustom(warehouse: Warehouse, config: Config, scope: CreditScope): Promise<void> {
  for (const { model, query } of customRefusals(warehouse.dialect, config, scope)) {
    const [row] = await warehouse.rows<RefusedRow>(query, `attribution model ${model.name}: weights`);
    if (row) throw refusedWeight(model, row);
  }
}

async function rebuild({ warehouse, config, now }: StepContext, levels: Levels): Promise<Change> {
  const { dialect } = warehouse;
  // Readers of BigQuery would see the table empty: it is made beside it there.
  const isBeside = dialect.name === 'bigquery';
  const target = isBeside ? STAGED_CREDITS : ATTRIBUTION;
  const { deleted } = isBeside ? NOTHING : await warehouse.load(ATTRIBUTION, [], { replace: true, label: 'attribution' });
  let inserted = 0;
  for (const scope of levels(undefined, creditsOf(target.name))) {
    await refuseCustom(warehouse, config, scope);
    await scoreVisits(warehouse, pathsByModels(dialect, config, scope));
    inserted += (await warehouse.append(target, creditRows(dialect, config, scope), 'attribution')).inserted;
  }
  await noteTracking(warehouse, now);
  if (!isBeside) return { inserted, updated: 0, deleted };
  return warehouse.merge(ATTRIBUTION, creditsOf(STAGED_CREDITS.name), { deleteUnmatched: true, label: 'attribution' });
}

async function night({ warehouse, config, now }: StepContext, levels: Levels): Promise<Change> {
  const { dialect } = warehouse;
  await touchByTracking(warehouse, now);
  const heirs = heirsByLevel(config.conversions);
  if ((await stageTouched(warehouse, heirs)) === 0) return NOTHING;
  await stageSources(warehouse, config, heirs.length > 0);
  for (const scope of levels('staged', CREDITS_NOW)) {
    await refuseCustom(warehouse, config, scope);
    await scoreVisits(warehouse, pathsByModels(dialect, config, scope));
    await warehouse.append(STAGED_CREDITS, creditRows(dialect, config, scope), 'attribution: credits');
  }
  await warehouse.append(STAGED_FORMER_CREDITS, formerCredits(dialect), 'attribution: former credits');
  const keys = sql`select conversion_name, id from ${table(STAGED_ATTRIBUTED.name)}`;
  await warehouse.merge(TOUCHED_CREDITS, keys, { label: 'attribution: for reports' });
  if (dialect.name === 'bigquery') {
    const { deleted } = await warehouse.delete(ATTRIBUTION, formerKeys(sql`change = 'deleted'`), { label: 'attribution' });
    return { ...(await warehouse.merge(ATTRIBUTION, creditsOf(STAGED_CREDITS.name), { label: 'attribution' })), deleted };
  }
  // Where a transaction hides what is unfinished, few rows of many are sooner written anew than compared once more.
  return warehouse.transaction(async () => {
    const [former] = await warehouse.rows<{ updated: number; deleted: number }>(
      sql`
        select countif(change = 'updated') as updated, countif(change = 'deleted') as deleted
        from ${table(STAGED_FORMER_CREDITS.name)}`,
      'attribution: former credits',
    );
    const { updated, deleted } = former!;
    const gone = await warehouse.delete(ATTRIBUTION, formerKeys(sql`change <> 'none'`), { label: 'attribution' });
    if (gone.deleted !== updated + deleted)
      throw new Error(`attribution: ${updated + deleted} credits were to be changed or deleted, and ${gone.deleted} were found`);
    const { inserted: written } = await warehouse.append(ATTRIBUTION, CREDITS_TO_WRITE, 'attribution');
    return { inserted: written - updated, updated, deleted };
  });
}

const KEY = raw(ATTRIBUTION.key.join(', '));
const formerKeys = (condition: Sql): Sql => sql`select ${KEY} from ${table(STAGED_FORMER_CREDITS.name)} where ${condition}`;
const columns = (alias: string): Sql => raw(ATTRIBUTION.columns.map(({ name }) => `${alias}.${name}`).join(', '));
const creditsOf = (name: string): Sql => sql`select ${columns('credits')} from ${table(name)} as credits`;

/** The credits of the parents of staged conversions, while those that are staged are made. */
const CREDITS_NOW = sql`
      ${creditsOf(STAGED_PARENT_CREDITS.name)}
      union all
      ${creditsOf(STAGED_CREDITS.name)}`;

/** Rows of staged_former_credits: the credits that staged conversions had, compared with those that they have; of conversions that are gone, all. */
function formerCredits(dialect: Dialect): Sql {
  const others = ATTRIBUTION.columns.filter(({ name }) => !ATTRIBUTION.key.includes(name));
  const differs = others.map(({ name, type, mode }) =>
    dialect.differs(raw(`credits.${name}`), raw(`found.${name}`), type, mode === 'repeated'),
  );
  return sql`
    with former as (
      select ${columns('credits')}
      from ${table(ATTRIBUTION.name)} as credits
      inner join ${table(STAGED_ATTRIBUTED.name)} as renewed
        on renewed.conversion_name = credits.conversion_name and renewed.id = credits.conversion_id
    )
    select
      ${raw(ATTRIBUTION.key.map((name) => `credits.${name}`).join(', '))},
      case when found.conversion_id is null then 'deleted' when ${join(differs, ' or ')} then 'updated' else 'none' end as change
    from former as credits
    left join ${table(STAGED_CREDITS.name)} as found on ${sameCredit('found', 'credits')}`;
}

/** The staged credits that are new, or say something else than before. */
const CREDITS_TO_WRITE = sql`
    select ${columns('credits')}
    from ${table(STAGED_CREDITS.name)} as credits
    left join ${table(STAGED_FORMER_CREDITS.name)} as former on ${sameCredit('former', 'credits')}
    where former.conversion_id is null or former.change = 'updated'`;

function sameCredit(one: string, other: string): Sql {
  return raw(ATTRIBUTION.key.map((name) => `${one}.${name} = ${other}.${name}`).join(' and '));
}
