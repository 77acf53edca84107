import { EVENT_ORIGINS } from '../../config/identity-keys.ts';
import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, arrayParam, join, param, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { EVENT_CHANGES } from '../events/tables.ts';
import { blockedRows } from './blocked.ts';
import { crmKeyRows, crmOrigins, eventKeyRows, visitorRows } from './evidence.ts';
import { CHANGED_BLOCKS, FORMER_OF_CLUSTERS, FORMER_OF_IDS, FORMER_OF_KEYS, SAME_EDGE } from './former.ts';
import { RULE_OF_LINK, differInGraph, linkRows, reasonBefore } from './links.ts';
import {
  IDENTITIES,
  IDENTITY_KEYS,
  STAGED_BLOCKED_VALUES,
  STAGED_CLUSTERS,
  STAGED_FORMER,
  STAGED_GATHERED,
  STAGED_KEYS,
  STAGED_LINKS,
  STAGED_LOST_KEYS,
  STAGED_TOUCHED_KEYS,
  STAGED_VISITORS,
} from './tables.ts';

const CONSUMER = 'identity';

/**
 * Stages what changed since the last run, without writing a published table:
 * - staged_visitors: visitors whose first event is another one, or who came or went;
 * - staged_keys and staged_lost_keys: evidence that may have come or changed, and evidence that went;
 * - staged_blocked_values: what is blocked now;
 * - staged_former_edges: the edges of all ids that these name;
 * - staged_touched_keys: identifiers whose edges may differ.
 */
export async function stageChanges(warehouse: Warehouse, config: Config, days: readonly string[]): Promise<void> {
  const { dialect } = warehouse;
  const scope = eventScope(dialect, days);
  await warehouse.append(STAGED_VISITORS, changedVisitors(dialect, days), 'identity: visitors');
  await warehouse.append(STAGED_KEYS, eventKeyRows(dialect, scope), 'identity: evidence');
  await warehouse.append(STAGED_LOST_KEYS, lostEventKeys(dialect, days), 'identity: evidence that went');
  const crm = crmKeyRows(dialect, config, VISITORS_NOW);
  if (crm) {
    const origins = raw(crmOrigins(config).map((name) => `'${name}'`).join(', ')); // prettier-ignore
    await warehouse.append(STAGED_KEYS, changedCrmKeys(crm, origins), 'identity: CRM evidence');
    await warehouse.append(STAGED_LOST_KEYS, lostCrmKeys(crm, origins), 'identity: CRM evidence that went');
  }
  await warehouse.append(STAGED_BLOCKED_VALUES, blockedRows(dialect, config), 'identity: blocked values');
  await warehouse.append(STAGED_FORMER, FORMER_OF_IDS, 'identity: former edges');
  await warehouse.append(STAGED_TOUCHED_KEYS, TOUCHED_KEYS, 'identity: touched keys');
}

/** Stages the edges of the touched keys, the clusters to decide anew, and all their edges. Reads the evidence as it is now. */
export async function gatherClusters(warehouse: Warehouse, config: Config): Promise<void> {
  await warehouse.append(STAGED_LINKS, linkRows(warehouse.dialect, config, 'touched'), 'identity: touched edges');
  await warehouse.append(STAGED_FORMER, FORMER_OF_KEYS, 'identity: former edges');
  await warehouse.append(STAGED_CLUSTERS, AFFECTED_CLUSTERS, 'identity: clusters');
  await warehouse.append(STAGED_FORMER, FORMER_OF_CLUSTERS, 'identity: former edges');
  await warehouse.append(STAGED_GATHERED, GATHERED_EDGES, 'identity: edges of the clusters');
}

/** Events of the visitor days in the queue; constants, so that no other partition is read. */
function eventScope(dialect: Dialect, days: readonly string[], only: Sql = raw('true')): Sql {
  if (days.length === 0) return raw('false');
  const day = dialect.localDate(raw('events.occurred_at'), 'UTC');
  const end = dialect.timestampAdd(sql`${param(`${days.at(-1)!}T00:00:00.000Z`, 'TIMESTAMP')}`, raw('1'), 'DAY');
  return sql`events.occurred_at >= ${param(`${days[0]!}T00:00:00.000Z`, 'TIMESTAMP')} and events.occurred_at < ${end}
        and ${dialect.isIn(day, sql`${arrayParam(days, 'DATE')}`)}
        and exists (
          select 1 from ${table(EVENT_CHANGES.name)} as changes
          where changes.consumer = ${CONSUMER} and changes.anonymous_id = events.anonymous_id and changes.day = ${day} and ${only}
        )`;
}

