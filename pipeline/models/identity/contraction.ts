import { type Sql, sql, table } from '../../warehouse/sql.ts';
import type { TableDefinition, Warehouse } from '../../warehouse/warehouse.ts';
import { isOpen } from './edges.ts';
import { integerBatches } from './integer-batches.ts';
import { refill } from './refill.ts';
import { STAGED_EDGES, STAGED_HOOKS, STAGED_LABELS, STAGED_MEMBERS, STAGED_NODES, STAGED_PAIRS } from './tables.ts';
import { flatten, join } from './union-find.ts';

const LABEL = 'identity: contraction';

/**
 * The clusters of the staged edges, found in SQL until at most `limit` pairs of nodes are left, then in memory; fills
 * staged_members. Nodes are the anonymous ids, then the keys; every anonymous id with an edge that was not refused before
 * is a member.
 *
 * A round points every node to its least neighbour. Following the pointers, node numbers two steps apart never rise, so
 * the only cycles are of two nodes that point to each other; their smaller one becomes a root. Every tree then has two
 * nodes or more, hence at most half of the nodes are left after a round: O(log n) rounds, whatever the shape. Within a
 * round the pointers are followed by doubling: O(log n) steps.
 * Source: O. Borůvka 1926 (hooking); Y. Shiloach, U. Vishkin, An O(log n) Parallel Connectivity Algorithm, J. Algorithms 3 (1982)
 * (pointer jumping).
 * @param anonymousIds how many there are: the node of key k is anonymousIds + k.
 */
export async function findClusters(warehouse: Warehouse, anonymousIds: number, limit: number): Promise<void> {
  const { dialect } = warehouse;
  await refill(
    warehouse,
    STAGED_PAIRS[0],
    sql`
    select distinct anonymous_number as node, ${anonymousIds} + key_number as other_node
    from ${table(STAGED_EDGES.name)} as edges
    where ${isOpen('edges')}`,
    LABEL,
  );
  await refill(warehouse, STAGED_LABELS[0], sql`select distinct node, node as other_node from ${table(STAGED_PAIRS[0].name)}`, LABEL);
  let now = 0;
  for (; (await countOf(warehouse, STAGED_PAIRS[now]!)) > limit; now = 1 - now) {
    const [pairs, nextPairs] = [STAGED_PAIRS[now]!, STAGED_PAIRS[1 - now]!];
    const hooks = await hook(warehouse, pairs);
    await refill(
      warehouse,
      nextPairs,
      sql`
      select distinct
        ${dialect.least(sql`one.other_node`, sql`other.other_node`)} as node,
        ${dialect.greatest(sql`one.other_node`, sql`other.other_node`)} as other_node
      from ${table(pairs.name)} as pairs
      inner join ${table(hooks.name)} as one on one.node = pairs.node
      inner join ${table(hooks.name)} as other on other.node = pairs.other_node
      where one.other_node <> other.other_node`,
      LABEL,
    );
    await refill(warehouse, STAGED_LABELS[1 - now]!, followed(STAGED_LABELS[now]!, hooks), LABEL);
  }
  await finish(warehouse, STAGED_PAIRS[now]!, STAGED_LABELS[now]!);
}

/** Points every node of the pairs to a root. @returns the table that holds it. */
async function hook(warehouse: Warehouse, pairs: TableDefinition): Promise<TableDefinition> {
  await refill(
    warehouse,
    STAGED_HOOKS[0],
    sql`
    with neighbours as (
      select node, other_node from ${table(pairs.name)}
      union all
      select other_node as node, node as other_node from ${table(pairs.name)}
    ),
    least as (
      select node, min(other_node) as other_node from neighbours group by node
    )
    select one.node, if(back.other_node = one.node and one.node < one.other_node, one.node, one.other_node) as other_node
    from least as one
    inner join least as back on back.node = one.other_node`,
    LABEL,
  );
  for (let now = 0; ; now = 1 - now) {
    const [hooks, next] = [STAGED_HOOKS[now]!, STAGED_HOOKS[1 - now]!];
    const [left] = await warehouse.rows<{ hooks: number }>(
      sql`
        select count(*) as hooks
        from ${table(hooks.name)} as one
        inner join ${table(hooks.name)} as further on further.node = one.other_node
        where further.other_node <> one.other_node`,
      LABEL,
    );
    if (left!.hooks === 0) return hooks;
    await refill(warehouse, next, followed(hooks, hooks), LABEL);
  }
}

/** The pointers of a table followed through those of another; where there is none they stay. */
function followed(from: TableDefinition, through: TableDefinition): Sql {
  return sql`
    select one.node, coalesce(further.other_node, one.other_node) as other_node
    from ${table(from.name)} as one
    left join ${table(through.name)} as further on further.node = one.other_node`;
}

/** Joins what is left in memory. */
async function finish(warehouse: Warehouse, pairs: TableDefinition, labels: TableDefinition): Promise<void> {
  await refill(
    warehouse,
    STAGED_NODES,
    sql`
    with nodes as (
      select node from ${table(pairs.name)}
      union distinct
      select other_node as node from ${table(pairs.name)}
    )
    select node, row_number() over (order by node nulls first) - 1 as other_node from nodes`,
    LABEL,
  );
  const parent = Int32Array.from({ length: await countOf(warehouse, STAGED_NODES) }, (_, node) => node);
  const query = sql`
    select one.other_node as one_number, other.other_node as other_number
    from ${table(pairs.name)} as pairs
    inner join ${table(STAGED_NODES.name)} as one on one.node = pairs.node
    inner join ${table(STAGED_NODES.name)} as other on other.node = pairs.other_node`;
  for await (const [ones, others] of warehouse.integerBatches(query, LABEL)) {
    for (let i = 0; i < ones!.length; i++) join(parent, ones![i]!, others![i]!);
  }
  flatten(parent);
  const [numbers] = STAGED_HOOKS;
  await warehouse.loadIntegers(
    numbers,
    integerBatches(2, parent.length, (node, put) => put(node, parent[node]!)),
    { replace: true, label: LABEL },
  );
  await refill(
    warehouse,
    STAGED_MEMBERS,
    sql`
    with contracted as (
      select labels.node, coalesce(roots.other_node, -1) as root_number, if(roots.other_node is null, labels.other_node, -1) as root
      from ${table(labels.name)} as labels
      left join ${table(STAGED_NODES.name)} as nodes on nodes.node = labels.other_node
      left join ${table(numbers.name)} as roots on roots.node = nodes.other_node
    )
    select node, min(node) over (partition by root_number, root) as other_node from contracted`,
    LABEL,
  );
}

async function countOf(warehouse: Warehouse, counted: TableDefinition): Promise<number> {
  const [row] = await warehouse.rows<{ number: number }>(sql`select count(*) as number from ${table(counted.name)}`, LABEL);
  return row!.number;
}
