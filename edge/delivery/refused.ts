import { redactPayload } from '../collect/redact.ts';
import type { FailedEventRow } from '../contract/event-row.ts';
import type { MessageRow } from './message.ts';

/** A row that the warehouse refused, and why, in its words. */
export interface Refused {
  readonly row: MessageRow;
  readonly detail: string;
}

/** The row of `failed_events` that stands for a refused one: what it was, cleaned and cut, in the place it had. */
export function asFailure(row: MessageRow, detail: string): MessageRow {
  // An event has no position, a failure has one.
  const { write_key_id, message_id, received_at, position, edge_instance, edge_sequence } = JSON.parse(
    row.text,
  ) as Partial<FailedEventRow> & Omit<FailedEventRow, 'position'>;
  const failure: FailedEventRow = {
    write_key_id,
    message_id,
    received_at,
    position: position ?? null,
    reason: 'warehouse_rejected',
    path: null,
    detail: redactPayload(detail),
    payload: redactPayload(row.text),
    edge_instance,
    edge_sequence,
  };
  return { ...row, table: 'failed_events', text: JSON.stringify(failure) };
}