/** Visitors whose first event is another one. Where events only came, those that came decide; else all events of the visitor. */
function changedVisitors(dialect: Dialect, days: readonly string[]): Sql {
  const shrunk = sql`events.anonymous_id in (
          select anonymous_id from ${table(EVENT_CHANGES.name)} where consumer = ${CONSUMER} and has_removals
        )`;
  return sql`
    with queued as (
      select anonymous_id, max(if(has_removals, 1, 0)) as has_removals
      from ${table(EVENT_CHANGES.name)}
      where consumer = ${CONSUMER}
      group by anonymous_id
    ),
    came as (${visitorRows(eventScope(dialect, days))}
    ),
    recounted as (${visitorRows(shrunk)}
    ),
    known as (
      select anonymous_id, first_seen from ${table(IDENTITIES.name)} where has_events
    ),
    visitors as (
      select
        queued.anonymous_id, known.first_seen as former_first_seen,
        case
          when queued.has_removals = 1 then recounted.first_seen
          when known.first_seen is null or came.first_seen < known.first_seen then came.first_seen
          else known.first_seen
        end as first_seen
      from queued
      left join came on came.anonymous_id = queued.anonymous_id
      left join recounted on recounted.anonymous_id = queued.anonymous_id
      left join known on known.anonymous_id = queued.anonymous_id
    )
    select anonymous_id, first_seen
    from visitors
    where first_seen <> former_first_seen or (first_seen is null) <> (former_first_seen is null)`;
}

/** First events of all visitors, as they are now: query of (anonymous_id, first_seen). */
const VISITORS_NOW = sql`
      select known.anonymous_id, known.first_seen
      from ${table(IDENTITIES.name)} as known
      left join ${table(STAGED_VISITORS.name)} as changed on changed.anonymous_id = known.anonymous_id
      where known.has_events and changed.anonymous_id is null
      union all
      select anonymous_id, first_seen from ${table(STAGED_VISITORS.name)} where first_seen is not null`;

/** Ids of the clusters to decide anew that the site saw, with their first event. */
export const MEMBERS_NOW = sql`
      select known.anonymous_id, known.first_seen
      from ${table(IDENTITIES.name)} as known
      inner join ${table(STAGED_CLUSTERS.name)} as clusters on clusters.cluster_id = known.cluster_id
      left join ${table(STAGED_VISITORS.name)} as changed on changed.anonymous_id = known.anonymous_id
      where known.has_events and changed.anonymous_id is null
      union all
      select anonymous_id, first_seen from ${table(STAGED_VISITORS.name)} where first_seen is not null`;

const sameKey = (target: typeof IDENTITY_KEYS, left: string, right: string): Sql =>
  join(
    target.key.map((column) => raw(`${left}.${column} = ${right}.${column}`)),
    ' and ',
  );
const keyColumns = (alias: string): Sql => raw(IDENTITY_KEYS.columns.map(({ name }) => `${alias}.${name}`).join(', '));

function lostEventKeys(dialect: Dialect, days: readonly string[]): Sql {
  const origins = raw(EVENT_ORIGINS.map((name) => `'${name}'`).join(', '));
  return sql`
    select ${keyColumns('former')}
    from ${table(IDENTITY_KEYS.name)} as former
    inner join ${table(EVENT_CHANGES.name)} as changes
      on changes.consumer = ${CONSUMER} and changes.anonymous_id = former.anonymous_id and changes.day = former.day
    left join ${table(STAGED_KEYS.name)} as found on ${sameKey(IDENTITY_KEYS, 'found', 'former')}
    where ${dialect.isIn(raw('former.day'), sql`${arrayParam(days, 'DATE')}`)} and former.origin in (${origins}) and found.anonymous_id is null`;
}

const CHANGED = raw('former.anonymous_id is null or former.first_seen <> found.first_seen or former.last_seen <> found.last_seen');

function changedCrmKeys(crm: Sql, origins: Sql): Sql {
  return sql`
    select ${keyColumns('found')}
    from (${crm}
    ) as found
    left join ${table(IDENTITY_KEYS.name)} as former on former.origin in (${origins}) and ${sameKey(IDENTITY_KEYS, 'former', 'found')}
    where ${CHANGED}`;
}

function lostCrmKeys(crm: Sql, origins: Sql): Sql {
  return sql`
    select ${keyColumns('former')}
    from ${table(IDENTITY_KEYS.name)} as former
    left join (${crm}
    ) as found on ${sameKey(IDENTITY_KEYS, 'found', 'former')}
    where former.origin in (${origins}) and found.anonymous_id is null`;
}

/**
 * Identifiers whose edges may differ: those of evidence that came, changed or went; what is blocked or free since; and
 * all identifiers of visitors with another e-mail hash or user id, because their device may now be a shared one.
 */
