import type { Chain } from './chain.ts';

/** What removing a channel does. */
export interface RemovalEffect {
  readonly channel: number;
  /** From 0 to 1: the part of all conversions that the chain loses where whoever enters the channel is lost. */
  readonly effect: number;
}

/** Chains of more states are solved by following their mass; elimination takes the cube of their number. */
export const MOST_ELIMINATED = 1_000;
/** How much probability may be left unfollowed: an absolute bound of the error. */
const UNFOLLOWED = 1e-14;
/** Far beyond what a chain of real paths needs. */
const MOST_STEPS = 10_000_000;

/**
 * The removal effect of every channel: RE(c) = 1 − P(conversion | entering c leads to nothing) / P(conversion), after
 * Anderl, Becker, von Wangenheim, Schumann, "Mapping the customer journey" (2016). Solved, not simulated.
 *
 * The counts of a chain are balanced, so P(conversion) is the part of its paths that converted, whatever its order.
 * @returns by channel number; all 0 where no path converted.
 */
export function removalEffects(chain: Chain): RemovalEffect[] {
  const channels = [...new Set(chain.channelOf)].toSorted((one, other) => one - other);
  const all = conversionProbability(chain);
  return channels.map((channel) => {
    const effect = all === 0 ? 0 : 1 - conversionProbability(chain, channel) / all;
    return { channel, effect: Math.min(1, Math.max(0, effect)) };
  });
}

/**
 * The probability that a path of the chain converts, where entering the removed channel leads to nothing: exact but for
 * the rounding of doubles, of more than {@link MOST_ELIMINATED} states within 1e-14. 0 for a chain without paths.
 */
export function conversionProbability(chain: Chain, removed?: number): number {
  return chain.channelOf.length <= MOST_ELIMINATED ? eliminated(chain, removed) : followed(chain, removed);
}

/**
 * State reduction of Grassmann, Taksar and Heyman, "Regenerative analysis and steady state distributions for Markov chains"
 * (1985), on the counts themselves: a state is taken out by giving what flows into it to where it leads, until only the
 * start is left. Nothing is ever subtracted, so no digit is lost.
 */
export function eliminated(chain: Chain, removed?: number): number {
  const kept = keptStates(chain, removed);
  const size = kept.length;
  const place = new Map(kept.map((state, i) => [state, i]));
  // A row per state, the start last; a column per state, then conversion, then nothing.
  const width = size + 2;
  const flow = Array.from({ length: size + 1 }, () => new Float64Array(width));
  const give = (row: Float64Array, to: number, count: number): void => {
    row[place.get(to) ?? size + 1]! += count;
  };
  kept.forEach((state, i) => {
    const row = flow[i]!;
    row[size] = chain.conversions[state]!;
    row[size + 1] = chain.nothings[state]!;
    for (const [to, count] of chain.moves[state]!) give(row, to, count);
  });
  const start = flow[size]!;
  chain.starts.forEach((count, state) => give(start, state, count));
  for (let state = size - 1; state >= 0; state--) {
    const row = flow[state]!;
    // What is left: the states below, conversion and nothing. Those above are gone.
    const targets: number[] = [];
    let leaving = 0;
    for (let to = 0; to < width; to++) {
      if ((to >= state && to < size) || row[to] === 0) continue;
      targets.push(to);
      leaving += row[to]!;
    }
    if (leaving === 0) continue;
    for (let from = 0; from <= size; from++) {
      if (from >= state && from < size) continue;
      const into = flow[from]!;
      const entering = into[state]!;
      if (entering === 0) continue;
      const scale = entering / leaving;
      for (const to of targets) into[to]! += scale * row[to]!;
    }
  }
  return ratio(start[size]!, start[size]! + start[size + 1]!);
}

/**
 * Follows all paths at once, step by step, until less than 1e-14 of them has not ended: what has converted by then is
 * the probability within that bound. Staying in a state is no step.
 * @throws Error where too much has not ended after ten million steps: then a state of the chain leads nowhere.
 */
export function followed(chain: Chain, removed?: number): number {
  const kept = keptStates(chain, removed);
  const place = new Map(kept.map((state, i) => [state, i]));
  const rows = kept.map((state) => {
    const moves = [...chain.moves[state]!].filter(([to]) => to !== state);
    const total = moves.reduce((sum, [, count]) => sum + count, chain.conversions[state]! + chain.nothings[state]!);
    const inner = moves.filter(([to]) => place.has(to));
    return {
      to: Int32Array.from(inner, ([to]) => place.get(to)!),
      part: Float64Array.from(inner, ([, count]) => ratio(count, total)),
      conversion: ratio(chain.conversions[state]!, total),
    };
  });
  const paths = chain.starts.reduce((sum, count) => sum + count, 0);
  let mass = Float64Array.from(kept, (state) => ratio(chain.starts[state]!, paths));
  let converted = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = new Float64Array(kept.length);
    let left = 0;
    rows.forEach(({ to, part, conversion }, i) => {
      const here = mass[i]!;
      if (here === 0) return;
      converted += here * conversion;
      for (let j = 0; j < to.length; j++) {
        const moved = here * part[j]!;
        next[to[j]!]! += moved;
        left += moved;
      }
    });
    if (left < UNFOLLOWED) return converted;
    mass = next;
  }
  throw new Error(`a chain of ${kept.length} states has paths that do not end`);
}

function keptStates(chain: Chain, removed: number | undefined): number[] {
  return [...chain.channelOf.keys()].filter((state) => chain.channelOf[state] !== removed);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
