import { Random } from '../random.ts';

/**
 * How a channel comes by its visits. `prospecting` and `search` find persons, `retargeting` and `email` follow those who have
 * been there, `brand_search` and `direct` are ways of coming back.
 */
export type ChannelKind = 'prospecting' | 'search' | 'retargeting' | 'email' | 'brand_search' | 'direct';

export interface Channel {
  readonly name: string;
  readonly kind: ChannelKind;
  /** Visits per day of a person of middling interest, while the channel may reach them. */
  readonly reach: number;
  /** How much likelier it reaches who is interested anyway: its visits go with exp(selectivity × interest). */
  readonly selectivity: number;
  /** By how many times its base the daily chance to decide rises with a visit, on average. */
  readonly lift: number;
  /** Active seconds of a visit of a person of middling interest: formats differ, whatever they bring about. */
  readonly seconds: number;
}

/** What holds in one world. */
export interface Parameters {
  readonly seed: number;
  readonly channels: readonly Channel[];
  /** Chance per day that a person in the market, whom nothing has reached, decides. */
  readonly baseHazard: number;
  /** How much persons differ: standard deviation of the logarithm of that chance. */
  readonly spread: number;
  /** Days after which half of what a visit has raised is left. */
  readonly halfLifeDays: number;
  /** Mean days that a person is in the market. */
  readonly marketDays: number;
  /** Visits per day to come back, by unit of raised interest. */
  readonly returns: number;
  /** Share of those who come back, or come to buy, through brand search. */
  readonly brandShare: number;
  /** Share of the latter that a competitor has where brand search is switched off. */
  readonly brandLeak: number;
  /** How much active seconds go with interest: their exponent. */
  readonly engagementSlope: number;
}

/** Days that a world lasts. */
export const WORLD_DAYS = 120;

const PROSPECTING = ['Paid Social', 'Display', 'Paid Video', 'Organic Social', 'Referral', 'Affiliates'] as const;
const SEARCH = ['Paid Search', 'Organic Search', 'AI Assistant'] as const;

/** A world at random: two to four prospecting channels, one or two of search, most often retargeting, e-mail and brand search. */
export function parametersOf(seed: number): Parameters {
  const random = new Random(seed).fork('causal world');
  const some = (names: readonly string[], least: number, most: number) => {
    const left = [...names];
    return Array.from({ length: random.integer(least, most) }, () => left.splice(random.integer(0, left.length - 1), 1)[0]!);
  };
  const channel = (name: string, kind: ChannelKind, reach: readonly [number, number], lift: number, selective: number): Channel => ({
    name,
    kind,
    reach: random.between(...reach),
    selectivity: random.between(0, selective),
    // Most channels do little, few do much.
    lift: lift * random.next() ** 2,
    seconds: random.between(15, 60),
  });
  const channels = [
    ...some(PROSPECTING, 2, 4).map((name) => channel(name, 'prospecting', [0.001, 0.006], 30, 0.6)),
    ...some(SEARCH, 1, 2).map((name) => channel(name, 'search', [0.002, 0.012], 20, 0.6)),
    ...(random.chance(0.75) ? [channel('Retargeting', 'retargeting', [0.004, 0.02], 8, 0.8)] : []),
    ...(random.chance(0.75) ? [channel('Email', 'email', [0.005, 0.02], 10, 0.5)] : []),
    ...(random.chance(0.75) ? [channel('Brand Search', 'brand_search', [0, 0], 1, 0)] : []),
    channel('Direct', 'direct', [0, 0], 0, 0),
  ];
  return {
    seed,
    channels,
    baseHazard: random.between(0.001, 0.003),
    spread: random.between(0.3, 1),
    halfLifeDays: random.between(4, 20),
    marketDays: random.between(25, 60),
    returns: random.between(0.01, 0.04),
    brandShare: random.between(0.2, 0.7),
    brandLeak: random.between(0, 0.2),
    engagementSlope: random.between(0.2, 0.7),
  };
}
