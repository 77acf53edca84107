import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Config } from '../../../pipeline/config/schema.ts';
import { projectTables } from '../../../pipeline/sources/project-tables.ts';
import { openDuckDb } from '../../../pipeline/warehouse/duckdb/duckdb.ts';
import { CAUSAL_PROJECT, RULE_MODELS, creditCausalWorlds, modelNames } from '../../simulator/causal/credited.ts';
import { type ModelErrors, modelErrors } from '../../simulator/causal/errors.ts';
import { type CausalWorld, causalWorld } from '../../simulator/causal/world.ts';
import { type Figure, atMost, compared, measured, median } from '../figure.ts';
import type { BenchContext } from '../run.ts';

const VISIT_SCORING = 'visit_scoring';
const UNIT = '% of the credit';

/** Worlds have the seeds from 1 on: those that nothing was tried out on. */
export async function modelFigures({ options, progress }: BenchContext): Promise<Figure[]> {
  const count = options['worlds']!;
  const task = progress.begin('models: worlds with each channel switched off once, then credits', count + 1);
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-bench-models-'));
  const warehouse = await openDuckDb(path.join(folder, 'warehouse.duckdb'));
  try {
    const config = Config.parse(CAUSAL_PROJECT);
    await warehouse.migrate(projectTables(config));
    const worlds = Array.from({ length: count }, (_, i) => {
      const world = causalWorld(i + 1, options['persons']!);
      task.advance(i + 1);
      return world;
    });
    const versions = await creditCausalWorlds(warehouse, config, worlds);
    const errors = await modelErrors(warehouse, worlds);
    task.advance(count + 1);
    const lacking = versions.filter(({ version }) => version.status !== 'fitted').length;
    return figuresOf(
      modelNames(config),
      errors,
      `${sizeOf(worlds)}; ${lacking} of ${versions.length} versions had too little to learn from`,
    );
  } finally {
    task.done();
    await warehouse.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The errors of all models, and the judgement of visit scoring by the best rule model. */
function figuresOf(models: readonly string[], errors: ModelErrors, note: string): Figure[] {
  const middle = (model: string): number => 100 * median(errors.get(model)!);
  const [best] = RULE_MODELS.toSorted((one, other) => middle(one) - middle(other)) as [string];
  const said = (model: string) => ({
    name: `${model}: median distance of its channel shares from the truth`,
    value: middle(model),
    unit: UNIT,
  });
  return models.map((model) =>
    model === VISIT_SCORING
      ? compared({
          ...said(model),
          reference: [{ name: `the best rule model, ${best}`, value: middle(best) }],
          bound: atMost(1),
          note,
        })
      : measured(said(model)),
  );
}

function sizeOf(worlds: readonly CausalWorld[]): string {
  const total = (of: (world: CausalWorld) => number) => worlds.reduce((sum, world) => sum + of(world), 0).toLocaleString('en');
  const visits = total(({ lives }) => lives.reduce((sum, life) => sum + life.visits.length, 0));
  return `${worlds.length} worlds, ${visits} visits, ${total(({ conversions }) => conversions)} conversions`;
}
