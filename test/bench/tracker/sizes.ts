import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { atMost, type Figure, measured, missing } from '../figure.ts';
import type { BenchEdge } from './edge.ts';
import { type FirstVisit, type LoadedScript, OWN_CONSENT, PLATFORM_CONSENT, scriptsOfFirstVisit } from './first-visit.ts';
import { nameOf, PEERS, shippedFile } from './peers.ts';

const FIRST_VISIT = 5_000;
const FIRST_VISIT_AIM = 4_096;
const EXTENSION = 1_500;

const BUILT = join(import.meta.dirname, '..', '..', '..', 'dist', 'tracker');
const UNIT = 'B brotli';

export const brotli = (body: Buffer): number =>
  brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }).length;
const gzip = (body: Buffer): number => gzipSync(body, { level: 9 }).length;

/** What the script weighs on the wire: on first visits as a browser makes them, then file by file. */
export async function sizeFigures(browser: Browser, edge: BenchEdge): Promise<Figure[]> {
  const peers = PEERS.map((peer) => ({ name: nameOf(peer), value: brotli(shippedFile(peer)) }));
  return [
    await visitFigure(browser, edge, OWN_CONSENT, {
      name: 'All script of a first visit with UTM, consent and a plain form',
      unit: UNIT,
      reference: peers,
      bound: atMost(FIRST_VISIT),
      aim: FIRST_VISIT_AIM,
    }),
    await visitFigure(browser, edge, PLATFORM_CONSENT, {
      name: 'The same visit with consent from a platform (TCF, Google)',
      unit: UNIT,
      // The extensions `more`, which sees what a page needs, and `consent`.
      bound: atMost(FIRST_VISIT + 2 * EXTENSION),
    }),
    ...extensionFigures(),
    ...comparisons('gzip 9', 'B gzip', gzip),
    ...comparisons('raw', 'B', (body) => body.length),
  ];
}

async function visitFigure(
  browser: Browser,
  edge: BenchEdge,
  visit: FirstVisit,
  figure: Pick<Figure, 'name' | 'unit' | 'reference' | 'bound' | 'aim'>,
): Promise<Figure> {
  let scripts: LoadedScript[];
  try {
    scripts = await scriptsOfFirstVisit(browser, edge, visit);
  } catch (error) {
    return missing({ ...figure, note: (error as Error).message });
  }
  const sizes = scripts.map(({ path, body }) => ({ path, size: brotli(body) }));
  return measured({
    ...figure,
    value: sizes.reduce((sum, { size }) => sum + size, 0),
    note: sizes.map(({ path, size }) => `${path} ${size}`).join(', '),
  });
}

/** Each file that is loaded on demand, as it is built for each one's source. */
function extensionFigures(): Figure[] {
  const sources = globSync('tracker/src/extensions/*.ts', { cwd: join(BUILT, '..', '..') }).map((file) => basename(file, '.ts'));
  return sources
    .filter((name) => !name.endsWith('.test'))
    .toSorted()
    .map((extension) => {
      const figure = { name: `On demand: t.${extension}.js`, unit: UNIT, bound: atMost(EXTENSION) };
      const [file] = globSync(`t.${extension}.js`, { cwd: BUILT });
      if (!file) return missing({ ...figure, note: 'the build does not make it' });
      return measured({ ...figure, value: brotli(readFileSync(join(BUILT, file))) });
    });
}

function comparisons(by: string, unit: string, sizeOf: (body: Buffer) => number): Figure[] {
  const value = sizeOf(readFileSync(join(BUILT, 't.js')));
  return [
    measured({
      name: `t.js, ${by}`,
      value,
      unit,
      reference: PEERS.map((peer) => ({ name: nameOf(peer), value: sizeOf(shippedFile(peer)) })),
    }),
  ];
}
