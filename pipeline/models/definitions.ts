import { createHash } from 'node:crypto';
import { required } from '../warehouse/columns.ts';
import { type Sql, join, sql, table } from '../warehouse/sql.ts';
import type { TableDefinition, Warehouse } from '../warehouse/warehouse.ts';

export const DEFINITIONS: TableDefinition = {
  name: 'definitions',
  description: 'What each incremental model was last built by: where it differs, the model is rebuilt over all history.',
  columns: [
    required('name', 'STRING', 'The model.'),
    required('definition_hash', 'STRING', 'SHA-256 of its definition.'),
    required('built_at', 'TIMESTAMP', 'The run that built it over all history last.'),
  ],
  key: ['name'],
};

/**
 * SHA-256 of what defines a model: the SQL of its full build with its parameters, hence the config and the code, and
 * whatever else decides its rows.
 */
export function definitionHash(queries: readonly Sql[], ...more: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([queries, more], (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)))
    .digest('hex');
}

/** How a model was last built over all history. */
interface Built {
  readonly name: string;
  readonly definition_hash: string;
  readonly built_at: string;
}

/** How every model was built. One query for all who ask: a plan of a night answers it as its planned writes would leave the table. */
const allBuilt = (warehouse: Warehouse): Promise<Built[]> =>
  warehouse.rows<Built>(
    sql`select name, definition_hash, built_at from ${table(DEFINITIONS.name)} order by name nulls first`,
    'definitions',
  );

/** Whether a model has been built by another definition, or never: then all history is to be rebuilt. */
export async function isRedefined(warehouse: Warehouse, name: string, hash: string): Promise<boolean> {
  return (await allBuilt(warehouse)).find((built) => built.name === name)?.definition_hash !== hash;
}

/** Notes that a model has been built over all history by a definition. Last, so that a run that ended before begins again. */
export async function recordDefinition(warehouse: Warehouse, name: string, hash: string, now: string): Promise<void> {
  await warehouse.merge(DEFINITIONS, sql`select ${name} as name, ${hash} as definition_hash, cast(${now} as timestamp) as built_at`, {
    label: 'definitions',
  });
}

/** How models were built, as text: another one where one of them has been rebuilt over all history since, or never was built. */
export async function builtBy(warehouse: Warehouse, names: readonly string[]): Promise<string> {
  return JSON.stringify((await allBuilt(warehouse)).filter(({ name }) => names.includes(name)));
}

/** Forgets how models were built, so that the next run rebuilds them: after rows were removed from below. */
export async function forgetDefinitions(warehouse: Warehouse, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const keys = names.map((name) => sql`select ${name} as name`);
  await warehouse.delete(DEFINITIONS, join(keys, '\nunion all '), { label: 'definitions' });
}
