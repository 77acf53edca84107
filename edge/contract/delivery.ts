import type { DeliveryRow, EventRow, FailedEventRow, Written } from './event-row.ts';

/** What one request produced, or a part of it: the header first, then as many rows as it counts. */
export interface Delivery {
  readonly header: DeliveryRow;
  readonly events: readonly EventRow[];
  readonly failed: readonly FailedEventRow[];
}

/** One line of a landing segment, of a message in the queue and of an archived object (NDJSON): exactly one of the three members. */
export type LandingLine = { delivery: DeliveryRow } | { event: Written<EventRow> } | { failed: FailedEventRow };

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
 * The columns of an event without its packing, in parts that have none in common; only that of the sender is never empty. What an
 * event has in common with the one before it is the same object, and is rendered once.
 */
export interface EventParts {
  readonly sender: object;
  readonly visit: object;
  readonly page: object;
  readonly own: object;
}

/** Renders rows as lines that are still open: what says how they are packed, and {@link LINE_END}, come behind. */
export function toOpenLines(events: readonly EventParts[], failed: readonly object[]): string[] {
  let last: EventParts | undefined;
  let [fromSender, fromVisit, fromPage] = ['', '', ''];
  const lines: string[] = [];
  for (const parts of events) {
    const { sender, visit, page, own } = parts;
    if (sender !== last?.sender) fromSender = openLine('event', sender);
    if (visit !== last?.visit) fromVisit = columns(visit);
    if (page !== last?.page) fromPage = columns(page);
    lines.push(fromSender + fromVisit + fromPage + columns(own));
    last = parts;
  }
  for (const failure of failed) lines.push(openLine('failed', failure));
  return lines;
}

/** What closes a line of {@link toOpenLines}. */
export const LINE_END = '}}\n';

/** The columns of a part as they stand behind others. */
function columns(part: object): string {
  const text = JSON.stringify(part);
  return text === '{}' ? '' : `,${text.slice(1, -1)}`;
}
const openLine = (kind: 'event' | 'failed', row: object) => `{"${kind}":${JSON.stringify(row).slice(0, -1)}`;
