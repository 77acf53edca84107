import { type Sql, param, sql, table } from '../../warehouse/sql.ts';
import { SAME_STAGED_EDGE, isOpen } from './edges.ts';
import { IDENTITIES, IDENTITY_EDGES, STAGED_EDGES, STAGED_GATHERED, STAGED_IDENTITIES, STAGED_REFUSALS } from './tables.ts';

/** Ids that were of one person and are of another: query of (from_person_id, to_person_id, anonymous_ids). */
const MOVES = sql`
    select former.person_id as from_person_id, now.person_id as to_person_id, count(*) as anonymous_ids
    from ${table(IDENTITIES.name)} as former
    inner join ${table(STAGED_IDENTITIES.name)} as now on now.anonymous_id = former.anonymous_id
    where now.person_id <> former.person_id
    group by former.person_id, now.person_id`;

/** How many ids were of one person and are of another. */
export const COUNT_OF_MOVES = sql`select count(*) as moves from (${MOVES}) as moves`;

/**
 * Rows of identity_changes: what becomes of the persons when identities gets the rows of staged_identities. Before it
 * does. The edge of a merge is the first of the newly used ones that touches a former member, or a key that one holds;
 * that of a split is the first of the person's that is no longer used.
 */
export function ledgerRows(now: string): Sql {
  return sql`
    with moves as (${MOVES}
    ),
    members as (
      select former.anonymous_id, former.person_id as from_person_id, now.person_id as to_person_id
      from ${table(IDENTITIES.name)} as former
      inner join ${table(STAGED_IDENTITIES.name)} as now on now.anonymous_id = former.anonymous_id
    ),
    spread as (
      select from_person_id, count(distinct to_person_id) as persons from members group by from_person_id
    ),
    joined as (
      select to_person_id, count(distinct from_person_id) as persons from members group by to_person_id
    ),
    kinds as (
      select
        moves.from_person_id, moves.to_person_id, moves.anonymous_ids,
        case when spread.persons > 1 then 'split' when joined.persons > 1 then 'merged' else 'renamed' end as kind
      from moves
      inner join spread on spread.from_person_id = moves.from_person_id
      inner join joined on joined.to_person_id = moves.to_person_id
    ),
    used_edges as (
      select edges.edge_number, edges.anonymous_id, edges.key_name, edges.key_node, now.person_id
      from ${table(STAGED_EDGES.name)} as edges
      left join ${table(STAGED_REFUSALS.name)} as refusals on refusals.edge_number = edges.edge_number
      inner join ${table(STAGED_IDENTITIES.name)} as now on now.anonymous_id = edges.anonymous_id
      where ${isOpen('edges')} and refusals.edge_number is null
        and now.person_id in (select to_person_id from kinds where kind = 'merged')
    ),
    new_edges as (
      select used.edge_number, used.anonymous_id, used.key_name, used.key_node, used.person_id
      from used_edges as used
      left join ${table(IDENTITY_EDGES.name)} as former
        on former.anonymous_id = used.anonymous_id and former.key_name = used.key_name and former.key_node = used.key_node
          and former.verdict = 'used'
      where former.anonymous_id is null
    ),
    sides as (
      select new_edges.edge_number, new_edges.person_id as to_person_id, members.from_person_id
      from new_edges
      inner join members on members.anonymous_id = new_edges.anonymous_id
      union distinct
      select new_edges.edge_number, new_edges.person_id as to_person_id, members.from_person_id
      from new_edges
      inner join used_edges as others on others.key_name = new_edges.key_name and others.key_node = new_edges.key_node
      inner join members on members.anonymous_id = others.anonymous_id
    ),
    first_sides as (
      select from_person_id, to_person_id, min(edge_number) as edge_number from sides group by from_person_id, to_person_id
    ),
    joining_edges as (
      select
        first_sides.from_person_id, first_sides.to_person_id,
        gathered.anonymous_id, gathered.key_name, gathered.key_value, gathered.first_seen
      from first_sides
      inner join ${table(STAGED_EDGES.name)} as edges on edges.edge_number = first_sides.edge_number
      inner join ${table(STAGED_GATHERED.name)} as gathered on ${SAME_STAGED_EDGE}
    ),
    lost_edges as (
      select former.anonymous_id, former.key_name, former.key_value, former.first_seen, known.person_id as from_person_id
      from ${table(IDENTITY_EDGES.name)} as former
      inner join ${table(IDENTITIES.name)} as known on known.anonymous_id = former.anonymous_id
      left join ${table(STAGED_EDGES.name)} as edges
        on edges.anonymous_id = former.anonymous_id and edges.key_name = former.key_name and edges.key_node = former.key_node
      left join ${table(STAGED_REFUSALS.name)} as refusals on refusals.edge_number = edges.edge_number
      where former.verdict = 'used' and known.person_id in (select from_person_id from kinds where kind = 'split')
        and (edges.anonymous_id is null or not (${isOpen('edges')}) or refusals.edge_number is not null)
    ),
    parting_edges as (
      select from_person_id, anonymous_id, key_name, key_value, first_seen
      from lost_edges
      qualify row_number() over (
        partition by from_person_id
        order by first_seen nulls first, key_name nulls first, key_value nulls first, anonymous_id nulls first
      ) = 1
    )
    select
      cast(${param(now, 'TIMESTAMP')} as timestamp) as changed_at, kinds.kind, kinds.from_person_id, kinds.to_person_id, kinds.anonymous_ids,
      coalesce(joining.key_name, parting.key_name) as key_name,
      coalesce(joining.key_value, parting.key_value) as key_value,
      coalesce(joining.anonymous_id, parting.anonymous_id) as edge_anonymous_id,
      coalesce(joining.first_seen, parting.first_seen) as edge_first_seen
    from kinds
    left join joining_edges as joining
      on kinds.kind = 'merged' and joining.from_person_id = kinds.from_person_id and joining.to_person_id = kinds.to_person_id
    left join parting_edges as parting on kinds.kind = 'split' and parting.from_person_id = kinds.from_person_id`;
}
