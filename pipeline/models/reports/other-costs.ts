import { dailyMicros, OTHER_COST_DIMENSIONS } from '../../config/other-costs.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { Change, Row } from '../../warehouse/warehouse.ts';
import { emptyHeld } from '../empty-held.ts';
import { counted, noRate, noRatesYet } from '../rates/words.ts';
import type { StepContext } from '../step.ts';
import { otherCostRows } from './facts.ts';
import { REPORT_OTHER_COSTS, STAGED_OTHER_COSTS } from './tables.ts';

const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };

/** The entries of `otherCosts` in the config → report_other_costs, a row for each of their days; they are few, and compared whole. */
export async function otherCosts({ warehouse, config }: StepContext): Promise<{ change: Change; warnings: string[] }> {
  const rows = config.otherCosts.flatMap((cost): Row[] =>
    dailyMicros(cost).map(({ date, micros }) => ({
      name: cost.name,
      click_date: date,
      ...Object.fromEntries(OTHER_COST_DIMENSIONS.map((dimension) => [dimension, cost[dimension] ?? null])),
      currency: cost.currency ?? config.project.currency,
      micros: Number(micros),
    })),
  );
  const held = await warehouse.rows(sql`select 1 as held from ${table(REPORT_OTHER_COSTS.name)} limit 1`, 'other costs');
  if (rows.length === 0 && held.length === 0) return { change: NOTHING, warnings: [] };
  await warehouse.load(STAGED_OTHER_COSTS, rows, { replace: true, label: 'other costs: days' });
  const source = otherCostRows(warehouse.dialect, config);
  const change = await warehouse.merge(REPORT_OTHER_COSTS, source, { deleteUnmatched: true, label: 'report other costs' });
  await emptyHeld(warehouse, [STAGED_OTHER_COSTS], 'other costs: days');
  return { change, warnings: await withoutRate({ warehouse, config }) };
}

/** What the reader must know of costs that are in no total. */
async function withoutRate({ warehouse, config }: Pick<StepContext, 'warehouse' | 'config'>): Promise<string[]> {
  const rows = await warehouse.rows<{ name: string; currency: string; days: number; first_day: string; last_day: string }>(
    sql`
      select name, currency, count(*) as days, min(click_date) as first_day, max(click_date) as last_day
      from ${table(REPORT_OTHER_COSTS.name)}
      where other_cost_micros is null
      group by name, currency
      order by name nulls first`,
    'other costs without a rate',
  );
  return rows.map(({ name, currency, days, first_day, last_day }) => {
    const which = `otherCosts: ${counted(days, 'day')} of ${name} in ${currency} ${days === 1 ? 'is' : 'are'} in no total`;
    const why = config.rates === undefined ? noRatesYet(config.project.currency) : noRate(currency, first_day, last_day);
    return `${which}: ${why}`;
  });
}
