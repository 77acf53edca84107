import { LIMITS } from './limits.ts';
import { type EventRejection, rejectEvent } from './rejections.ts';

/**
 * Refuses values that are nested too deep or hold too many members, before anything recursive touches them: JSON.parse takes
 * 500,000 levels, but validators and serialisers overflow the stack at a few thousand.
 * Iterative, and stops as soon as a limit is passed.
 */
export function checkShape(value: unknown): EventRejection | undefined {
  let level: unknown[] = [value];
  let members = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= LIMITS.depth) return rejectEvent('too_deep');
    const next: unknown[] = [];
    for (const container of level) {
      if (typeof container !== 'object' || container === null) continue;
      const children: unknown[] = Array.isArray(container) ? container : Object.values(container);
      members += children.length;
      if (members > LIMITS.members) return rejectEvent('too_many_members');
      for (const child of children) if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return undefined;
}

/** A copy without the levels beyond the limit, which serialisers can take. */
export function cutDepth(value: unknown, levels: number = LIMITS.depth): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return '(cut)';
  if (Array.isArray(value)) return value.map((item) => cutDepth(item, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, cutDepth(member, levels - 1)]));
}
