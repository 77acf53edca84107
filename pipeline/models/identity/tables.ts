import { nullable, required } from '../../warehouse/columns.ts';
import { type TableDefinition, keysOf } from '../../warehouse/warehouse.ts';

const ANONYMOUS_ID = required('anonymous_id', 'STRING', 'The visitor id of one browser.');
const KEY_NAME = required('key_name', 'STRING', 'Name of the identifier: a built-in key or the name of a CRM id.');
const KEY_VALUE = required(
  'key_value',
  'STRING',
  'Value of the identifier; of click_id `name=value`, of ip_hash `key id:hash`, of previous_id the earlier anonymous_id.',
);

export const IDENTITY_KEYS: TableDefinition = {
  name: 'identity_keys',
  description: 'Which identifiers each anonymous_id was seen with, by day: the evidence of the identity graph.',
  columns: [
    ANONYMOUS_ID,
    KEY_NAME,
    KEY_VALUE,
    required('origin', 'STRING', 'form, identify, url, server, event or the name of the CRM source.'),
    required('day', 'DATE', 'Day of the observation, UTC.'),
    required('first_seen', 'TIMESTAMP', 'First observation of the day.'),
    required('last_seen', 'TIMESTAMP', 'Last observation of the day.'),
  ],
  key: ['anonymous_id', 'key_name', 'key_value', 'origin', 'day'],
  partitionBy: 'day',
  clusterBy: ['key_name', 'key_value'],
};

/** Nullable columns of the published tables: a table of an earlier version has no values in them until the first rebuild. */
export const IDENTITY_EDGES: TableDefinition = {
  name: 'identity_edges',
  description: 'Edges between an anonymous_id and an identifier, with the verdict of the graph.',
  columns: [
    ANONYMOUS_ID,
    KEY_NAME,
    KEY_VALUE,
    nullable('key_node', 'STRING', 'The value; of a key with a window the value, `@` and the start of the episode in microseconds.'),
    nullable('episode_start', 'TIMESTAMP', 'Of a key with a window: first observation of the episode, by whomever; else NULL.'),
    required('tier', 'STRING', 'deterministic, weak or probabilistic.'),
    required('origin', 'STRING', 'Strongest origin of the evidence.'),
    required('first_seen', 'TIMESTAMP', 'First observation.'),
    required('last_seen', 'TIMESTAMP', 'Last observation.'),
    required('verdict', 'STRING', 'used or refused.'),
    nullable('reason', 'STRING', 'Why it was refused: blocked_value, shared_device, shared_key, conflicting_key or size_cap.'),
    nullable(
      'cluster_id',
      'STRING',
      'All that could be joined without refusals: no verdict depends on another cluster. Its earliest-seen id.',
    ),
  ],
  key: ['anonymous_id', 'key_name', 'key_node'],
  clusterBy: ['key_name', 'key_value'],
};

export const IDENTITIES: TableDefinition = {
  name: 'identities',
  description: 'The person behind each anonymous_id.',
  columns: [
    ANONYMOUS_ID,
    required('person_id', 'STRING', 'The earliest-seen anonymous_id of the component (then the smallest).'),
    required('person_key', 'INT64', 'First 60 bits of the SHA-256 of person_id: the person as an integer, for joins and distinct counts.'),
    required('first_seen', 'TIMESTAMP', 'First event of the anonymous_id; where the site never saw it, its first evidence.'),
    nullable('has_events', 'BOOL', 'Whether the site saw it; else only a CRM or a former id names it.'),
    nullable('cluster_id', 'STRING', 'As in identity_edges.'),
  ],
  key: ['anonymous_id'],
  clusterBy: ['person_id'],
};

export const USER_IDENTITIES: TableDefinition = {
  name: 'user_identities',
  description: 'All identifiers known of a person, over every system.',
  columns: [
    required('person_id', 'STRING', 'The person.'),
    KEY_NAME,
    KEY_VALUE,
    required('first_seen', 'TIMESTAMP', 'First observation.'),
    required('last_seen', 'TIMESTAMP', 'Last observation.'),
  ],
  key: ['person_id', 'key_name', 'key_value'],
};

