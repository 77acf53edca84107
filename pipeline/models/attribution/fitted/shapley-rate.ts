/** How many paths have exactly these channels, in whatever order and number. Channels are whole numbers from 1. */
export interface ChannelSetCount {
  /** Each channel once. */
  readonly channels: readonly number[];
  readonly paths: number;
  /** How many of them converted. */
  readonly conversions: number;
}

export interface ShapleyValue {
  readonly channel: number;
  /** In conversions per path; below 0 for a channel that a path converts less often with than without. */
  readonly value: number;
  /** Standard error of the value; undefined where it is exact. */
  readonly error?: number;
}

/** Up to so many channels every set of them is looked at; beyond, orders of them are sampled. */
export const EXACT_CHANNELS = 15;
/** Pairs of an order and its reverse. */
export const SAMPLED_PAIRS = 2_000;
const SEED = 20_111_953;

/**
 * Shapley values of the game whose players are the channels, and in which a set S of them is worth the conversion rate of
 * the paths that need no other channel:
 *
 *     v(S) = conversions of paths whose channels all lie in S / number of such paths, and 0 where there are none
 *     φ(c) = Σ over S without c: |S|! (n − |S| − 1)! / n! · (v(S ∪ {c}) − v(S))
 *
 * (Shapley, "A value for n-person games", 1953; the game sees paths that did not convert, unlike the sum of conversions of
 * Zhao, Mahboobi and Bagheri, arXiv 1804.05327.) The values sum to the conversion rate of all paths. A channel that is on
 * no path that converted adds only failures to every set, so its value is never above 0.
 *
 * Up to {@link EXACT_CHANNELS} channels exact but for the rounding of doubles. Beyond, the mean over
 * {@link SAMPLED_PAIRS} random orders and their reverses, the same in every run, with its standard error (Castro, Gómez,
 * Tejada, "Polynomial calculation of the Shapley value based on sampling", 2009).
 * @returns by channel number.
 */
export function shapleyValues(sets: readonly ChannelSetCount[]): ShapleyValue[] {
  const channels = [...new Set(sets.flatMap((set) => set.channels))].toSorted((one, other) => one - other);
  return channels.length <= EXACT_CHANNELS ? exactValues(sets, channels) : sampledValues(sets, channels);
}

/** {@link shapleyValues} by all sets of the channels, 2ⁿ of them. */
export function exactValues(sets: readonly ChannelSetCount[], channels: readonly number[]): ShapleyValue[] {
  const size = 1 << channels.length;
  const bit = new Map(channels.map((channel, i) => [channel, 1 << i]));
  const paths = new Float64Array(size);
  const conversions = new Float64Array(size);
  for (const set of sets) {
    const mask = set.channels.reduce((bits, channel) => bits | bit.get(channel)!, 0);
    paths[mask]! += set.paths;
    conversions[mask]! += set.conversions;
  }
  // Sums over the subsets of every set: channel by channel, a set with it takes what the set without it has.
  for (let one = 1; one < size; one <<= 1) {
    for (let mask = 0; mask < size; mask++) {
      if ((mask & one) === 0) continue;
      paths[mask]! += paths[mask ^ one]!;
      conversions[mask]! += conversions[mask ^ one]!;
    }
  }
  const worth = paths.map((count, mask) => (count === 0 ? 0 : conversions[mask]! / count));
  const weights = weightsOf(channels.length);
  return channels.map((channel, i) => {
    const one = 1 << i;
    // Sets of one size have one weight: their differences are added up before it is applied.
    const gains = new Float64Array(channels.length);
    for (let mask = 0; mask < size; mask++) {
      if ((mask & one) === 0) gains[bitsOf(mask)]! += worth[mask | one]! - worth[mask]!;
    }
    return { channel, value: gains.reduce((sum, gain, others) => sum + gain * weights[others]!, 0) };
  });
}

/** {@link shapleyValues} by random orders of the channels, each with its reverse. */
export function sampledValues(sets: readonly ChannelSetCount[], channels: readonly number[], pairs = SAMPLED_PAIRS): ShapleyValue[] {
  const count = channels.length;
  const index = new Map(channels.map((channel, i) => [channel, i]));
  const members = sets.map((set) => ({ ...set, channels: set.channels.map((channel) => index.get(channel)!) }));
  const next = seeded(SEED);
  const order = channels.map((_, i) => i);
  const sums = new Float64Array(count);
  const squares = new Float64Array(count);
  for (let pair = 0; pair < pairs; pair++) {
    for (let i = count - 1; i > 0; i--) {
      const other = Math.floor(next() * (i + 1));
      [order[i], order[other]] = [order[other]!, order[i]!];
    }
    const there = gainsInOrder(members, order);
    const back = gainsInOrder(members, order.toReversed());
    for (let i = 0; i < count; i++) {
      const gain = (there[i]! + back[i]!) / 2;
      sums[i]! += gain;
      squares[i]! += gain * gain;
    }
  }
  return channels.map((channel, i) => {
    const value = sums[i]! / pairs;
    const variance = Math.max(0, squares[i]! / pairs - value * value) * (pairs / (pairs - 1));
    return { channel, value, error: Math.sqrt(variance / pairs) };
  });
}

/** What each player adds where they come in this order. */
function gainsInOrder(sets: readonly ChannelSetCount[], order: readonly number[]): Float64Array {
  const place = new Int32Array(order.length);
  order.forEach((player, i) => (place[player] = i));
  const paths = new Float64Array(order.length);
  const conversions = new Float64Array(order.length);
  for (const set of sets) {
    // A path counts from its last channel on.
    let last = 0;
    for (const player of set.channels) last = Math.max(last, place[player]!);
    paths[last]! += set.paths;
    conversions[last]! += set.conversions;
  }
  const gains = new Float64Array(order.length);
  let [allPaths, allConversions, before] = [0, 0, 0];
  order.forEach((player, i) => {
    allPaths += paths[i]!;
    allConversions += conversions[i]!;
    const worth = allPaths === 0 ? 0 : allConversions / allPaths;
    gains[player] = worth - before;
    before = worth;
  });
  return gains;
}

/** |S|! (n − |S| − 1)! / n! by |S|: one part in n of the sets of that size, without a factorial that overflows. */
function weightsOf(count: number): number[] {
  const weights: number[] = [];
  let choices = 1;
  for (let others = 0; others < count; others++) {
    weights.push(1 / (count * choices));
    choices = (choices * (count - 1 - others)) / (others + 1);
  }
  return weights;
}

function bitsOf(mask: number): number {
  let bits = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}

/** Mulberry32, from 0 to below 1. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
