import { type Conversion, type Session, type State, byKey, keyOf, parentOf } from './worlds.ts';

// Credits by their definition, one conversion at a time: what the SQL is compared with.

const DAY = 86_400_000;
const FULL = 1_000_000_000;

export interface Credit {
  readonly conversion_name: string;
  readonly conversion_id: string;
  readonly model: string;
  readonly session_id: string;
  readonly credit: number;
  readonly value_micros: number | null;
  readonly click_time: string;
  readonly reason: string | null;
  readonly channel: string | null;
  readonly inherited_from_name: string | null;
  readonly inherited_from_id: string | null;
}

const CHOICES: Readonly<Record<string, (path: readonly Session[]) => Session>> = {
  first_click: (path) => path[0]!,
  last_click: (path) => path.at(-1)!,
  last_significant_click: (path) => path.findLast(({ direct }) => !direct) ?? path.at(-1)!,
};

/** All credits of a state: each conversion is credited like the first of its chain, from the head, that has credits to give. */
export function expectedCredits(state: State, policy: 'direct' | 'empty' | 'always' | 'never'): Credit[] {
  const conversions = byKey(state.conversions);
  const visitorsOf = Map.groupBy(Object.keys(state.persons), (visitor) => state.persons[visitor]!);
  const sessionsOf = Map.groupBy(state.sessions, ({ visitor }) => visitor);
  return state.conversions.flatMap((one) => {
    const chain: Conversion[] = [one];
    for (let up = parentOf(one, conversions); up; up = parentOf(up, conversions)) chain.unshift(up);
    const source = chain.find((member) => isAttributed(member)) ?? one;
    return Object.keys(CHOICES).map((model) => creditOf(one, source, model));
  });

  function pathOf({ person, at }: Conversion): Session[] {
    const anchor = Date.parse(at);
    const own = (person === null ? [] : (visitorsOf.get(person) ?? [])).flatMap((visitor) => sessionsOf.get(visitor) ?? []);
    return own
      .filter((session) => Date.parse(session.at) >= anchor - 90 * DAY && Date.parse(session.at) <= anchor + 300_000)
      .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : 1));
  }

  function isSelfReported(one: Conversion): boolean {
    const path = pathOf(one);
    if (one.answer === null || policy === 'never') return false;
    if (policy === 'always') return true;
    return path.length === 0 || (policy === 'direct' && path.every(({ direct }) => direct));
  }

  function isAttributed(one: Conversion): boolean {
    return pathOf(one).length > 0 || isSelfReported(one);
  }

  function creditOf(one: Conversion, source: Conversion, model: string): Credit {
    const isHeir = keyOf(source) !== keyOf(one);
    const path = pathOf(source);
    const answered = isSelfReported(source);
    const session = answered || path.length === 0 ? undefined : CHOICES[model]!(path);
    return {
      conversion_name: one.name,
      conversion_id: one.id,
      model,
      session_id: session?.id ?? '',
      credit: FULL,
      value_micros: one.value,
      click_time: microseconds(session?.at ?? source.at),
      reason: session ? null : answered ? 'self_reported' : reasonOf(one),
      channel: answered ? source.answer : null,
      inherited_from_name: isHeir ? source.name : null,
      inherited_from_id: isHeir ? source.id : null,
    };
  }

  function reasonOf({ at, client, person }: Conversion): string {
    if (at < state.began) return 'before_tracking';
    if (client === null) return 'no_identifier';
    return person === null ? 'unknown_identifier' : 'no_session_in_window';
  }
}

const microseconds = (iso: string): string => iso.replace(/(\.\d{3})Z$/, '$1000Z');
