import { UserError } from '../../config/user-error.ts';
import { raw, sql, table } from '../../warehouse/sql.ts';
import type { Row, Warehouse } from '../../warehouse/warehouse.ts';
import type { Step } from '../step.ts';
import { edgeRows, identityRows, verdictRows } from './edges.ts';
import { identityKeyRows } from './evidence.ts';
import { keyRules } from './rules.ts';
import { IDENTITIES, IDENTITY_EDGES, IDENTITY_KEYS, STAGED_EDGES, STAGED_MERGES, STAGED_REFUSALS, USER_IDENTITIES } from './tables.ts';
import { ConstrainedUnionFind, EdgeKind } from './union-find.ts';

/**
 * events and CRM sources → identity_keys → identity_edges → identities → user_identities.
 *
 * SQL finds the edges and codes them as integers; they stream through a union-find, and what it decided (refused edges,
 * merged ids) is loaded back and joined.
 */
export const identity: Step = async ({ warehouse, config }) => {
  const { dialect } = warehouse;
  const keys = await warehouse.merge(IDENTITY_KEYS, identityKeyRows(dialect, config), { deleteUnmatched: true, label: 'identity keys' });
  await warehouse.load(STAGED_EDGES, [], { replace: true, label: 'identity edges' });
  await warehouse.append(STAGED_EDGES, edgeRows(dialect, config), 'identity edges');
  await decide(warehouse, config.identity.maximumComponentSize, [...keyRules(config).values()].filter((rule) => rule.exclusive).length);
  const edges = await warehouse.merge(IDENTITY_EDGES, verdictRows(), { deleteUnmatched: true, label: 'identity edges' });
  const identities = await warehouse.merge(IDENTITIES, identityRows(dialect), { deleteUnmatched: true, label: 'identities' });
  await refuseCollisions(warehouse);
  const users = await warehouse.merge(USER_IDENTITIES, userIdentityRows, { deleteUnmatched: true, label: 'user identities' });
  return {
    changes: { identity_keys: keys, identity_edges: edges, identities, user_identities: users },
    warnings: await refusalWarnings(warehouse),
  };
};

/** Streams the staged edges through the union-find; fills staged_refusals and staged_merges. */
async function decide(warehouse: Warehouse, maximumSize: number, exclusiveKeys: number): Promise<void> {
  const [counts] = await warehouse.rows<{ anonymous_ids: number; keys: number }>(
    sql`select coalesce(max(anonymous_number) + 1, 0) as anonymous_ids, coalesce(max(key_number) + 1, 0) as keys from ${table(STAGED_EDGES.name)}`,
    'identity graph size',
  );
  const { anonymous_ids: anonymousIds, keys } = counts!;
  const graph = new ConstrainedUnionFind({ anonymousIds, keys, exclusiveKeys, maximumSize });
  const refusals: Row[] = [];
  const ordered = sql`
    select edge_number, anonymous_number, key_number, kind, exclusive_group, if(reason is null, 0, 1) as is_refused
    from ${table(STAGED_EDGES.name)}
    order by edge_number nulls first`;
  for await (const columns of warehouse.batches(ordered, 'identity graph')) {
    const [edgeNumbers, anonymousNumbers, keyNumbers, kinds, exclusiveGroups, refused] = columns as readonly (readonly number[])[];
    for (let i = 0; i < edgeNumbers!.length; i++) {
      const anonymousId = anonymousNumbers![i]!;
      const key = anonymousIds + keyNumbers![i]!;
      const kind = kinds![i]! as EdgeKind;
      if (kind === EdgeKind.submittedEmail) graph.noteSubmitted(anonymousId, key);
      if (refused![i] === 1) continue;
      if (exclusiveGroups![i]! >= 0) graph.declareExclusive(key, exclusiveGroups![i]!);
      const verdict = graph.join(anonymousId, key, kind);
      if (verdict !== 'used') refusals.push({ edge_number: edgeNumbers![i]!, reason: verdict });
    }
  }
  await warehouse.load(STAGED_REFUSALS, refusals, { replace: true, label: 'identity refusals' });
  await warehouse.load(STAGED_MERGES, mergeRows(graph), { replace: true, label: 'identity merges' });
}

function* mergeRows(graph: ConstrainedUnionFind): Generator<Row> {
  for (const { node, root } of graph.merges()) yield { anonymous_number: node, root_number: root };
}

const userIdentityRows = sql`
  select
    identities.person_id, edges.key_name, edges.key_value,
    min(edges.first_seen) as first_seen,
    max(edges.last_seen) as last_seen
  from ${table(IDENTITY_EDGES.name)} as edges
  inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = edges.anonymous_id
  where edges.verdict = 'used'
  group by identities.person_id, edges.key_name, edges.key_value`;

/** Two persons with one key would be counted as one. */
async function refuseCollisions(warehouse: Warehouse): Promise<void> {
  const [collision] = await warehouse.rows<{ person_key: number; first_person: string; last_person: string }>(
    sql`
      select person_key, min(person_id) as first_person, max(person_id) as last_person
      from ${table(IDENTITIES.name)}
      group by person_key
      having min(person_id) <> max(person_id)
      order by person_key nulls first
      limit 1`,
    'person keys',
  );
  if (!collision) return;
  throw new UserError(
    `identity: the persons "${collision.first_person}" and "${collision.last_person}" have the same person_key ${collision.person_key}: ` +
      'their hashes begin alike, so that reports would count them as one. Please report this; nothing was published.',
  );
}

const REFUSALS: Readonly<Record<string, (edges: number) => string>> = {
  shared_key: (edges) => `${edges} edges of identifiers that are shared by more visitors than their cap link nobody`,
  shared_device: (edges) => `${edges} edges of shared devices (more than 3 e-mail addresses or user ids) link nobody`,
  size_cap: (edges) => `${edges} edges were refused because a person would have grown beyond identity.maximumComponentSize`,
};

async function refusalWarnings(warehouse: Warehouse): Promise<string[]> {
  const counts = await warehouse.rows<{ reason: string; edges: number }>(
    sql`select reason, count(*) as edges from ${table(IDENTITY_EDGES.name)} where reason is not null group by reason order by ${raw('reason')} nulls first`,
    'identity refusals',
  );
  return counts.flatMap(({ reason, edges }) => (REFUSALS[reason] ? [`identity: ${REFUSALS[reason](edges)}`] : []));
}
