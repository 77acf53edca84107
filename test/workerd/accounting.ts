import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runSchedule } from './schedule.ts';

/** Of each schedule; the twenty of them are 200,000. */
const EVENTS = 10_000;

/** What must have gone wrong at least once in a file of schedules: a proof under fair weather proves nothing. */
const FAULTS = [
  /^bigquery: tokens revoked/,
  ...['403', '404', '408', '413', '429', '500', '502', '503'].map((status) => new RegExp(`^\\w+: status ${status} `)),
  ...['backendError 7', 'timeout 1', 'invalid no such field'].map((rows) => new RegExp(`^\\w+: rows ${rows}`)),
  ...['hang', 'reset', 'stored and hang', 'stored and reset', 'stored and cut', 'stored and status 503'].map(
    (kind) => new RegExp(`^(events_raw|failed_events|deliveries): ${kind}`),
  ),
  ...['error', 'hang', 'done and error', 'done and hang', 'part and error', 'overloaded', 'ack lost', 'unreadable message'].map(
    (kind) => new RegExp(`^queue: ${kind}$`),
  ),
  ...['error', 'hang', 'done and error', 'done and hang'].flatMap((kind) => [
    new RegExp(`^archive put: ${kind}$`),
    new RegExp(`^archive \\w+: ${kind}$`),
    new RegExp(`^keys get: ${kind}$`),
  ]),
  ...['before bigquery', 'after bigquery', 'before queue', 'after queue'].map((where) => new RegExp(`^isolate: died ${where}$`)),
  /^isolate: evicted$/,
  /^rate limited$/,
];

/** The accounting of DESIGN §3.1 and §3.2 under seeded faults: nothing that was answered with 2xx is lost, doubled or misplaced. */
export function testSchedules(first: number, last: number): void {
  const seen = new Set<string>();
  let replayed = 0;
  let copied = 0;

  beforeEach(() => {
    // The Worker says what went wrong; here that is thousands of lines.
    for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  for (let seed = first; seed <= last; seed++) {
    test(`faults of seed ${seed}: each event that was answered with 2xx is in exactly one place, and the ledger adds up`, async () => {
      const outcome = await runSchedule(seed, EVENTS);
      expect(outcome.held, 'before the dead letters are replayed').toEqual([]);
      expect(outcome.settled, 'after the dead letters were replayed').toEqual([]);
      expect(outcome.events).toBeGreaterThanOrEqual(EVENTS);
      for (const fault of outcome.faults.keys()) seen.add(fault);
      replayed += outcome.replayed;
      copied += outcome.copied;
    });
  }

  test(`the faults of seeds ${first} to ${last} were all that there are`, () => {
    expect(FAULTS.filter((fault) => ![...seen].some((one) => fault.test(one)))).toEqual([]);
    expect(replayed).toBeGreaterThan(0);
    // Without any, nothing would be shown by their having causes.
    expect(copied).toBeGreaterThan(0);
  });
}
