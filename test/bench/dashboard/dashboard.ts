import type { Bench } from '../run.ts';

/** How fast the dashboard answers, on what `npm run demo -- --exit` has left in `.demo`, or on a publication of so many sessions. */
export const dashboard: Bench = {
  name: 'dashboard',
  says: 'pages of the dashboard on the data of the demo',
  options: { requests: 100, paints: 10, 'report-sessions': 0 },
  run: async (context) => {
    // Not before it is asked for: the engine and the browser take a moment to load.
    const { dashboardFigures } = await import('./figures.ts');
    return await dashboardFigures(context);
  },
};
