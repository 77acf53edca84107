import type { Chain } from '../chain.ts';
import type { ChannelSetCount } from '../shapley-rate.ts';

// The definitions of both games, read once more in the slowest and plainest way.

/**
 * An independent reading of the definition: probabilities as a full matrix, whose powers are multiplied until nothing moves.
 * State 0 is the start; the last two are conversion and nothing.
 */
export function byPowers({ channelOf, starts, moves, conversions, nothings }: Chain, removed?: number): number {
  const size = channelOf.length + 3;
  const [conversion, nothing] = [size - 2, size - 1];
  const rows = Array.from({ length: size }, () => Array.from({ length: size }, () => 0));
  const isGone = (state: number) => channelOf[state] === removed;
  const add = (from: number, to: number, count: number) => (rows[from]![to]! += count);
  starts.forEach((count, state) => add(0, isGone(state) ? nothing : state + 1, count));
  channelOf.forEach((_, state) => {
    for (const [to, count] of moves[state]!) add(state + 1, isGone(to) ? nothing : to + 1, count);
    add(state + 1, conversion, conversions[state]!);
    add(state + 1, nothing, nothings[state]!);
  });
  rows[conversion]![conversion] = rows[nothing]![nothing] = 1;
  let power = rows.map((row) => {
    const sum = row.reduce((all, one) => all + one, 0);
    return row.map((one) => (sum === 0 ? 0 : one / sum));
  });
  for (let squaring = 0; squaring < 20; squaring++)
    power = power.map((row) => row.map((_, to) => row.reduce((sum, one, through) => sum + one * power[through]![to]!, 0)));
  return power[0]![conversion]!;
}

/** The conversion rate of the paths that need no other channels, read from its definition. */
function worth(sets: readonly ChannelSetCount[], players: ReadonlySet<number>): number {
  const inside = sets.filter(({ channels }) => channels.every((channel) => players.has(channel)));
  const paths = inside.reduce((sum, one) => sum + one.paths, 0);
  return paths === 0 ? 0 : inside.reduce((sum, one) => sum + one.conversions, 0) / paths;
}

/** Shapley's own definition: the mean over all orders of what a player adds. */
export function overAllOrders(sets: readonly ChannelSetCount[], players: readonly number[]): Map<number, number> {
  const sums = new Map(players.map((player) => [player, 0]));
  let orders = 0;
  const visit = (order: readonly number[]): void => {
    if (order.length === players.length) {
      orders++;
      order.forEach((player, i) => {
        const gain = worth(sets, new Set(order.slice(0, i + 1))) - worth(sets, new Set(order.slice(0, i)));
        sums.set(player, sums.get(player)! + gain);
      });
      return;
    }
    for (const player of players) if (!order.includes(player)) visit([...order, player]);
  };
  visit([]);
  return new Map([...sums].map(([player, sum]) => [player, sum / orders]));
}
