import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Config, type ConfigInput } from '../../../pipeline/config/schema.ts';
import { attribution } from '../../../pipeline/models/attribution/attribution.ts';
import { attributionTables, creditTables } from '../../../pipeline/models/attribution/tables.ts';
import { projectTables } from '../../../pipeline/sources/project-tables.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../../pipeline/warehouse/duckdb/duckdb.ts';
import { type Figure, atMost, compared, measured, median } from '../figure.ts';
import { REFERENCE_TABLES, SORTED_TOUCHES } from '../reference/attribution.ts';
import type { BenchContext } from '../run.ts';
import { NIGHT, fillWorld } from './world.ts';

const SEED = 7;
const ENGINE_MEMORY = '4GB';
const GIGABYTE = 1e9;

type Models = NonNullable<NonNullable<ConfigInput['attribution']>['models']>;
const SIX: Models = ['first_click', 'last_click', 'last_significant_click', 'linear', 'position_based', 'time_decay'];
/** What stands beside the six where one more is added: of those that credit one touch, and of those that credit all. */
const MORE: Readonly<Record<string, Models[number]>> = {
  'last click by a filter': {
    name: 'last_paid',
    type: 'last_significant_click',
    significant: { dimension: 'channel', startsWith: 'Paid' },
  },
  'position-based': { name: 'ends', type: 'position_based', first: 0.3, last: 0.3 },
  'time decay': { name: 'slow_decay', type: 'time_decay', halfLifeDays: 30 },
};
const configOf = (models: Models): Config =>
  Config.parse({ project: { name: 'Bench', timeZone: 'Europe/Berlin', currency: 'EUR' }, attribution: { models } });

/** Seconds by the clock, and of processor time. */
interface Cost {
  readonly clock: number;
  readonly processor: number;
}

export async function attributionFigures({ options, progress }: BenchContext): Promise<Figure[]> {
  const { conversions, sessions, rounds } = options as { conversions: number; sessions: number; rounds: number };
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-bench-attribution-'));
  const subjects: Readonly<Record<string, Config>> = {
    six: configOf(SIX),
    ...Object.fromEntries(Object.entries(MORE).map(([name, model]) => [name, configOf([...SIX, model])])),
  };
  const task = progress.begin('attribution: the world, then rounds of all subjects', 1 + rounds);
  const warehouse = await openDuckDb(path.join(folder, 'warehouse.duckdb'));
  try {
    await warehouse.session.run(`set memory_limit = '${ENGINE_MEMORY}'`, 'memory');
    await warehouse.session.run('set threads = 2', 'threads');
    await warehouse.migrate(projectTables(subjects['six']!));
    await fillWorld(warehouse, { seed: SEED, conversions, sessions });
    task.advance(1);
    const costs = new Map<string, Cost[]>();
    const note = (name: string, cost: Cost) => costs.set(name, [...(costs.get(name) ?? []), cost]);
    let touches = 0;
    let credits = 0;
    for (let round = 1; round <= rounds; round++) {
      note('reference', await cost(warehouse, () => warehouse.session.run(SORTED_TOUCHES, 'reference')));
      touches = await countOf(warehouse, REFERENCE_TABLES[0]);
      for (const name of REFERENCE_TABLES) await warehouse.session.run(`drop table ${name}`, 'drop');
      for (const [name, config] of Object.entries(subjects)) {
        // Other models are another definition: all history is credited anew, here into an empty table.
        await warehouse.migrate(attributionTables(config));
        await warehouse.load(creditTables(config).touches, [], { replace: true });
        const step = () => attribution({ warehouse, config, configFolder: folder, now: NIGHT });
        note(name, await cost(warehouse, () => warehouse.transaction(step)));
        if (name === 'six') credits = await countOf(warehouse, 'attribution');
      }
      task.advance(1 + round);
    }
    const [reference, six] = ['reference', 'six'].map((name) => middle(costs.get(name)!)) as [Cost, Cost];
    return [
      compared({
        name: `Six rule models of ${count(conversions)} conversions over ${count(sessions)} sessions`,
        value: six.clock,
        unit: 's',
        reference: [{ name: 'the bare join to the sessions in the window, and one sort', value: reference.clock }],
        bound: atMost(3),
        note: `processor time ${ratio(six.processor, reference.processor)} ×; ${count(touches)} touches, ${count(credits)} credits`,
      }),
      ...Object.keys(MORE).map((name) => {
        const more = middle(costs.get(name)!);
        return compared({
          name: `One model more: ${name}`,
          value: more.clock,
          unit: 's',
          reference: [{ name: 'the six', value: six.clock }],
          bound: atMost(1.1),
          note: `processor time ${ratio(more.processor, six.processor)} ×`,
        });
      }),
      measured({
        name: 'Peak memory of the process',
        value: (process.resourceUsage().maxRSS * 1024) / GIGABYTE,
        unit: 'GB',
        bound: atMost(6),
      }),
    ];
  } finally {
    task.done();
    await warehouse.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Until what was written is in the file: small results would else be compressed after the clock has stopped. */
async function cost(warehouse: DuckDbWarehouse, work: () => Promise<unknown>): Promise<Cost> {
  const checkpoint = () => warehouse.session.run('checkpoint', 'checkpoint');
  await checkpoint();
  const [began, used] = [performance.now(), process.cpuUsage()];
  await work();
  await checkpoint();
  const { user, system } = process.cpuUsage(used);
  return { clock: (performance.now() - began) / 1000, processor: (user + system) / 1e6 };
}

function middle(costs: readonly Cost[]): Cost {
  return { clock: median(costs.map(({ clock }) => clock)), processor: median(costs.map(({ processor }) => processor)) };
}

async function countOf({ session }: DuckDbWarehouse, table: string): Promise<number> {
  const [row] = await session.read<{ n: number }>(`select count(*) as n from ${table}`, 'bench: size');
  return row!.n;
}

const ratio = (value: number, reference: number): string => (value / reference).toFixed(2);
const count = (number: number): string => number.toLocaleString('en');