export const IDENTITY_CHANGES: TableDefinition = {
  name: 'identity_changes',
  description: 'Ledger: what became of persons whose ids changed hands, one row per former and new person of a run.',
  columns: [
    required('changed_at', 'TIMESTAMP', 'The run that found it.'),
    required(
      'kind',
      'STRING',
      'merged (into a person that others joined too), split (part of it left) or renamed (same ids, another first one).',
    ),
    required('from_person_id', 'STRING', 'The person before.'),
    required('to_person_id', 'STRING', 'The person now.'),
    required('anonymous_ids', 'INT64', 'How many ids went over.'),
    nullable('key_name', 'STRING', 'Name of the identifier whose edge brought it about: of a merge newly used, of a split no longer.'),
    nullable('key_value', 'STRING', 'Its value.'),
    nullable('edge_anonymous_id', 'STRING', 'The anonymous_id of that edge.'),
    nullable('edge_first_seen', 'TIMESTAMP', 'First observation of that edge.'),
  ],
  key: ['changed_at', 'from_person_id', 'to_person_id'],
};

/** Who reads {@link PERSON_CHANGES}. */
export const PERSON_CONSUMERS = ['conversions', 'reports'] as const;
export type PersonConsumer = (typeof PERSON_CONSUMERS)[number];

export const PERSON_CHANGES: TableDefinition = {
  name: 'person_changes',
  description:
    'Persons whose ids or identifiers changed since a model last read them: written before identities is, deleted by the model once it is up to date.',
  columns: [
    required('consumer', 'STRING', 'The model that has yet to read them: conversions or reports.'),
    required('person_id', 'STRING', 'The person, before or after; * for all, after a rebuild.'),
  ],
  key: ['consumer', 'person_id'],
};

/** What may never link, besides the words of `blocked.ts`: kept, so that a night finds what is blocked since the last one. */
export const IDENTITY_BLOCKED_VALUES: TableDefinition = {
  name: 'identity_blocked_values',
  description: 'Values of identifiers that link nobody: role mailboxes, test addresses, and those of the config.',
  columns: [KEY_NAME, KEY_VALUE],
  key: ['key_name', 'key_value'],
};

export const STAGED_IP_HASHES: TableDefinition = {
  name: 'staged_ip_hashes',
  description: 'Addresses of CRM rows and of the config with their hash; empty outside of a run.',
  columns: [required('address', 'STRING', 'As it is written.'), required('ip_hash', 'STRING', 'Key id, `:`, hash.')],
  key: ['address'],
};

export const STAGED_VISITORS: TableDefinition = {
  name: 'staged_visitors',
  description: 'Visitors whose events changed, with their first event now.',
  columns: [ANONYMOUS_ID, nullable('first_seen', 'TIMESTAMP', 'First event; NULL where none is left.')],
  key: ['anonymous_id'],
};

export const STAGED_KEYS: TableDefinition = { ...IDENTITY_KEYS, name: 'staged_keys', description: 'Evidence that came or changed.' };

export const STAGED_LOST_KEYS: TableDefinition = { ...IDENTITY_KEYS, name: 'staged_lost_keys', description: 'Evidence that went.' };

export const STAGED_BLOCKED_VALUES: TableDefinition = {
  ...IDENTITY_BLOCKED_VALUES,
  name: 'staged_blocked_values',
  description: 'What is blocked now.',
};

export const STAGED_TOUCHED_KEYS: TableDefinition = {
  name: 'staged_touched_keys',
  description: 'Identifiers whose edges are found anew.',
  columns: [KEY_NAME, KEY_VALUE],
  key: ['key_name', 'key_value'],
};

const KEY_NODE = required('key_node', 'STRING', 'The value, with its episode where the key has a window.');

