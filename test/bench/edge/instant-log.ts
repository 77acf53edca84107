import type { EventLog } from '../../../edge/delivery/event-log.ts';

/** Stands in for the landing zone where delivery is not to be measured: durable at once, inside the isolate. */
export function createLandingZone(): EventLog {
  return { maximumBytes: 120_000, append: async () => {} };
}
