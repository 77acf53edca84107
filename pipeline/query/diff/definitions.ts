import { type DefinitionKind, PUBLISHED_DEFINITIONS } from '../../models/reports/published-definitions.ts';
import { sql } from '../../warehouse/sql.ts';
import { of, type PublicationPair } from './pair.ts';

/** Which definitions two publications were made by differ. */
export interface ChangedDefinitions {
  /** @param name of a conversion or a model. */
  has(kind: DefinitionKind, name?: string): boolean;
}

/**
 * Compares the definitions of both publications; what one of them does not know came or went with it. Publications of an
 * earlier version name none: then none is known to differ.
 */
export async function changedDefinitions(pair: PublicationPair): Promise<ChangedDefinitions> {
  if (!pair.hasTable(PUBLISHED_DEFINITIONS)) return { has: () => false };
  const changed = await pair.rows<{ kind: string; name: string }>(
    sql`
      select coalesce(earlier.kind, later.kind) as kind, coalesce(earlier.name, later.name) as name
      from ${of('earlier', PUBLISHED_DEFINITIONS)} as earlier
      full join ${of('later', PUBLISHED_DEFINITIONS)} as later on later.kind = earlier.kind and later.name = earlier.name
      where earlier.definition_hash is distinct from later.definition_hash`,
    'definitions',
  );
  const texts = new Set(changed.map(({ kind, name }) => JSON.stringify([kind, name])));
  return { has: (kind, name = '') => texts.has(JSON.stringify([kind, name])) };
}
