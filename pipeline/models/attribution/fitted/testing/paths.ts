import type { TransitionCount } from '../chain.ts';
import type { ChannelSetCount } from '../shapley-rate.ts';

/** Paths that went over the same channels to the same end. */
export interface TestPath {
  readonly channels: readonly number[];
  readonly converts: boolean;
  readonly count: number;
}

/** What the warehouse counts of such paths for a chain of an order. */
export function transitionsOf(paths: readonly TestPath[], order: number): TransitionCount[] {
  return paths.flatMap(({ channels, converts, count }) =>
    channels.map((_, i): TransitionCount => ({
      recent: channels.slice(Math.max(0, i + 1 - order), i + 1),
      isFirst: i === 0,
      next: channels[i + 1] ?? (converts ? 'conversion' : 'nothing'),
      count,
    })),
  );
}

/** What the warehouse counts of their channels. */
export function setsOf(paths: readonly TestPath[]): ChannelSetCount[] {
  return paths.map(({ channels, converts, count }) => ({
    channels: [...new Set(channels)],
    paths: count,
    conversions: converts ? count : 0,
  }));
}
