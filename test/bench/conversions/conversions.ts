import type { Bench } from '../run.ts';

/** What it costs to follow a CRM, beside building everything anew, in DuckDB. */
export const conversions: Bench = {
  name: 'conversions',
  says: 'a night with a hundredth of the conversions changed, beside the full build',
  options: { conversions: 1_000_000 },
  run: async (context) => {
    // Not before it is asked for: the engine takes a moment to load.
    const { conversionFigures } = await import('./figures.ts');
    return await conversionFigures(context);
  },
};
