import { sql, table } from '../../warehouse/sql.ts';
import { UserError } from '../../config/user-error.ts';
import { nearest } from '../../config/suggest.ts';
import type { Change } from '../../warehouse/warehouse.ts';
import { recordDefinition } from '../definitions.ts';
import { forgetChanges } from '../events/changes.ts';
import type { Step, StepContext } from '../step.ts';
import { stageCustom } from './custom.ts';
import { deriveConversions } from './derive.ts';
import { eraseFromRecords } from './erased-records.ts';
import { changesBeforeWindows } from './history-watch.ts';
import { definitionName } from './record-batch.ts';
import { applyRecords } from './records.ts';
import { noteReads } from './reads.ts';
import { removeUndefined } from './removed-definitions.ts';
import { finishSimple, stageCombined, stageSimple } from './simple/index.ts';
import { REJECTED_CONVERSIONS, STAGED_CONVERSIONS, STAGED_CONVERSION_TABLES } from './tables.ts';

/**
 * What the sources say of conversions → conversion_records, within their windows; and what is made of them → conversions. A bad row
 * stops nothing; a bad query does, and a source that looks broken.
 */
export const conversions: Step = async (context) => {
  const { warehouse, now } = context;
  checkFull(context);
  await eraseFromRecords(context);
  const removed = await removeUndefined(context);
  await clearStaged(context);
  const custom = await stageCustom(context);
  const simple = await stageSimple(context);
  const own = [...custom.batches, ...simple];
  const applied = await applyRecords(context, own);
  await clearStaged(context);
  // Made of the records of their parts.
  const combined = await stageCombined(context, simple);
  const appliedCombined = await applyRecords(context, combined);
  const derived = await deriveConversions(context);
  const warnings = [
    ...custom.warnings,
    ...simple.flatMap((batch) => batch.warnings ?? []),
    ...applied.warnings,
    ...appliedCombined.warnings,
    ...(await refusalWarnings(context)),
    ...(await changesBeforeWindows(context, custom.watched)),
    ...derived.warnings,
  ];
  for (const { name, isRedefined, definitionHash } of [...own, ...combined])
    if (isRedefined) await recordDefinition(warehouse, definitionName(name), definitionHash, now);
  for (const staged of STAGED_CONVERSION_TABLES) await warehouse.load(staged, [], { replace: true, label: staged.name });
  await finishSimple(context);
  await noteReads(
    context,
    custom.batches.map(({ name }) => name),
  );
  await forgetChanges(warehouse, 'conversions');
  return { changes: addUp([removed, applied, appliedCombined, derived].map(({ changes }) => changes)), warnings };
};

/** @throws UserError where `run --full` names what is no conversion. */
export function checkFull({ full, config }: Pick<StepContext, 'full' | 'config'>): void {
  if (full === undefined || full === 'all') return;
  const names = config.conversions.map(({ name }) => name);
  for (const name of full) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    const advice = near === undefined ? `expected one of ${names.join(', ')}` : `did you mean "${near}"?`;
    throw new UserError(`--full: there is no conversion "${name}"; ${advice}`, { exitCode: 2 });
  }
}

async function clearStaged({ warehouse }: StepContext): Promise<void> {
  await warehouse.load(STAGED_CONVERSIONS, [], { replace: true, label: 'conversions' });
}

function addUp(parts: readonly Readonly<Record<string, Change>>[]): Record<string, Change> {
  const sums: Record<string, Change> = {};
  for (const part of parts) {
    for (const [name, { inserted, updated, deleted }] of Object.entries(part)) {
      const sum = sums[name] ?? { inserted: 0, updated: 0, deleted: 0 };
      sums[name] = { inserted: sum.inserted + inserted, updated: sum.updated + updated, deleted: sum.deleted + deleted };
    }
  }
  return sums;
}

const REASONS: Readonly<Record<string, string>> = {
  missing_id: 'have no id',
  missing_created: 'have no created',
  duplicate_id: 'repeat the id of another row, of which the earliest is kept',
};

/** What the reader must know of refused rows. */
async function refusalWarnings({ warehouse }: StepContext): Promise<string[]> {
  const refused = await warehouse.rows<{ conversion_name: string; reason: string; refused: number; example: string | null }>(
    sql`
      select conversion_name, reason, count(*) as refused, min(id) as example
      from ${table(REJECTED_CONVERSIONS.name)}
      group by conversion_name, reason
      order by conversion_name nulls first, reason nulls first`,
    'rejected conversions',
  );
  return refused.map(
    ({ conversion_name, reason, refused: count, example }) =>
      `conversion ${conversion_name}: ${count} rows ${REASONS[reason] ?? reason}${example === null ? '' : `, for example ${example}`}; see rejected_conversions`,
  );
}
