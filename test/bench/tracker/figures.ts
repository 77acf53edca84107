import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { edgeAssets } from '../../../pipeline/embedded/assets.ts';
import { launchBrowser } from '../../browser.ts';
import type { Figure } from '../figure.ts';
import type { BenchContext } from '../run.ts';
import { openEdge } from './edge.ts';
import { mainThreadFigures } from './main-thread.ts';
import { sizeFigures } from './sizes.ts';
import { visitFigures } from './visits.ts';

export async function trackerFigures({ options, progress }: BenchContext): Promise<Figure[]> {
  const { rounds, visits } = options as { rounds: number; visits: number };
  await edgeAssets();
  const ours = await readFile(join(import.meta.dirname, '..', '..', '..', 'dist', 'tracker', 't.js'));
  const edge = await openEdge();
  const browser = await launchBrowser();
  try {
    const sizing = progress.begin('script sizes');
    const sizes = await sizeFigures(browser, edge);
    sizing.done();
    const timing = progress.begin(`main-thread time, ${rounds} rounds`, rounds * 4);
    const times = await mainThreadFigures(browser, ours, rounds, timing);
    timing.done();
    const leaving = progress.begin(`${visits.toLocaleString('en')} short visits`, visits);
    const lost = await visitFigures(browser, edge, visits, leaving);
    leaving.done();
    return [...sizes, ...times, ...lost];
  } finally {
    await browser.close();
    await edge.close();
  }
}
