import type { DeliveryRow, EventRow, FailedEventRow } from './event-row.ts';

/** What one request produced, or a part of it: the header first, then as many rows as it counts. */
export interface Delivery {
  readonly header: DeliveryRow;
  readonly events: readonly EventRow[];
  readonly failed: readonly FailedEventRow[];
}

/** One line of a landing segment, of a message in the queue and of an archived object (NDJSON): exactly one of the three members. */
export type LandingLine = { delivery: DeliveryRow } | { event: EventRow } | { failed: FailedEventRow };

/** A delivery as it travels and rests: the lines of {@link toLandingLines}, and the header beside them. */
export interface PackedDelivery {
  readonly header: DeliveryRow;
  readonly text: string;
}

/** Renders a delivery as NDJSON, header first; every line ends with a line feed. */
export function toLandingLines(delivery: Delivery): string {
  const lines: LandingLine[] = [
    { delivery: delivery.header },
    ...delivery.events.map((event) => ({ event })),
    ...delivery.failed.map((failed) => ({ failed })),
  ];
  return lines.map((line) => JSON.stringify(line) + '\n').join('');
}

/**
 * The columns of an event without its packing, in two parts that have none in common, neither of them empty: those that it shares
 * with others, the same object for all of them, and its own.
 */
export interface EventParts {
  readonly shared: object;
  readonly own: object;
}

/** Renders rows as lines that are still open: what says how they are packed, and {@link LINE_END}, come behind. */
export function toOpenLines(events: readonly EventParts[], failed: readonly object[]): string[] {
  let last: object | undefined;
  let beginning = '';
  const lines = events.map(({ shared, own }) => {
    if (shared !== last) beginning = openLine('event', (last = shared));
    return `${beginning},${JSON.stringify(own).slice(1, -1)}`;
  });
  for (const failure of failed) lines.push(openLine('failed', failure));
  return lines;
}

/** What closes a line of {@link toOpenLines}. */
export const LINE_END = '}}\n';

const openLine = (kind: 'event' | 'failed', row: object) => `{"${kind}":${JSON.stringify(row).slice(0, -1)}`;
