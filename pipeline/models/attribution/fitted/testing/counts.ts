import type { TransitionCount } from '../chain.ts';
import type { CountedPaths } from '../path-counts.ts';
import type { ChannelSetCount } from '../shapley-rate.ts';
import { transitionsOf } from './paths.ts';
import type { ExpectedPath } from './worlds.ts';

// What was counted, by the names of channels: for comparison with paths that were counted one by one.

/** Sorted texts, one per thing that was counted. */
export type Listed = readonly string[];

/** The sets of channels of a window, with how many paths have them and how many of these converted. */
export function listedSets({ channels, windows }: CountedPaths<ChannelSetCount>, place: number): Listed {
  const named = windows[place]!.counts.map(({ channels: codes, paths, conversions }) => ({
    names: codes.map((code) => channels[code - 1]!).toSorted(),
    paths,
    conversions,
  }));
  return named.map((set) => JSON.stringify([set.names, set.paths, set.conversions])).toSorted();
}

/** The same of paths. */
export function setsInPaths(paths: readonly ExpectedPath[]): Listed {
  const bySet = Map.groupBy(paths, ({ channels }) => JSON.stringify([...new Set(channels)].toSorted()));
  return [...bySet]
    .map(([names, own]) => JSON.stringify([JSON.parse(names), own.length, own.filter(({ converts }) => converts).length]))
    .toSorted();
}

/** What followed what in a window, with how often. */
export function listedTransitions({ channels, windows }: CountedPaths<TransitionCount>, place: number): Listed {
  return listed(windows[place]!.counts, channels);
}

/** The same of paths, for a chain of an order. */
export function transitionsInPaths(paths: readonly ExpectedPath[], order: number): Listed {
  const names = [...new Set(paths.flatMap(({ channels }) => channels))];
  const coded = paths.map((path) => ({ ...path, channels: path.channels.map((name) => names.indexOf(name) + 1), count: 1 }));
  return listed(transitionsOf(coded, order), names);
}

function listed(counts: readonly TransitionCount[], names: readonly string[]): Listed {
  const sums = new Map<string, number>();
  for (const { recent, isFirst, next, count } of counts) {
    const key = JSON.stringify([recent.map((code) => names[code - 1]), isFirst, typeof next === 'number' ? [names[next - 1]] : next]);
    sums.set(key, (sums.get(key) ?? 0) + count);
  }
  return [...sums].map(([key, count]) => `${key} ${count}`).toSorted();
}
