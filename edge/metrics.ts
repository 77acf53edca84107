import type { EventResult } from './collect/collect.ts';
import type { Analytics } from './platform.ts';

/**
 * What the edge counts: of what, and what a count is about (a write key, a reason, a table). Nothing that a visitor sent. The
 * meanings are in docs/operations.md, because every byte here is one of the Worker.
 */
const COUNTERS = {
  accepted: ['events', 'write_key_id'],
  duplicate: ['events', 'write_key_id'],
  sampled: ['events', 'write_key_id'],
  rejected: ['events', 'reason'],
  refused: ['requests', 'reason'],
  not_stored: ['requests', 'reason'],
  delivered: ['rows', 'table'],
  failed: ['rows', 'reason'],
  retried: ['rows', 'reason'],
  archived: ['rows', 'reason'],
} as const;

/** The name of a counter. Requests are refused, events rejected; what is delivered, failed, retried and archived are rows. */
export type CounterName = keyof typeof COUNTERS;

/** Upper ends of the buckets of the lag, in seconds. */
const LAG_BUCKETS = [1, 5, 15, 60, 300, 1_800, 21_600] as const;

/** Values of one label that are told apart; further ones count as `other`, so that nobody can fill the memory. */
const LARGEST_CARDINALITY = 100;

/** Points that one invocation may write: https://developers.cloudflare.com/analytics/analytics-engine/limits/ */
const POINTS_PER_FLUSH = 25;

/** Counts of this isolate since it began. */
export interface Metrics {
  /** @param label what the count is about: of the kind that the counter's name says. */
  count(name: CounterName, label: string, by?: number): void;
  /** Notes how long rows took from the edge to the warehouse, in seconds. */
  lag(seconds: number, rows?: number): void;
  /** All of it in the text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(): string;
  /** Writes what has changed since the last flush as data points (name, label; count, sum and maximum of the lag), at most as many as one invocation may. */
  flush(analytics: Analytics): void;
}

interface Lag {
  rows: number;
  seconds: number;
  longest: number;
}
const noLag = (): Lag => ({ rows: 0, seconds: 0, longest: 0 });

/** Counts what became of the events of one request. */
export function countResults(
  metrics: Metrics,
  key: { readonly id: string; readonly verified: boolean },
  results: readonly EventResult[],
): void {
  // While the key store is silent the id may be anything that a client has made up.
  const writeKeyId = key.verified ? key.id : 'unverified';
  let accepted = 0;
  for (const { status } of results) if (status === 'ok') accepted++;
  metrics.count('accepted', writeKeyId, accepted);
  if (accepted === results.length) return;
  for (const { status, reason } of results) {
    if (status !== 'ok') metrics.count(status, status === 'rejected' ? (reason ?? '') : writeKeyId);
  }
}

/** @param instance the isolate, as in the headers of its deliveries. */
export function createMetrics(instance: string): Metrics {
  const counts = new Map<CounterName, Map<string, number>>();
  const unsent = new Map<string, number>();
  const buckets: number[] = LAG_BUCKETS.map(() => 0);
  const total = noLag();
  let unsentLag = noLag();
  const own = `edge_instance="${instance}"`;

  return {
    count(name, label, by = 1) {
      if (by === 0) return;
      let labels = counts.get(name);
      if (!labels) counts.set(name, (labels = new Map<string, number>()));
      const bounded = labels.has(label) || labels.size < LARGEST_CARDINALITY ? label : 'other';
      labels.set(bounded, (labels.get(bounded) ?? 0) + by);
      const key = `${name} ${bounded}`;
      unsent.set(key, (unsent.get(key) ?? 0) + by);
    },

    lag(seconds, rows = 1) {
      const waited = Math.max(0, seconds);
      for (const sum of [total, unsentLag]) {
        sum.rows += rows;
        sum.seconds += waited * rows;
        sum.longest = Math.max(sum.longest, waited);
      }
      LAG_BUCKETS.forEach((end, i) => {
        if (waited <= end) buckets[i]! += rows;
      });
    },

    text() {
      const lines: string[] = [];
      const metric = (name: string, type: string) => lines.push(`# TYPE ${name} ${type}`);
      for (const [name, labels] of counts) {
        const [subject, kind] = COUNTERS[name];
        const full = `touchtrail_${subject}_${name}_total`;
        metric(full, 'counter');
        for (const [label, value] of labels) lines.push(`${full}{${own},${kind}="${escaped(label)}"} ${value}`);
      }
      const lag = 'touchtrail_delivery_lag_seconds';
      metric(lag, 'histogram');
      LAG_BUCKETS.forEach((end, i) => lines.push(`${lag}_bucket{${own},le="${end}"} ${buckets[i]}`));
      lines.push(
        `${lag}_bucket{${own},le="+Inf"} ${total.rows}`,
        `${lag}_sum{${own}} ${total.seconds}`,
        `${lag}_count{${own}} ${total.rows}`,
      );
      metric(`${lag}_max`, 'gauge');
      lines.push(`${lag}_max{${own}} ${total.longest}`, '');
      return lines.join('\n');
    },

    flush(analytics) {
      let points = 0;
      const write = (name: string, label: string, doubles: number[]) => {
        analytics.writeDataPoint({ indexes: [name], blobs: [name, label, instance], doubles });
        points++;
      };
      if (unsentLag.rows > 0) {
        write('lag', '', [unsentLag.rows, unsentLag.seconds, unsentLag.longest]);
        unsentLag = noLag();
      }
      for (const [key, by] of unsent) {
        // The rest goes with the next invocation.
        if (points === POINTS_PER_FLUSH) return;
        const space = key.indexOf(' ');
        write(key.slice(0, space), key.slice(space + 1), [by, 0, 0]);
        unsent.delete(key);
      }
    },
  };
}

const escaped = (label: string) => label.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
