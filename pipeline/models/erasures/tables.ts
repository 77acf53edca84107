export { ERASED_KINDS, type ErasedKind } from '../../../edge/contract/erased-lines.ts';
import { nullable, required } from '../../warehouse/columns.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';

export const ERASURES: TableDefinition = {
  name: 'erasures',
  description: 'Requests to erase a person, and what became of them in each place. Holds no identifier of anybody.',
  columns: [
    required('erasure_id', 'STRING', 'Sorts by time.'),
    required('requested_at', 'TIMESTAMP', 'When it was written down.'),
    required('kind', 'STRING', 'What the person was named by: anonymous_id, user_id or email_hash.'),
    required('value_hash', 'STRING', "HMAC-SHA256 of it with the project's key: whoever does not hold the key cannot test a guess."),
    required('key_id', 'STRING', 'Which key.'),
    nullable('sealed_ids', 'STRING', 'The identifiers, encrypted, for as long as something is still to be deleted; then NULL.'),
    required('places', 'JSON', 'State of each place: rows deleted so far, rows left, and why.'),
    nullable('verified_at', 'TIMESTAMP', 'When a scan of every place found nothing; NULL until then.'),
    nullable('restorable_until', 'TIMESTAMP', "Until when the engine's own backups can bring rows back; NULL where it keeps none."),
  ],
  key: ['erasure_id'],
};

export const ERASED_IDS: TableDefinition = {
  name: 'erased_ids',
  description: 'The tombstones: identifiers of erased persons as keyed hashes. What arrives with one of them is not stored.',
  columns: [
    required('erasure_id', 'STRING', 'The request.'),
    required('kind', 'STRING', 'anonymous_id, user_id or email_hash.'),
    required('value_hash', 'STRING', "HMAC-SHA256 of the kind and the identifier with the project's key."),
    required('bucket', 'STRING', 'First four hex digits of its plain SHA-256: one of 65,536, so that few candidates need the key.'),
  ],
  key: ['erasure_id', 'kind', 'value_hash'],
};

export const ERASED_ROWS: TableDefinition = {
  name: 'erased_rows',
  description: 'Rows of deliveries that were erased: so that the accounts tell them from lost ones. Holds no identifier of anybody.',
  columns: [
    required('edge_instance', 'STRING', 'The edge isolate that packed the delivery.'),
    required('edge_sequence', 'INT64', 'Number of the delivery.'),
    required('row_hash', 'STRING', 'SHA-256 of what the accounts tell the rows of a delivery apart by.'),
    nullable('write_key_id', 'STRING', 'The write key.'),
    required('received_at', 'TIMESTAMP', 'When the edge received it.'),
  ],
  key: ['edge_instance', 'edge_sequence', 'row_hash'],
};

export const STAGED_ERASED_EVENTS: TableDefinition = {
  name: 'staged_erased_events',
  description: 'Events that are being deleted.',
  columns: [required('write_key_id', 'STRING', 'The write key.'), required('message_id', 'STRING', 'The event.')],
  key: ['write_key_id', 'message_id'],
};

/** What erasing keeps its books in. */
export const ERASURE_TABLES: readonly TableDefinition[] = [ERASURES, ERASED_IDS, ERASED_ROWS, STAGED_ERASED_EVENTS];
