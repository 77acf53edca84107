import { COSTS } from '../../models/costs/tables.ts';
import { REPORT_COSTS, REPORT_OTHER_COSTS } from '../../models/reports/tables.ts';
import { join, raw, sql, type Sql, table } from '../../warehouse/sql.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { dimensionSql, type FactTable } from '../dimension-sql.ts';
import { isOfCosts } from '../dimensions.ts';
import { factFilter, filtersBeyondCosts } from '../filters.ts';
import type { ChangedDefinitions } from './definitions.ts';
import { within } from './keys.ts';
import { type PublicationPair, type Side, SIDES } from './pair.ts';
import type { DiffMetric, DiffQuery } from './schema.ts';

/** Names of the tables that are made of a metric of costs. */
export const costTables = (metric: DiffMetric) => ({ changes: raw(`${metric}_changes`), totals: raw(`${metric}_totals`) });

/** A table of costs, and what of it is compared. */
interface CostTable {
  readonly table: TableDefinition;
  /** The table of facts whose dimensions it has, and the columns that are called otherwise there. */
  readonly facts: FactTable;
  readonly renamed: readonly string[];
  readonly key: readonly string[];
  readonly amount: string;
  /** The same in its own currency. */
  readonly original: string;
  /** What notes call it. */
  readonly words: string;
}

const COST_TABLES: Readonly<Partial<Record<DiffMetric, CostTable>>> = {
  cost: {
    table: COSTS,
    facts: { table: REPORT_COSTS, date: 'click_date' },
    renamed: ['date as click_date', 'platform as ad_platform'],
    key: COSTS.key,
    amount: 'cost_micros',
    original: 'original_cost',
    words: 'ad costs',
  },
  other_cost: {
    table: REPORT_OTHER_COSTS,
    facts: { table: REPORT_OTHER_COSTS, date: 'click_date' },
    renamed: [],
    key: REPORT_OTHER_COSTS.key,
    amount: 'other_cost_micros',
    original: 'original_micros',
    words: 'other costs',
  },
};

/** How far a metric of costs can be compared. */
export interface ComparableCosts {
  readonly costs: CostTable;
  /** Whether there are rows by the dimension, else the total alone. */
  readonly isByDimension: boolean;
  /** What is missing, in words; without `canBeCompared` there is nothing else. */
  readonly note?: string;
  readonly canBeCompared: boolean;
}

/** Undefined for a metric that is not of costs. */
export function comparableCosts(pair: PublicationPair, query: DiffQuery, metric: DiffMetric): ComparableCosts | undefined {
  const costs = COST_TABLES[metric];
  if (!costs) return undefined;
  const { dimension } = query;
  const configs = SIDES.map((side) => pair[side].config);
  const cannot = (note: string): ComparableCosts => ({ costs, isByDimension: false, canBeCompared: false, note: `${costs.words} ${note}` });
  const without = pair.without(costs.table);
  if (without !== undefined) {
    const why = 'was made by an earlier version of touchtrail';
    return cannot(`cannot be compared: the publication ${without} ${why} and has no table "${costs.table.name}"`);
  }
  if (configs.some((config) => filtersBeyondCosts(query.filters, config)))
    return cannot('cannot be filtered as asked, so they are left out');
  const isByDimension = dimension === null || configs.every((config) => isOfCosts(dimension, config));
  return { costs, isByDimension, canBeCompared: true, ...(!isByDimension && { note: `${costs.words} are not known by ${dimension}` }) };
}

/** Makes {@link costTables}, as those of sessions. */
export async function makeCostChanges(
  pair: PublicationPair,
  query: DiffQuery,
  metric: DiffMetric,
  { costs, isByDimension }: ComparableCosts,
  definitions: ChangedDefinitions,
): Promise<void> {
  const hasOriginal = pair.columnsOf(costs.table, [costs.original]).length > 0;
  const key = pair.columnsOf(costs.table, costs.key);
  for (const side of SIDES) {
    const original = raw(hasOriginal ? `facts.${costs.original}` : 'null');
    await pair.make(
      `${side}_${metric}`,
      costFacts(pair, side, { ...query, ...(!isByDimension && { dimension: null }) }, costs, key, original),
      costs.words,
      side,
    );
  }
  await pair.make(
    `${metric}_totals`,
    sql`
    select key, sum(earlier) as earlier, sum(later) as later
    from (
      select key, coalesce(micros, 0) as earlier, 0 as later from ${raw(`earlier_${metric}`)} as costs
      union all
      select key, 0 as earlier, coalesce(micros, 0) as later from ${raw(`later_${metric}`)} as costs
    ) as costs
    group by key`,
    `${costs.words} of both publications`,
  );
  const same = key.map((column) => raw(`later.${column} is not distinct from earlier.${column}`));
  await pair.make(
    `${metric}_changes`,
    sql`
    with compared as (
      select
        earlier.key as earlier_key, later.key as later_key,
        coalesce(earlier.micros, 0) as earlier_micros, coalesce(later.micros, 0) as later_micros,
        ${causeSql(definitions, hasOriginal)} as cause
      from ${raw(`earlier_${metric}`)} as earlier
      full join ${raw(`later_${metric}`)} as later on ${join(same, ' and ')}
      where earlier.micros is distinct from later.micros or earlier.key is distinct from later.key
    )
    ${changeOf('earlier', '-')} union all ${changeOf('later', '')}`,
    `${costs.words} that differ`,
  );
}

/** The rows of one publication that are asked for, by bare names of its tables, with the value of the dimension as `key`. */
function costFacts(pair: PublicationPair, side: Side, query: DiffQuery, costs: CostTable, columns: readonly string[], original: Sql): Sql {
  const { dialect } = pair;
  const { dimension } = query;
  const setting = { dialect, config: pair[side].config };
  const value = dimension === null ? raw(`''`) : dimensionSql(dimension, costs.facts, setting);
  const filter = factFilter(query.filters, costs.facts, setting);
  const renamed = costs.renamed.map((column) => raw(`, costs.${column}`));
  return sql`
    select ${join(columns.map((column) => raw(`facts.${column}`)))}, ${dimension === 'date' ? dialect.castText(value) : value} as key,
      ${raw(`facts.${costs.amount}`)} as micros, ${original} as original, true as is_there
    from (select costs.*${join(renamed, '')} from ${table(costs.table.name)} as costs) as facts
    where ${within(query, `facts.${costs.facts.date}`)}${filter ? sql` and ${filter}` : raw('')}`;
}

/** What a row cost has gone from where it stood, and come where it stands. */
const changeOf = (side: Side, sign: '' | '-'): Sql => sql`
    select ${raw(side)}_key as key, ${raw(`${sign}${side}_micros`)} as change, cause from compared where ${raw(side)}_micros <> 0`;

function causeSql(definitions: ChangedDefinitions, hasOriginal: boolean): Sql {
  const isOtherAmount = hasOriginal
    ? raw('earlier.original is distinct from later.original')
    : raw('earlier.micros is distinct from later.micros');
  return sql`case
          when ${definitions.has('project')} then 'definition'
          when earlier.is_there is null or later.is_there is null or ${isOtherAmount} then 'costs'
          when earlier.micros is distinct from later.micros then 'exchange_rates'
          when ${definitions.has('sessions')} then 'definition'
          else 'costs'
        end`;
}
