import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Config, type ConfigInput } from '../../../pipeline/config/schema.ts';
import { IDENTITY_KEY_NAMES } from '../../../pipeline/config/identity-keys.ts';
import { decide } from '../../../pipeline/models/identity/decide.ts';
import { idRows, numberedEdgeRows } from '../../../pipeline/models/identity/edges.ts';
import { visitorRows } from '../../../pipeline/models/identity/evidence.ts';
import { identity } from '../../../pipeline/models/identity/identity.ts';
import { linkRows } from '../../../pipeline/models/identity/links.ts';
import { refill } from '../../../pipeline/models/identity/refill.ts';
import { STAGED_EDGES, STAGED_GATHERED, STAGED_IDS } from '../../../pipeline/models/identity/tables.ts';
import { projectTables } from '../../../pipeline/sources/project-tables.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../../pipeline/warehouse/duckdb/duckdb.ts';
import { type Figure, atMost, compared, measured } from '../figure.ts';
import { EDGES, ENCODE, KEEP_LABELS, KEYED_RECURSION, LABELS_FELL, SPREAD_LABELS, START_LABELS } from '../reference/identity.ts';
import type { BenchContext } from '../run.ts';
import { type GraphShape, addDay, fillEvents } from './graph.ts';

const WITHOUT_CAPS = 1_000_000_000;
/** What DuckDB may take; beside it stand the graph, which lives in Node, and Node itself. */
const ENGINE_MEMORY = '3500MB';
const GIGABYTE = 1e9;

const configOf = (identityRules: ConfigInput['identity']): Config =>
  Config.parse({ project: { name: 'Bench', timeZone: 'UTC', currency: 'EUR' }, identity: identityRules });

const DEFAULT_CAPS = configOf({});
/** Only the exclusive user ids refuse an edge: the star and the chain stay whole. */
const CAPS_OFF = configOf({
  maximumComponentSize: WITHOUT_CAPS,
  keys: Object.fromEntries(IDENTITY_KEY_NAMES.map((name) => [name, { maxAnonymousIds: WITHOUT_CAPS }])),
});

export async function identityFigures({ options, progress }: BenchContext): Promise<Figure[]> {
  const task = progress.begin('identity: full build, encoding, components, night, other algorithms', 9);
  let done = 0;
  const step = () => task.advance(++done);
  try {
    const large = await largeGraph(options['edges']!, step);
    return [...large, memoryFigure(), ...(await smallGraph(options['small']!, step))];
  } finally {
    task.done();
  }
}

/** Components, the encoding they are measured by, the full build and the night after it. */
async function largeGraph(edges: number, step: () => void): Promise<Figure[]> {
  const shape: GraphShape = { edges, hasLargeShapes: true };
  return inWarehouse(async (warehouse) => {
    await fillEvents(warehouse, shape);
    step();
    const full = await milliseconds(() => build(warehouse, '2027-01-15T03:00:00.000Z'));
    const { graph: built } = await sizeOf(warehouse);
    step();
    await warehouse.session.run(EDGES, 'bench: reference');
    const encoding = await milliseconds(async () => {
      for (const statement of ENCODE) await warehouse.session.run(statement, 'bench: reference');
    });
    const components: Figure[] = [];
    for (const [name, config] of [
      ['caps off', CAPS_OFF],
      ['default caps', DEFAULT_CAPS],
    ] as const) {
      // prettier-ignore
      step();
      await stage(warehouse, config);
      components.push(
        compared({
          name: `components, ${name}`,
          value: await milliseconds(() => decide(warehouse, config)),
          unit: 'ms',
          reference: [{ name: 'dictionary-encoding in SQL', value: encoding }],
          bound: atMost(0.5),
          note: `${built}; streamed, joined under the constraints, written back`,
        }),
      );
    }
    step();
    await clear(warehouse);
    await addDay(warehouse, shape);
    const night = await milliseconds(() => build(warehouse, '2027-01-16T03:00:00.000Z'));
    return [
      ...components,
      compared({
        name: 'a night with a hundredth of the edges',
        value: night,
        unit: 'ms',
        reference: [{ name: 'full build', value: full }],
        bound: atMost(0.3),
        note: await sizeOf(warehouse).then(({ graph, persons }) => `${graph}, ${persons}`),
      }),
    ];
  });
}

