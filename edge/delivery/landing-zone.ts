import type { EventLog } from './event-log.ts';

/** The part of a service binding that is used. */
export interface LandingService {
  fetch(url: string, init: { method: 'POST'; body: string; signal: AbortSignal }): Promise<Pick<Response, 'ok' | 'status' | 'text'>>;
}

/** An fsync takes milliseconds; what takes longer than this is stuck, and the client's own retry does better. */
const TIMEOUT_MS = 10_000;

/**
 * The event log of the embedded runtime: deliveries are posted as NDJSON lines to a service that answers 2xx after an fsync.
 * Any other answer, an error or silence means: not stored.
 */
export function createLandingZone(service: LandingService, timeoutMs = TIMEOUT_MS): EventLog {
  return {
    maximumBytes: Infinity,
    async append(deliveries) {
      const response = await service.fetch('http://landing/append', {
        method: 'POST',
        body: deliveries.map(({ text }) => text).join(''),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const answer = await response.text();
      if (!response.ok) throw new Error(`the landing zone answered ${response.status}: ${answer.slice(0, 200)}`);
    },
  };
}
