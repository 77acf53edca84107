import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { serveDashboard } from '../../../pipeline/dashboard/serve.ts';
import type { Progress } from '../../../pipeline/cli/progress.ts';
import { atMost, type Figure, measured, median, percentile } from '../figure.ts';
import { YEAR_VIEWS, type YearView } from './views.ts';
import { publishYear } from './world.ts';

const SEED = 7;
/** Of ten sessions there is one conversion. */
const SESSIONS_PER_CONVERSION = 10;
/** Milliseconds: of pages, and of those that count distinct users. */
const SLOWEST_PAGE = 500;
const SLOWEST_DISTINCT = 1500;

interface Answers {
  readonly view: YearView;
  /** Milliseconds until the page was there: of periods that nobody had asked for, and of the same asked again. */
  readonly first: readonly number[];
  readonly again: readonly number[];
  /** Of the processors, for the first time. */
  readonly cpu: readonly number[];
}

/** How fast pages are on a publication of a year with so many sessions. */
export async function yearFigures(sessions: number, requests: number, progress: Progress): Promise<Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-bench-dashboard-'));
  const task = progress.begin('dashboard: the publication of a year, then its pages', YEAR_VIEWS.length + 1);
  try {
    await publishYear(folder, { seed: SEED, sessions, conversions: Math.max(1, Math.round(sessions / SESSIONS_PER_CONVERSION)) });
    task.advance(1);
    return await pageFigures(folder, sessions, requests, (done) => task.advance(1 + done));
  } finally {
    task.done();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same of a data folder that is there. */
export async function pageFigures(
  dataFolder: string,
  sessions: number,
  requests: number,
  advance: (done: number) => void = () => {},
): Promise<Figure[]> {
  const server = await serveDashboard({ dataFolder, host: '127.0.0.1', port: 0, log: (line) => process.stderr.write(`${line}\n`) });
  try {
    const all: Answers[] = [];
    for (const view of YEAR_VIEWS) {
      const [first, again, cpu]: [number[], number[], number[]] = [[], [], []];
      // The first request brings the file into memory.
      for (let number = 0; number <= requests; number++) {
        const before = process.cpuUsage();
        const time = await timed(server.url + view.address(number));
        const { user, system } = process.cpuUsage(before);
        const repeated = await timed(server.url + view.address(number));
        if (number === 0) continue;
        first.push(time);
        again.push(repeated);
        cpu.push((user + system) / 1000);
      }
      all.push({ view, first, again, cpu });
      advance(all.length);
    }
    return [false, true].map((isDistinct) =>
      figure(
        isDistinct,
        sessions,
        all.filter(({ view }) => view.isDistinct === isDistinct),
      ),
    );
  } finally {
    await server.stop();
  }
}

const p95 = (times: readonly number[]): number => percentile(times, 0.95);

function figure(isDistinct: boolean, sessions: number, answers: readonly Answers[]): Figure {
  const slowest = answers.toSorted((a, b) => p95(b.first) - p95(a.first))[0]!;
  const each = answers.map(
    ({ view, first, again, cpu }) => `${view.name} ${[cpu, first, again].map((times) => Math.round(median(times))).join('/')}`,
  );
  return measured({
    name: `Slowest page ${isDistinct ? 'that counts distinct users' : 'without distinct users'}, ${sessions.toLocaleString('en')} sessions, 95th percentile of periods not asked for before`,
    value: p95(slowest.first),
    unit: 'ms',
    bound: atMost(isDistinct ? SLOWEST_DISTINCT : SLOWEST_PAGE),
    note: `${slowest.view.name}; medians, ms of processors/first/again: ${each.join(', ')}`,
  });
}

async function timed(address: string): Promise<number> {
  const began = performance.now();
  const answer = await fetch(address);
  await answer.text();
  if (answer.status !== 200) throw new Error(`${address} answered ${answer.status}`);
  return performance.now() - began;
}
