import type { Config } from '../../config/schema.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { exclusiveKeys, isOpen } from './edges.ts';
import { STAGED_EDGES, STAGED_MEMBERS, STAGED_SUSPECTS } from './tables.ts';
import { EdgeKind, KIND_MASK } from './union-find.ts';

/**
 * Clusters in which an edge may be refused: those with more ids than the cap, with two keys that are exclusive, or with a
 * hash of a link and another one. In all others every order of the edges ends the same: all are accepted. Reads
 * staged_members.
 */
export function suspectRows(config: Config): Sql {
  const exclusive = exclusiveKeys(config).map((name) => `'${name}'`);
  const conflicts = [
    sql`
      select cluster_number from edges
      where kind = ${raw(String(EdgeKind.submittedEmail))} or (kind = ${raw(String(EdgeKind.linkedEmail))} and is_open)
      group by cluster_number
      having count(distinct key_number) > 1 and countif(kind = ${raw(String(EdgeKind.linkedEmail))}) > 0`,
    ...(exclusive.length === 0
      ? []
      : [
          sql`
      select cluster_number from edges
      where key_name in (${raw(exclusive.join(', '))}) and is_open
      group by cluster_number, key_name
      having count(distinct key_number) > 1`,
        ]),
  ];
  return sql`
    with edges as (
      select
        members.other_node as cluster_number, edges.key_name, edges.key_number,
        (edges.flags & ${raw(String(KIND_MASK))}) as kind, ${isOpen('edges')} as is_open
      from ${table(STAGED_EDGES.name)} as edges
      inner join ${table(STAGED_MEMBERS.name)} as members on members.node = edges.anonymous_number
    )
    select other_node as cluster_number
    from ${table(STAGED_MEMBERS.name)}
    group by other_node
    having count(*) > ${config.identity.maximumComponentSize}
    union distinct${join(conflicts, '\n    union distinct')}`;
}

/**
 * The edges of the suspects, with numbers of their own that have no gaps: query of (place, anonymous_place, key_place,
 * flags, edge_number, anonymous_number, key_number).
 */
export const SUSPECTED_EDGES = sql`
    select
      row_number() over (order by edges.edge_number nulls first) - 1 as place,
      dense_rank() over (order by edges.anonymous_number nulls first) - 1 as anonymous_place,
      dense_rank() over (order by edges.key_number nulls first) - 1 as key_place,
      edges.flags, edges.edge_number, edges.anonymous_number, edges.key_number
    from ${table(STAGED_EDGES.name)} as edges
    inner join ${table(STAGED_MEMBERS.name)} as members on members.node = edges.anonymous_number
    inner join ${table(STAGED_SUSPECTS.name)} as suspects on suspects.cluster_number = members.other_node`;

/** Rows of staged_roots of the other clusters: all of their edges are accepted. */
export const ACCEPTED_ROOTS = sql`
    select members.node as anonymous_number, members.other_node as person_number, members.other_node as cluster_number
    from ${table(STAGED_MEMBERS.name)} as members
    left join ${table(STAGED_SUSPECTS.name)} as suspects on suspects.cluster_number = members.other_node
    where members.node <> members.other_node and suspects.cluster_number is null`;