export const STAGED_LINKS: TableDefinition = {
  name: 'staged_links',
  description: 'Edges of the touched identifiers as the evidence has them now.',
  columns: [
    ANONYMOUS_ID,
    KEY_NAME,
    KEY_VALUE,
    KEY_NODE,
    nullable('episode_start', 'TIMESTAMP', 'First observation of the episode.'),
    required('rule', 'STRING', 'Name of the rule: the key, or email_hash_link.'),
    required('origin', 'STRING', 'Strongest origin of the evidence.'),
    required('first_seen', 'TIMESTAMP', 'First observation.'),
    required('last_seen', 'TIMESTAMP', 'Last observation.'),
    nullable('reason', 'STRING', 'Why it is refused before the graph sees it: blocked_value, shared_device or shared_key.'),
  ],
  key: ['anonymous_id', 'key_name', 'key_node'],
};

export const STAGED_GATHERED: TableDefinition = {
  ...STAGED_LINKS,
  name: 'staged_gathered',
  description: 'Edges of the clusters whose verdicts are found anew.',
};

export const STAGED_FORMER: TableDefinition = {
  ...IDENTITY_EDGES,
  name: 'staged_former_edges',
  description: 'Edges as the last run left them: of ids with changes, of the touched identifiers and of the clusters found anew.',
};

export const STAGED_CLUSTERS: TableDefinition = {
  name: 'staged_clusters',
  description: 'Clusters whose verdicts are found anew.',
  columns: [required('cluster_id', 'STRING', 'The cluster.')],
  key: ['cluster_id'],
};

export const STAGED_IDS: TableDefinition = {
  name: 'staged_ids',
  description: 'Anonymous ids of the graph, numbered from 0 by (first seen, id).',
  columns: [
    ANONYMOUS_ID,
    required('anonymous_number', 'INT64', 'Its number.'),
    required('first_seen', 'TIMESTAMP', 'First event; without one, first evidence.'),
    required('has_events', 'BOOL', 'Whether the site saw it.'),
  ],
  key: ['anonymous_id'],
};

export const STAGED_EDGES: TableDefinition = {
  name: 'staged_graph_edges',
  description: 'Edges of staged_gathered, numbered in the order in which they are accepted, their ends coded as integers.',
  columns: [
    required('edge_number', 'INT64', 'Place in the total order, from 0.'),
    required('anonymous_number', 'INT64', 'The anonymous_id.'),
    required('key_number', 'INT64', 'The key, numbered from 0.'),
    required('flags', 'INT64', 'What the graph must know of the edge: see union-find.ts.'),
    ANONYMOUS_ID,
    KEY_NAME,
    KEY_NODE,
  ],
  key: [],
};

export const STAGED_REFUSALS: TableDefinition = {
  name: 'staged_graph_refusals',
  description: 'Edges that the graph refused.',
  columns: [required('edge_number', 'INT64', 'The edge.'), required('verdict', 'INT64', 'The number of the reason: see union-find.ts.')],
  key: [],
};

export const STAGED_ROOTS: TableDefinition = {
  name: 'staged_roots',
  description: 'Anonymous ids that are not the first of their person or of their cluster.',
  columns: [
    required('anonymous_number', 'INT64', 'The anonymous_id.'),
    required('person_number', 'INT64', 'The earliest-seen one of its person.'),
    required('cluster_number', 'INT64', 'The earliest-seen one of its cluster.'),
  ],
  key: [],
};

export const STAGED_IDENTITIES: TableDefinition = { ...IDENTITIES, name: 'staged_identities', description: 'Ids with their new person.' };

export const STAGED_PERSONS: TableDefinition = {
  name: 'staged_persons',
  description: 'Persons whose identifiers are listed anew.',
  columns: [required('person_id', 'STRING', 'The person.')],
  key: ['person_id'],
};

export const STAGED_VERDICTS: TableDefinition = {
  ...IDENTITY_EDGES,
  name: 'staged_verdicts',
  description: 'Edges that came or changed, with their verdict now.',
};

