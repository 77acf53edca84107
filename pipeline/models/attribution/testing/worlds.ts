import type { ConfigInput } from '../../../config/schema.ts';
import { type World, instant } from '../../../testing/world.ts';
import { raw, sql } from '../../../warehouse/sql.ts';
import { CONVERSIONS, TOUCHED_CONVERSIONS } from '../../conversions/tables.ts';
import { EVENTS, EVENT_CHANGES } from '../../events/tables.ts';
import { personKey } from '../../identity/person-key.ts';
import { IDENTITIES, PERSON_CHANGES } from '../../identity/tables.ts';
import { SESSIONS } from '../../sessions/tables.ts';

// Random small worlds for attribution: what the steps below it would have left, and how that changes from night to night.

/** The chain, from its head; `signup` stands beside it. */
export const CHAIN = ['lead', 'mql', 'opportunity', 'closed_won'] as const;
const NAMES = [...CHAIN, 'signup'];

/** A model of one's own, of the file `engagement.sql`: by the time a visitor was active. */
export const ENGAGEMENT = { name: 'engagement', type: 'custom', sql: 'engagement.sql' } as const;

/** @param own models of one's own, beside the rules. */
export function settings(credit: 'direct' | 'empty' | 'always' | 'never', own: readonly (typeof ENGAGEMENT)[] = []): Partial<ConfigInput> {
  return {
    conversions: NAMES.map((name) => {
      const parent = CHAIN[(CHAIN as readonly string[]).indexOf(name) - 1];
      return { name, label: name, sql: `${name}.sql`, ...(parent && { inherit: { from: parent } }) };
    }),
    selfReported: { rules: [], credit },
    // Of the last one the window is shorter: a conversion may have a path for the others alone, and so may its parent.
    attribution: {
      models: [
        'first_click',
        'last_click',
        'last_significant_click',
        'shapley',
        { name: 'decay', type: 'time_decay', lookbackDays: 40 },
        ...own,
      ],
    },
  };
}

export interface Session {
  readonly id: string;
  readonly visitor: string;
  readonly at: string;
  readonly direct: boolean;
}

export interface Conversion {
  readonly name: string;
  readonly id: string;
  readonly at: string;
  readonly person: string | null;
  readonly client: string | null;
  readonly value: number | null;
  readonly answer: string | null;
  /** Id of the parent, whether there is one or not. */
  readonly lead: string | null;
}

/** What stands below attribution at one time. */
export interface State {
  readonly persons: Readonly<Record<string, string>>;
  readonly sessions: readonly Session[];
  readonly conversions: readonly Conversion[];
  /** First event of all. */
  readonly began: string;
}

export const EMPTY: State = { persons: {}, sessions: [], conversions: [], began: day(40) };

/** A time some days after the first of 2026. */
export function day(number: number, minutes = 0): string {
  return new Date(Date.UTC(2026, 0, 1) + number * 86_400_000 + minutes * 60_000).toISOString();
}

/** The conversion that one inherits from, where there is one. */
export function parentOf(one: Conversion, conversions: ReadonlyMap<string, Conversion>): Conversion | undefined {
  const name = CHAIN[(CHAIN as readonly string[]).indexOf(one.name) - 1];
  return name === undefined || one.lead === null ? undefined : conversions.get(keyOf({ name, id: one.lead }));
}

export const keyOf = ({ name, id }: { readonly name: string; readonly id: string }): string => JSON.stringify([name, id]);
export const byKey = (conversions: readonly Conversion[]): Map<string, Conversion> => new Map(conversions.map((one) => [keyOf(one), one]));

