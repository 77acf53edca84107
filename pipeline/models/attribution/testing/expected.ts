import { type AttributionModel, lookbackDaysOf, modelsOf } from '../../../config/attribution.ts';
import { Config } from '../../../config/schema.ts';
import { FULL, type OracleTouch, byId, expectedShares, runningValues } from './oracle.ts';
import { type Conversion, type ENGAGEMENT, type Session, type State, byKey, engagedSeconds, keyOf, parentOf, settings } from './worlds.ts';

// Credits by their definition, one conversion at a time: what the SQL is compared with.

const DAY = 86_400_000;

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

/** All credits of a state: each conversion is credited like the first of its chain, from the head, that has credits to give. */
export function expectedCredits(
  state: State,
  policy: 'direct' | 'empty' | 'always' | 'never',
  models: readonly (typeof ENGAGEMENT)[] = [],
): Credit[] {
  const config = Config.parse({ project: { name: 'Test', timeZone: 'UTC', currency: 'EUR' }, ...settings(policy, models) });
  const conversions = byKey(state.conversions);
  const visitorsOf = Map.groupBy(Object.keys(state.persons), (visitor) => state.persons[visitor]!);
  const sessionsOf = Map.groupBy(state.sessions, ({ visitor }) => visitor);
  return state.conversions.flatMap((one) => {
    const chain: Conversion[] = [one];
    for (let up = parentOf(one, conversions); up; up = parentOf(up, conversions)) chain.unshift(up);
    return modelsOf(config).flatMap((model) => {
      const source = chain.find((member) => isAttributed(member, model)) ?? one;
      return creditsOf(one, source, model);
    });
  });

  function pathOf({ name, person, at }: Conversion, model: AttributionModel): Session[] {
    const anchor = Date.parse(at);
    const begin = anchor - lookbackDaysOf(config, model, name) * DAY;
    const own = (person === null ? [] : (visitorsOf.get(person) ?? [])).flatMap((visitor) => sessionsOf.get(visitor) ?? []);
    return own
      .filter((session) => Date.parse(session.at) >= begin && Date.parse(session.at) <= anchor + 300_000)
      .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : 1));
  }

  function isSelfReported(one: Conversion, model: AttributionModel): boolean {
    const path = pathOf(one, model);
    if (one.answer === null || policy === 'never') return false;
    if (policy === 'always') return true;
    return path.length === 0 || (policy === 'direct' && path.every(({ direct }) => direct));
  }

  function isAttributed(one: Conversion, model: AttributionModel): boolean {
    return pathOf(one, model).length > 0 || isSelfReported(one, model);
  }

  function creditsOf(one: Conversion, source: Conversion, model: AttributionModel): Credit[] {
    const isHeir = keyOf(source) !== keyOf(one);
    const path = pathOf(source, model);
    const answered = isSelfReported(source, model);
    const shares =
      answered || path.length === 0 ? new Map([['', FULL]]) : expectedShares(model, path.map(touchOf), Date.parse(source.at) * 1000);
    const values = one.value === null ? undefined : runningValues(BigInt(one.value), isHeir ? byId(shares) : shares);
    return [...shares].map(([id, credit]): Credit => {
      const session = path.find((touch) => touch.id === id);
      return {
        conversion_name: one.name,
        conversion_id: one.id,
        model: model.name,
        session_id: id,
        credit: Number(credit),
        value_micros: values ? Number(values.get(id)!) : null,
        click_time: microseconds(session?.at ?? source.at),
        reason: session ? null : answered ? 'self_reported' : reasonOf(one),
        channel: answered ? source.answer : null,
        inherited_from_name: isHeir ? source.name : null,
        inherited_from_id: isHeir ? source.id : null,
      };
    });
  }

  function reasonOf({ at, client, person }: Conversion): string {
    if (at < state.began) return 'before_tracking';
    if (client === null) return 'no_identifier';
    return person === null ? 'unknown_identifier' : 'no_session_in_window';
  }
}

const microseconds = (iso: string): string => iso.replace(/(\.\d{3})Z$/, '$1000Z');

const touchOf = ({ id, at, direct }: Session): OracleTouch => ({
  id,
  at: Date.parse(at) * 1000,
  direct,
  channel: direct ? 'Direct' : 'Paid Search',
  engaged: engagedSeconds(id),
});
