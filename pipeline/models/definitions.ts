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

/** Whether a model has been built by another definition, or never: then all history is to be rebuilt. */
export async function isRedefined(warehouse: Warehouse, name: string, hash: string): Promise<boolean> {
  const rows = await warehouse.rows<{ definition_hash: string }>(
    sql`select definition_hash from ${table(DEFINITIONS.name)} where name = ${name}`,
    'definitions',
  );
  return rows[0]?.definition_hash !== hash;
}

/** Notes that a model has been built over all history by a definition. Last, so that a run that ended before begins again. */
export async function recordDefinition(warehouse: Warehouse, name: string, hash: string, now: string): Promise<void> {
  await warehouse.merge(DEFINITIONS, sql`select ${name} as name, ${hash} as definition_hash, cast(${now} as timestamp) as built_at`, {
    label: 'definitions',
  });
}

/** Forgets how models were built, so that the next run rebuilds them: after rows were removed from below. */
export async function forgetDefinitions(warehouse: Warehouse, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const keys = names.map((name) => sql`select ${name} as name`);
  await warehouse.delete(DEFINITIONS, join(keys, '\nunion all '), { label: 'definitions' });
}
