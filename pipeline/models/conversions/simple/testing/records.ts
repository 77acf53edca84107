import { recordDefinition } from '../../../definitions.ts';
import { forgetChanges } from '../../../events/changes.ts';
import type { Step } from '../../../step.ts';
import { definitionName } from '../../record-batch.ts';
import { applyRecords } from '../../records.ts';
import { STAGED_CONVERSIONS } from '../../tables.ts';
import { finishSimple, stageCombined, stageSimple } from '../index.ts';

/** The part of the conversions step that makes records of events. Its changes say how many rows of records each batch was given. */
export const simpleRecords: Step = async (context) => {
  const { warehouse, now } = context;
  await warehouse.load(STAGED_CONVERSIONS, [], { replace: true });
  const simple = await stageSimple(context);
  const applied = await applyRecords(context, simple);
  await warehouse.load(STAGED_CONVERSIONS, [], { replace: true });
  const combined = await stageCombined(context, simple);
  const appliedCombined = await applyRecords(context, combined);
  for (const { name, isRedefined, definitionHash } of [...simple, ...combined])
    if (isRedefined) await recordDefinition(warehouse, definitionName(name), definitionHash, now);
  await finishSimple(context);
  await forgetChanges(warehouse, 'conversions');
  return {
    changes: {
      ...applied.changes,
      combined_records: appliedCombined.changes['conversion_records'] ?? { inserted: 0, updated: 0, deleted: 0 },
    },
    warnings: [...simple.flatMap(({ warnings }) => warnings ?? []), ...applied.warnings, ...appliedCombined.warnings],
  };
};