const TOUCHED_KEYS = sql`
    with changed_evidence as (
      select found.anonymous_id, found.key_name, found.key_value
      from ${table(STAGED_KEYS.name)} as found
      left join ${table(IDENTITY_KEYS.name)} as former on ${sameKey(IDENTITY_KEYS, 'former', 'found')}
      where ${CHANGED}
      union all
      select anonymous_id, key_name, key_value from ${table(STAGED_LOST_KEYS.name)}
    ),
    ${CHANGED_BLOCKS},
    changed_devices as (
      select evidence.anonymous_id
      from changed_evidence as evidence
      left join ${table(STAGED_FORMER.name)} as edges
        on edges.anonymous_id = evidence.anonymous_id and edges.key_name = evidence.key_name and edges.key_value = evidence.key_value
      where evidence.key_name in ('email_hash', 'user_id') and edges.anonymous_id is null
      union all
      select anonymous_id from ${table(STAGED_LOST_KEYS.name)} where key_name in ('email_hash', 'user_id')
      union all
      select edges.anonymous_id
      from ${table(STAGED_FORMER.name)} as edges
      inner join changed_blocks on changed_blocks.key_name = edges.key_name and changed_blocks.key_value = edges.key_value
    )
    select key_name, key_value from changed_evidence
    union distinct
    select key_name, key_value from changed_blocks
    union distinct
    select edges.key_name, edges.key_value
    from ${table(STAGED_FORMER.name)} as edges
    inner join (select distinct anonymous_id from changed_devices) as devices on devices.anonymous_id = edges.anonymous_id`;

/**
 * Clusters that a changed edge or a changed visitor touches: of its anonymous id, of its key and, where it went, of the
 * edge itself. No verdict in another cluster can differ.
 */
const AFFECTED_CLUSTERS = sql`
    with changed_edges as (
      select found.anonymous_id, found.key_name, found.key_node
      from ${table(STAGED_LINKS.name)} as found
      left join ${table(STAGED_FORMER.name)} as former on ${SAME_EDGE}
      where former.anonymous_id is null or ${differInGraph('found', 'former')}
    ),
    changed_ids as (
      select anonymous_id from changed_edges
      union distinct
      select anonymous_id from ${table(STAGED_VISITORS.name)}
    ),
    changed_nodes as (
      select distinct key_name, key_node from changed_edges
    ),
    clusters as (
      select former.cluster_id
      from ${table(STAGED_FORMER.name)} as former
      inner join ${table(STAGED_TOUCHED_KEYS.name)} as touched on touched.key_name = former.key_name and touched.key_value = former.key_value
      left join ${table(STAGED_LINKS.name)} as found on ${SAME_EDGE}
      where found.anonymous_id is null
      union all
      select former.cluster_id
      from ${table(STAGED_FORMER.name)} as former
      inner join changed_nodes on changed_nodes.key_name = former.key_name and changed_nodes.key_node = former.key_node
      where ${reasonBefore('former')} is null
      union all
      select former.cluster_id
      from ${table(STAGED_FORMER.name)} as former
      inner join changed_ids on changed_ids.anonymous_id = former.anonymous_id
      union all
      select known.cluster_id
      from ${table(IDENTITIES.name)} as known
      inner join changed_ids on changed_ids.anonymous_id = known.anonymous_id
    )
    select distinct cluster_id from clusters where cluster_id is not null`;

/** All edges of the affected clusters as they are now, the changed ones and those that were refused included. */
const GATHERED_EDGES = sql`
    select
      found.anonymous_id, found.key_name, found.key_value, found.key_node, found.episode_start, found.rule, found.origin,
      found.first_seen, found.last_seen, found.reason
    from ${table(STAGED_LINKS.name)} as found
    left join ${table(STAGED_FORMER.name)} as former on ${SAME_EDGE}
    left join ${table(STAGED_CLUSTERS.name)} as clusters on clusters.cluster_id = former.cluster_id
    where former.anonymous_id is null or clusters.cluster_id is not null
    union all
    select
      former.anonymous_id, former.key_name, former.key_value, former.key_node, former.episode_start, former.rule, former.origin,
      former.first_seen, former.last_seen, former.reason
    from (
      select
        edges.anonymous_id, edges.key_name, edges.key_value, edges.key_node, edges.episode_start, ${RULE_OF_LINK} as rule, edges.origin,
        edges.first_seen, edges.last_seen, ${reasonBefore('edges')} as reason
      from ${table(STAGED_FORMER.name)} as edges
      inner join ${table(STAGED_CLUSTERS.name)} as clusters on clusters.cluster_id = edges.cluster_id
    ) as former
    left join ${table(STAGED_TOUCHED_KEYS.name)} as touched on touched.key_name = former.key_name and touched.key_value = former.key_value
    where touched.key_name is null`;
