import type { Bench } from '../run.ts';

/** What it costs to credit every conversion by many models, in DuckDB. */
export const attribution: Bench = {
  name: 'attribution',
  says: 'all rule models over all history, beside the bare join of conversions to their sessions',
  options: { conversions: 1_000_000, sessions: 10_000_000, rounds: 2 },
  run: async (context) => {
    // Not before it is asked for: the engine takes a moment to load.
    const { attributionFigures } = await import('./figures.ts');
    return await attributionFigures(context);
  },
};