export const STAGED_LOST_EDGES: TableDefinition = {
  ...keysOf(IDENTITY_EDGES),
  name: 'staged_lost_edges',
  description: 'Edges that went.',
};

export const STAGED_LOST_IDENTITIES: TableDefinition = {
  ...keysOf(IDENTITIES),
  name: 'staged_lost_identities',
  description: 'Ids that are no person any more.',
};

export const STAGED_LOST_USER_IDENTITIES: TableDefinition = {
  ...keysOf(USER_IDENTITIES),
  name: 'staged_lost_user_identities',
  description: 'Identifiers that the listed persons are no longer known by.',
};

export const STAGED_USER_IDENTITIES: TableDefinition = {
  ...USER_IDENTITIES,
  name: 'staged_user_identities',
  description: 'The identifiers of the listed persons now.',
};

const NODE_PAIR = [required('node', 'INT64', 'The node.'), required('other_node', 'INT64', 'The other one.')];
const nodePairs = (name: string, description: string): TableDefinition => ({ name, description, columns: NODE_PAIR, key: [] });

/** Of tables that a statement reads to make the next state of, there are two, used in turn. */
export const STAGED_PAIRS = [
  nodePairs('staged_pairs_a', 'Pairs of contracted nodes that an edge joins, the smaller first.'),
  nodePairs('staged_pairs_b', 'As staged_pairs_a, of the next round.'),
] as const;
export const STAGED_HOOKS = [
  nodePairs('staged_hooks_a', 'The node that each node is contracted to.'),
  nodePairs('staged_hooks_b', 'As staged_hooks_a, followed one step further.'),
] as const;
export const STAGED_LABELS = [
  nodePairs('staged_labels_a', 'The node that each anonymous id is contracted to so far.'),
  nodePairs('staged_labels_b', 'As staged_labels_a, after the next round.'),
] as const;
export const STAGED_NODES = nodePairs('staged_nodes', 'Contracted nodes that are left, with a number from 0.');
export const STAGED_MEMBERS = nodePairs('staged_members', 'Anonymous ids with the earliest-seen one of their cluster.');

export const STAGED_SUSPECTS: TableDefinition = {
  name: 'staged_suspects',
  description: 'Clusters in which an edge may be refused.',
  columns: [required('cluster_number', 'INT64', 'The earliest-seen id of the cluster.')],
  key: [],
};

/** What the step needs only while it runs: empty before it and after it. */
export const STAGED_TABLES: readonly TableDefinition[] = [
  STAGED_VISITORS,
  STAGED_KEYS,
  STAGED_LOST_KEYS,
  STAGED_BLOCKED_VALUES,
  STAGED_TOUCHED_KEYS,
  STAGED_FORMER,
  STAGED_LINKS,
  STAGED_GATHERED,
  STAGED_CLUSTERS,
  STAGED_IDS,
  STAGED_EDGES,
  STAGED_REFUSALS,
  STAGED_ROOTS,
  STAGED_IDENTITIES,
  STAGED_VERDICTS,
  STAGED_LOST_EDGES,
  STAGED_LOST_IDENTITIES,
  STAGED_PERSONS,
  STAGED_USER_IDENTITIES,
  STAGED_LOST_USER_IDENTITIES,
];

/** All tables of the model, in the order of their making. */
export const IDENTITY_TABLES: readonly TableDefinition[] = [
  IDENTITY_KEYS,
  IDENTITY_EDGES,
  IDENTITIES,
  USER_IDENTITIES,
  IDENTITY_CHANGES,
  PERSON_CHANGES,
  IDENTITY_BLOCKED_VALUES,
  STAGED_IP_HASHES,
  ...STAGED_TABLES,
  ...STAGED_PAIRS,
  ...STAGED_HOOKS,
  ...STAGED_LABELS,
  STAGED_NODES,
  STAGED_MEMBERS,
  STAGED_SUSPECTS,
];
