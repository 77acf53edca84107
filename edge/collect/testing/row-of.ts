import type { EventRow } from '../../contract/event-row.ts';
import type { UnpackedEvent } from '../enrich.ts';

/** The row of an event without its packing, as one object. Fails where the two parts have a column in common. */
export function rowOf({ shared, own }: UnpackedEvent): Omit<EventRow, 'edge_instance' | 'edge_sequence'> {
  const twice = Object.keys(shared).filter((name) => Object.hasOwn(own, name));
  if (twice.length > 0) throw new Error(`columns in both parts: ${twice.join(', ')}`);
  return { ...shared, ...own };
}
