import { type EventRow, storedEvent, type Written } from '../../contract/event-row.ts';
import type { UnpackedEvent } from '../enrich.ts';

/** The row of an event as it is stored, without its packing. Fails where two parts have a column in common. */
export function rowOf({ sender, visit, page, own }: UnpackedEvent): Omit<EventRow, 'edge_instance' | 'edge_sequence'> {
  const names = [sender, visit, page, own].flatMap((part) => Object.keys(part));
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  if (twice.length > 0) throw new Error(`columns in more than one part: ${twice.join(', ')}`);
  const written = Object.entries({ ...sender, ...visit, ...page, ...own }).filter(([, value]) => value !== undefined);
  return storedEvent(Object.fromEntries(written) as Written<EventRow>);
}
