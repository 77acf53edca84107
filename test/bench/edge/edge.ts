import type { Bench } from '../run.ts';

/** Requests per second, latency, processor time and size of the ingestion Worker. */
export const edge: Bench = {
  name: 'edge',
  says: 'requests per second, processor time and size of the ingestion Worker',
  options: { rounds: 9, requests: 3000 },
  run: async (context) => {
    // Not before it is asked for: workerd and the bundler take a moment to load.
    const { edgeFigures } = await import('./figures.ts');
    return await edgeFigures(context);
  },
};
