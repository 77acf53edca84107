import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Change } from '../../warehouse/warehouse.ts';
import { DEFINITIONS, forgetDefinitions } from '../definitions.ts';
import type { StepContext, StepResult } from '../step.ts';
import { loggedRemovals } from './change-log.ts';
import { definitionName } from './record-batch.ts';
import {
  CONVERSION_CHANGES,
  CONVERSION_READS,
  CONVERSION_RECORDS,
  CONVERSION_WATCHES,
  REJECTED_CONVERSIONS,
  TOUCHED_CONVERSIONS,
} from './tables.ts';

/** Removes the records of conversions that are not in the config any more. */
export async function removeUndefined(context: StepContext): Promise<StepResult> {
  const { warehouse, config, now } = context;
  const defined = new Set(config.conversions.map(({ name }) => name));
  const known = await knownNames(context);
  const removed = known.filter((name) => !defined.has(name));
  if (removed.length === 0) return { changes: {}, warnings: [] };
  const names: Sql = join(
    removed.map((name) => sql`select ${name} as conversion_name`),
    ' union all ',
  );
  const keysIn = (target: typeof CONVERSION_RECORDS): Sql => sql`
    select ${join(target.key.map((name) => raw(`stored.${name}`)))}
    from ${table(target.name)} as stored
    inner join (${names}) as removed on removed.conversion_name = stored.conversion_name`;
  await warehouse.merge(TOUCHED_CONVERSIONS, keysIn(CONVERSION_RECORDS), { label: 'touched conversions' });
  await warehouse.append(CONVERSION_CHANGES, loggedRemovals(warehouse.dialect, names, now), 'conversion changes');
  const changes: Record<string, Change> = {};
  for (const target of [CONVERSION_RECORDS, REJECTED_CONVERSIONS, CONVERSION_WATCHES, CONVERSION_READS])
    changes[target.name] = await warehouse.delete(target, keysIn(target), { label: `${target.name} of no definition` });
  await forgetDefinitions(warehouse, removed.map(definitionName));
  return { changes, warnings: [] };
}

/** Conversions that the warehouse knows by a definition, a record or a refusal. */
async function knownNames({ warehouse }: StepContext): Promise<string[]> {
  const prefix = definitionName('');
  const rows = await warehouse.rows<{ conversion_name: string }>(
    sql`
      select conversion_name from ${table(CONVERSION_RECORDS.name)}
      union distinct
      select conversion_name from ${table(REJECTED_CONVERSIONS.name)}
      union distinct
      select substr(name, ${raw(String(prefix.length + 1))}) as conversion_name
      from ${table(DEFINITIONS.name)}
      where starts_with(name, ${prefix})
      order by conversion_name nulls first`,
    'known conversions',
  );
  return rows.map(({ conversion_name }) => conversion_name);
}