/** The next night of a state: in most worlds something has changed. */
export function nextState(state: State, worlds: readonly string[], next: (below: number) => number): State {
  const persons = { ...state.persons };
  let sessions = [...state.sessions];
  let conversions = [...state.conversions];
  const among = <T>(list: readonly T[]): T => list[next(list.length)]!;
  for (const world of worlds) {
    const visitors = ['a', 'b', 'c'].map((name) => `${world}${name}`);
    for (const visitor of visitors) persons[visitor] ??= next(3) === 0 ? `${world}a` : visitor;
    const own = (): Conversion[] => conversions.filter(({ id }) => id.startsWith(world));
    if (state === EMPTY) conversions.push(...chainOf(world, visitors, next));
    const change = (one: Conversion, to: Partial<Conversion>) => {
      conversions = conversions.map((other) => (other === one ? { ...one, ...to } : other));
    };
    for (let i = state === EMPTY ? 6 : next(3); i > 0; i--) {
      const mine = sessions.filter(({ id }) => id.startsWith(world));
      const visitor = among(visitors);
      switch (next(mine.length < 3 ? 4 : 10)) {
        case 0:
        case 1:
          sessions.push({ id: `${world}s${next(50)}`, visitor, at: day(next(200), next(3)), direct: next(2) === 0 });
          sessions = [...new Map(sessions.map((session) => [session.id, session])).values()];
          break;
        case 2:
        case 3: {
          const name = among(NAMES);
          const lead = among([null, `${world}0`, `${world}1`, `${world}2`]);
          const client = among([null, ...visitors]);
          const value = among([null, 0, 7, -5, 1_000_001]);
          const answer = among([null, null, 'Podcast (SRA)']);
          const one = { name, id: `${world}${next(3)}`, at: day(60 + next(150)), person: null, client, value, answer, lead };
          conversions = [...byKey([...conversions, one]).values()];
          break;
        }
        case 4:
          sessions = sessions.filter((session) => session !== mine[0]);
          break;
        case 5:
          sessions = sessions.map((session) => (session === mine[0] ? { ...session, direct: !session.direct } : session));
          break;
        case 6:
          persons[visitor] = among([visitor, `${world}a`]);
          break;
        case 7: {
          const gone = own()[0];
          conversions = conversions.filter((one) => one !== gone);
          break;
        }
        case 8: {
          const one = own().at(-1);
          if (one) change(one, { value: next(100) });
          break;
        }
        case 9: {
          const one = own().at(-1);
          if (one) change(one, { answer: one.answer === null ? 'Event (SRA)' : null, lead: `${world}${next(3)}`, at: day(60 + next(150)) });
          break;
        }
      }
    }
  }
  // Conversions are resolved by their client alone here.
  conversions = conversions.map((one) => ({ ...one, person: one.client === null ? null : (persons[one.client] ?? null) }));
  return { persons, sessions, conversions, began: day(60 + next(100)) };
}

/** A chain that may lack a member. */
function chainOf(world: string, visitors: readonly string[], next: (below: number) => number): Conversion[] {
  return CHAIN.filter(() => next(6) > 0).map((name, i) => ({
    name,
    id: `${world}0`,
    at: day(60 + 20 * i + next(20)),
    person: null,
    client: visitors[next(4)] ?? null,
    value: next(1000),
    answer: next(4) === 0 ? 'Podcast (SRA)' : null,
    lead: name === 'lead' ? null : `${world}0`,
  }));
}

/** What `conversions` holds of a conversion: what tells whether it was touched. */
function derived(one: Conversion, all: ReadonlyMap<string, Conversion>) {
  const parent = parentOf(one, all);
  return {
    conversion_name: one.name,
    id: one.id,
    conversion_time: one.at,
    attribution_time: one.at,
    conversion_date: one.at.slice(0, 10),
    client_id: one.client,
    lead_id: one.lead,
    value_micros: one.value,
    self_reported_channel: one.answer,
    person_id: one.person,
    matched_by: one.person === null ? null : 'client_id',
    parent_name: parent?.name ?? null,
    parent_id: parent?.id ?? null,
  };
}

const set = <T>(values: Iterable<T>): Set<T> => new Set(values);

