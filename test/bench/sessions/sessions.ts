import type { Bench } from '../run.ts';

/** Time and memory from landing segments to sessions and persons, in DuckDB. */
export const sessions: Bench = {
  name: 'sessions',
  says: 'landing, events, sessions and identity beside bare queries, a following night, and memory',
  options: { events: 10_000_000, landed: 1_000_000 },
  run: async (context) => {
    // Not before it is asked for: the engine takes a moment to load.
    const { sessionFigures } = await import('./figures.ts');
    return await sessionFigures(context);
  },
};
