import { raw, sql, table } from '../../warehouse/sql.ts';
import {
  IDENTITY_BLOCKED_VALUES,
  IDENTITY_EDGES,
  STAGED_BLOCKED_VALUES,
  STAGED_CLUSTERS,
  STAGED_FORMER,
  STAGED_KEYS,
  STAGED_LOST_KEYS,
  STAGED_TOUCHED_KEYS,
  STAGED_VISITORS,
} from './tables.ts';

// identity_edges has millions of rows, a night asks many things of few of them: it is read three times, to stage those.

/** What is blocked or free since the last run: CTE `changed_blocks`. */
export const CHANGED_BLOCKS = sql`changed_blocks as (
      select coalesce(found.key_name, former.key_name) as key_name, coalesce(found.key_value, former.key_value) as key_value
      from ${table(STAGED_BLOCKED_VALUES.name)} as found
      full join ${table(IDENTITY_BLOCKED_VALUES.name)} as former on former.key_name = found.key_name and former.key_value = found.key_value
      where found.key_name is null or former.key_name is null
    )`;

/** Whether `former` and `found` are one edge. */
export const SAME_EDGE = raw(
  'former.anonymous_id = found.anonymous_id and former.key_name = found.key_name and former.key_node = found.key_node',
);

const FORMER_COLUMNS = raw(IDENTITY_EDGES.columns.map(({ name }) => `found.${name}`).join(', '));

/**
 * The former edges of every id that may get or lose one, or whose first event is another one. An id that gets an edge
 * without being among these (its episode begins at another time) had one of the same identifier.
 */
export const FORMER_OF_IDS = sql`
    with ${CHANGED_BLOCKS},
    evidence as (
      select anonymous_id, key_name, key_value from ${table(STAGED_KEYS.name)}
      union all
      select anonymous_id, key_name, key_value from ${table(STAGED_LOST_KEYS.name)}
    ),
    ids as (
      select anonymous_id from evidence
      union distinct
      select key_value as anonymous_id from evidence where key_name = 'previous_id'
      union distinct
      select anonymous_id from ${table(STAGED_VISITORS.name)}
      union distinct
      select edges.anonymous_id
      from ${table(IDENTITY_EDGES.name)} as edges
      inner join changed_blocks on changed_blocks.key_name = edges.key_name and changed_blocks.key_value = edges.key_value
    )
    select ${FORMER_COLUMNS}
    from ${table(IDENTITY_EDGES.name)} as found
    inner join ids on ids.anonymous_id = found.anonymous_id`;

/** Former edges of the touched identifiers that are not staged yet. */
export const FORMER_OF_KEYS = sql`
    select ${FORMER_COLUMNS}
    from ${table(IDENTITY_EDGES.name)} as found
    inner join ${table(STAGED_TOUCHED_KEYS.name)} as touched on touched.key_name = found.key_name and touched.key_value = found.key_value
    left join ${table(STAGED_FORMER.name)} as former on ${SAME_EDGE}
    where former.anonymous_id is null`;

/** Former edges of the clusters to decide anew that are not staged yet. */
export const FORMER_OF_CLUSTERS = sql`
    select ${FORMER_COLUMNS}
    from ${table(IDENTITY_EDGES.name)} as found
    inner join ${table(STAGED_CLUSTERS.name)} as clusters on clusters.cluster_id = found.cluster_id
    left join ${table(STAGED_FORMER.name)} as former on ${SAME_EDGE}
    where former.anonymous_id is null`;
