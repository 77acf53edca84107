import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config } from '../../../pipeline/config/schema.ts';
import { events } from '../../../pipeline/models/events/events.ts';
import { EVENTS_RAW } from '../../../pipeline/models/events/tables.ts';
import { identity } from '../../../pipeline/models/identity/identity.ts';
import { sessions } from '../../../pipeline/models/sessions/sessions.ts';
import type { Step } from '../../../pipeline/models/step.ts';
import { projectTables } from '../../../pipeline/sources/project-tables.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../../pipeline/warehouse/duckdb/duckdb.ts';
import { loadSegments } from '../../../pipeline/warehouse/duckdb/landing.ts';
import { atMost, compared, type Figure, measured } from '../figure.ts';
import { FIRST_COPIES, GAP_SESSIONS, JOINED_IDENTIFIERS, REFERENCE_TABLES, readSegments } from '../reference/sessions.ts';
import type { BenchContext } from '../run.ts';
import { writeSegment } from './segments.ts';
import { DAYS, EVENTS_PER_VISIT, deliveries } from './traffic.ts';

const SEED = 7;
const SEGMENTS = 10;
/** What DuckDB may take; beside it stand the graph, which lives in Node, and Node itself. */
const ENGINE_MEMORY = '4GB';
const GIGABYTE = 1e9;

const CONFIG = Config.parse({
  project: { name: 'Bench', timeZone: 'Europe/Berlin', currency: 'EUR' },
  site: { domains: ['www.fernhill.example'] },
});
const STEPS = { events, sessions, identity } as const satisfies Readonly<Record<string, Step>>;
type Times = Readonly<Record<keyof typeof STEPS, number>>;
const total = (times: Times) => times.events + times.sessions + times.identity;

export async function sessionFigures({ options, progress }: BenchContext): Promise<Figure[]> {
  const { events: count, landed } = options as { events: number; landed: number };
  const folder = await mkdtemp(join(tmpdir(), 'touchtrail-bench-'));
  const task = progress.begin('sessions: landing, first build, following night', 3);
  try {
    const landing = await landingFigure(folder, landed);
    task.advance(1);
    const built = await buildFigures(folder, count, () => task.advance(2));
    return [landing, ...built, memoryFigure()];
  } finally {
    task.done();
    await rm(folder, { recursive: true, force: true });
  }
}

