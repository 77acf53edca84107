import { type TransitionCount, chainOf } from './chain.ts';
import { removalEffects } from './markov.ts';
import type { TrainingWindow } from './months.ts';
import type { CountedPaths, PathCounts } from './path-counts.ts';
import { type ChannelSetCount, SAMPLED_PAIRS, shapleyValues } from './shapley-rate.ts';
import { type Effect, PARTS, type Version } from './versions.ts';

/** Of fewer conversions the effects of channels say more about chance than about channels. */
export const LEAST_CONVERSIONS = 30;

/** An effect as it was computed. */
export interface RawEffect {
  /** Code of the channel. */
  readonly channel: number;
  readonly effect: number;
  readonly error?: number | undefined;
}

/** The version of a Markov model from what was counted. */
export function markovVersion(window: TrainingWindow, paths: CountedPaths<TransitionCount>, place: number, order: number): Version {
  const counted = paths.windows[place]!;
  if (counted.conversions < LEAST_CONVERSIONS) return tooLittle(window, counted);
  const chain = chainOf(counted.counts, order);
  return {
    ...sizeOf(window, counted),
    status: 'fitted',
    notice: null,
    parameters: JSON.stringify({ conversionRate: rate(counted), order, states: chain.channelOf.length }),
    quality: '{}',
    effects: effectsOf(removalEffects(chain), paths.channels),
  };
}

/** The version of a Shapley model of the conversion rate from what was counted. */
export function shapleyVersion(window: TrainingWindow, paths: CountedPaths<ChannelSetCount>, place: number): Version {
  const counted = paths.windows[place]!;
  if (counted.conversions < LEAST_CONVERSIONS) return tooLittle(window, counted);
  const values = shapleyValues(counted.counts);
  const errors = values.flatMap(({ error }) => error ?? []);
  const isSampled = errors.length > 0;
  return {
    ...sizeOf(window, counted),
    status: 'fitted',
    notice: isSampled ? `values of ${values.length} channels are sampled: see their standard errors` : null,
    parameters: JSON.stringify({ channels: values.length, conversionRate: rate(counted) }),
    quality: JSON.stringify(isSampled ? { greatestError: rounded(Math.max(...errors)), orders: 2 * SAMPLED_PAIRS } : {}),
    effects: effectsOf(
      values.map(({ channel, value, error }) => ({ channel, effect: value, error })),
      paths.channels,
    ),
  };
}

/**
 * Effects as they are stored, by the name of the channel. The shares of those above 0 sum to exactly 1e9: what whole parts
 * leave over goes, one each, to the largest remainders, of equal ones to the first channel by name.
 */
export function effectsOf(found: readonly RawEffect[], channels: readonly string[]): Effect[] {
  const named = found
    .map(({ channel, effect, error }) => ({ name: channels[channel - 1]!, effect, error }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const total = named.reduce((sum, { effect }) => sum + Math.max(0, effect), 0);
  const exact = named.map(({ effect }) => (total === 0 ? 0 : (Math.max(0, effect) / total) * PARTS));
  const shares = exact.map(Math.floor);
  const left = total === 0 ? 0 : PARTS - shares.reduce((sum, share) => sum + share, 0);
  const byRemainder = [...exact.keys()].toSorted(
    (one, other) => exact[other]! - shares[other]! - (exact[one]! - shares[one]!) || one - other,
  );
  for (const place of byRemainder.slice(0, left)) shares[place]! += 1;
  return named.map(({ name, effect, error }, i) => ({
    channel: name,
    effect: inParts(effect),
    share: shares[i]!,
    error: error === undefined ? null : inParts(error),
  }));
}

function tooLittle(window: TrainingWindow, counted: PathCounts<unknown>): Version {
  const { conversions } = counted;
  const number = `${conversions} ${conversions === 1 ? 'conversion has' : 'conversions have'} a path`;
  return {
    ...sizeOf(window, counted),
    status: 'too_little_data',
    notice: `too little to learn from: ${number}, ${LEAST_CONVERSIONS} are needed; the last significant click is credited`,
    parameters: '{}',
    quality: '{}',
    effects: [],
  };
}

const sizeOf = ({ month, from, to }: TrainingWindow, { conversions, paths }: PathCounts<unknown>) => ({
  month,
  trained_from: from,
  trained_to: to,
  conversions,
  paths,
});

const rate = ({ conversions, paths }: PathCounts<unknown>): number => rounded(conversions / paths);
/** Never minus zero, which JSON and INT64 do not know. */
const inParts = (value: number): number => Math.round(value * PARTS) || 0;
const rounded = (value: number): number => inParts(value) / PARTS;
