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
