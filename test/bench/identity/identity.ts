import type { Bench } from '../run.ts';

/** Time of the identity graph, in DuckDB. */
export const identity: Bench = {
  name: 'identity',
  says: 'components beside dictionary-encoding in SQL, a night beside a full build, and other algorithms on a smaller graph',
  options: { edges: 10_000_000, small: 200_000 },
  run: async (context) => {
    // Not before it is asked for: the engine takes a moment to load.
    const { identityFigures } = await import('./figures.ts');
    return await identityFigures(context);
  },
};