/** Of the large graph: taken before the small one. */
function memoryFigure(): Figure {
  const value = (process.resourceUsage().maxRSS * 1024) / GIGABYTE;
  return measured({ name: 'peak memory of the process', value, unit: 'GB', bound: atMost(6) });
}

/** Other algorithms, on a graph without the chain: with it they would not end. */
async function smallGraph(edges: number, step: () => void): Promise<Figure[]> {
  return inWarehouse(async (warehouse) => {
    await fillEvents(warehouse, { edges, hasLargeShapes: false });
    await build(warehouse, '2027-01-15T03:00:00.000Z');
    const figures: Figure[] = [];
    const add = async (name: string, work: () => Promise<unknown>) => {
      step();
      figures.push(measured({ name: `${count(edges)} edges without chain: ${name}`, value: await milliseconds(work), unit: 'ms' }));
    };
    await stage(warehouse, CAPS_OFF);
    await add('union-find', () => decide(warehouse, CAPS_OFF));
    await add('contraction in SQL, then union-find of what may be refused', () => decide(warehouse, CAPS_OFF, 0));
    for (const statement of [EDGES, ...ENCODE, ...START_LABELS]) await warehouse.session.run(statement, 'bench: reference');
    // Before the labels are spread, from which it starts.
    await add('recursive USING KEY', () => warehouse.session.run(KEYED_RECURSION, 'bench: reference'));
    await add('min-label propagation', () => spreadLabels(warehouse));
    return figures;
  });
}

async function spreadLabels({ session }: DuckDbWarehouse): Promise<void> {
  for (let fallen = 1; fallen > 0;) {
    await session.run(SPREAD_LABELS, 'bench: reference');
    const [row] = await session.read<{ fallen: number }>(LABELS_FELL, 'bench: reference');
    fallen = row!.fallen;
    await session.run(KEEP_LABELS, 'bench: reference');
  }
}

/** From the evidence to the staged edges, as the model does it before it decides. */
async function stage(warehouse: DuckDbWarehouse, config: Config): Promise<void> {
  const { dialect } = warehouse;
  await refill(warehouse, STAGED_GATHERED, linkRows(dialect, config, 'all'), 'bench: edges');
  await refill(warehouse, STAGED_IDS, idRows(dialect, visitorRows()), 'bench: ids');
  await refill(warehouse, STAGED_EDGES, numberedEdgeRows(dialect, config), 'bench: encoded edges');
}

async function clear(warehouse: DuckDbWarehouse): Promise<void> {
  for (const staged of [STAGED_GATHERED, STAGED_IDS, STAGED_EDGES])
    await warehouse.load(staged, [], { replace: true, label: 'bench: clear' });
}

const build = (warehouse: DuckDbWarehouse, now: string): Promise<unknown> =>
  warehouse.transaction(() => identity({ warehouse, config: DEFAULT_CAPS, configFolder: '/', now }));

/** How large the stored graph is, and how many persons it has under the caps that it was built with. */
async function sizeOf({ session }: DuckDbWarehouse): Promise<{ graph: string; persons: string }> {
  const [size] = await session.read<{ edges: number; nodes: number; persons: number }>(
    `select count(*) as edges, count(distinct anonymous_id) + count(distinct key_name || key_value) as nodes,
      (select count(distinct person_id) from identities) as persons
    from identity_edges`,
    'bench: size',
  );
  return { graph: `${count(size!.edges)} edges, ${count(size!.nodes)} nodes`, persons: `${count(size!.persons)} persons` };
}

async function inWarehouse<Result>(work: (warehouse: DuckDbWarehouse) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-bench-identity-'));
  const warehouse = await openDuckDb(path.join(folder, 'warehouse.duckdb'));
  try {
    await warehouse.session.run(`set memory_limit = '${ENGINE_MEMORY}'`, 'memory');
    await warehouse.session.run('set threads = 2', 'threads');
    await warehouse.migrate(projectTables(DEFAULT_CAPS));
    return await work(warehouse);
  } finally {
    await warehouse.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const count = (number: number): string => number.toLocaleString('en');
