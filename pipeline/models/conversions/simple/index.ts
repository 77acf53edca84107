import { type CombinedConversion, type Conversion } from '../../../config/conversions.ts';
import { sql, table } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { builtBy, definitionHash, forgetDefinitions, isRedefined, recordDefinition } from '../../definitions.ts';
import { unreadDays } from '../../events/changes.ts';
import type { StepContext } from '../../step.ts';
import { type RecordBatch, definitionName, isFull } from '../record-batch.ts';
import { readsSessions } from './chosen-events.ts';
import { combinedRows } from './combined.ts';
import type { Repetition } from './deduplicate.ts';
import { eventRows } from './event-rows.ts';
import type { SimpleConversion } from './event-source.ts';
import { changedFrom } from './ranges.ts';
import { settle } from './settle.ts';
import { DROPPED_CONVERSIONS, STAGED_CANDIDATES } from './tables.ts';

const isSimple = (one: Conversion): one is SimpleConversion => one.kind === 'purchase' || one.kind === 'event';
const isCombined = (one: Conversion): one is CombinedConversion => one.kind === 'combined';

/** A conversion that has something to do, and which of its rows are computed again. */
interface Work<Kind> {
  readonly conversion: Kind;
  readonly batch: RecordBatch;
}

/**
 * Appends the rows of conversions made of events (purchase, event) to staged_conversions: those that changes of events since
 * the last time can concern, or all of a conversion that is defined otherwise than when it was built.
 * @returns a batch for each that has something to do.
 */
export async function stageSimple(context: StepContext): Promise<readonly RecordBatch[]> {
  const { warehouse, config } = context;
  await forgetDropped(context);
  const conversions = config.conversions.filter(isSimple);
  if (conversions.length === 0) return [];
  const works: Work<SimpleConversion>[] = [];
  const hashOf = await simpleHashes(context);
  const days = await unreadDays(warehouse, 'conversions');
  const isUnfinished = (await builtBy(warehouse, [UNFINISHED])) !== '[]';
  for (const conversion of conversions) {
    const changed = async () => (isUnfinished ? null : changedFrom(context, conversion, days));
    const batch = await batchOf(context, conversion.name, hashOf(conversion), changed);
    if (batch) works.push({ conversion, batch });
  }
  if (works.length === 0) return [];
  await recordDefinition(warehouse, UNFINISHED, UNFINISHED, context.now);
  await warehouse.load(STAGED_CANDIDATES, [], { replace: true, label: 'candidates' });
  for (const { conversion, batch } of works)
    await warehouse.append(
      STAGED_CANDIDATES,
      eventRows(warehouse.dialect, config, conversion, batch.from),
      `conversion ${conversion.name}`,
    );
  const warnings = await foreignRefunds(warehouse);
  await settle(
    context,
    works.map(({ batch }) => batch),
    works.flatMap(({ conversion, batch }) => repetitionOf(conversion, batch.from)),
  );
  return works.map(({ batch }) => ({ ...batch, warnings: warnings.get(batch.name) ?? [] }));
}

/**
 * Appends the rows of combined conversions, made of the records of their parts as `applyRecords` has left them.
 * @param parts the batches that {@link stageSimple} returned: how far back the records of the parts may have changed.
 * @returns a batch for each that has something to do.
 */
export async function stageCombined(context: StepContext, parts: readonly RecordBatch[]): Promise<readonly RecordBatch[]> {
  const { warehouse, config } = context;
  const conversions = config.conversions.filter(isCombined);
  if (conversions.length === 0) return [];
  const works: Work<CombinedConversion>[] = [];
  const hashOf = await simpleHashes(context);
  for (const conversion of conversions) {
    const changed = parts.filter(({ name }) => conversion.of.includes(name)).map(({ from }) => from);
    const batch = await batchOf(context, conversion.name, combinedHash(context, conversion, hashOf), async () => earliest(changed));
    if (batch) works.push({ conversion, batch });
  }
  if (works.length === 0) return [];
  await warehouse.load(STAGED_CANDIDATES, [], { replace: true, label: 'candidates' });
  for (const { conversion, batch } of works)
    await warehouse.append(STAGED_CANDIDATES, combinedRows(warehouse.dialect, conversion, batch.from), `conversion ${conversion.name}`);
  await settle(
    context,
    works.map(({ batch }) => batch),
    works.flatMap(({ conversion, batch }) => repetitionOf(conversion, batch.from)),
  );
  return works.map(({ batch }) => batch);
}

