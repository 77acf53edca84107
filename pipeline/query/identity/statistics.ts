import * as z from 'zod';
import type { KeyRule } from '../../models/identity/rules.ts';
import { type GraphStatistics, graphStatistics, PUBLISHED_IDENTITY } from '../../models/identity/statistics.ts';
import { IDENTITIES } from '../../models/identity/tables.ts';
import { publishedKeyRules } from '../../models/reports/publication.ts';
import { raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { OpenPublication } from '../publication.ts';

export type { SignalStatistics } from '../../models/identity/statistics.ts';

export interface IdentityStatistics extends GraphStatistics {
  readonly persons: number;
  readonly anonymous_ids: number;
  /** Persons with most anonymous ids, named by the one seen first. */
  readonly largest: readonly { readonly person_id: string; readonly anonymous_ids: number; readonly first_seen: string }[];
}

const LARGEST = 10;

/** Statistics of the identity graph in the warehouse, as of the last run. @param rules of the config (`keyRules`). */
export async function identityStatistics(warehouse: Warehouse, rules: ReadonlyMap<string, KeyRule>): Promise<IdentityStatistics> {
  return completed(warehouse, await graphStatistics(warehouse, rules));
}

/** Statistics of a publication: as the run has counted them; one of an earlier version is counted now, which takes its time. */
export async function publishedStatistics({ warehouse, publication }: OpenPublication): Promise<IdentityStatistics> {
  const { config } = publication;
  const counted = config.hasIdentityStatistics ? await countedByRun(warehouse) : undefined;
  return completed(warehouse, counted ?? (await graphStatistics(warehouse, publishedKeyRules(config))));
}

const Counted = z.object({
  devices: z.array(z.object({ devices: z.int(), persons: z.int() })),
  signals: z.array(
    z.object({
      signal: z.string(),
      tier: z.string(),
      edges_used: z.int(),
      anonymous_ids: z.int(),
      joins: z.int(),
      refused: z.record(z.string(), z.int()),
    }),
  ),
});

async function countedByRun(warehouse: Warehouse): Promise<GraphStatistics | undefined> {
  const [row] = await warehouse.rows<{ statistics: string }>(
    sql`select statistics from ${table(PUBLISHED_IDENTITY.name)}`,
    'statistics of the graph',
  );
  return row && Counted.parse(JSON.parse(row.statistics));
}

async function completed(warehouse: Warehouse, { devices, signals }: GraphStatistics): Promise<IdentityStatistics> {
  const largest = await warehouse.rows<IdentityStatistics['largest'][number]>(
    sql`
    select person_id, count(*) as anonymous_ids, min(first_seen) as first_seen
    from ${table(IDENTITIES.name)}
    group by person_id
    having count(*) > 1
    order by anonymous_ids desc nulls last, person_id nulls first
    limit ${raw(String(LARGEST))}`,
    'largest persons',
  );
  return {
    persons: devices.reduce((sum, { persons }) => sum + persons, 0),
    anonymous_ids: devices.reduce((sum, { devices: ids, persons }) => sum + ids * persons, 0),
    devices,
    signals,
    largest,
  };
}
