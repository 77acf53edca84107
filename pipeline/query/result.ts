import type { Row, Value, Warehouse } from '../warehouse/warehouse.ts';
import { buildReport, measureOf, type MetricColumn, type ReportPlan, ALL_ROW_COUNT, ROW_COUNT } from './build.ts';
import type { DateRange } from './dates.ts';
import { dimensionColumn, dimensionLabel, type DimensionName, isOfCosts, isParam } from './dimensions.ts';
import { factsOf, isRatioOfCost, type Metric, type MetricKind, type MetricName, METRICS, metricValue } from './metrics.ts';
import type { PublishedConfig } from '../models/reports/publication.ts';
import { REPORT_SESSIONS } from '../models/reports/tables.ts';
import type { Publication } from './publication.ts';
import type { AttributedConversion, ReportQuery } from './schema.ts';

/** A metric column of the result; `key` is its name in every row. */
export interface ResultColumn {
  readonly key: string;
  readonly metric: MetricName;
  readonly label: string;
  readonly kind: MetricKind;
  readonly conversion?: string;
  readonly model?: string;
}

export type Figures = Readonly<Record<string, number | null>>;

export interface ResultRow {
  /** In the order of the query's dimensions; null where the value is not set. */
  readonly dimensions: Readonly<Partial<Record<DimensionName, string | null>>>;
  /** By column key. Money in units of the project currency; rates as fractions of 1. */
  readonly figures: Figures;
  /** The same for the comparison period, where one was asked for. */
  readonly comparison?: Figures;
}

/** What was asked and of what it was answered: enough to judge and to repeat every number. */
export interface ResultMeta {
  readonly project: string;
  readonly time_zone: string;
  readonly currency: string;
  readonly date_range: DateRange;
  /** Why the period is not the one that a reader would expect. */
  readonly period_note?: string;
  readonly comparison_date_range?: DateRange;
  readonly time_basis: ReportQuery['time_basis'];
  readonly interval: ReportQuery['interval'];
  readonly publication_id: string;
  readonly published_at: string;
  readonly data_up_to: string | null;
  /** Rows before the limit. */
  readonly row_count: number;
  /** Rows before the limit and before conditions on metrics. */
  readonly all_row_count: number;
  readonly truncated: boolean;
  /** What a reader must know to read the numbers rightly. */
  readonly notes: readonly string[];
}

export interface ReportResult {
  readonly dimensions: readonly { readonly key: DimensionName; readonly label: string }[];
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly ResultRow[];
  /** Of all facts of the period, whatever the dimensions and the limit: ratios are ratios of totals. */
  readonly totals: Omit<ResultRow, 'dimensions'>;
  readonly meta: ResultMeta;
}

const DATE_LABELS = { day: 'Date', week: 'Week from', month: 'Month' } as const;

/** Answers a parsed query from a publication. */
export async function runReport(warehouse: Warehouse, publication: Publication, query: ReportQuery): Promise<ReportResult> {
  const plan = buildReport(query, warehouse.dialect);
  const rows = await warehouse.rows(plan.rows, 'report rows');
  const [totals = {}] = await warehouse.rows(plan.totals, 'report totals');
  const unpriced = plan.unpriced ? await warehouse.rows<UnpricedCosts>(plan.unpriced, 'costs without a rate') : [];
  const { config } = publication;
  const figures = (row: Row): Omit<ResultRow, 'dimensions'> => ({
    figures: figuresOf(row, plan, config, 'current'),
    ...(query.comparison_date_range && { comparison: figuresOf(row, plan, config, 'comparison') }),
  });
  const row_count = Number(rows[0]?.[ROW_COUNT] ?? 0);
  const all_row_count = Number(rows[0]?.[ALL_ROW_COUNT] ?? 0);
  return {
    dimensions: query.dimensions.map((key) => ({ key, label: key === 'date' ? DATE_LABELS[query.interval] : dimensionLabel(key) })),
    columns: plan.metrics.map((column) => resultColumn(column)),
    rows: rows.map((row) => ({
      dimensions: Object.fromEntries(query.dimensions.map((name) => [name, row[dimensionColumn(name, query.dimensions)] as string | null])),
      ...figures(row),
    })),
    totals: figures(totals),
    meta: {
      project: config.project.name,
      time_zone: config.project.timeZone,
      currency: config.project.currency,
      date_range: query.date_range,
      ...(query.comparison_date_range && { comparison_date_range: query.comparison_date_range }),
      time_basis: query.time_basis,
      interval: query.interval,
      publication_id: publication.publication_id,
      published_at: publication.published_at,
      data_up_to: publication.data_up_to,
      row_count,
      all_row_count,
      truncated: row_count > rows.length,
      notes: [...notesOf(query, plan, totals, config), ...unpriced.map((costs) => unpricedNote(costs, config))],
    },
  };
}

function resultColumn({ key, metric, pair }: MetricColumn): ResultColumn {
  const { label, kind } = METRICS[metric];
  return { key, metric, label, kind, ...pair };
}

/** A sum as the warehouse writes it: text, because it can be larger than a number holds exactly. */
const integer = (sum: Value | undefined): bigint | null => (typeof sum === 'string' ? BigInt(sum) : null);

function figuresOf(row: Row, plan: ReportPlan, config: PublishedConfig, period: 'current' | 'comparison'): Figures {
  return Object.fromEntries(
    plan.metrics.map(({ key, metric, pair }) => {
      const definition: Metric = METRICS[metric];
      if (definition.needsMoney && !isMoney(pair, config)) return [key, null];
      const sum = (measure: Metric['numerator']) => integer(row[measureOf(plan.measures, measure, pair, period).name]);
      if (isRatioOfCost(definition) && sum('unpriced_costs') !== 0n) return [key, null];
      return [key, metricValue(definition, sum(definition.numerator), definition.denominator ? sum(definition.denominator) : null)];
    }),
  );
}

const isMoney = (pair: AttributedConversion | undefined, config: PublishedConfig) =>
  config.conversions.some(({ name, value }) => name === pair?.conversion && value === 'money');

interface UnpricedCosts {
  readonly currency: string;
  readonly cost_rows: number;
}

function unpricedNote({ currency, cost_rows }: UnpricedCosts, { project }: PublishedConfig): string {
  const rows = cost_rows === 1 ? '1 cost row' : `${cost_rows.toLocaleString('en')} cost rows`;
  return `${rows} in ${currency} left out, for want of a rate to ${project.currency}: ratios of cost are empty where they belong`;
}

function notesOf(query: ReportQuery, plan: ReportPlan, totals: Row, config: PublishedConfig): string[] {
  const notes: string[] = [];
  const beyond = query.dimensions.filter((name) => !isOfCosts(name)).join(', ');
  if (plan.costs === 'in totals only') notes.push(`ad costs are not known by ${beyond}: they stand in the total only`);
  if (plan.costs === 'not filterable') notes.push('ad costs cannot be filtered as asked, so they are left out');
  const params = query.dimensions.filter(isParam).join(', ');
  if (params && plan.measures.some(({ measure }) => factsOf(measure) === REPORT_SESSIONS))
    notes.push(`sessions are not known by ${params}: they stand where it is not set`);
  const unvalued = new Set<string>();
  for (const { measure, pair, period, name } of plan.measures) {
    if (measure !== 'unvalued_credit' || period !== 'current' || !pair || !isMoney(pair, config)) continue;
    const conversions = Number(integer(totals[name]) ?? 0n) / 1e9;
    if (conversions > 0) unvalued.add(`${conversions} of ${pair.conversion} have no value, and count as conversions without adding any`);
  }
  return [...notes, ...unvalued];
}
