import { DELIVERY_COLUMNS, EVENT_COLUMNS, FAILED_EVENT_COLUMNS } from '../../../edge/contract/event-row.ts';
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
