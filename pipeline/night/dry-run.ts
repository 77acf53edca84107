import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/schema.ts';
import { UserError } from '../config/user-error.ts';
import { pendingSegments } from '../embedded/landing/folders.ts';
import { DEFINITIONS } from '../models/definitions.ts';
import type { RunChoices } from '../models/step.ts';
import { checkRefit } from '../models/attribution/fitted/refit.ts';
import { projectTables } from '../sources/project-tables.ts';
import { openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import type { PlannedStatement } from '../warehouse/plan.ts';
import { type Sql, sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { PUBLISHED_TABLES } from './publish.ts';
import { NIGHT_STEPS, type NightContext, type NightStep } from './steps.ts';
import { NIGHT_TABLES } from './tables.ts';

export interface DryRunOptions extends RunChoices {
  readonly config: Config;
  readonly configFolder: string;
  readonly dataFolder: string;
  /** The instant of the run, ISO in UTC. */
  readonly now: string;
  /** Default: {@link NIGHT_STEPS}. */
  readonly steps?: readonly NightStep[];
  readonly onStep?: (step: string) => void;
}

/** A statement with the step it belongs to; `tables` are created or extended before the first. */
export interface NightStatement extends PlannedStatement {
  readonly step: string;
}

/** What a run would do, told without doing it. */
export interface NightPlan {
  readonly engine: Config['warehouse']['type'];
  /** In the order of the run. */
  readonly statements: readonly NightStatement[];
  /** Models that would be rebuilt over all history: their definition is new or another one. */
  readonly rebuilt: readonly string[];
  /** The sum of the bytes that are known; null where the engine has none. */
  readonly bytes: number | null;
  /** What a reader must know to judge the rest. */
  readonly notes: readonly string[];
}

/**
 * Goes through the night without writing anything: on BigQuery its writes are dry-run, on DuckDB they are carried out in
 * one transaction that is rolled back.
 * @throws UserError where a step fails as it would in the run.
 */
export async function planNight(options: DryRunOptions): Promise<NightPlan> {
  checkRefit(options);
  return options.config.warehouse.type === 'bigquery' ? planOnBigQuery(options, options.config.warehouse) : planOnDuckDb(options);
}

async function planOnBigQuery(options: DryRunOptions, settings: Extract<Config['warehouse'], { type: 'bigquery' }>): Promise<NightPlan> {
  const { openBigQueryPlan } = await import('../warehouse/bigquery/plan.ts');
  return planWrites(options, await openBigQueryPlan(settings));
}

/** The part of {@link planNight} for a warehouse that notes its writes instead of carrying them out. */
export async function planWrites(
  options: DryRunOptions,
  planning: { readonly warehouse: Warehouse; readonly statements: readonly PlannedStatement[] },
): Promise<NightPlan> {
  const { config, steps = NIGHT_STEPS } = options;
  const definitions = new PlannedDefinitions();
  const warehouse = definitions.over(planning.warehouse);
  const statements: NightStatement[] = [];
  const notes: string[] = [];
  const inStep = async (step: string, work: () => Promise<unknown>): Promise<void> => {
    options.onStep?.(step);
    const before = planning.statements.length;
    try {
      await work();
    } catch (error) {
      const planned = planning.statements.slice(before);
      // Where nothing was taken for empty, the run would fail the same way.
      if (!planned.some(({ note }) => note?.includes('taken for empty') ?? false)) throw failed(step, error);
      notes.push(`what else "${step}" would do is not known before it runs: it goes on from rows that are not there yet`);
    } finally {
      statements.push(...planning.statements.slice(before).map((statement) => ({ ...statement, step })));
    }
  };

  await inStep('tables', () => warehouse.migrate([...projectTables(config), ...NIGHT_TABLES]));
  for (const step of steps) {
    if (step.transaction) await inStep(step.name, () => step.run(contextOf(options, warehouse)));
  }
  statements.push(...(await publishing(planning.warehouse, steps, statements)));
  notes.push(
    'not listed: the records of the run itself (lease, runs, run_steps): a few small statements for each step',
    ...untransacted(steps),
  );
  return {
    engine: 'bigquery',
    statements,
    rebuilt: definitions.rebuilt,
    bytes: statements.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    notes,
  };
}

async function planOnDuckDb(options: DryRunOptions): Promise<NightPlan> {
  const { config, dataFolder, steps = NIGHT_STEPS } = options;
  const file = config.warehouse.type === 'duckdb' ? path.resolve(dataFolder, config.warehouse.file) : ':memory:';
  // Without a warehouse yet, the first run is planned in memory: a dry run makes no file.
  const warehouse = await openDuckDb(existsSync(file) ? file : ':memory:');
  const statements: NightStatement[] = [];
  let rebuilt: string[] = [];
  let current = 'tables';
  warehouse.session.observer = (label, text) => statements.push({ step: current, label, sql: text, bytes: null, note: null });
  const done = new Error('taken back');
  try {
    await warehouse.transaction(async () => {
      options.onStep?.(current);
      await warehouse.migrate([...projectTables(config), ...NIGHT_TABLES]);
      const before = await hashes(warehouse);
      for (const step of steps.filter(({ transaction }) => transaction)) {
        current = step.name;
        options.onStep?.(current);
        await step.run(contextOf(options, warehouse)).catch((error: unknown) => {
          throw failed(step.name, error);
        });
      }
      const after = await hashes(warehouse);
      rebuilt = [...after.keys()].filter((name) => after.get(name) !== before.get(name));
      throw done;
    });
  } catch (error) {
    if (error !== done) throw error;
  } finally {
    await warehouse.close();
  }
  const waiting = await pendingSegments(dataFolder);
  return {
    engine: 'duckdb',
    statements: statements.filter(({ label }) => label !== PLAN_LABEL),
    rebuilt,
    bytes: null,
    notes: [
      'DuckDB does not say how many bytes a statement scans: nothing is billed by them. The statements were carried out in one transaction that was rolled back',
      ...(waiting.length > 0
        ? [
            `${waiting.length} landing ${waiting.length === 1 ? 'segment waits' : 'segments wait'} to be loaded: a dry run leaves them, so their events are not in this plan`,
          ]
        : []),
      ...untransacted(steps),
    ],
  };
}

const PLAN_LABEL = 'definitions before and after the plan';

async function hashes(warehouse: Warehouse): Promise<Map<string, string>> {
  const rows = await warehouse.rows<{ name: string; definition_hash: string; built_at: string }>(
    sql`select name, definition_hash, built_at from ${table(DEFINITIONS.name)} order by name nulls first`,
    PLAN_LABEL,
  );
  return new Map(rows.map(({ name, definition_hash, built_at }) => [name, `${definition_hash} ${built_at}`]));
}

/** What readers are given is read whole from the warehouse. */
async function publishing(
  warehouse: Warehouse,
  steps: readonly NightStep[],
  before: readonly NightStatement[],
): Promise<readonly NightStatement[]> {
  if (!steps.some(({ name }) => name === 'publish')) return [];
  const created = new Set(before.filter(({ sql: text }) => text.startsWith('create table if not exists')).map(({ label }) => label));
  const statements: NightStatement[] = [];
  // A view over a table that is not there yet shows as little.
  const views = before.filter(
    ({ sql: text }) =>
      text.startsWith('create or replace view') && [...created].some((label) => text.includes(`.${label.split(' ')[1]!}\``)),
  );
  for (const { label } of views) created.add(label);
  for (const { name } of PUBLISHED_TABLES) {
    const label = `read ${name}`;
    const isNew = created.has(`create ${name}`);
    const bytes = isNew ? null : (await warehouse.dryRun(sql`select * from ${table(name)}`)).bytes;
    const note = isNew
      ? `not known before it runs: ${name} does not exist yet`
      : 'as large as the table is now; not read where nothing has changed since the last publication';
    statements.push({ step: 'publish', label, sql: `select * from ${name}`, bytes, note });
  }
  return statements;
}

function untransacted(steps: readonly NightStep[]): string[] {
  const names = steps.filter(({ name, transaction }) => !transaction && name !== 'publish').map(({ name }) => name);
  return names.length === 0 ? [] : [`not gone through, because they work on files, too: ${names.join(', ')}`];
}

function contextOf(options: DryRunOptions, warehouse: Warehouse): NightContext {
  const { config, configFolder, dataFolder, now, full, allowMassDelete, refit } = options;
  return {
    warehouse,
    config,
    configFolder,
    dataFolder,
    now,
    full,
    allowMassDelete,
    refit,
    run: { runId: 'dry-run', renewLease: async () => undefined },
  };
}

function failed(step: string, error: unknown): UserError {
  const message = error instanceof Error ? error.message : String(error);
  return new UserError(`step "${step}" would fail: ${message}`, {
    cause: error,
    ...(error instanceof UserError && { exitCode: error.exitCode }),
  });
}

interface BuiltRow {
  readonly name: string;
  readonly definition_hash: string;
  readonly built_at: string;
}

/**
 * The definitions as the planned writes would leave them, so that a model whose definition an earlier step forgets is
 * planned as the rebuild it would be.
 */
class PlannedDefinitions {
  readonly #recorded = new Map<string, string>();
  readonly #forgotten = new Set<string>();

  get rebuilt(): string[] {
    return [...this.#recorded.keys()];
  }

  /** The rows of `definitions` as the plan would leave them, in the order of their names. */
  #planned(rows: readonly BuiltRow[]): BuiltRow[] {
    const left = rows.filter(({ name }) => !this.#forgotten.has(name) && !this.#recorded.has(name));
    const recorded = [...this.#recorded].map(([name, hash]) => ({ name, definition_hash: hash, built_at: 'in this plan' }));
    return [...left, ...recorded].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** The same warehouse, but for the rows of `definitions`. */
  over(warehouse: Warehouse): Warehouse {
    const own: Partial<Warehouse> = {
      rows: async <Result>(query: Sql, label?: string) => {
        const rows = await warehouse.rows<Result>(query, label);
        return readsDefinitions(query) ? (this.#planned(rows as BuiltRow[]) as Result[]) : rows;
      },
      merge: async (target, source, options) => {
        if (target.name === DEFINITIONS.name) {
          const [name, hash] = textsOf(source);
          this.#recorded.set(name!, hash!);
        }
        return warehouse.merge(target, source, options);
      },
      delete: async (target, keys, options) => {
        if (target.name === DEFINITIONS.name) {
          for (const name of textsOf(keys)) {
            this.#forgotten.add(name);
            this.#recorded.delete(name);
          }
        }
        return warehouse.delete(target, keys, options);
      },
    };
    // Its methods are called on the warehouse itself, whose private fields a proxy has not.
    return new Proxy(warehouse, {
      get(target, property) {
        const replaced: unknown = own[property as keyof Warehouse];
        if (replaced !== undefined) return replaced;
        const value: unknown = Reflect.get(target, property);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }
}

/** Whether a query asks for the definitions, and for nothing else. */
function readsDefinitions(query: Sql): boolean {
  const tables = query.parts.flatMap((part) => (typeof part === 'object' && part.kind === 'table' ? [part.name] : []));
  return tables.length === 1 && tables[0] === DEFINITIONS.name;
}

/** The texts bound in a piece of SQL, in order. */
function textsOf(query: Sql): string[] {
  return query.parts.flatMap((part) =>
    typeof part === 'object' && part.kind === 'param' && part.type === 'STRING' && typeof part.value === 'string' ? [part.value] : [],
  );
}
