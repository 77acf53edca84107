import type { EventFunnel } from '../../../config/funnels.ts';
import type { ConfigInput } from '../../../config/schema.ts';
import type { Random } from './link-worlds.ts';

// Visitors of a small site, and the ways they take, followed event by event without SQL.

const STEPS = [
  { name: 'pricing', page_path: '/pricing' },
  { name: 'demo', event: 'demo_requested', filter: { property: 'seats', gte: 5 } },
  // The same page again, and one whose path stands in a filter: events that are two steps at once.
  { name: 'again', page_path: '/pricing', filter: { dimension: 'country', equals: 'de' } },
  { name: 'signup', event: 'signup' },
] as const;

const funnel = (name: string, rest: Partial<EventFunnel>, count: number = STEPS.length) => ({
  name,
  label: name,
  steps: STEPS.slice(0, count).map((one) => ({ ...one })),
  ...rest,
});

export const FUNNELS = [
  funnel('session_any', {}),
  funnel('session_strict', { withinSession: true, order: 'strict' }),
  funnel('window_any', { windowHours: 3 }),
  funnel('window_strict', { windowHours: 2, order: 'strict' }),
  funnel('short', { windowHours: 1 }, 2),
] as NonNullable<ConfigInput['eventFunnels']>;

export interface Happened {
  readonly who: string;
  readonly id: string;
  /** Minutes after the beginning. */
  readonly minute: number;
  readonly sequence: number | null;
  readonly what: 'pricing' | 'small demo' | 'demo' | 'signup' | 'other';
  readonly country: 'DE' | 'AT';
  readonly is_bot: boolean;
}

/** What a visitor does: near enough for sessions to hold several, far enough for there to be several. */
export function randomVisit(who: string, count: number, next: Random, id: () => string): Happened[] {
  let minute = next(600);
  return Array.from({ length: count }, () => {
    minute += [0, 1, 5, 20, 29, 45, 70][next(7)]!;
    return {
      who,
      id: id(),
      minute,
      sequence: [null, 1, 2][next(3)]!,
      what: (['pricing', 'pricing', 'small demo', 'demo', 'demo', 'signup', 'signup', 'other'] as const)[next(8)]!,
      country: next(4) > 0 ? 'DE' : 'AT',
      is_bot: next(20) === 0,
    };
  });
}

export interface Session {
  readonly session_id: string;
  readonly anonymous_id: string;
  /** Minutes after the beginning. */
  readonly started: number;
  readonly ended: number;
}

/** Whether an event is a step of {@link FUNNELS}, from 1. */
function isStep({ what, country }: Happened, step: number): boolean {
  return [what === 'pricing', what === 'demo', what === 'pricing' && country === 'DE', what === 'signup'][step - 1]!;
}

/** Lines of (funnel, entry, step, visitor, session, minutes since the entry, minutes since the step before), in order. */
export function expectedWays(events: readonly Happened[], sessions: readonly Session[]): string[] {
  const visitors = Map.groupBy(
    events.filter(({ is_bot }) => !is_bot),
    ({ who }) => who,
  );
  return FUNNELS.flatMap(({ name, steps, windowHours, order }) =>
    [...visitors].flatMap(([who, all]) => {
      const own = all.toSorted((a, b) => a.minute - b.minute || (a.sequence ?? -1) - (b.sequence ?? -1) || (a.id < b.id ? -1 : 1));
      const sessionOf = ({ minute }: Happened) =>
        sessions
          .filter((one) => one.anonymous_id === who && one.started <= minute && one.ended >= minute)
          .toSorted((a, b) => b.started - a.started || (a.session_id < b.session_id ? -1 : 1))[0]?.session_id;
      const firsts = own.filter((one) => isStep(one, 1) && sessionOf(one) !== undefined);
      const stretch = (one: Happened) =>
        windowHours === undefined ? sessionOf(one)! : Math.floor((one.minute - firsts[0]!.minute) / (windowHours * 60));
      const entries = firsts.filter((one, i) => firsts.findIndex((other) => stretch(other) === stretch(one)) === i);
      return entries.flatMap((entry, place) => {
        const rest = own.slice(own.indexOf(entry) + 1).filter((one) => {
          if (windowHours === undefined) return sessionOf(one) === sessionOf(entry);
          const next = entries[place + 1];
          return one.minute <= entry.minute + windowHours * 60 && (next === undefined || own.indexOf(one) < own.indexOf(next));
        });
        const way = [entry];
        for (const one of rest) {
          const step = way.length + 1;
          if (step > steps.length) break;
          if (isStep(one, step)) way.push(one);
          else if (order === 'strict' && steps.some((_, i) => isStep(one, i + 1)) && !isStep(one, step - 1)) break;
        }
        return way.map((one, i) =>
          [name, entry.id, i + 1, who, sessionOf(entry), one.minute - entry.minute, one.minute - (way[i - 1] ?? entry).minute].join(' '),
        );
      });
    }),
  ).toSorted();
}
