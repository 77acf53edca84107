import { Random } from '../../simulator/random.ts';

export const SEED = 20_261_123;
/** Visits are shorter than 300 ms; the rest is for a timer that is late. */
const LONGEST_DWELL_MS = 280;

export const WAYS = ['navigate away', 'close the tab', 'reload', 'back', 'forward'] as const;
/** How a visitor leaves. */
export type Way = (typeof WAYS)[number];

/** A visit that is left almost at once. */
export interface Plan {
  /** `visit-17`: its utm_content. */
  readonly id: string;
  readonly way: Way;
  /** Milliseconds from the arrival of the page to leaving. */
  readonly dwell: number;
  /** Whether the page sends an event in the moment of leaving. */
  readonly tracksLeaving: boolean;
}

/** What is known of a visit without asking the tracker. */
export interface Witnessed {
  readonly plan: Plan;
  /** Whether the script had run to its end before the page was gone. */
  readonly scriptRan: boolean;
  /** Whether the page called `track('Left')`. */
  readonly trackedLeaving: boolean;
  /** Milliseconds it really lasted. */
  readonly lasted: number;
}

/** Plans with every way of leaving equally often, in a random but repeatable order. */
export function plansOf(count: number): Plan[] {
  const random = new Random(SEED);
  const plans = Array.from({ length: count }, (_, i) => ({
    id: `visit-${i}`,
    way: WAYS[i % WAYS.length]!,
    dwell: random.between(0, LONGEST_DWELL_MS),
    tracksLeaving: random.next() < 0.5,
  }));
  return plans
    .map((plan) => ({ plan, place: random.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ plan }) => plan);
}
