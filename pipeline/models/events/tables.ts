import { DELIVERY_COLUMNS, EVENT_COLUMNS, FAILED_EVENT_COLUMNS } from '../../../edge/contract/event-row.ts';
import { nullable, required } from '../../warehouse/columns.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';

export const EVENTS_RAW: TableDefinition = {
  name: 'events_raw',
  description: 'Every delivery of an event, append-only; copies of an event stand here more than once.',
  columns: EVENT_COLUMNS,
  key: [],
  partitionBy: 'received_at',
  clusterBy: ['write_key_id', 'message_id'],
};

export const EVENTS: TableDefinition = {
  name: 'events',
  description: 'One row per event: of its copies the one with the least (received_at, edge_instance, edge_sequence, row hash).',
  columns: EVENT_COLUMNS,
  key: ['write_key_id', 'message_id'],
  partitionBy: 'occurred_at',
  clusterBy: ['anonymous_id'],
};

export const FAILED_EVENTS: TableDefinition = {
  name: 'failed_events',
  description: 'Events that were rejected, with the reason and the cleaned payload.',
  columns: FAILED_EVENT_COLUMNS,
  key: [],
  partitionBy: 'received_at',
};

export const DELIVERIES: TableDefinition = {
  name: 'deliveries',
  description: 'Headers of the packed deliveries: what the accounting counts against.',
  columns: DELIVERY_COLUMNS,
  key: [],
  partitionBy: 'received_at',
};

export const EVENT_IDS: TableDefinition = {
  name: 'event_ids',
  description: 'Which delivery each event was taken from, and where it stands: exact deduplication without reading events.',
  columns: [
    required('write_key_id', 'STRING', 'The write key.'),
    required('message_id', 'STRING', 'The event.'),
    required('event_date', 'DATE', 'Day of occurred_at in UTC: the partition of `events` it stands in.'),
    nullable('anonymous_id', 'STRING', 'The visitor of the event as it stands.'),
    required('occurred_at', 'TIMESTAMP', 'When it occurred, as it stands.'),
    required('received_at', 'TIMESTAMP', 'When the copy that stands was received.'),
    required('edge_instance', 'STRING', 'The edge that received it.'),
    required('edge_sequence', 'INT64', 'Its delivery.'),
  ],
  key: ['write_key_id', 'message_id'],
  clusterBy: ['write_key_id', 'message_id'],
};

export const EVENT_DAYS: TableDefinition = {
  name: 'event_days',
  description: 'How many rows of events_raw each day of received_at held when `events` was last brought up to date.',
  columns: [required('day', 'DATE', 'Day of received_at in UTC.'), required('deliveries', 'INT64', 'Rows of events_raw.')],
  key: ['day'],
};

export const STAGED_EVENTS: TableDefinition = {
  name: 'staged_events',
  description: 'The events of a night: those that stand by a copy received on a day whose deliveries have changed.',
  columns: EVENT_COLUMNS,
  key: [],
};

export const STAGED_LOST_EVENTS: TableDefinition = {
  name: 'staged_lost_events',
  description: 'Events of which the copy that stood is not delivered any more: another one is looked for.',
  columns: [required('write_key_id', 'STRING', 'The write key.'), required('message_id', 'STRING', 'The event.')],
  key: [],
};

/**
 * Who reads {@link EVENT_CHANGES}. `conversions` alone learns of events without an anonymous_id, too: a purchase that a
 * server sends has none.
 */
export const EVENT_CONSUMERS = ['sessions', 'identity', 'conversions', 'reports'] as const;
export type EventConsumer = (typeof EVENT_CONSUMERS)[number];
/** Stands in {@link EVENT_CHANGES} for events without an anonymous_id; for the consumer {@link READER_OF_NOBODYS_EVENTS} only. */
export const NOBODY = '';
export const READER_OF_NOBODYS_EVENTS = 'conversions' satisfies EventConsumer;

export const EVENT_CHANGES: TableDefinition = {
  name: 'event_changes',
  description:
    'Visitor days whose events changed since a model last read them: written before the events are, deleted by the model once it is up to date.',
  columns: [
    required('consumer', 'STRING', 'The model that has yet to read them: sessions, identity, conversions or reports.'),
    required('anonymous_id', 'STRING', 'The visitor; empty for events without one, which only conversions are made of.'),
    required('day', 'DATE', 'Day of occurred_at in UTC.'),
    required('first_at', 'TIMESTAMP', 'The earliest event that came, went or changed.'),
    required('last_at', 'TIMESTAMP', 'The latest one.'),
    required('has_removals', 'BOOL', 'Whether an event went or changed, rather than only came.'),
  ],
  key: ['consumer', 'anonymous_id', 'day'],
  clusterBy: ['consumer', 'anonymous_id'],
};

/** All tables of deliveries and events. */
export const EVENT_TABLES: readonly TableDefinition[] = [
  EVENTS_RAW,
  EVENTS,
  FAILED_EVENTS,
  DELIVERIES,
  EVENT_IDS,
  EVENT_DAYS,
  EVENT_CHANGES,
  STAGED_EVENTS,
  STAGED_LOST_EVENTS,
];
