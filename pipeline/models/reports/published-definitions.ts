import { createHash } from 'node:crypto';
import { modelsOf } from '../../config/attribution.ts';
import type { Config } from '../../config/schema.ts';
import { required } from '../../warehouse/columns.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { TableDefinition, Warehouse } from '../../warehouse/warehouse.ts';
import { definitionName } from '../conversions/record-batch.ts';
import { DEFINITIONS } from '../definitions.ts';

/** What a publication was made by, kind by kind; `built` is how credits were last made over all history. */
export const DEFINITION_KINDS = ['project', 'sessions', 'identity', 'conversion', 'model', 'built'] as const;
export type DefinitionKind = (typeof DEFINITION_KINDS)[number];

export const PUBLISHED_DEFINITIONS: TableDefinition = {
  name: 'publication_definitions',
  description: 'What the publication was made by: where a hash differs between two of them, so did the definition.',
  columns: [
    required(
      'kind',
      'STRING',
      'project (time zone and currency), sessions (with their channel rules), identity, conversion, model, or built (credits over all history).',
    ),
    required('name', 'STRING', 'Of a conversion or a model its name; else empty.'),
    required('definition_hash', 'STRING', 'SHA-256 of the definition.'),
  ],
  key: ['kind', 'name'],
};

/** A row of publication_definitions. */
export interface PublishedDefinition {
  readonly [column: string]: string;
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly definition_hash: string;
}

const of = (kind: DefinitionKind, name: string, ...parts: readonly unknown[]): PublishedDefinition => ({
  kind,
  name,
  definition_hash: createHash('sha256').update(JSON.stringify(parts)).digest('hex'),
});

/** The definitions that the rows of a warehouse were made by, in a stable order; labels are none. */
export async function publishedDefinitions(warehouse: Warehouse, config: Config): Promise<PublishedDefinition[]> {
  const rows = await warehouse.rows<{ name: string; definition_hash: string }>(
    sql`select name, definition_hash from ${table(DEFINITIONS.name)}`,
    'definitions',
  );
  const built = new Map(rows.map(({ name, definition_hash }) => [name, definition_hash]));
  const { timeZone, currency } = config.project;
  return [
    of('project', '', timeZone, currency),
    of('sessions', '', built.get('sessions') ?? null),
    of('identity', '', built.get('identity') ?? null),
    ...config.conversions.map((one) =>
      of('conversion', one.name, { ...one, label: undefined }, built.get(definitionName(one.name)) ?? null),
    ),
    ...modelsOf(config).map((one) => of('model', one.name, { ...one, label: undefined }, config.attribution.lookbackDays)),
    of('built', '', built.get('attribution') ?? null),
  ];
}
