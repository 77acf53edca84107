import { LIMITS } from './limits.ts';
import { type EventRejection, rejectEvent } from './rejections.ts';

/** Bytes that one UTF-16 unit of a text takes in JSON at most: `\u0000`. */
const UNIT_BYTES = 6;
/** Bytes that anything else takes at most, with what stands around it: the longest numbers have 24 digits and signs. */
const VALUE_BYTES = 32;

/**
 * Refuses values that are nested too deep or hold too many members, before anything recursive touches them: JSON.parse takes
 * 500,000 levels, but validators and serialisers overflow the stack at a few thousand.
 * Iterative, and stops as soon as a limit is passed.
 * @returns how many bytes the value takes as JSON at most, which for most events says enough about their size.
 */
export function checkShape(value: unknown): { rejection: EventRejection } | { rejection: undefined; mostBytes: number } {
  let level: object[] = isContainer(value) ? [value] : [];
  let members = 0;
  let mostBytes = bytesOf(value);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= LIMITS.depth) return { rejection: rejectEvent('too_deep') };
    const next: object[] = [];
    const look = (child: unknown) => {
      mostBytes += bytesOf(child);
      if (isContainer(child)) next.push(child);
    };
    for (const container of level) {
      if (Array.isArray(container)) {
        members += container.length;
        if (members > LIMITS.members) break;
        container.forEach(look);
        continue;
      }
      for (const key in container) {
        if (++members > LIMITS.members) break;
        mostBytes += key.length * UNIT_BYTES;
        look((container as Readonly<Record<string, unknown>>)[key]);
      }
    }
    if (members > LIMITS.members) return { rejection: rejectEvent('too_many_members') };
    level = next;
  }
  return { rejection: undefined, mostBytes };
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
const bytesOf = (value: unknown): number => VALUE_BYTES + (typeof value === 'string' ? value.length * UNIT_BYTES : 0);

/** A copy without the levels beyond the limit, which serialisers can take. */
export function cutDepth(value: unknown, levels: number = LIMITS.depth): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return '(cut)';
  if (Array.isArray(value)) return value.map((item) => cutDepth(item, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, cutDepth(member, levels - 1)]));
}
