import { REPORT_FUNNEL } from '../../models/funnels/tables.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { REPORT_CREDITS } from '../../models/reports/tables.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { arrayParam, join, param, raw, sql, type Sql, table } from '../../warehouse/sql.ts';
import type { DateRange } from '../dates.ts';
import { type DimensionSetting, dimensionSource, type FactTable, factColumn, joinsSql } from '../dimension-sql.ts';
import { factFilter, joinsOfFilter } from '../filters.ts';
import type { CohortQuery } from './cohort-schema.ts';

/** Credits are parts of 1e9. */
const FULL = 1_000_000_000;
const HOUR_MICROS = 3_600_000_000;
const DAY_MICROS = 24 * HOUR_MICROS;

/** What the SQL of a cohort depends on. */
export interface CohortSetting {
  readonly query: CohortQuery;
  readonly range: DateRange;
  readonly dialect: Dialect;
  readonly config: PublishedConfig;
  /** Names of the stages that are shown, the first of them that of leads. */
  readonly stages: readonly string[];
  /** Of each stage the place of the stage before it; null of the first. */
  readonly previous: readonly (number | null)[];
  /** Place of the stage that leads are split by. */
  readonly split: number | null;
  /** Of each stage the date from which on leads may still reach it; null: unknown. */
  readonly openFrom: readonly (string | null)[];
}

/** Names of the figures of a stage, in the order of their columns. Sums of credits but for `high` and `low`. */
export const FIGURES = ['reached', 'both', 'conversions', 'valued', 'high', 'low', 'open'] as const;
export type FigureName = (typeof FIGURES)[number];
export const figureColumn = (name: FigureName, stage: number): string => `${name}_${stage}`;

/**
 * The cohort as one statement. Rows of kind `figures` (period, value, passed and the sums of every stage as text) and of kind
 * `median` (of one stage the two middle gaps to the stage before, in whole hours; `is_total`: over all values and periods).
 *
 * The value of a stage is Σ value × credit, exactly: value = q × 1e9 + r gives q × credit + r × credit / 1e9, of which `high`
 * holds the whole part and `low` the rest in parts of 1e9.
 */
export function cohortSql(setting: CohortSetting): Sql {
  const { dialect, stages } = setting;
  const columns = stages.flatMap((_, stage) => FIGURES.map((name) => figureColumn(name, stage)));
  const texts = columns.map((name) => sql`${dialect.castText(raw(name))} as ${raw(name)}`);
  const nothing = columns.map((name) => raw(`cast(null as string) as ${name}`));
  const hasGaps = setting.previous.some((one) => one !== null);
  const later = stages.slice(1).map((name, i) => progressSql(name, i + 1, dialect));
  return sql`with ${join(
    [
      sql`weights as (${weightsSql(setting)}
)`,
      ...later,
    ],
    ',\n',
  )},
cohort as (
  select
    weights.period, weights.value, ${passedSql(setting)} as passed, weights.lead_date, weights.credit,
    ${join([raw('weights.value_micros'), ...stages.slice(1).flatMap((_, i) => PROGRESS.map((name) => raw(`stage_${i + 1}.${name} as ${name}_${i + 1}`)))])}
  from weights
  ${join(
    stages.slice(1).map((_, i) => raw(`left join stage_${i + 1} on stage_${i + 1}.lead_id = weights.lead_id`)),
    '\n  ',
  )}
),
figures as (
  select period, value, passed, ${join(figureColumns(setting))}
  from cohort
  group by period, value, passed
)${hasGaps ? sql`,${mediansSql(setting)}` : sql``}
select 'figures' as kind, ${dialect.castText(raw('period'))} as period, value, passed, false as is_total, cast(null as int64) as stage, cast(null as string) as least, cast(null as string) as most, ${join(texts)}
from figures
${
  hasGaps
    ? sql`union all
select 'median', ${dialect.castText(raw('period'))}, value, passed, is_total, stage, ${dialect.castText(raw('least'))}, ${dialect.castText(raw('most'))}, ${join(nothing)}
from medians`
    : sql``
}`;
}