async function open(file: string): Promise<DuckDbWarehouse> {
  const warehouse = await openDuckDb(file);
  await warehouse.session.run(`set memory_limit = '${ENGINE_MEMORY}'`, 'memory');
  await warehouse.session.run('set threads = 2', 'threads');
  return warehouse;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** Both read the same files into an empty database; the reference before and after, because the first reads a cold file. */
async function landingFigure(folder: string, count: number): Promise<Figure> {
  const landing = join(folder, 'landing');
  await mkdir(join(landing, 'sealed'), { recursive: true });
  await segments(landing, count);
  const before = await bareLanding(folder, landing, 'sealed');
  const warehouse = await open(join(folder, 'landed.duckdb'));
  try {
    await warehouse.migrate([EVENTS_RAW]);
    const value = await seconds(() => loadSegments(warehouse, landing));
    const after = await bareLanding(folder, landing, 'loaded');
    return compared({
      name: `Landing ${count.toLocaleString('en')} events in ${SEGMENTS} segments`,
      value,
      unit: 's',
      reference: [{ name: 'read_json of the same files into the same columns', value: (before + after) / 2 }],
      bound: atMost(1.3),
    });
  } finally {
    await warehouse.close();
    await rm(join(folder, 'landed.duckdb'), { force: true });
  }
}

async function segments(landing: string, count: number): Promise<void> {
  const source = await open(':memory:');
  try {
    const visits = Math.round(count / EVENTS_PER_VISIT);
    const border = (segment: number) => Math.round((segment * visits) / SEGMENTS);
    for (let segment = 0; segment < SEGMENTS; segment++)
      await writeSegment(
        source.session,
        deliveries({ seed: SEED, from: border(segment), to: border(segment + 1), visits }),
        join(landing, 'sealed', `${segment}.ndjson`),
      );
  } finally {
    await source.close();
  }
}

async function bareLanding(folder: string, landing: string, place: 'sealed' | 'loaded'): Promise<number> {
  const file = join(folder, 'bare.duckdb');
  const warehouse = await open(file);
  try {
    await warehouse.migrate([EVENTS_RAW]);
    return await seconds(() => warehouse.session.run(readSegments(join(landing, place, '*.ndjson')), 'reference'));
  } finally {
    await warehouse.close();
    await rm(file, { force: true });
  }
}

async function buildFigures(folder: string, count: number, built: () => void): Promise<Figure[]> {
  const warehouse = await open(join(folder, 'warehouse.duckdb'));
  try {
    await warehouse.migrate(projectTables(CONFIG));
    const visits = Math.round(count / EVENTS_PER_VISIT);
    const arrive = async (from: number, to: number) => {
      await warehouse.session.run(`insert into events_raw ${deliveries({ seed: SEED, from, to, visits })}`, 'deliveries');
      await settle(warehouse);
    };
    await arrive(0, visits);
    const step = (name: keyof typeof STEPS) => timed(warehouse, STEPS[name]);
    const bare = (statement: string) => seconds(() => warehouse.session.run(statement, 'reference'));
    const dedupeBefore = await bare(FIRST_COPIES);
    await dropReferences(warehouse);
    const first = { events: await step('events'), sessions: 0, identity: 0 };
    await settle(warehouse);
    const dedupe = (dedupeBefore + (await bare(FIRST_COPIES))) / 2;
    await dropReferences(warehouse);
    const gapBefore = await bare(GAP_SESSIONS);
    first.sessions = await step('sessions');
    await settle(warehouse);
    const gap = (gapBefore + (await bare(GAP_SESSIONS))) / 2;
    const join = await bare(JOINED_IDENTIFIERS);
    await dropReferences(warehouse);
    first.identity = await step('identity');
    built();
    await arrive(visits, visits + Math.round(visits / DAYS));
    const night = { events: await step('events'), sessions: await step('sessions'), identity: await step('identity') };
    return figures(count, { first, night, dedupe, gap, join });
  } finally {
    await warehouse.close();
  }
}

async function timed(warehouse: DuckDbWarehouse, step: Step): Promise<number> {
  const context = { warehouse, config: CONFIG, configFolder: tmpdir(), now: '2026-07-01T03:00:00.000Z' };
  return seconds(() => warehouse.transaction(() => step(context)));
}

async function dropReferences(warehouse: DuckDbWarehouse): Promise<void> {
  for (const name of REFERENCE_TABLES) await warehouse.session.run(`drop table if exists ${name}`, 'drop');
  await settle(warehouse);
}

/** Writes back the log, which else whoever commits next would do, in its time, for all that was written before it. */
async function settle(warehouse: DuckDbWarehouse): Promise<void> {
  await warehouse.session.run('checkpoint', 'checkpoint');
}

interface Measured {
  readonly first: Times;
  readonly night: Times;
  readonly dedupe: number;
  readonly gap: number;
  readonly join: number;
}

const parts = (times: Times) =>
  Object.entries(times)
    .map(([name, value]) => `${name} ${value.toFixed(1)} s`)
    .join(', ');

function figures(count: number, { first, night, dedupe, gap, join }: Measured): Figure[] {
  const size = count.toLocaleString('en');
  return [
    compared({
      name: `Sessions from ${size} events`,
      value: first.sessions,
      unit: 's',
      reference: [{ name: 'a bare gap-window query over the same rows', value: gap }],
      bound: atMost(1.5),
    }),
    compared({
      name: 'Everything after landing, over all history',
      value: total(first),
      unit: 's',
      reference: [{ name: 'bare dedupe, gap and join queries', value: dedupe + gap + join }],
      bound: atMost(1.5),
      note: `${parts(first)}; bare dedupe ${dedupe.toFixed(1)} s, gap ${gap.toFixed(1)} s, join ${join.toFixed(1)} s`,
    }),
    compared({
      name: `A following night with 1/${DAYS} of the events`,
      value: total(night),
      unit: 's',
      reference: [{ name: 'the first build', value: total(first) }],
      bound: atMost(0.05),
      note: parts(night),
    }),
  ];
}

function memoryFigure(): Figure {
  return measured({
    name: 'Peak memory of the process',
    value: (process.resourceUsage().maxRSS * 1024) / GIGABYTE,
    unit: 'GB',
    bound: atMost(6),
  });
}
