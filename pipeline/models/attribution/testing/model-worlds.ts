import { type AttributionModel, lookbackDaysOf, modelsOf } from '../../../config/attribution.ts';
import type { Config, ConfigInput } from '../../../config/schema.ts';
import { randomNumbers } from '../../../testing/random.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { type OracleTouch, expectedShares, runningValues } from './oracle.ts';

// Small random worlds for the models: a person with some sessions and two conversions. They do not touch each other, so that
// many of them lie in one database.

const DAY = 86_400_000_000;
const BEGIN = Date.UTC(2026, 0, 1) * 1000;
const CHANNELS = ['Paid Search', 'Email', 'Referral', 'Direct'] as const;

/** A model of one's own: by the time a visitor was active. */
export const BY_ENGAGEMENT = `select conversion_name, conversion_id, session_id, engaged_seconds as weight
from touches
where engaged_seconds > 0`;

/** All rule models, most of them more than once: with other options, and with other windows. */
export const MODELS_CONFIG = {
  conversions: [
    { name: 'lead', label: 'Lead', sql: 'lead.sql' },
    { name: 'deal', label: 'Deal', sql: 'deal.sql', lookbackDays: 30 },
  ],
  selfReported: { rules: [], credit: 'never' },
  attribution: {
    models: [
      'first_click',
      'last_click',
      'last_significant_click',
      'linear',
      'position_based',
      'time_decay',
      'shapley',
      { name: 'last_paid', type: 'last_significant_click', significant: { dimension: 'channel', equals: 'Paid Search' } },
      { name: 'ends', type: 'position_based', first: 0.3, last: 0.7 },
      { name: 'uneven', type: 'position_based', first: 1 / 3, last: 1 / 6 },
      { name: 'middle', type: 'position_based', first: 0, last: 0 },
      { name: 'daily_decay', type: 'time_decay', halfLifeDays: 0.7 },
      { name: 'engagement', type: 'custom', sql: 'engagement.sql' },
      { name: 'short_linear', type: 'linear', lookbackDays: 9 },
      { name: 'short_shapley', type: 'shapley', lookbackDays: { deal: 5 } },
    ],
    lookbackDays: 60,
  },
} as const satisfies Partial<ConfigInput>;

interface WorldConversion {
  readonly name: string;
  readonly id: string;
  readonly at: number;
  readonly value: bigint | null;
}

export interface ModelWorld {
  readonly person: string;
  readonly touches: readonly OracleTouch[];
  readonly conversions: readonly WorldConversion[];
}

/** @param count how many; the world of a number is always the same. */
export function modelWorlds(count: number, seed: number): ModelWorld[] {
  const next = randomNumbers(seed);
  const among = <T>(list: readonly T[]): T => list[next(list.length)]!;
  return Array.from({ length: count }, (_, world): ModelWorld => {
    // Session ids are drawn, so that their order is another one than that of time.
    const taken = new Set<string>();
    const freshId = (): string => {
      const id = `s${next(1_000_000)}w${world}`;
      if (taken.has(id)) return freshId();
      taken.add(id);
      return id;
    };
    const conversions = (['lead', 'deal'] as const).map((name): WorldConversion => ({
      name,
      id: `${name}${world}`,
      at: BEGIN + 70 * DAY + next(30) * DAY + next(1_000_000),
      value: among([null, 0n, 100n, -100n, 7n, BigInt(next(1_000_000_000)), 9_007_199_254_740_991n]),
    }));
    const anchor = among(conversions).at;
    const ats = [
      // Days apart, whole and broken; on the ends of the windows, and a microsecond beyond.
      () => BEGIN + next(110) * DAY,
      () => anchor - next(12) * DAY,
      () => anchor - next(60 * 86_400) * 1_000_000 - next(1_000_000),
      () => anchor + among([300_000_000, 300_000_001, -30 * DAY, -30 * DAY - 1, -60 * DAY, -60 * DAY - 1, -5 * DAY, -9 * DAY - 1, 0]),
    ];
    const touches = Array.from({ length: next(9) }, (): OracleTouch => {
      const channel = among(CHANNELS);
      return { id: freshId(), at: among(ats)(), direct: channel === 'Direct', channel, engaged: among([0, 0, 1, 2.5, 30, 7]) };
    });
    return { person: `p${world}`, touches, conversions };
  });
}

const timeOf = (micros: number): string =>
  `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`;

/** The rows of worlds, by table. */
export function rowsOfWorlds(worlds: readonly ModelWorld[]): Record<'identities' | 'sessions' | 'conversions', Row[]> {
  return {
    // Every other touch is made on a second device.
    identities: worlds.flatMap(({ person }, i) =>
      [person, `${person}b`].map((anonymous_id) => ({ anonymous_id, person_id: person, person_key: i, first_seen: timeOf(BEGIN) })),
    ),
    sessions: worlds.flatMap(({ person, touches }) =>
      touches.map(({ id, at, direct, channel, engaged }, i) => ({
        session_id: id,
        anonymous_id: i % 2 === 0 ? person : `${person}b`,
        started_at: timeOf(at),
        ended_at: timeOf(at),
        start_date: timeOf(at).slice(0, 10),
        events: 1,
        page_views: 1,
        engaged_seconds: engaged,
        source: 'x',
        medium: 'x',
        channel,
        is_direct: direct,
      })),
    ),
    conversions: worlds.flatMap(({ person, conversions }) =>
      conversions.map(({ name, id, at, value }) => ({
        conversion_name: name,
        id,
        conversion_time: timeOf(at),
        attribution_time: timeOf(at),
        conversion_date: timeOf(at).slice(0, 10),
        client_id: person,
        value_micros: value === null ? null : Number(value),
        person_id: person,
      })),
    ),
  };
}

export interface ExpectedRow {
  readonly conversion_name: string;
  readonly conversion_id: string;
  readonly model: string;
  readonly session_id: string;
  readonly credit: number;
  readonly value_micros: number | null;
}

/** All credits of worlds, each by the definition of its model. */
export function expectedRows(worlds: readonly ModelWorld[], config: Config): ExpectedRow[] {
  return worlds.flatMap(({ touches, conversions }) =>
    conversions.flatMap((one) => modelsOf(config).flatMap((model) => creditsOf(one, model, touches, config))),
  );
}

function creditsOf(one: WorldConversion, model: AttributionModel, touches: readonly OracleTouch[], config: Config): ExpectedRow[] {
  const begin = one.at - lookbackDaysOf(config, model, one.name) * DAY;
  const path = touches
    .filter(({ at }) => at >= begin && at <= one.at + 300_000_000)
    .toSorted((a, b) => (a.at === b.at ? (a.id < b.id ? -1 : 1) : a.at - b.at));
  const shares = path.length === 0 ? new Map([['', 1_000_000_000n]]) : expectedShares(model, path, one.at);
  const values = one.value === null ? undefined : runningValues(one.value, shares);
  return [...shares].map(([session_id, credit]) => ({
    conversion_name: one.name,
    conversion_id: one.id,
    model: model.name,
    session_id,
    credit: Number(credit),
    value_micros: values ? Number(values.get(session_id)!) : null,
  }));
}

/** Rows in the order of their key. */
export function inKeyOrder<T extends ExpectedRow>(rows: readonly T[]): T[] {
  const keyOf = (row: T) => JSON.stringify([row.conversion_name, row.conversion_id, row.model, row.session_id]);
  const keyed = rows.map((row) => ({ key: keyOf(row), row }));
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
}
