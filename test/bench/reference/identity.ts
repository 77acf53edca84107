/** What the references read: the edges with their ends as texts. */
export const EDGES = `create or replace table reference_edges as
  select 'a' || anonymous_id as id, key_name || ' ' || key_value as key, first_seen from identity_edges`;

/** Dictionary-encoding: every end of an edge gets an integer, ordered by when it was first seen, and every edge both of its ends'. */
export const ENCODE: readonly string[] = [
  `create or replace table reference_nodes as
  select text, cast(row_number() over (order by first_seen, text) - 1 as integer) as number
  from (
    select text, min(first_seen) as first_seen
    from (select id as text, first_seen from reference_edges union all select key as text, first_seen from reference_edges)
    group by text
  )`,
  `create or replace table reference_encoded as
  select ids.number as id, keys.number as key
  from reference_edges
  inner join reference_nodes as ids on ids.text = reference_edges.id
  inner join reference_nodes as keys on keys.text = reference_edges.key`,
];

/** Both directions of the encoded edges, and every node labelled by itself. */
export const START_LABELS: readonly string[] = [
  `create or replace table reference_arcs as
  select id as node, key as neighbour from reference_encoded union all select key, id from reference_encoded`,
  'create or replace table reference_labels as select number as node, number as label from reference_nodes',
];

/** One round of min-label propagation; done once no label falls. */
export const SPREAD_LABELS = `create or replace table reference_next as
  select labels.node, least(labels.label, coalesce(min(neighbours.label), labels.label)) as label
  from reference_labels as labels
  left join reference_arcs as arcs on arcs.node = labels.node
  left join reference_labels as neighbours on neighbours.node = arcs.neighbour
  group by labels.node, labels.label`;
export const LABELS_FELL =
  'select count(*) as fallen from reference_labels as labels inner join reference_next as next using (node) where next.label < labels.label';
export const KEEP_LABELS = 'create or replace table reference_labels as select * from reference_next';

/** The same as one recursive query with a keyed result. */
export const KEYED_RECURSION = `create or replace table reference_recursive as
  with recursive labels(node, label) using key (node) as (
    select node, label from reference_labels
    union
    select arcs.node, min(spreading.label)
    from labels as spreading
    inner join reference_arcs as arcs on arcs.neighbour = spreading.node
    inner join recurring.labels as known on known.node = arcs.node
    where spreading.label < known.label
    group by arcs.node
  )
  select node, label from labels`;
