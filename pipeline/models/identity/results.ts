import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { verdictRows } from './edges.ts';
import { SAME_EDGE } from './former.ts';
import {
  IDENTITIES,
  IDENTITY_EDGES,
  STAGED_CLUSTERS,
  STAGED_FORMER,
  STAGED_IDENTITIES,
  STAGED_LINKS,
  STAGED_LOST_EDGES,
  STAGED_LOST_IDENTITIES,
  STAGED_PERSONS,
  STAGED_TOUCHED_KEYS,
  STAGED_VERDICTS,
  STAGED_VISITORS,
} from './tables.ts';

/** Touched edges of other clusters: only when or where they were seen last differs, their verdict stays. */
const KEPT_VERDICTS = sql`
    select
      found.anonymous_id, found.key_name, found.key_value, found.key_node, found.episode_start, former.tier, found.origin,
      found.first_seen, found.last_seen, former.verdict, former.reason, former.cluster_id
    from ${table(STAGED_LINKS.name)} as found
    inner join ${table(STAGED_FORMER.name)} as former on ${SAME_EDGE}
    left join ${table(STAGED_CLUSTERS.name)} as clusters on clusters.cluster_id = former.cluster_id
    where clusters.cluster_id is null`;

/** Keys of edges that are no more: their evidence went, or their episode begins at another time. */
const LOST_EDGES = sql`
    select former.anonymous_id, former.key_name, former.key_node
    from ${table(STAGED_FORMER.name)} as former
    inner join ${table(STAGED_TOUCHED_KEYS.name)} as touched on touched.key_name = former.key_name and touched.key_value = former.key_value
    left join ${table(STAGED_LINKS.name)} as found on ${SAME_EDGE}
    where found.anonymous_id is null`;

/** Ids of the clusters found anew that nobody names any more, or whose person nobody saw. */
const LOST_IDENTITIES = sql`
    select former.anonymous_id
    from ${table(IDENTITIES.name)} as former
    left join ${table(STAGED_CLUSTERS.name)} as clusters on clusters.cluster_id = former.cluster_id
    left join ${table(STAGED_VISITORS.name)} as visitors on visitors.anonymous_id = former.anonymous_id
    left join ${table(STAGED_IDENTITIES.name)} as found on found.anonymous_id = former.anonymous_id
    where (clusters.cluster_id is not null or visitors.anonymous_id is not null) and found.anonymous_id is null`;

/** Rows of identity_edges that came or changed. */
function changedVerdicts(dialect: Dialect, config: Config): Sql {
  const others = IDENTITY_EDGES.columns.filter(({ name }) => !IDENTITY_EDGES.key.includes(name));
  const differs = others.map(({ name, type }) => dialect.differs(raw(`former.${name}`), raw(`found.${name}`), type, false));
  return sql`
    select ${raw(IDENTITY_EDGES.columns.map(({ name }) => `found.${name}`).join(', '))}
    from (${verdictRows(dialect, config)}
    union all${KEPT_VERDICTS}
    ) as found
    left join ${table(STAGED_FORMER.name)} as former on ${SAME_EDGE}
    where former.anonymous_id is null or ${join(differs, ' or ')}`;
}

/**
 * Persons whose identifiers may differ: those that an id came to or left, and those of ids with an edge that came,
 * changed or went. Before identities is written.
 */
const CHANGED_PERSONS = sql`
    with changed_ids as (
      select anonymous_id from ${table(STAGED_VERDICTS.name)}
      union distinct
      select anonymous_id from ${table(STAGED_LOST_EDGES.name)}
      union distinct
      select anonymous_id from ${table(STAGED_LOST_IDENTITIES.name)}
      union distinct
      select found.anonymous_id
      from ${table(STAGED_IDENTITIES.name)} as found
      left join ${table(IDENTITIES.name)} as former on former.anonymous_id = found.anonymous_id
      where former.anonymous_id is null or former.person_id <> found.person_id
    )
    select former.person_id
    from ${table(IDENTITIES.name)} as former
    inner join changed_ids on changed_ids.anonymous_id = former.anonymous_id
    union distinct
    select found.person_id
    from ${table(STAGED_IDENTITIES.name)} as found
    inner join changed_ids on changed_ids.anonymous_id = found.anonymous_id`;

/** Stages what the published tables shall hold otherwise, before one of them is written. @returns how many edges and ids go. */
export async function stageResults(warehouse: Warehouse, config: Config): Promise<{ lostEdges: number; lostIdentities: number }> {
  await warehouse.append(STAGED_VERDICTS, changedVerdicts(warehouse.dialect, config), 'identity: verdicts');
  const edges = await warehouse.append(STAGED_LOST_EDGES, LOST_EDGES, 'identity: edges that went');
  const identities = await warehouse.append(STAGED_LOST_IDENTITIES, LOST_IDENTITIES, 'identity: ids that went');
  await warehouse.append(STAGED_PERSONS, CHANGED_PERSONS, 'identity: persons with other identifiers');
  return { lostEdges: edges.inserted, lostIdentities: identities.inserted };
}
