import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Change, TableDefinition, Warehouse } from '../../warehouse/warehouse.ts';
import { TOUCHED_CONVERSIONS } from '../conversions/tables.ts';
import { builtBy, definitionHash, isRedefined, recordDefinition } from '../definitions.ts';
import { emptyHeld } from '../empty-held.ts';
import { forgetPersons } from '../identity/changes.ts';
import type { Step, StepContext } from '../step.ts';
import { type CreditScope, creditRows, customRefusals, pathsByModels } from './credits.ts';
import { type CustomModel, type RefusedRow, customModels, refusedWeight } from './custom.ts';
import { heirsByLevel } from './levels.ts';
import { type CreditTables, STAGED_ATTRIBUTED, TOUCHED_CREDITS, attributionTables, creditTables, stagedTables } from './tables.ts';
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
  const { warehouse, config, now } = context;
  const tables = creditTables(config);
  const staged = stagedTables(config);
  const levels = levelScopes(context, await customModels(context));
  const hash = definitionHash(
    levels(undefined, touchesIn(tables, tables.touches)).map((scope) => creditRows(warehouse.dialect, config, scope)),
    await builtBy(warehouse, SOURCES),
  );
  await emptyHeld(warehouse, staged, 'attribution: staged rows');
  const isFull = await isRedefined(warehouse, DEFINITION, hash);
  // Other models have columns of their own: also where nobody but this step has seen the config.
  if (isFull) await warehouse.migrate(attributionTables(config));
  const change = isFull ? await rebuild(context, tables, levels) : await night(context, tables, levels);
  if (isFull) await recordDefinition(warehouse, DEFINITION, hash, now);
  await emptyHeld(warehouse, [...staged, TOUCHED_CONVERSIONS], 'attribution: staged rows');
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

async function rebuild({ warehouse, config, now }: StepContext, tables: CreditTables, levels: Levels): Promise<Change> {
  const { dialect } = warehouse;
  // Readers of BigQuery would see the table empty: it is made beside it there.
  const isBeside = dialect.name === 'bigquery';
  const target = isBeside ? tables.staged : tables.touches;
  const { deleted } = isBeside ? NOTHING : await warehouse.load(tables.touches, [], { replace: true, label: 'attribution' });
  let inserted = 0;
  for (const scope of levels(undefined, touchesIn(tables, target))) {
    await refuseCustom(warehouse, config, scope);
    await scoreVisits(warehouse, pathsByModels(dialect, config, scope));
    inserted += (await warehouse.append(target, creditRows(dialect, config, scope), 'attribution')).inserted;
  }
  await noteTracking(warehouse, now);
  if (!isBeside) return { inserted, updated: 0, deleted };
  return warehouse.merge(tables.touches, touchesIn(tables, tables.staged), { deleteUnmatched: true, label: 'attribution' });
}

async function night({ warehouse, config, now }: StepContext, tables: CreditTables, levels: Levels): Promise<Change> {
  const { dialect } = warehouse;
  const { touches, staged, former } = tables;
  await touchByTracking(warehouse, tables, now);
  const heirs = heirsByLevel(config.conversions);
  if ((await stageTouched(warehouse, heirs)) === 0) return NOTHING;
  await stageSources(warehouse, config, heirs.length > 0);
  for (const scope of levels('staged', touchesNow(tables))) {
    await refuseCustom(warehouse, config, scope);
    await scoreVisits(warehouse, pathsByModels(dialect, config, scope));
    await warehouse.append(staged, creditRows(dialect, config, scope), 'attribution: credits');
  }
  await warehouse.append(former, formerTouches(dialect, tables), 'attribution: former credits');
  const keys = sql`select conversion_name, id from ${table(STAGED_ATTRIBUTED.name)}`;
  await warehouse.merge(TOUCHED_CREDITS, keys, { label: 'attribution: for reports' });
  if (dialect.name === 'bigquery') {
    const { deleted } = await warehouse.delete(touches, formerKeys(tables, sql`change = 'deleted'`), { label: 'attribution' });
    return { ...(await warehouse.merge(touches, touchesIn(tables, staged), { label: 'attribution' })), deleted };
  }
  // Where a transaction hides what is unfinished, few rows of many are sooner written anew than compared once more.
  return warehouse.transaction(async () => {
    const [changes] = await warehouse.rows<{ updated: number; deleted: number }>(
      sql`
        select countif(change = 'updated') as updated, countif(change = 'deleted') as deleted
        from ${table(former.name)}`,
      'attribution: former credits',
    );
    const { updated, deleted } = changes!;
    const gone = await warehouse.delete(touches, formerKeys(tables, sql`change <> 'none'`), { label: 'attribution' });
    if (gone.deleted !== updated + deleted)
      throw new Error(`attribution: ${updated + deleted} touches were to be changed or deleted, and ${gone.deleted} were found`);
    const { inserted: written } = await warehouse.append(touches, touchesToWrite(tables), 'attribution');
    return { inserted: written - updated, updated, deleted };
  });
}

const keyOf = ({ touches }: CreditTables, alias: string): Sql => raw(touches.key.map((name) => `${alias}.${name}`).join(', '));
const columnsOf = ({ touches }: CreditTables, alias: string): Sql => raw(touches.columns.map(({ name }) => `${alias}.${name}`).join(', '));
const touchesIn = (tables: CreditTables, { name }: TableDefinition): Sql =>
  sql`select ${columnsOf(tables, 'credits')} from ${table(name)} as credits`;
const formerKeys = (tables: CreditTables, condition: Sql): Sql =>
  sql`select ${keyOf(tables, 'former')} from ${table(tables.former.name)} as former where ${condition}`;

/** The touches of the parents of staged conversions, while those that are staged are made. */
const touchesNow = (tables: CreditTables): Sql => sql`
      ${touchesIn(tables, tables.parents)}
      union all
      ${touchesIn(tables, tables.staged)}`;

/** Rows of staged_former_credits: the touches that staged conversions had, compared with those that they have; of conversions that are gone, all. */
function formerTouches(dialect: Dialect, tables: CreditTables): Sql {
  const { touches, staged } = tables;
  const others = touches.columns.filter(({ name }) => !touches.key.includes(name));
  const differs = others.map(({ name, type, mode }) =>
    dialect.differs(raw(`credits.${name}`), raw(`found.${name}`), type, mode === 'repeated'),
  );
  return sql`
    with former as (
      select ${columnsOf(tables, 'credits')}
      from ${table(touches.name)} as credits
      inner join ${table(STAGED_ATTRIBUTED.name)} as renewed
        on renewed.conversion_name = credits.conversion_name and renewed.id = credits.conversion_id
    )
    select
      ${keyOf(tables, 'credits')},
      case when found.conversion_id is null then 'deleted' when ${join(differs, ' or ')} then 'updated' else 'none' end as change
    from former as credits
    left join ${table(staged.name)} as found on ${sameTouch(tables, 'found', 'credits')}`;
}

/** The staged touches that are new, or say something else than before. */
const touchesToWrite = (tables: CreditTables): Sql => sql`
    select ${columnsOf(tables, 'credits')}
    from ${table(tables.staged.name)} as credits
    left join ${table(tables.former.name)} as former on ${sameTouch(tables, 'former', 'credits')}
    where former.conversion_id is null or former.change = 'updated'`;

function sameTouch({ touches }: CreditTables, one: string, other: string): Sql {
  return raw(touches.key.map((name) => `${one}.${name} = ${other}.${name}`).join(' and '));
}
