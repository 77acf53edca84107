import { atMost, type Figure, measured } from '../figure.ts';
import { WAYS, type Way, type Witnessed } from './plan.ts';

/** How often an event of a visit stands in a table. */
export interface StoredEvent {
  readonly visit: string;
  /** `page`, or the name of the event. */
  readonly event: string;
  readonly rows: number;
  /** Copies of these that were delivered, each counted. */
  readonly deliveries: number;
}

/** What became of the visits: the judgement is made of what was witnessed and what is stored, by nothing else. */
export function figuresOf(witnessed: readonly Witnessed[], stored: readonly StoredEvent[], refused: readonly string[]): Figure[] {
  const found = new Map(stored.map((event) => [`${event.visit} ${event.event}`, event]));
  const rowsOf = (visit: string, event: string): number => found.get(`${visit} ${event}`)?.rows ?? 0;
  const ran = witnessed.filter(({ plan, scriptRan }) => scriptRan || rowsOf(plan.id, 'page') > 0);
  const lostPages = ran.filter(({ plan }) => rowsOf(plan.id, 'page') === 0);
  const leaving = ran.filter(({ trackedLeaving }) => trackedLeaving);
  const lostLeaving = leaving.filter(({ plan }) => rowsOf(plan.id, 'Left') === 0);
  const once = stored.filter(({ event }) => event === 'page' || event === 'Left');
  const late = ran.filter(({ lasted }) => lasted >= 300);
  const zero = atMost(0);
  return [
    measured({
      name: 'Short visits in which the script ran',
      value: ran.length,
      unit: 'visits',
      note: `of ${witnessed.length}; ${late.length} of them lasted 300 ms or longer`,
    }),
    measured({ name: 'Short visits left before the script had run', value: witnessed.length - ran.length, unit: 'visits' }),
    measured({
      name: 'Short visits whose page view is lost',
      value: lostPages.length,
      unit: 'visits',
      bound: zero,
      ...byWay(lostPages, ran),
    }),
    measured({
      name: 'Events made in the moment of leaving that are lost',
      value: lostLeaving.length,
      unit: 'events',
      bound: zero,
      ...byWay(lostLeaving, leaving),
    }),
    measured({
      name: 'Duplicates of these in the table events',
      value: sum(once.map(({ rows }) => rows - 1)),
      unit: 'events',
      bound: zero,
    }),
    measured({
      name: 'Copies delivered and removed on loading',
      value: sum(stored.map(({ rows, deliveries }) => deliveries - rows)),
      unit: 'events',
      note: `of ${sum(stored.map(({ deliveries }) => deliveries))} delivered`,
    }),
    measured({
      name: 'Requests of short visits that the edge refused',
      value: refused.length,
      unit: 'requests',
      bound: zero,
      ...(refused[0] !== undefined && { note: refused[0] }),
    }),
  ];
}

/** In which ways the visits were left: `reload 2 of 190`. */
function byWay(some: readonly Witnessed[], all: readonly Witnessed[]): { note?: string } {
  const parts = WAYS.filter((way) => count(some, way) > 0).map((way) => `${way} ${count(some, way)} of ${count(all, way)}`);
  return parts.length === 0 ? {} : { note: parts.join(', ') };
}

const count = (visits: readonly Witnessed[], way: Way): number => visits.filter(({ plan }) => plan.way === way).length;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