/** Makes a warehouse hold a state, and the queues what differs from the one before, as the steps below would leave them. */
export async function arrive({ warehouse }: World, before: State, now: State): Promise<void> {
  const rowsOf = ({ conversions }: State) => new Map(conversions.map((one) => [keyOf(one), derived(one, byKey(conversions))]));
  const [former, current] = [rowsOf(before), rowsOf(now)];
  const sessionTexts = ({ sessions }: State) => new Map(sessions.map((session) => [JSON.stringify(session), session]));
  const [formerSessions, currentSessions] = [sessionTexts(before), sessionTexts(now)];
  const visitors = set(
    [...formerSessions, ...currentSessions]
      .filter(([text]) => formerSessions.has(text) !== currentSessions.has(text))
      .map(([, { visitor }]) => visitor),
  );
  const moved = Object.keys(now.persons).filter((visitor) => before.persons[visitor] !== now.persons[visitor]);
  const persons = set(moved.flatMap((visitor) => [before.persons[visitor] ?? [], now.persons[visitor]!].flat()));
  const reached = set([...persons, ...[...visitors].map((visitor) => now.persons[visitor]!)]);
  const touched = [...set([...former.keys(), ...current.keys()])].filter((key) => {
    const row = current.get(key);
    return JSON.stringify(row) !== JSON.stringify(former.get(key)) || (row?.person_id != null && reached.has(row.person_id));
  });
  const replace = { replace: true };
  const seen = {
    write_key_id: 'wk',
    message_id: 'm',
    type: 'page',
    anonymous_id: 'w0xa',
    is_bot: false,
    is_internal: false,
    edge_instance: 'e',
    edge_sequence: 1,
  };
  await warehouse.load(EVENTS, [{ ...seen, occurred_at: now.began, received_at: now.began }], replace);
  await warehouse.load(IDENTITIES, [], replace);
  const people = warehouse.dialect.values('people', { anonymous_id: 'STRING', person_id: 'STRING' }, Object.entries(now.persons));
  await warehouse.append(
    IDENTITIES,
    sql`
      select people.anonymous_id, people.person_id, ${personKey(warehouse.dialect, raw('people.person_id'))} as person_key,
        cast(${instant('10:00')} as timestamp) as first_seen
      from ${people}`,
  );
  await warehouse.load(SESSIONS, now.sessions.map(sessionRow), replace);
  await warehouse.load(CONVERSIONS, current.values(), replace);
  const keys = touched.map((key) => JSON.parse(key) as [string, string]);
  await warehouse.load(
    TOUCHED_CONVERSIONS,
    keys.map(([conversion_name, id]) => ({ conversion_name, id })),
    replace,
  );
  const place = { day: '2026-01-01', first_at: day(0), last_at: day(0), has_removals: true };
  await warehouse.load(
    EVENT_CHANGES,
    [...visitors].map((anonymous_id) => ({ consumer: 'reports', anonymous_id, ...place })),
    replace,
  );
  await warehouse.load(
    PERSON_CHANGES,
    [...persons].map((person_id) => ({ consumer: 'reports', person_id })),
    replace,
  );
}

/** Active seconds of a session, from 0 to 4: told by its id, so that a session is the same in every night. */
export const engagedSeconds = (id: string): number => Number(/\d+$/.exec(id)?.[0] ?? 0) % 5;

/** A session as `sessions` holds it: direct, or a click of paid search. */
export function sessionRow({ id, visitor, at, direct }: Session) {
  return {
    session_id: id,
    anonymous_id: visitor,
    started_at: at,
    ended_at: at,
    start_date: at.slice(0, 10),
    events: 1,
    page_views: 1,
    engaged_seconds: engagedSeconds(id),
    source: direct ? 'direct' : 'google',
    medium: direct ? 'none' : 'cpc',
    channel: direct ? 'Direct' : 'Paid Search',
    is_direct: direct,
  };
}
