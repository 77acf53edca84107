import type { Config } from '../../config/schema.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { exclusiveKeys } from './edges.ts';
import { WEAK_EMAIL_KEY } from './rules.ts';
import { STAGED_EDGES, STAGED_MEMBERS, STAGED_SUSPECTS } from './tables.ts';

/**
 * Clusters in which an edge may be refused: those with more ids than the cap, with two values of an exclusive key, or
 * with a hash of a link and another one. In all others every order of the edges ends the same: all are accepted. Reads
 * staged_members.
 */
export function suspectRows(config: Config): Sql {
  const exclusive = exclusiveKeys(config).map((name) => `'${name}'`);
  const conflicts = [
    sql`
      select cluster_number from edges
      where key_name = 'email_hash' and coalesce(reason, '') <> 'blocked_value'
      group by cluster_number
      having count(distinct key_value) > 1 and countif(rule = '${raw(WEAK_EMAIL_KEY)}' and reason is null) > 0`,
    ...(exclusive.length === 0
      ? []
      : [
          sql`
      select cluster_number from edges
      where key_name in (${raw(exclusive.join(', '))}) and reason is null
      group by cluster_number, key_name
      having count(distinct key_value) > 1`,
        ]),
  ];
  return sql`
    with edges as (
      select members.other_node as cluster_number, edges.key_name, edges.key_value, edges.rule, edges.reason
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
