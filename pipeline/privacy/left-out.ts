import { erasedAmong, identifiersIn } from '../models/erasures/candidates.ts';
import { ANONYMOUS_ID_KINDS, isNobody, isOneOf } from '../models/erasures/predicates.ts';
import { CONVERSIONS, STAGED_CONVERSIONS } from '../models/conversions/tables.ts';
import type { Step, StepContext, StepResult } from '../models/step.ts';
import { type Sql, join, raw, sql } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { tombstonesOf } from './apply.ts';
import { sourcesWithoutErased } from './sources.ts';
import type { ErasureState } from './tombstones.ts';

type FolderContext = StepContext & { readonly dataFolder: string };

/** The step that loads CRM exports, with the identifiers of erased persons left out. */
export function fromCleanedSources(step: Step): (context: FolderContext) => Promise<StepResult> {
  return async (context) => {
    const { config, configFolder, dataFolder } = context;
    const { isEmpty, isErased } = await tombstonesOf(context);
    if (isEmpty) return step(context);
    const cleaned = await sourcesWithoutErased(config, configFolder, dataFolder, isErased);
    try {
      const { changes, warnings } = await step({ ...context, config: cleaned.config });
      return { changes, warnings: [...warnings, ...cleaned.warnings] };
    } finally {
      await cleaned.remove();
    }
  };
}

/** The step that reads conversions, with the identifiers of erased persons left out, wherever the query took them from. */
export function withoutErasedConversions(step: Step): (context: FolderContext) => Promise<StepResult> {
  return async (context) => {
    const state = await tombstonesOf(context);
    if (state.isEmpty) return step(context);
    return step({ ...context, withoutErased: (conversions) => conversionsWithoutErased(context.warehouse, state, conversions) });
  };
}

/** The row of the business stays; it becomes one of nobody. */
async function conversionsWithoutErased(warehouse: Warehouse, state: ErasureState, conversions: Sql): Promise<Sql> {
  const { dialect } = warehouse;
  const from = sql`(\n${conversions}\n) as returned`;
  const identifiers = identifiersIn(from, [
    { value: raw('returned.client_id'), kinds: ANONYMOUS_ID_KINDS },
    { value: raw('returned.user_id'), kinds: ['user_id', 'email_hash'] },
    { value: raw('returned.email_hash'), kinds: ['email_hash'] },
  ]);
  const ids = await erasedAmong(warehouse, identifiers, state, `erased among ${CONVERSIONS.name}`);
  if (isNobody(ids)) return conversions;
  const isErased = sql`(${join(
    [
      isOneOf(dialect, raw('returned.client_id'), ANONYMOUS_ID_KINDS, ids),
      isOneOf(dialect, raw('returned.user_id'), ['user_id', 'email_hash'], ids),
      isOneOf(dialect, raw('returned.email_hash'), ['email_hash'], ids),
    ],
    ' or ',
  )})`;
  const columns = STAGED_CONVERSIONS.columns.map(({ name }) =>
    ['client_id', 'user_id', 'email_hash', 'ip_key'].includes(name)
      ? sql`if(${isErased}, null, returned.${raw(name)}) as ${raw(name)}`
      : raw(`returned.${name}`),
  );
  return sql`select ${join(columns)} from ${from}`;
}
