import type { Config } from '../../config/schema.ts';
import { IDENTITY_EDGES } from '../../models/identity/tables.ts';
import { RULE_OF_LINK } from '../../models/identity/links.ts';
import { keyRules } from '../../models/identity/rules.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { shownValue } from './graph.ts';

/** A value that several anonymous ids hold; of a key with a window, one episode of it. */
export interface Hub {
  /** The key, or `email_hash_link` where it was seen in links only. */
  readonly signal: string;
  /** A hash is shortened. */
  readonly key_value: string;
  readonly episode_start: string | null;
  readonly anonymous_ids: number;
  readonly used: number;
  readonly refused: number;
  /** The most frequent reason of the refused ones (of several the first by name). */
  readonly reason: string | null;
  /** More ids than this, by the config as it is now, and the value links nobody. */
  readonly cap: number | null;
}

/** The values that most anonymous ids hold, at most `limit`. */
export async function hubs(warehouse: Warehouse, config: Config, limit: number): Promise<Hub[]> {
  const rules = keyRules(config);
  const rows = await warehouse.rows<Omit<Hub, 'cap'> & { key_name: string }>(
    sql`
    with edges as (
      select
        key_name, key_value, coalesce(key_node, key_value) as key_node, episode_start, ${RULE_OF_LINK} as signal, reason,
        if(verdict = 'used', 1, 0) as is_used
      from ${table(IDENTITY_EDGES.name)}
    ),
    counts as (
      select key_name, key_value, key_node, episode_start, signal, reason, count(*) as edges, sum(is_used) as edges_used
      from edges
      group by key_name, key_value, key_node, episode_start, signal, reason
    )
    select
      key_name, key_value, episode_start, signal,
      cast(sum(edges) as int64) as anonymous_ids,
      cast(sum(edges_used) as int64) as used,
      cast(sum(edges) - sum(edges_used) as int64) as refused,
      ${warehouse.dialect.firstValue(sql`reason`, sql`reason is null nulls last, edges desc nulls last, reason nulls last`)} as reason
    from counts
    group by key_name, key_value, key_node, episode_start, signal
    having sum(edges) > 1
    order by anonymous_ids desc nulls last, key_name nulls first, key_node nulls first, signal nulls first
    limit ${limit}`,
    'values held by most',
  );
  return rows.map(({ key_name, key_value, ...row }) => ({
    ...row,
    key_value: shownValue(key_name, key_value),
    cap: rules.get(row.signal)?.maxAnonymousIds ?? null,
  }));
}
