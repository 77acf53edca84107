import type { Bench } from '../run.ts';

/** How far the credits of every attribution model are from what channels have truly brought about, in worlds where that is known. */
export const models: Bench = {
  name: 'models',
  says: "every model's error in worlds with a known truth",
  options: { worlds: 20, persons: 5000 },
  run: async (context) => {
    // Not before it is asked for: the engine takes a moment to load.
    const { modelFigures } = await import('./figures.ts');
    return await modelFigures(context);
  },
};