const credits = (time_basis: CohortQuery['time_basis']): FactTable => ({
  table: REPORT_CREDITS,
  date: time_basis === 'click_time' ? 'click_date' : 'conversion_date',
});

/** The credits of the leads, each with what its row is. */
function weightsSql({ query, range, dialect, config, stages }: CohortSetting): Sql {
  const facts = credits(query.time_basis);
  const setting: DimensionSetting = { dialect, config, ...(query.interval !== 'none' && { interval: query.interval }) };
  const date = query.interval === 'none' ? undefined : dimensionSource('date', facts, setting);
  const value = query.dimension === null ? undefined : dimensionSource(query.dimension, facts, setting);
  const column = (name: string) => factColumn(name, facts);
  const filter = factFilter(query.filters, facts, setting);
  const joins = new Set([...(value?.joins ?? []), ...joinsOfFilter(query.filters, facts, setting)]);
  const conditions = [
    sql`facts.conversion_name = ${stages[0]!}`,
    sql`facts.model = ${query.model}`,
    sql`${column('date')} between ${param(range.start_date, 'DATE')} and ${param(range.end_date, 'DATE')}`,
    ...(filter ? [filter] : []),
  ];
  return sql`
  select
    ${date?.sql(column) ?? raw('cast(null as date)')} as period, ${value?.sql(column) ?? raw('cast(null as string)')} as value,
    facts.conversion_id as lead_id, facts.conversion_date as lead_date, facts.credit, facts.value_micros
  from ${table(REPORT_CREDITS.name)} as facts
  ${joinsSql(joins, raw('facts.ad_reference'))}
  where ${join(conditions, ' and ')}`;
}

/** What the later stages say of every lead that reached them. */
const PROGRESS = ['reached_at', 'lead_at', 'conversions', 'valued', 'value'];

function progressSql(name: string, stage: number, dialect: Dialect): Sql {
  return sql`${raw(`stage_${stage}`)} as (
  select
    lead_id, ${dialect.unixMicros(raw('conversion_time'))} as reached_at, ${dialect.unixMicros(raw('lead_time'))} as lead_at,
    lead_conversions as conversions, lead_valued as valued, lead_value_micros as value
  from ${table(REPORT_FUNNEL.name)}
  where conversion_name = ${name} and is_first
)`;
}

function passedSql({ split }: CohortSetting): Sql {
  return split === null ? raw('cast(null as bool)') : raw(`stage_${split}.lead_id is not null`);
}

function figureColumns({ stages, previous, openFrom, dialect }: CohortSetting): Sql[] {
  return stages.flatMap((_, stage) => {
    const figures = stage === 0 ? leadFigures() : stageFigures(stage, previous[stage]!, openFrom[stage] ?? null, dialect);
    return FIGURES.map((name) => sql`${figures[name]} as ${raw(figureColumn(name, stage))}`);
  });
}

/** Of the leads themselves: their credits carry their value. */
function leadFigures(): Record<FigureName, Sql> {
  return {
    reached: raw('sum(credit)'),
    both: raw('0'),
    conversions: raw('sum(credit)'),
    valued: raw('sum(case when value_micros is not null then credit else 0 end)'),
    high: raw('sum(value_micros)'),
    low: raw('0'),
    open: raw('cast(null as int64)'),
  };
}

