import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { Change, Warehouse } from '../../warehouse/warehouse.ts';
import { builtBy, definitionHash, isRedefined, recordDefinition } from '../definitions.ts';
import { isEverybodyUnread } from '../identity/changes.ts';
import type { StepContext, StepResult } from '../step.ts';
import { normalisations } from './derive/graph.ts';
import { conversionRows, derivedDays, derivedKeys } from './derive/rows.ts';
import { reachOfSignals, signalRows, stageSignals } from './derive/signals.ts';
import { stageDerived, stagedQueries } from './derive/staged.ts';
import { DERIVE_TABLES, STAGED_DERIVED } from './derive/tables.ts';
import { queue, queueByPersons } from './derive/touched.ts';
import { deriveWarnings } from './derive/warnings.ts';
import { stageWindows, windowRows } from './derive/windows.ts';
import { CONVERSIONS } from './tables.ts';

const DEFINITION = 'derived conversions';
/** What persons are found by: where one of these was built anew over all history, no queue says what changed. */
const SOURCES = ['sessions', 'identity'];
const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };
/** More days than this are no longer listed in a statement: then it reads all of them. */
const MOST_DAYS = 1000;

/**
 * Brings `conversions` up to date with conversion_records: those in touched_conversions, and what depends on them, on
 * persons that changed and on their sessions. Where money, parents or rules are defined otherwise than when they were
 * derived last, or sessions or identities were rebuilt, all of them.
 *
 * What is derived is queued for attribution before it is written, so that a run that was killed in between repeats it. Of
 * a full build the definition tells.
 */
export async function deriveConversions({ warehouse, config, now }: StepContext): Promise<StepResult> {
  const hash = await definitionOf(warehouse, config);
  const isFull = (await isRedefined(warehouse, DEFINITION, hash)) || (await isEverybodyUnread(warehouse, 'conversions'));
  if (!isFull) await queueByPersons(warehouse, config);
  const derived = await stageDerived(warehouse, config, isFull ? 'all' : 'touched');
  const change = derived === 0 ? NOTHING : await write(warehouse, config, isFull);
  if (isFull) await recordDefinition(warehouse, DEFINITION, hash, now);
  if (derived > 0) for (const staged of DERIVE_TABLES) await warehouse.load(staged, [], { replace: true, label: staged.name });
  return { changes: { conversions: change }, warnings: await deriveWarnings(warehouse, config) };
}

async function write(warehouse: Warehouse, config: Config, isFull: boolean): Promise<Change> {
  const { dialect } = warehouse;
  await stageWindows(warehouse, config);
  if (!isFull) await queue(warehouse, derivedKeys(config), 'derived conversions');
  const days = isFull ? undefined : await warehouse.rows<{ day: string }>(derivedDays(dialect, config), 'days of conversions');
  if (days?.length === 0) return NOTHING;
  const options = days === undefined || days.length > MOST_DAYS ? {} : { days: days.map(({ day }) => day) };
  const gone = sql`select conversion_name, id from ${table(STAGED_DERIVED.name)} where was_present and not is_present`;
  const label = 'conversions that went';
  const isAnyGone = (await warehouse.rows(sql`${gone} limit 1`, label)).length > 0;
  const { deleted } = isAnyGone ? await warehouse.delete(CONVERSIONS, gone, { ...options, label }) : NOTHING;
  await stageSignals(warehouse, config);
  const reach = isFull ? undefined : await reachOfSignals(warehouse, config);
  const merged = await warehouse.merge(CONVERSIONS, conversionRows(dialect, config, reach), { ...options, label: 'conversions' });
  return { ...merged, deleted };
}

/** What decides the rows besides records, persons and rates. */
async function definitionOf(warehouse: Warehouse, config: Config): Promise<string> {
  return definitionHash(queriesOf(warehouse.dialect, config), await builtBy(warehouse, SOURCES));
}

const queriesOf = (dialect: Dialect, config: Config) => [
  ...stagedQueries(dialect, config, 'all').map(({ query }) => query),
  windowRows(dialect, normalisations(config)),
  signalRows(dialect, config),
  conversionRows(dialect, config),
];
