/**
 * How often one channel followed others, as the warehouse counts it. Channels are whole numbers from 1: nothing is ever
 * joined into a text that a name could break.
 */
export interface TransitionCount {
  /** The channels before and including the current one, at most as many as the order of the chain; the last is the current one. */
  readonly recent: readonly number[];
  /** Whether a path begins with the current one. */
  readonly isFirst: boolean;
  /** The channel that follows, or how the path ends here. */
  readonly next: number | 'conversion' | 'nothing';
  readonly count: number;
}

/**
 * An absorbing Markov chain as counts: a path begins in a state, moves between states, and ends with a conversion or with
 * nothing. States are numbered from 0; a state is the last channels of a path, at most as many as the order of the chain.
 */
export interface Chain {
  /** The channel that each state ends with: entering the state is entering this channel. */
  readonly channelOf: readonly number[];
  /** How many paths begin in each state. */
  readonly starts: readonly number[];
  /** Per state, how often each other state followed; a state may follow itself. */
  readonly moves: readonly ReadonlyMap<number, number>[];
  readonly conversions: readonly number[];
  readonly nothings: readonly number[];
}

/**
 * The chain of an order from what was counted.
 * @throws Error where a count names more channels than the order: then it is of another chain.
 */
export function chainOf(counts: readonly TransitionCount[], order: number): Chain {
  const numbers = new Map<string, number>();
  const channelOf: number[] = [];
  const starts: number[] = [];
  const moves: Map<number, number>[] = [];
  const conversions: number[] = [];
  const nothings: number[] = [];
  const stateOf = (recent: readonly number[]): number => {
    const key = recent.join(',');
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const state = channelOf.length;
    numbers.set(key, state);
    channelOf.push(recent.at(-1)!);
    starts.push(0);
    moves.push(new Map());
    conversions.push(0);
    nothings.push(0);
    return state;
  };
  for (const { recent, isFirst, next, count } of counts) {
    if (recent.length === 0 || recent.length > order)
      throw new Error(`a state of a chain of order ${order} has 1 to ${order} channels, not ${recent.length}`);
    const state = stateOf(recent);
    if (isFirst) starts[state]! += count;
    if (next === 'conversion') conversions[state]! += count;
    else if (next === 'nothing') nothings[state]! += count;
    else {
      const following = stateOf([...recent, next].slice(-order));
      const row = moves[state]!;
      row.set(following, (row.get(following) ?? 0) + count);
    }
  }
  return { channelOf, starts, moves, conversions, nothings };
}
