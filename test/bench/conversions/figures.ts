import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Config } from '../../../pipeline/config/schema.ts';
import { attribution } from '../../../pipeline/models/attribution/attribution.ts';
import { conversions } from '../../../pipeline/models/conversions/conversions.ts';
import type { Step } from '../../../pipeline/models/step.ts';
import { projectTables } from '../../../pipeline/sources/project-tables.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../../pipeline/warehouse/duckdb/duckdb.ts';
import { type Figure, atMost, compared } from '../figure.ts';
import type { BenchContext } from '../run.ts';
import { ADJUSTMENT_DAYS, FIRST_NIGHT, QUERY, SECOND_NIGHT, type Size, changeDeals, fillWorld } from './world.ts';

const SEED = 7;
const ENGINE_MEMORY = '4GB';

const CONFIG = Config.parse({
  project: { name: 'Bench', timeZone: 'Europe/Berlin', currency: 'EUR' },
  site: { domains: ['www.fernhill.example'] },
  conversions: [{ name: 'deal', label: 'Deal', sql: 'deal.sql', value: 'money', adjustmentDays: ADJUSTMENT_DAYS }],
});
const STEPS = { conversions, attribution } as const satisfies Readonly<Record<string, Step>>;
/** Seconds. */
type Times = Readonly<Record<keyof typeof STEPS, number>>;
const total = (times: Times) => times.conversions + times.attribution;

export async function conversionFigures({ options, progress }: BenchContext): Promise<Figure[]> {
  const size: Size = { seed: SEED, conversions: options['conversions']! };
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-bench-conversions-'));
  const task = progress.begin('conversions: the world, full build, the night after it', 3);
  const warehouse = await openDuckDb(path.join(folder, 'warehouse.duckdb'));
  try {
    await warehouse.session.run(`set memory_limit = '${ENGINE_MEMORY}'`, 'memory');
    await warehouse.session.run('set threads = 2', 'threads');
    await warehouse.migrate(projectTables(CONFIG));
    await writeFile(path.join(folder, 'deal.sql'), QUERY);
    await fillWorld(warehouse, size);
    task.advance(1);
    const full = await night(warehouse, folder, FIRST_NIGHT);
    task.advance(2);
    const changed = await changeDeals(warehouse, size);
    const following = await night(warehouse, folder, SECOND_NIGHT);
    task.advance(3);
    return [
      compared({
        name: `A night with ${count(changed)} of ${count(size.conversions)} conversions changed`,
        value: total(following),
        unit: 's',
        reference: [{ name: 'the full build', value: total(full) }],
        bound: atMost(0.1),
        note: `${parts(following)}; full: ${parts(full)}; ${await creditsOf(warehouse)}`,
      }),
    ];
  } finally {
    task.done();
    await warehouse.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The steps as a night runs them, each in a transaction; the log of the database is written back between them, outside of their times. */
async function night(warehouse: DuckDbWarehouse, configFolder: string, now: string): Promise<Times> {
  const timed = async (step: Step) => {
    await warehouse.session.run('checkpoint', 'checkpoint');
    const began = performance.now();
    await warehouse.transaction(() => step({ warehouse, config: CONFIG, configFolder, now }));
    return (performance.now() - began) / 1000;
  };
  return { conversions: await timed(STEPS.conversions), attribution: await timed(STEPS.attribution) };
}

async function creditsOf({ session }: DuckDbWarehouse): Promise<string> {
  const [row] = await session.read<{ credits: number }>('select count(*) as credits from attribution', 'bench: size');
  return `${count(row!.credits)} credits`;
}

const parts = (times: Times) =>
  Object.entries(times)
    .map(([name, value]) => `${name} ${value.toFixed(1)} s`)
    .join(', ');

const count = (number: number): string => number.toLocaleString('en');
