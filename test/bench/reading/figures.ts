import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runReport } from '../../../pipeline/query/result.ts';
import { parseReportQuery } from '../../../pipeline/query/schema.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../../pipeline/warehouse/duckdb/duckdb.ts';
import { atMost, type Figure, measured, percentile } from '../figure.ts';
import { SESSIONS_BY_CHANNEL, USERS_BY_CHANNEL } from '../reference/reading.ts';
import type { BenchContext } from '../run.ts';
import { type AskedReport, REPORTS } from './queries.ts';
import { fillPublication, PUBLICATION } from './world.ts';

const SEED = 7;
/** Of ten sessions there is one conversion. */
const SESSIONS_PER_CONVERSION = 10;

/** Milliseconds: how long it took, and of the processors. */
interface Times {
  readonly name: string;
  readonly wall: number;
  readonly cpu: number;
}

export async function readingFigures({ options, progress }: BenchContext): Promise<Figure[]> {
  const sessions = options['report-sessions']!;
  const rounds = options['rounds']!;
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-bench-reading-'));
  const file = path.join(folder, 'publication.duckdb');
  const task = progress.begin('reading: the publication, then the reports', rounds + 1);
  try {
    const writer = await openDuckDb(file);
    await writer.session.run('set threads = 2', 'threads');
    await fillPublication(writer, { seed: SEED, sessions, conversions: Math.max(1, Math.round(sessions / SESSIONS_PER_CONVERSION)) });
    await writer.close();
    task.advance(1);
    const reader = await openDuckDb(file, { readOnly: true });
    try {
      await reader.session.run('set threads = 2', 'threads');
      const asked: { readonly isDistinct: boolean; readonly times: Times }[] = [];
      const references: { readonly isDistinct: boolean; readonly times: Times }[] = [];
      // The first round brings the file into memory.
      for (let round = 0; round <= rounds; round++) {
        for (const report of REPORTS) {
          const times = await timed(report.name, () => ask(reader, report));
          if (round > 0) asked.push({ isDistinct: report.isDistinct, times });
        }
        for (const [text, isDistinct] of [[SESSIONS_BY_CHANNEL, false] as const, [USERS_BY_CHANNEL, true] as const]) {
          const times = await timed(text, () => reader.session.read(text, 'bench: reference'));
          if (round > 0) references.push({ isDistinct, times });
        }
        task.advance(1 + round);
      }
      const of = (all: typeof asked, isDistinct: boolean) => all.filter((one) => one.isDistinct === isDistinct).map(({ times }) => times);
      return [false, true].map((isDistinct) => figure(isDistinct, sessions, of(asked, isDistinct), of(references, isDistinct)));
    } finally {
      await reader.close();
    }
  } finally {
    task.done();
    await rm(folder, { recursive: true, force: true });
  }
}

function figure(isDistinct: boolean, sessions: number, times: readonly Times[], references: readonly Times[]): Figure {
  const slowest = times.toSorted((a, b) => b.wall - a.wall)[0]!;
  const byName = Map.groupBy(times, ({ name }) => name);
  const each = [...byName].map(
    ([name, all]) =>
      `${name} ${Math.round(
        percentile(
          all.map(({ cpu }) => cpu),
          0.5,
        ),
      )}`,
  );
  return measured({
    name: `${isDistinct ? 'Reports that count distinct users' : 'Reports of additive metrics'}, ${sessions.toLocaleString('en')} sessions, 95th percentile`,
    value: percentile(
      times.map(({ wall }) => wall),
      0.95,
    ),
    unit: 'ms',
    reference: [
      {
        name: 'the bare aggregate of sessions',
        value: percentile(
          references.map(({ wall }) => wall),
          0.5,
        ),
      },
    ],
    bound: atMost(isDistinct ? 1200 : 300),
    note: `slowest: ${slowest.name}, ${Math.round(slowest.wall)} ms; processor time, ms: ${each.join(', ')}; reference ${Math.round(
      percentile(
        references.map(({ cpu }) => cpu),
        0.5,
      ),
    )}`,
  });
}

async function ask(warehouse: DuckDbWarehouse, { query }: AskedReport): Promise<void> {
  await runReport(warehouse, PUBLICATION, parseReportQuery(query, PUBLICATION.config));
}

async function timed(name: string, work: () => Promise<unknown>): Promise<Times> {
  const before = process.cpuUsage();
  const began = performance.now();
  await work();
  const wall = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  return { name, wall, cpu: (user + system) / 1000 };
}
