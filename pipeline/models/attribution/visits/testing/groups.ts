import type { VisitorInput } from './visitors.ts';

/** Persons who do the same: one visit through a channel, and a conversion after it or none. */
export interface Group {
  readonly persons: number;
  readonly channel: string;
  readonly converts: boolean;
  readonly isHeldOut?: boolean;
  readonly month?: string;
}

/** Persons with one visit each, in March; numbered on over all groups. */
export function visitors(groups: readonly Group[]): VisitorInput[] {
  let number = 0;
  return groups.flatMap(({ persons, channel, converts, isHeldOut = false, month = '2026-03' }) =>
    Array.from({ length: persons }, (): VisitorInput => {
      const id = `p${++number}`;
      const conversions = converts ? { conversions: { [id]: `${month}-20 10:00` } } : {};
      return { person: id, key: isHeldOut ? number * 5 : number * 5 + 1, visits: [{ at: `${month}-10 10:00`, channel }], ...conversions };
    }),
  );
}

/** Enough to learn from, and no person more: four of five who come by one channel convert, one of five by the other. */
export const LEARNED: readonly Group[] = [
  { persons: 40, channel: 'good', converts: true },
  { persons: 10, channel: 'poor', converts: true },
  { persons: 10, channel: 'good', converts: false },
  { persons: 40, channel: 'poor', converts: false },
];
/** Held-out persons who do much the same. */
export const ALIKE: readonly Group[] = [
  { persons: 9, channel: 'good', converts: true, isHeldOut: true },
  { persons: 1, channel: 'poor', converts: true, isHeldOut: true },
  { persons: 10, channel: 'poor', converts: false, isHeldOut: true },
];
