import { type Sql, raw, sql, table } from '../../warehouse/sql.ts';
import type { Change } from '../../warehouse/warehouse.ts';
import { TOUCHED_CONVERSIONS } from '../conversions/tables.ts';
import { builtBy, definitionHash, isRedefined, recordDefinition } from '../definitions.ts';
import { emptyHeld } from '../empty-held.ts';
import { forgetPersons } from '../identity/changes.ts';
import type { Step, StepContext } from '../step.ts';
import { type CreditScope, creditRows } from './credits.ts';
import { heirsByLevel } from './levels.ts';
import {
  ATTRIBUTION,
  STAGED_ATTRIBUTED,
  STAGED_CREDITS,
  STAGED_LOST_CREDITS,
  STAGED_PARENT_CREDITS,
  STAGED_TABLES,
  TOUCHED_CREDITS,
} from './tables.ts';
import { noteTracking, stageSources, stageTouched, touchByTracking } from './touched.ts';

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
  const levels = levelScopes(context);
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

function levelScopes({ config }: Pick<StepContext, 'config'>): Levels {
  const heirs = heirsByLevel(config.conversions);
  return (only, parents) => [
    { names: { but: heirs.flat() }, ...(only && { only }) },
    ...heirs.map((names): CreditScope => ({ names: { of: names, parents }, ...(only && { only }) })),
  ];
}

async function rebuild({ warehouse, config, now }: StepContext, levels: Levels): Promise<Change> {
  const { dialect } = warehouse;
  // Readers of BigQuery would see the table empty: it is made beside it there.
  const isBeside = dialect.name === 'bigquery';
  const target = isBeside ? STAGED_CREDITS : ATTRIBUTION;
  const { deleted } = isBeside ? NOTHING : await warehouse.load(ATTRIBUTION, [], { replace: true, label: 'attribution' });
  let inserted = 0;
  for (const scope of levels(undefined, creditsOf(target.name))) {
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
    await warehouse.append(STAGED_CREDITS, creditRows(dialect, config, scope), 'attribution: credits');
  }
  await warehouse.append(STAGED_LOST_CREDITS, LOST_CREDITS, 'attribution: credits that went');
  const keys = sql`select conversion_name, id from ${table(STAGED_ATTRIBUTED.name)}`;
  await warehouse.merge(TOUCHED_CREDITS, keys, { label: 'attribution: for reports' });
  const { deleted } = await warehouse.delete(ATTRIBUTION, sql`select ${KEY} from ${table(STAGED_LOST_CREDITS.name)}`, {
    label: 'attribution',
  });
  const merged = await warehouse.merge(ATTRIBUTION, creditsOf(STAGED_CREDITS.name), { label: 'attribution' });
  return { ...merged, deleted };
}

const KEY = raw(ATTRIBUTION.key.join(', '));
const columns = (alias: string): Sql => raw(ATTRIBUTION.columns.map(({ name }) => `${alias}.${name}`).join(', '));
const creditsOf = (name: string): Sql => sql`select ${columns('credits')} from ${table(name)} as credits`;

/** The credits of the parents of staged conversions, while those that are staged are made. */
const CREDITS_NOW = sql`
      ${creditsOf(STAGED_PARENT_CREDITS.name)}
      union all
      ${creditsOf(STAGED_CREDITS.name)}`;

/** Keys of the credits that staged conversions had and have no more; of those that are gone, all. */
const LOST_CREDITS = sql`
    select ${raw(ATTRIBUTION.key.map((name) => `credits.${name}`).join(', '))}
    from ${table(ATTRIBUTION.name)} as credits
    inner join ${table(STAGED_ATTRIBUTED.name)} as renewed
      on renewed.conversion_name = credits.conversion_name and renewed.id = credits.conversion_id
    left join ${table(STAGED_CREDITS.name)} as found
      on found.conversion_name = credits.conversion_name and found.conversion_id = credits.conversion_id
        and found.model = credits.model and found.session_id = credits.session_id
    where found.conversion_id is null`;