/**
 * Stands in `definitions` while conversions made of events are written. Where a run has ended in between, its changes cannot
 * tell any more what it has left undone: what they concern is found by the rows that were known before. Then all is read again.
 */
const UNFINISHED = 'conversions of events, unfinished';

/** Notes that the records of all batches have been written. */
export async function finishSimple({ warehouse }: StepContext): Promise<void> {
  if ((await builtBy(warehouse, [UNFINISHED])) !== '[]') await forgetDefinitions(warehouse, [UNFINISHED]);
}

/** @param changed from when on something can be another; null: always; undefined: nothing can. */
async function batchOf(
  context: StepContext,
  name: string,
  hash: string,
  changed: () => Promise<string | null | undefined>,
): Promise<RecordBatch | undefined> {
  const redefined = await isRedefined(context.warehouse, definitionName(name), hash);
  const from = redefined || isFull(context, name) ? null : await changed();
  if (from === undefined) return undefined;
  // What is refunded is left out here already: an order whose value is zero was worth nothing.
  return { name, from, isRedefined: redefined, definitionHash: hash, keepZero: true, maximumShrink: null };
}

/** The first of some beginnings of ranges; null is before all of them. */
const earliest = (beginnings: readonly (string | null)[]): string | null | undefined =>
  beginnings.includes(null) ? null : beginnings.toSorted((a, b) => (a! < b! ? -1 : 1))[0];

/** A user may be told by the client id or the user id; between conversions of different kinds by the client id alone. */
function repetitionOf(conversion: SimpleConversion | CombinedConversion, from: string | null): Repetition[] {
  const { name, deduplicateDays } = conversion;
  const byUserId = conversion.kind !== 'combined';
  if (conversion.kind === 'purchase' && conversion.firstPerUser) return [{ name, from, days: null, byUserId }];
  return deduplicateDays === undefined ? [] : [{ name, from, days: deduplicateDays, byUserId }];
}

type HashOf = (conversion: SimpleConversion) => string;

/** By what the records of conversions are made: their rules, and the tables that are rebuilt on their own. */
async function simpleHashes({ warehouse, config }: StepContext): Promise<HashOf> {
  const events = await builtBy(warehouse, ['events']);
  const sessions = await builtBy(warehouse, ['events', 'sessions']);
  return (conversion) =>
    definitionHash(
      [eventRows(warehouse.dialect, config, conversion, null)],
      JSON.stringify(repetitionOf(conversion, null)),
      readsSessions(conversion.filter) ? sessions : events,
    );
}

function combinedHash({ warehouse, config }: StepContext, conversion: CombinedConversion, hashOf: HashOf): string {
  const parts = config.conversions.filter(isSimple).filter(({ name }) => conversion.of.includes(name));
  return definitionHash(
    [combinedRows(warehouse.dialect, conversion, null)],
    JSON.stringify(repetitionOf(conversion, null)),
    ...parts.map(hashOf),
  );
}

/** Of conversions that are not in the config any more. */
async function forgetDropped({ warehouse, config }: StepContext): Promise<void> {
  const names = config.conversions.filter((one) => isSimple(one) || isCombined(one)).map(({ name }) => name);
  const { dialect } = warehouse;
  const known = dialect.values(
    'known',
    { name: 'STRING' },
    names.map((name) => [name]),
  );
  await warehouse.delete(
    DROPPED_CONVERSIONS,
    sql`
      select dropped.conversion_name, dropped.id
      from ${table(DROPPED_CONVERSIONS.name)} as dropped
      left join ${known} on known.name = dropped.conversion_name
      where known.name is null`,
    { label: 'dropped conversions' },
  );
}

/** Refunds that cannot be taken off, in words, by conversion. */
async function foreignRefunds(warehouse: Warehouse): Promise<Map<string, string[]>> {
  const rows = await warehouse.rows<{ conversion_name: string; refunds: number; example: string }>(
    sql`
      select conversion_name, sum(foreign_refunds) as refunds, min(id) as example
      from ${table(STAGED_CANDIDATES.name)}
      where foreign_refunds > 0
      group by conversion_name`,
    'refunds in other currencies',
  );
  return new Map(
    rows.map(({ conversion_name, refunds, example }) => [
      conversion_name,
      [
        `conversion ${conversion_name}: ${refunds} refunds are in another currency than their order (such as ${example}) and not taken off; ` +
          'send refunds in the currency of the order',
      ],
    ]),
  );
}
