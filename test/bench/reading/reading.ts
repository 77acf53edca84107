import type { Bench } from '../run.ts';

/** How fast reports are answered from a publication of a year. */
export const reading: Bench = {
  name: 'reading',
  says: 'report queries on a publication of a year',
  options: { 'report-sessions': 10_000_000, rounds: 5 },
  run: async (context) => {
    // Not before it is asked for: the engine takes a moment to load.
    const { readingFigures } = await import('./figures.ts');
    return await readingFigures(context);
  },
};