function stageFigures(stage: number, before: number, openFrom: string | null, dialect: Dialect): Record<FigureName, Sql> {
  const of = (name: string) => raw(`${name}_${stage}`);
  const isReached = raw(`reached_at_${stage} is not null`);
  const both = before === 0 ? isReached : raw(`reached_at_${stage} is not null and reached_at_${before} is not null`);
  const rest = sql`mod(${of('value')}, ${FULL}) * credit`;
  return {
    reached: sql`sum(case when ${isReached} then credit else 0 end)`,
    both: sql`sum(case when ${both} then credit else 0 end)`,
    conversions: sql`sum(${of('conversions')} * credit)`,
    valued: sql`sum(case when ${of('valued')} > 0 then credit else 0 end)`,
    high: sql`sum(${dialect.intDiv(of('value'), sql`${FULL}`)} * credit + ${dialect.intDiv(rest, sql`${FULL}`)})`,
    low: sql`sum(mod(${rest}, ${FULL}))`,
    open:
      openFrom === null
        ? raw('cast(null as int64)')
        : sql`sum(case when not (${isReached}) and lead_date >= ${param(openFrom, 'DATE')} then credit else 0 end)`,
  };
}

/**
 * The weighted median of the gaps between two stages: the least gap by which at least half of the credit has come, and the
 * least by which more than half has; they differ only where one half ends with a gap.
 */
function mediansSql({ previous, dialect }: CohortSetting): Sql {
  const gaps = previous.flatMap((before, stage) => {
    if (before === null) return [];
    const from = raw(before === 0 ? `lead_at_${stage}` : `reached_at_${before}`);
    const gap = dialect.intDiv(sql`${raw(`reached_at_${stage}`)} - ${from}`, raw(String(HOUR_MICROS)));
    return [
      sql`
  select period, value, passed, ${raw(String(stage))} as stage, ${gap} as gap, sum(credit) as credit
  from cohort
  where ${raw(`reached_at_${stage}`)} is not null and ${from} is not null
  group by 1, 2, 3, 4, 5`,
    ];
  });
  return sql`
gaps as (${join(gaps, '\n  union all')}
),
all_gaps as (
  select false as is_total, period, value, passed, stage, gap, credit from gaps
  union all
  select true, cast(null as date), cast(null as string), passed, stage, gap, sum(credit) from gaps group by passed, stage, gap
),
reached_by as (
  select
    is_total, period, value, passed, stage, gap,
    sum(credit) over (
      partition by is_total, period, value, passed, stage order by gap nulls first rows between unbounded preceding and current row
    ) as credit_until,
    sum(credit) over (partition by is_total, period, value, passed, stage) as credit
  from all_gaps
),
medians as (
  select
    is_total, period, value, passed, stage,
    min(case when 2 * credit_until >= credit then gap end) as least, min(case when 2 * credit_until > credit then gap end) as most
  from reached_by
  group by 1, 2, 3, 4, 5
)`;
}

/** How many conversions of the later stages came within how many days of their lead: days rounded up. */
export function lagsSql(stages: readonly string[], dialect: Dialect): Sql {
  const lag = sql`${dialect.unixMicros(raw('conversion_time'))} - ${dialect.unixMicros(raw('lead_time'))}`;
  return sql`select conversion_name as stage, ${dialect.intDiv(sql`${lag} + ${param(DAY_MICROS - 1, 'INT64')}`, sql`${param(DAY_MICROS, 'INT64')}`)} as days, count(*) as conversions
from ${table(REPORT_FUNNEL.name)}
where lead_id is not null and ${dialect.isIn(raw('conversion_name'), sql`${arrayParam(stages, 'STRING')}`)}
group by 1, 2
order by 1 nulls first, 2 nulls first`;
}

/** What led the conversions of the later stages to their leads, of those dated in a period. */
export function linksSql(stages: readonly string[], range: DateRange, dialect: Dialect): Sql {
  return sql`select conversion_name as stage, linked_by, count(*) as conversions, ${dialect.castText(raw('sum(value_micros)'))} as value_micros
from ${table(REPORT_FUNNEL.name)}
where ${dialect.isIn(raw('conversion_name'), sql`${arrayParam(stages, 'STRING')}`)}
  and conversion_date between ${param(range.start_date, 'DATE')} and ${param(range.end_date, 'DATE')}
group by 1, 2
order by 1 nulls first, 2 nulls first`;
}
