import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Column } from '../../../edge/contract/columns.ts';
import { DELIVERY_COLUMNS, EVENT_COLUMNS, FAILED_EVENT_COLUMNS } from '../../../edge/contract/event-row.ts';
import { param, sql, table } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import { WarehouseError } from '../warehouse-error.ts';
import type { DuckDbWarehouse } from './duckdb.ts';
import { insertUnordered } from './insert.ts';
import { LINE_KINDS, type LineKind, segmentLines } from './landing-lines.ts';
import { type BadLine, type Repair, endsInsideLine, readableCopy } from './landing-repair.ts';
import { render } from './render.ts';
import type { DuckDbSession } from './session.ts';
import { type InsertTargets, type LoadedRows, loadWhole } from './landing-whole.ts';
import { insertTarget } from './write.ts';

export interface CorruptSegment {
  readonly file: string;
  /** Where the original is kept. */
  readonly keptAt: string;
  /** The first of the bad lines, at most {@link LISTED_LINES}. */
  readonly lines: readonly BadLine[];
  readonly badLines: number;
}

export interface LandingResult {
  /** Segments loaded by this call. */
  readonly files: number;
  readonly deliveries: number;
  readonly events: number;
  readonly failed: number;
  /** Segments whose last line a killed process left unfinished; it was never acknowledged. */
  readonly tornTails: number;
  readonly corrupt: readonly CorruptSegment[];
}

/** How many bad lines of one segment a result lists. */
export const LISTED_LINES = 100;

/** What has been loaded, by name: written in the transaction of the rows, so that a segment is loaded exactly once. */
export const LOADED_SEGMENTS: TableDefinition = {
  name: 'loaded_segments',
  description: 'Landing segments whose rows are in the warehouse.',
  columns: [
    { name: 'file', type: 'STRING', mode: 'required', description: 'Name of the segment.' },
    { name: 'bytes', type: 'INT64', mode: 'required', description: 'Its size: another file of the same name is not taken for it.' },
    { name: 'deliveries', type: 'INT64', mode: 'required', description: 'Delivery headers loaded.' },
    { name: 'events', type: 'INT64', mode: 'required', description: 'Events loaded.' },
    { name: 'failed', type: 'INT64', mode: 'required', description: 'Rejected events loaded.' },
    { name: 'bad_lines', type: 'INT64', mode: 'required', description: 'Lines that could not be loaded; the segment is kept aside.' },
    { name: 'torn_tail', type: 'BOOL', mode: 'required', description: 'Whether the last line was unfinished.' },
  ],
  key: ['file'],
};

/** Where the three kinds of line go. */
const TARGETS: Readonly<Record<LineKind, TableDefinition>> = {
  delivery: landed('deliveries', DELIVERY_COLUMNS),
  event: landed('events_raw', EVENT_COLUMNS),
  failed: landed('failed_events', FAILED_EVENT_COLUMNS),
};

const INSERT_TARGETS = insertTargets();

/**
 * Loads the sealed segments of a landing folder, each exactly once, and moves them to `loaded/`. A segment with lines
 * that cannot be loaded is moved to `corrupt/` and named in the result; its other lines are loaded. Killed at any
 * moment, the next call finishes the work.
 */
export async function loadSegments(warehouse: DuckDbWarehouse, landingFolder: string): Promise<LandingResult> {
  const { session } = warehouse;
  await warehouse.migrate([...Object.values(TARGETS), LOADED_SEGMENTS]);
  const total = { files: 0, deliveries: 0, events: 0, failed: 0, tornTails: 0, corrupt: [] as CorruptSegment[] };
  const waiting: Segment[] = [];
  for (const file of await sealedSegments(landingFolder)) {
    const path = join(landingFolder, 'sealed', file);
    const bytes = (await stat(path)).size;
    const known = await session.read<{ bytes: number; bad_lines: number }>(
      sql`select bytes, bad_lines from ${table(LOADED_SEGMENTS.name)} where file = ${file}`,
      'find loaded segments',
    );
    if (known[0]?.bytes === bytes) await keep(landingFolder, file, known[0].bad_lines > 0 ? 'corrupt' : 'loaded');
    else if (known[0]) {
      const keptAt = await keep(landingFolder, file, 'corrupt', `${file}.${bytes}-bytes`);
      const problem = `another segment of this name (${known[0].bytes} bytes) was loaded before; nothing of this one was loaded`;
      total.corrupt.push({ file, keptAt, lines: [{ line: 0, problem }], badLines: 1 });
    } else waiting.push({ file, path, bytes });
  }
  for (const batch of batchesOf(waiting)) {
    for (const { segment, loaded, bad, tornTail } of await loadBatch(session, batch)) {
      const { file } = segment;
      const keptAt = await keep(landingFolder, file, bad.length > 0 ? 'corrupt' : 'loaded');
      if (bad.length > 0) total.corrupt.push({ file, keptAt, lines: bad.slice(0, LISTED_LINES), badLines: bad.length });
      total.files++;
      total.deliveries += loaded.delivery;
      total.events += loaded.event;
      total.failed += loaded.failed;
      total.tornTails += tornTail ? 1 : 0;
    }
  }
  return total;
}

/** What is read in one statement: beyond it nothing is gained, and what a failure takes back stays small. */
const BATCH_BYTES = 512 * 1024 * 1024;
const BATCH_FILES = 64;

function batchesOf(segments: readonly Segment[]): Segment[][] {
  const batches: Segment[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const segment of segments) {
    const batch = batches.at(-1);
    if (batch && batch.length < BATCH_FILES && bytes + segment.bytes <= BATCH_BYTES) batch.push(segment);
    else {
      batches.push([segment]);
      bytes = 0;
    }
    bytes += segment.bytes;
  }
  return batches;
}

