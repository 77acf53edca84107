import type { DeliveryRow, EventRow, FailedEventRow } from './event-row.ts';

/** What one request produced: the header first, then as many rows as it counts. */
export interface Delivery {
  readonly header: DeliveryRow;
  readonly events: readonly EventRow[];
  readonly failed: readonly FailedEventRow[];
}

/** One line of a landing segment (NDJSON): exactly one of the three members is present. */
export type LandingLine = { delivery: DeliveryRow } | { event: EventRow } | { failed: FailedEventRow };

/** Renders a delivery as NDJSON, header first; every line ends with a line feed. */
export function toLandingLines(delivery: Delivery): string {
  const lines: LandingLine[] = [
    { delivery: delivery.header },
    ...delivery.events.map((event) => ({ event })),
    ...delivery.failed.map((failed) => ({ failed })),
  ];
  return lines.map((line) => JSON.stringify(line) + '\n').join('');
}
