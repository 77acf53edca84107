import path from 'node:path';
import type { CsvCost } from '../config/costs.ts';
import type { Config } from '../config/schema.ts';
import { UserError } from '../config/user-error.ts';
import { costRows, nameRows } from '../models/costs/cost-rows.ts';
import { AD_NAMES, COSTS, stagedCosts } from '../models/costs/tables.ts';
import { counted, noRate, noRatesYet } from '../models/rates/words.ts';
import type { Step, StepContext } from '../models/step.ts';
import { readHeader } from '../warehouse/csv-outline.ts';
import { sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { type WarehouseCost, costsOfTable, expectedColumns } from './cost-tables.ts';
import { guardAgainstShrinking, guardTable } from './shrink-guard.ts';

/** Columns that a file of costs need not have. */
const OPTIONAL_COLUMNS: readonly string[] = ['account', 'currency', 'platform_conversions', 'platform_value'];

/**
 * Cost sources of the config → costs and ad_names. Each source is read whole: of a day that its platform states anew, the rows
 * are replaced, and those that vanished go.
 */
export const syncCosts: Step = async (context) => {
  const { warehouse, config } = context;
  const warnings: string[] = [];
  for (const [i, cost] of config.costs.entries()) {
    warnings.push(...('csv' in cost ? await stageFile(context, cost, i) : await stageTable(context, cost, i)));
  }
  const { dialect } = warehouse;
  const names = await warehouse.merge(AD_NAMES, nameRows(dialect, config), { deleteUnmatched: true, label: 'ad names' });
  const costs = await warehouse.merge(COSTS, costRows(dialect, config), { deleteUnmatched: true, label: 'costs' });
  return { changes: { ad_names: names, costs }, warnings: [...warnings, ...(await withoutRate(warehouse, config))] };
};

async function stageFile({ warehouse, configFolder, allowMassDelete }: StepContext, cost: CsvCost, i: number): Promise<string[]> {
  const staged = stagedCosts(i);
  const file = path.resolve(configFolder, cost.csv);
  const guarded = { file, configPath: `costs[${i}].csv`, table: staged.name, maximumShrink: cost.maximumShrink, allowMassDelete };
  const warnings = await guardAgainstShrinking(warehouse, guarded);
  // What not every export has may be missing.
  const header = await readHeader(file);
  const columns = staged.columns.filter(({ name }) => !OPTIONAL_COLUMNS.includes(name) || header.includes(name));
  await warehouse.loadCsv({ ...staged, columns }, file, { label: `costs[${i}]` });
  return warnings;
}

async function stageTable({ warehouse, allowMassDelete }: StepContext, cost: WarehouseCost, i: number): Promise<string[]> {
  const staged = stagedCosts(i);
  const configPath = `costs[${i}].table`;
  const source = costsOfTable(warehouse.dialect, cost);
  const read = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new UserError(`${configPath}: ${cost.table} cannot be read: ${message}\n${expectedColumns(cost)}`, { cause: error });
    }
  };
  const [count] = await read(() =>
    warehouse.rows<{ row_count: number }>(sql`select count(*) as row_count from (${source}) as source`, configPath),
  );
  const guarded = {
    source: cost.table,
    rows: count!.row_count,
    configPath,
    table: staged.name,
    maximumShrink: cost.maximumShrink,
    allowMassDelete,
  };
  const warnings = await guardTable(warehouse, guarded);
  await warehouse.load(staged, [], { replace: true, label: configPath });
  await read(() => warehouse.append(staged, source, configPath));
  return warnings;
}

/** What the reader must know of costs that are in no total. */
async function withoutRate(warehouse: Warehouse, config: Config): Promise<string[]> {
  const rows = await warehouse.rows<{ platform: string; currency: string; amounts: number; first_day: string; last_day: string }>(
    sql`
      select platform, currency, count(*) as amounts, min(date) as first_day, max(date) as last_day
      from ${table(COSTS.name)}
      where cost_micros is null
      group by platform, currency
      order by platform nulls first, currency nulls first`,
    'costs without a rate',
  );
  return rows.map(({ platform, currency, amounts, first_day, last_day }) => {
    const which = `costs: ${counted(amounts, 'row')} of ${platform} in ${currency} ${amounts === 1 ? 'is' : 'are'} in no total`;
    if (config.rates === undefined) return `${which}: ${noRatesYet(config.project.currency)}`;
    return `${which}: ${noRate(currency, first_day, last_day)}`;
  });
}
