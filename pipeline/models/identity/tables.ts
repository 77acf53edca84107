import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { nullable, required } from '../../warehouse/columns.ts';

export const IDENTITY_KEYS: TableDefinition = {
  name: 'identity_keys',
  description: 'Which identifiers each anonymous_id was seen with, by day: the evidence of the identity graph.',
  columns: [
    required('anonymous_id', 'STRING', 'The visitor id of one browser.'),
    required('key_name', 'STRING', 'user_id, email_hash, ga_client_id or the name of a CRM id.'),
    required('key_value', 'STRING', 'Value of the identifier.'),
    required('origin', 'STRING', 'form, identify, url, server, event or the name of the CRM source.'),
    required('day', 'DATE', 'Day of the observation, UTC.'),
    required('first_seen', 'TIMESTAMP', 'First observation of the day.'),
    required('last_seen', 'TIMESTAMP', 'Last observation of the day.'),
  ],
  key: ['anonymous_id', 'key_name', 'key_value', 'origin', 'day'],
  partitionBy: 'day',
  clusterBy: ['key_name', 'key_value'],
};

export const IDENTITY_EDGES: TableDefinition = {
  name: 'identity_edges',
  description: 'Edges between an anonymous_id and an identifier, with the verdict of the graph.',
  columns: [
    required('anonymous_id', 'STRING', 'The visitor id of one browser.'),
    required('key_name', 'STRING', 'Name of the identifier.'),
    required('key_value', 'STRING', 'Value of the identifier.'),
    required('tier', 'STRING', 'deterministic, weak or probabilistic.'),
    required('origin', 'STRING', 'Strongest origin of the evidence.'),
    required('first_seen', 'TIMESTAMP', 'First observation.'),
    required('last_seen', 'TIMESTAMP', 'Last observation.'),
    required('verdict', 'STRING', 'used or refused.'),
    nullable('reason', 'STRING', 'Why it was refused: shared_key, shared_device, conflicting_key or size_cap.'),
  ],
  key: ['anonymous_id', 'key_name', 'key_value'],
  clusterBy: ['key_name', 'key_value'],
};

export const IDENTITIES: TableDefinition = {
  name: 'identities',
  description: 'The person behind each anonymous_id.',
  columns: [
    required('anonymous_id', 'STRING', 'The visitor id of one browser.'),
    required('person_id', 'STRING', 'The earliest-seen anonymous_id of the component (then the smallest).'),
    required('person_key', 'INT64', 'The person as an integer, for joins and distinct counts: derived from person_id.'),
    required('first_seen', 'TIMESTAMP', 'First event of the anonymous_id.'),
  ],
  key: ['anonymous_id'],
  clusterBy: ['person_id'],
};

export const USER_IDENTITIES: TableDefinition = {
  name: 'user_identities',
  description: 'All identifiers known of a person, over every system.',
  columns: [
    required('person_id', 'STRING', 'The person.'),
    required('key_name', 'STRING', 'Name of the identifier.'),
    required('key_value', 'STRING', 'Value of the identifier.'),
    required('first_seen', 'TIMESTAMP', 'First observation.'),
    required('last_seen', 'TIMESTAMP', 'Last observation.'),
  ],
  key: ['person_id', 'key_name', 'key_value'],
};

export const STAGED_EDGES: TableDefinition = {
  name: 'staged_edges',
  description: 'Edges of the identity graph, numbered in the order in which they are accepted, their ends coded as integers.',
  columns: [
    required('edge_number', 'INT64', 'Place in the total order, from 1.'),
    required('anonymous_number', 'INT64', 'The anonymous_id, numbered from 0 by (first seen, id).'),
    required('key_number', 'INT64', 'The key, numbered from 0.'),
    required('anonymous_id', 'STRING', 'The visitor id of one browser.'),
    required('anonymous_first_seen', 'TIMESTAMP', 'First event of the anonymous_id; without one, its first evidence.'),
    required('key_name', 'STRING', 'Name of the identifier.'),
    required('key_value', 'STRING', 'Value of the identifier.'),
    required('tier', 'STRING', 'deterministic, weak or probabilistic.'),
    required('origin', 'STRING', 'Strongest origin of the evidence.'),
    required('first_seen', 'TIMESTAMP', 'First observation.'),
    required('last_seen', 'TIMESTAMP', 'Last observation.'),
    required('kind', 'INT64', '0 plain, 1 submitted e-mail hash, 2 e-mail hash of a link.'),
    required('exclusive_group', 'INT64', 'Number of the exclusive key; -1 where the key is not exclusive.'),
    nullable('reason', 'STRING', 'Why it is refused before the graph sees it: shared_key or shared_device.'),
  ],
  key: [],
};

export const STAGED_REFUSALS: TableDefinition = {
  name: 'staged_refusals',
  description: 'Edges that the graph refused.',
  columns: [required('edge_number', 'INT64', 'The edge.'), required('reason', 'STRING', 'conflicting_key or size_cap.')],
  key: [],
};

export const STAGED_MERGES: TableDefinition = {
  name: 'staged_merges',
  description: 'Anonymous ids that belong to an earlier-seen one.',
  columns: [
    required('anonymous_number', 'INT64', 'The anonymous_id.'),
    required('root_number', 'INT64', 'The earliest-seen one of its component.'),
  ],
  key: [],
};
