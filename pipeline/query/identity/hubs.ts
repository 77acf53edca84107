import { IDENTITY_EDGES } from '../../models/identity/tables.ts';
import { RULE_OF_LINK } from '../../models/identity/links.ts';
import type { KeyRule } from '../../models/identity/rules.ts';
import { type Sql, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { shownValue } from './graph.ts';

/** A value that anonymous ids hold; of a key with a window, one episode of it. */
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
  /** More ids than this, by the rules, and the value links nobody. */
  readonly cap: number | null;
}

type Rules = ReadonlyMap<string, KeyRule>;

/**
 * The values that most anonymous ids hold, at most `limit`: of the warehouse, or of a publication.
 * @param rules as of `identityStatistics`.
 */
export function hubs(warehouse: Warehouse, rules: Rules, limit: number): Promise<Hub[]> {
  return heldValues(warehouse, rules, { edges: EDGES, which: sql`sum(edges) > 1`, order: sql`anonymous_ids`, limit });
}

/** The values whose edges were refused, those with most of them first, at most `limit`; the rest as of {@link hubs}. */
export function refusedValues(warehouse: Warehouse, rules: Rules, limit: number): Promise<Hub[]> {
  // All edges of these few values: to count those of every value takes several times as long.
  const edges = sql`
    select edges.key_name, edges.key_value, edges.key_node, edges.episode_start, edges.signal, edges.reason, edges.verdict
    from (${EDGES}) as edges
    inner join (
      select key_name, key_node, signal, count(*) as refused
      from (${EDGES}) as edges
      where verdict <> 'used'
      group by key_name, key_node, signal
      order by refused desc nulls last, key_name nulls first, key_node nulls first, signal nulls first
      limit ${limit}
    ) as most on most.key_name = edges.key_name and most.key_node = edges.key_node and most.signal = edges.signal`;
  return heldValues(warehouse, rules, { edges, which: sql`sum(edges) > sum(edges_used)`, order: sql`refused`, limit });
}

/** Edges with the node and the signal they stand for. */
const EDGES = sql`
  select key_name, key_value, coalesce(key_node, key_value) as key_node, episode_start, ${RULE_OF_LINK} as signal, reason, verdict
  from ${table(IDENTITY_EDGES.name)}`;

async function heldValues(
  warehouse: Warehouse,
  rules: Rules,
  { edges, which, order, limit }: { readonly edges: Sql; readonly which: Sql; readonly order: Sql; readonly limit: number },
): Promise<Hub[]> {
  const rows = await warehouse.rows<Omit<Hub, 'cap'> & { key_name: string }>(
    sql`
    with edges as (
      select key_name, key_value, key_node, episode_start, signal, reason, if(verdict = 'used', 1, 0) as is_used
      from (${edges}) as chosen
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
    having ${which}
    order by ${order} desc nulls last, key_name nulls first, key_node nulls first, signal nulls first
    limit ${limit}`,
    'values held by most',
  );
  return rows.map(({ key_name, key_value, ...row }) => ({
    ...row,
    key_value: shownValue(key_name, key_value),
    cap: rules.get(row.signal)?.maxAnonymousIds ?? null,
  }));
}
