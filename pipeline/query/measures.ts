import { REPORT_COSTS, REPORT_CREDITS, REPORT_OTHER_COSTS, REPORT_SESSIONS } from '../models/reports/tables.ts';
import { join, raw, sql, type Sql } from '../warehouse/sql.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';

interface MeasureDefinition {
  /** The table of facts it is added up from. */
  readonly facts: TableDefinition;
  /** Column or expression over the facts that is added up; of which distinct values are counted; or that must hold to be counted. */
  readonly of: string;
  /** `rows`: how many rows there are, whatever `of` is. */
  readonly by: 'rows' | 'sum' | 'distinct' | 'condition';
  /** What nothing amounts to: a count of nothing is 0, an amount of nothing is unknown. */
  readonly nothing: 0 | null;
}

const costs = (of: string): MeasureDefinition => ({ facts: REPORT_COSTS, of, by: 'sum', nothing: null });

/**
 * What is added up in the warehouse, exactly, as integers; every metric follows from these. `unpriced_costs` counts the cost
 * rows without a rate to the project currency; `unvalued_credit` is the credit of conversions without a value,
 * `judged_credit` of those that say whether they are qualified.
 */
export const MEASURES = {
  sessions: { facts: REPORT_SESSIONS, of: 'facts.session_id', by: 'rows', nothing: 0 },
  users: { facts: REPORT_SESSIONS, of: 'facts.person_key', by: 'distinct', nothing: 0 },
  cost_micros: costs('facts.cost_micros'),
  unpriced_costs: { facts: REPORT_COSTS, of: 'facts.cost_micros is null', by: 'condition', nothing: 0 },
  impressions: costs('facts.impressions'),
  clicks: costs('facts.clicks'),
  platform_conversions_micros: costs('facts.platform_conversions_micros'),
  platform_value_micros: costs('facts.platform_value_micros'),
  other_cost_micros: { ...costs('facts.other_cost_micros'), facts: REPORT_OTHER_COSTS },
  unpriced_other_costs: { facts: REPORT_OTHER_COSTS, of: 'facts.other_cost_micros is null', by: 'condition', nothing: 0 },
  credit: { facts: REPORT_CREDITS, of: 'facts.credit', by: 'sum', nothing: 0 },
  value_micros: { facts: REPORT_CREDITS, of: 'facts.value_micros', by: 'sum', nothing: null },
  unvalued_credit: { facts: REPORT_CREDITS, of: 'if(facts.value_micros is null, facts.credit, null)', by: 'sum', nothing: 0 },
  qualified_credit: {
    facts: REPORT_CREDITS,
    of: 'case when facts.is_qualified then facts.credit when not facts.is_qualified then 0 end',
    by: 'sum',
    nothing: null,
  },
  judged_credit: { facts: REPORT_CREDITS, of: 'if(facts.is_qualified is not null, facts.credit, null)', by: 'sum', nothing: 0 },
  converted_users: { facts: REPORT_CREDITS, of: 'facts.person_key', by: 'distinct', nothing: 0 },
} as const satisfies Readonly<Record<string, MeasureDefinition>>;

export type Measure = keyof typeof MEASURES;

/** The table of facts a measure is added up from. */
export const factsOf = (measure: Measure): TableDefinition => MEASURES[measure].facts;
/** Whether a measure is of one conversion under one model. */
export const isOfPair = (measure: Measure): boolean => factsOf(measure) === REPORT_CREDITS;
/** Whether it counts distinct values: what two rows have is not the sum of what each has. */
export const isDistinct = (measure: Measure): boolean => MEASURES[measure].by === 'distinct';

/** Added up over facts, of those only for which all conditions hold. */
export function aggregateSql(measure: Measure, conditions: readonly Sql[]): Sql {
  const { of, by }: MeasureDefinition = MEASURES[measure];
  const condition = join(conditions, ' and ');
  const value = conditions.length ? sql`case when ${condition} then ${raw(of)} end` : raw(of);
  switch (by) {
    case 'rows':
      return conditions.length ? sql`countif(${condition})` : sql`count(*)`;
    case 'sum':
      return sql`sum(${value})`;
    case 'distinct':
      return sql`count(distinct ${value})`;
    case 'condition':
      return sql`countif(${value})`;
  }
}

/**
 * Groups added up again. The value of no credit is 0, that of a credit without one unknown, and so for how much is qualified.
 * @param group one of a measure's groups; @param credit of the same groups their credit.
 */
export function totalSql(measure: Measure, group: Sql, credit: Sql): Sql {
  const sum = sql`sum(${group})`;
  if (measure === 'value_micros' || measure === 'qualified_credit') {
    return sql`case when coalesce(sum(${credit}), 0) = 0 then 0 else ${sum} end`;
  }
  return MEASURES[measure].nothing === 0 ? sql`coalesce(${sum}, 0)` : sum;
}

/** Measures that must be there beside one to read it: of a value how much credit has none. */
export function companionsOf(measure: Measure): readonly Measure[] {
  if (measure === 'value_micros') return ['credit', 'unvalued_credit'];
  return measure === 'qualified_credit' ? ['credit'] : [];
}
