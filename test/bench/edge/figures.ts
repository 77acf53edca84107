import { gzipSync } from 'node:zlib';
import { edgeAssets } from '../../../pipeline/embedded/assets.ts';
import { Random } from '../../simulator/random.ts';
import { atLeast, atMost, compared, type Figure, measured, median } from '../figure.ts';
import type { BenchContext } from '../run.ts';
import { batches, SEED, visitorHeaders } from './events.ts';
import { load, wireBytes } from './load.ts';
import { startWorkers, type WorkerName } from './workers.ts';

const WRITE_KEY = 'bench';
/** Different requests: more than an isolate remembers of some things, so that nothing comes only from memory. */
const REQUESTS = 3_000;
const CONNECTIONS = 16;
const BUNDLE_BYTES = 60 * 1024;

/** Pairs of Workers of which the rates are compared, each with batches of one event and of ten. */
const RATES = [
  { ours: 'edge', reference: 'parseRoute', says: 'without delivery', beside: 'a route that parses', bound: 0.6 },
  { ours: 'queued', reference: 'queueRoute', says: 'with the queue', beside: 'a route that sends to the queue', bound: 0.8 },
] as const;

export async function edgeFigures({ options, progress }: BenchContext): Promise<Figure[]> {
  const { rounds, requests } = options as { rounds: number; requests: number };
  const { worker } = await edgeAssets();
  const running = await startWorkers();
  const { urls } = running;
  try {
    const figures: Figure[] = [];
    for (const pair of RATES) {
      for (const size of [1, 10]) {
        const task = progress.begin(`/v1/batch of ${size} ${pair.says}, ${rounds} rounds`, rounds);
        figures.push(...(await rateFigures(urls, pair, size, { rounds, requests, advance: (done) => task.advance(done) })));
        task.done();
      }
    }
    const task = progress.begin(`processor time of collect, ${rounds} rounds`, rounds);
    figures.push(await collectFigure(urls.collect, rounds, (done) => task.advance(done)));
    task.done();
    return [...figures, bundleFigure(worker)];
  } finally {
    await running.stop();
  }
}

interface Rounds {
  readonly rounds: number;
  /** Requests of one round. */
  readonly requests: number;
  readonly advance: (done: number) => void;
}

/** Ours and the reference in turn, each time with the same requests; the first round of each only warms up. */
async function rateFigures(
  urls: Readonly<Record<WorkerName, URL>>,
  { ours, reference, says, beside, bound }: (typeof RATES)[number],
  size: number,
  { rounds, requests, advance }: Rounds,
): Promise<Figure[]> {
  const random = new Random(SEED).fork('visitors');
  const wire = batches(REQUESTS, size, WRITE_KEY).map((body) =>
    wireBytes('edge.shop.example', { path: '/v1/batch', headers: visitorHeaders(random), body }),
  );
  const measure = async (worker: WorkerName) => await load(urls[worker], wire, requests, CONNECTIONS);
  await measure(ours);
  await measure(reference);
  const taken = [];
  for (let round = 1; round <= rounds; round++) {
    const pair = { ours: await measure(ours), reference: await measure(reference) };
    taken.push({ ...pair, ratio: pair.ours.perSecond / pair.reference.perSecond });
    advance(round);
  }
  const typical = medianBy(taken, ({ ratio }) => ratio);
  const name = `/v1/batch with ${size === 1 ? '1 event' : `${size} events`} ${says}`;
  return [
    compared({
      name,
      value: typical.ours.perSecond,
      unit: 'requests/s',
      reference: [{ name: beside, value: typical.reference.perSecond }],
      bound: atLeast(bound),
      note: `the round in the middle of ${rounds}; ratios from ${spread(taken.map(({ ratio }) => ratio))}`,
    }),
    measured({
      name: `${name}, p99 under full load`,
      value: median(taken.map((pair) => percentile(pair.ours.latencies, 0.99))),
      unit: 'ms',
      reference: [{ name: beside, value: median(taken.map((pair) => percentile(pair.reference.latencies, 0.99))) }],
    }),
  ];
}

/** Batches that one request holds, and how often they are gone through: long enough that the request itself is nothing. */
const LINES = 100;
const TIMES = 10;

/**
 * Time from the text of a batch to its rows beside reading and writing the text. The clock inside of workerd stands still while a
 * Worker computes, so that whole requests are timed from outside, less one that goes through the batches no time.
 */
async function collectFigure(url: URL, rounds: number, advance: (done: number) => void): Promise<Figure> {
  const body = batches(LINES, 10, WRITE_KEY).join('\n');
  const { 'user-agent': userAgent, 'cf-connecting-ip': ip } = visitorHeaders(new Random(SEED));
  const milliseconds = async (loop: 'collect' | 'json', times: number) => {
    const began = performance.now();
    const asked = new URL(`?loop=${loop}&times=${times}`, url);
    const response = await fetch(asked, { method: 'POST', body, headers: { 'user-agent': userAgent!, 'cf-connecting-ip': ip! } });
    const done = Number(await response.text());
    if (!response.ok || (times > 0 && !(done >= LINES * times))) throw new Error(`the loop ${loop} ended with ${response.status}: ${done}`);
    return performance.now() - began;
  };
  const perBatch = async (loop: 'collect' | 'json') => {
    const empty = await milliseconds(loop, 0);
    return ((await milliseconds(loop, TIMES)) - empty) / (LINES * TIMES);
  };
  await perBatch('collect');
  await perBatch('json');
  const taken = [];
  for (let round = 1; round <= rounds; round++) {
    const pair = { ours: (await perBatch('collect')) * 1000, reference: (await perBatch('json')) * 1000 };
    taken.push({ ...pair, ratio: pair.ours / pair.reference });
    advance(round);
  }
  const typical = medianBy(taken, ({ ratio }) => ratio);
  return compared({
    name: 'Collect, a batch of 10 events from its text to its rows',
    value: typical.ours,
    unit: 'µs',
    reference: [{ name: 'JSON.parse and JSON.stringify of the text', value: typical.reference }],
    bound: atMost(8),
    note: `the round in the middle of ${rounds}; ratios from ${spread(taken.map(({ ratio }) => ratio))}`,
  });
}

/** The Worker as it is deployed; the scripts of the website are assets beside it. */
function bundleFigure(worker: string): Figure {
  return measured({
    name: 'Worker, without the scripts beside it',
    value: gzipSync(worker, { level: 9 }).length,
    unit: 'B gzip',
    bound: atMost(BUNDLE_BYTES),
  });
}

/** The item in the middle, the lower one of two: with its parts, which belong together. */
export function medianBy<Item>(items: readonly Item[], by: (item: Item) => number): Item {
  if (items.length === 0) throw new Error('there is no middle of nothing');
  return items.toSorted((a, b) => by(a) - by(b))[(items.length - 1) >> 1]!;
}

/** The smallest value that at least this share of the values do not exceed; of ascending values. */
export function percentile(ascending: readonly number[], share: number): number {
  if (ascending.length === 0) throw new Error('no values have no percentile');
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)]!;
}

const spread = (ratios: readonly number[]): string => `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
