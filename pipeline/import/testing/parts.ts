import type { BatchOptions } from '../batches.ts';
import type { Found, Part } from '../records.ts';
import { segmentEvent } from '../segment.ts';

/** The moment of the tests, milliseconds since 1970. */
export const NOW = Date.parse('2026-03-01T00:00:00Z');
/** When their events happened. */
export const AT = '2026-01-05T08:00:00.000Z';

/** A page view with that message id. */
export const view = (id: string, more: object = {}) => ({ type: 'page', messageId: id, anonymousId: 'v', timestamp: AT, ...more });

/** A part in memory; what is no object is a broken line. */
export function part(name: string, values: readonly (object | string)[], more: Partial<Part> = {}): Part {
  return {
    name,
    bytes: values.length,
    async *read(onBytes) {
      for (const [i, value] of values.entries()) {
        onBytes(i + 1);
        yield (
          typeof value === 'string' ? { part: name, line: i + 1, problem: value, text: value } : { part: name, line: i + 1, value }
        ) as Found;
      }
    },
    ...more,
  };
}

/** Batches of two events. */
export const options = (parts: readonly Part[], more: Partial<BatchOptions> = {}): Omit<BatchOptions, 'from'> => ({
  parts,
  convert: segmentEvent,
  events: 2,
  now: NOW,
  ...more,
});
