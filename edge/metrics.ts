/** What the edge counts. Requests are refused, events rejected; what is delivered, retried and archived are rows. */
export type CounterName =
  | 'accepted'
  | 'duplicate'
  | 'sampled'
  | 'rejected'
  | 'refused'
  | 'not_stored'
  | 'delivered'
  | 'failed'
  | 'retried'
  | 'archived'
  | 'lag';

/** Counts of this isolate, by name and what it is about (a reason, a table): nothing that a visitor sent. */
export interface Metrics {
  count(name: CounterName, label: string, by?: number): void;
}

/** Counts since the isolate began. */
export function createMetrics(): Metrics & { readonly counts: ReadonlyMap<string, number> } {
  const counts = new Map<string, number>();
  return {
    counts,
    count(name, label, by = 1) {
      const key = `${name} ${label}`;
      counts.set(key, (counts.get(key) ?? 0) + by);
    },
  };
}