/** All segments in one go; where one of them cannot be read so, each by itself, and that one with care. */
async function loadBatch(session: DuckDbSession, segments: readonly Segment[]): Promise<LoadedSegment[]> {
  const whole = await loadSound(session, segments);
  if (whole) return whole;
  const loaded: LoadedSegment[] = [];
  for (const segment of segments) {
    const alone = segments.length > 1 ? await loadSound(session, [segment]) : undefined;
    loaded.push(...(alone ?? [await loadWithCare(session, segment)]));
  }
  return loaded;
}

async function loadSound(session: DuckDbSession, segments: readonly Segment[]): Promise<LoadedSegment[] | undefined> {
  for (const { path, bytes } of segments) if (await endsInsideLine(path, bytes)) return undefined;
  const bySegment = (rows: ReadonlyMap<string, LoadedRows>) =>
    segments.map((segment) => ({ segment, loaded: rows.get(segment.path)!, bad: [], tornTail: false }));
  const rows = await loadWhole(
    session,
    segments.map(({ path }) => path),
    INSERT_TARGETS,
    async (counts) => {
      for (const loaded of bySegment(counts)) await recordSegment(session, loaded);
    },
  );
  return rows && bySegment(rows);
}

async function sealedSegments(landingFolder: string): Promise<string[]> {
  const folder = join(landingFolder, 'sealed');
  await mkdir(folder, { recursive: true });
  return (await readdir(folder)).filter((name) => name.endsWith('.ndjson')).sort();
}

async function keep(landingFolder: string, file: string, folder: 'loaded' | 'corrupt', as = file): Promise<string> {
  await mkdir(join(landingFolder, folder), { recursive: true });
  const path = join(landingFolder, folder, as);
  await rename(join(landingFolder, 'sealed', file), path);
  return path;
}

interface Segment {
  readonly file: string;
  readonly path: string;
  readonly bytes: number;
}

interface LoadedSegment {
  readonly segment: Segment;
  readonly loaded: LoadedRows;
  readonly bad: readonly BadLine[];
  readonly tornTail: boolean;
}

/** Line by line, so that each that does not fit the contract is found. */
async function loadWithCare(session: DuckDbSession, segment: Segment): Promise<LoadedSegment> {
  const { file, path, bytes } = segment;
  return session.withTemporaryTable(async (staged) => {
    const repair = await stage(session, staged, path, bytes);
    const misfits = await session.read<{ line: number; problem: string }>(
      `select line, problem from ${staged} where problem is not null order by line`,
      `check segment ${file}`,
    );
    const bad = [...(repair?.bad ?? []), ...misfits.map(({ line, problem }) => ({ line: repair!.originalLines[line - 1]!, problem }))];
    return session.transaction(async () => {
      const rows = { delivery: 0, event: 0, failed: 0 };
      for (const kind of Object.keys(INSERT_TARGETS) as LineKind[]) {
        const statement = `insert into ${INSERT_TARGETS[kind]} select unnest(content.${kind}) from ${staged} where problem is null and content.${kind} is not null`;
        rows[kind] = await insertUnordered(session, statement, `load ${TARGETS[kind].name} from ${file}`);
      }
      const loaded = {
        segment,
        loaded: rows,
        bad: bad.sort((left, right) => left.line - right.line),
        tornTail: repair?.tornTail ?? false,
      };
      await recordSegment(session, loaded);
      return loaded;
    });
  });
}

async function recordSegment(session: DuckDbSession, { segment, loaded, bad, tornTail }: LoadedSegment): Promise<void> {
  const { file, bytes } = segment;
  await session.run(
    render(sql`insert into ${table(LOADED_SEGMENTS.name)} by name select ${file} as file, ${bytes} as bytes, ${loaded.delivery} as deliveries,
      ${loaded.event} as events, ${loaded.failed} as failed, ${bad.length} as bad_lines, ${param(tornTail)} as torn_tail`),
    `record segment ${file}`,
  );
}

/** Parses the segment into a temporary table; @returns what had to be left out first, where the engine could not take all of it. */
async function stage(session: DuckDbSession, staged: string, path: string, bytes: number): Promise<Repair | undefined> {
  if (!(await endsInsideLine(path, bytes)) && (await parsesWhole(session, staged, path))) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'touchtrail-segment-'));
  try {
    const copy = join(folder, 'readable.ndjson');
    const repair = await readableCopy(path, copy);
    await parse(session, staged, copy);
    return repair;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The fast way, which skips empty lines and so cannot say where a bad one stands. */
async function parsesWhole(session: DuckDbSession, staged: string, path: string): Promise<boolean> {
  try {
    await parse(session, staged, path);
  } catch (error) {
    if (error instanceof WarehouseError) return false;
    throw error;
  }
  const [misfits] = await session.read<{ count: number }>(
    `select count(*) as count from ${staged} where problem is not null`,
    `check ${path}`,
  );
  return misfits!.count === 0;
}

async function parse(session: DuckDbSession, staged: string, file: string): Promise<void> {
  await session.run(`create or replace temporary table ${staged} as ${segmentLines(file)}`, `parse ${file}`);
}

/** The columns are named: a migrated table may have them in another order. */
function insertTargets(): InsertTargets {
  const entries = Object.entries(TARGETS).map(([kind, target]) => [kind, insertTarget(target)]);
  return Object.fromEntries(entries) as InsertTargets;
}

function landed(name: string, columns: readonly Column[]): TableDefinition {
  return { name, description: `Landed rows: ${Object.entries(LINE_KINDS).find(([, of]) => of === columns)![0]}.`, columns, key: [] };
}
