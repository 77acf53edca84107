import { IDENTITIES, IDENTITY_EDGES } from '../../models/identity/tables.ts';
import { arrayParam, join, raw, sql, type Sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { isOneOf } from '../journey/person.ts';
import { type Edge, type Link, type Node, compare, keyOf, visitorOf } from './graph.ts';

/** More edges than this are not read for one step of a search: it ends and says so. */
export const MOST_EDGES = 50_000;

// A table of an earlier version has no nodes until it is rebuilt: there the value is the node.
const COLUMNS = raw(`edges.anonymous_id, edges.key_name, edges.key_value, coalesce(edges.key_node, edges.key_value) as key_node,
      edges.episode_start, edges.tier, edges.origin, edges.first_seen, edges.last_seen, edges.verdict, edges.reason`);

/** Edges that a condition on `edges` selects, in an order of their own; undefined where they are too many. */
async function edgesWhere(warehouse: Warehouse, condition: Sql): Promise<Edge[] | undefined> {
  const rows = await warehouse.rows<Edge>(
    sql`
    select ${COLUMNS}
    from ${table(IDENTITY_EDGES.name)} as edges
    where ${condition}
    order by edges.anonymous_id nulls first, edges.key_name nulls first, key_node nulls first
    limit ${raw(String(MOST_EDGES + 1))}`,
    'edges of identifiers',
  );
  return rows.length > MOST_EDGES ? undefined : rows;
}

/** All edges of the given values, every episode of them. */
export async function edgesOfValues(
  warehouse: Warehouse,
  keys: readonly { readonly name: string; readonly value: string }[],
): Promise<Edge[] | undefined> {
  if (keys.length === 0) return [];
  const byName = Map.groupBy(keys, ({ name }) => name);
  const conditions = [...byName].map(([name, values]) => {
    const isOne = isOneOf('edges.key_value', [...new Set(values.map(({ value }) => value))], warehouse);
    return sql`(edges.key_name = ${name} and ${isOne})`;
  });
  return edgesWhere(warehouse, sql`(${join(conditions, ' or ')})`);
}

/** All edges of the given visitors. */
export async function edgesOfVisitors(warehouse: Warehouse, anonymousIds: readonly string[]): Promise<Edge[] | undefined> {
  return anonymousIds.length === 0 ? [] : edgesWhere(warehouse, isOneOf('edges.anonymous_id', anonymousIds, warehouse));
}

/** The edges that make up persons. */
export async function usedEdgesOfPersons(warehouse: Warehouse, personIds: readonly string[]): Promise<Edge[] | undefined> {
  const isOne = warehouse.dialect.isIn(raw('identities.person_id'), sql`${arrayParam(personIds, 'STRING')}`);
  return edgesWhere(
    warehouse,
    sql`edges.verdict = 'used' and edges.anonymous_id in
      (select identities.anonymous_id from ${table(IDENTITIES.name)} as identities where ${isOne})`,
  );
}

/** A link with the nodes it leads from and to. */
export interface Hop {
  readonly from: Node;
  readonly to: Node;
  readonly link: Link;
}

/** Every edge in both directions. */
export function hopsOf(edges: readonly Edge[]): Hop[] {
  return edges.flatMap((edge) => {
    const link: Link = { kind: 'edge', edge };
    return [
      { from: visitorOf(edge), to: keyOf(edge), link },
      { from: keyOf(edge), to: visitorOf(edge), link },
    ];
  });
}

/** Links between the episodes of one value, in both directions. */
export function gapsOf(edges: readonly Edge[]): Hop[] {
  const episodes = edges.filter(({ episode_start: start }) => start !== null);
  return [...Map.groupBy(episodes, (edge) => JSON.stringify([edge.key_name, edge.key_value])).values()].flatMap((ofValue) => {
    const starts = [...new Map(ofValue.map((edge) => [edge.key_node, edge])).values()].toSorted(
      (a, b) => compare(a.episode_start!, b.episode_start!) || compare(a.key_node, b.key_node),
    );
    return starts.flatMap((one, i) =>
      starts.flatMap((other, j) => {
        if (i === j) return [];
        const [earlier, later] = i < j ? [one.key_node, other.key_node] : [other.key_node, one.key_node];
        return [{ from: keyOf(one), to: keyOf(other), link: { kind: 'gap', earlier, later } as const }];
      }),
    );
  });
}

/** All links from the given nodes, of refused edges and of other episodes, too; undefined where they are too many. */
export async function allHopsFrom(warehouse: Warehouse, nodes: readonly Node[]): Promise<Hop[] | undefined> {
  const ids = nodes.flatMap((node) => (node.kind === 'visitor' ? [node.anonymousId] : []));
  const ofVisitors = await edgesOfVisitors(warehouse, ids);
  const ofKeys = await edgesOfValues(
    warehouse,
    nodes.flatMap((node) => (node.kind === 'key' ? [node] : [])),
  );
  return ofVisitors && ofKeys && [...hopsOf(ofVisitors), ...hopsOf(ofKeys), ...gapsOf(ofKeys)];
}
