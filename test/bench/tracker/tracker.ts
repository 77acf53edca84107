import { join } from 'node:path';
import { installPackages } from '../../setup/install-packages.ts';
import type { Bench } from '../run.ts';

const FOLDER = join(import.meta.dirname, '..');

/** Size, main-thread time and lost events of the browser script. */
export const tracker: Bench = {
  name: 'tracker',
  says: 'size, main-thread time and lost events of the browser script',
  options: { rounds: 17, visits: 1000 },
  run: async (context) => {
    installPackages(join(FOLDER, '..'), 'the packages that only the tests need (Chromium)');
    installPackages(FOLDER, 'the trackers to compare with');
    // Not before these packages are there.
    const { trackerFigures } = await import('./figures.ts');
    return await trackerFigures(context);
  },
};
