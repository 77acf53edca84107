import type { Row, Value, Warehouse } from '../warehouse/warehouse.ts';
import { buildReport, type ReportPlan, ALL_ROW_COUNT, IS_TOTAL, ROW_COUNT } from './build.ts';
import { measureOf, type MetricColumn } from './columns.ts';
import type { DateRange } from './dates.ts';
import { dimensionColumn, dimensionLabel, type DimensionName, isOfCosts, isParam } from './dimensions.ts';
import { factsOf, type Measure } from './measures.ts';
import { marginOf, meets } from './metric-sql.ts';
import {
  isConversionMetric,
  type Metric,
  type MetricKind,
  type MetricName,
  METRICS,
  metricValue,
  type Quantity,
  quantityOf,
  unpricedOf,
} from './metrics.ts';
import { type PublishedConfig, publishedModel } from '../models/reports/publication.ts';
import { REPORT_SESSIONS } from '../models/reports/tables.ts';
import { type ProjectedMetricName, withProjections } from './projection/report.ts';
import { modelNotices } from './models/notices.ts';
import { datesOf } from './period.ts';
import type { Publication } from './publication.ts';
import type { ReportQuery } from './schema.ts';

/** A metric column of the result; `key` is its name in every row. */
export interface ResultColumn {
  readonly key: string;
  readonly metric: MetricName;
  /** What is foreseen of the metric, or how much of it can have been seen: never part of what has been. */
  readonly projection?: ProjectedMetricName;
  readonly label: string;
  /** `change`: a difference as a fraction of what it is compared with. */
  readonly kind: MetricKind | 'change';
  readonly conversion?: string;
  readonly model?: string;
  /** What the config calls them, and how the model was made. */
  readonly conversion_label?: string;
  readonly model_label?: string;
  readonly model_type?: string;
  /** How many days before the conversion a credited session may begin. */
  readonly lookback_days?: number;
  /** Of a difference: the model whose figure is 100 %. */
  readonly compared_with?: string;
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
  const { config } = publication;
  const plan = buildReport(query, warehouse.dialect, config);
  const found = await warehouse.rows(plan.rows, 'report rows');
  const rows = found.filter((row) => row[IS_TOTAL] === false);
  const [totalsApart = {}] = plan.totals ? await warehouse.rows(plan.totals, 'report totals') : [];
  const totals = { ...found.find((row) => row[IS_TOTAL] === true), ...totalsApart };
  const unpriced = plan.unpriced ? await warehouse.rows<UnpricedCosts>(plan.unpriced, 'costs without a rate') : [];
  const figures = (row: Row): Omit<ResultRow, 'dimensions'> => ({
    figures: figuresOf(row, plan, config, 'current'),
    ...(query.comparison_date_range && { comparison: figuresOf(row, plan, config, 'comparison') }),
  });
  const row_count = Number(rows[0]?.[ROW_COUNT] ?? 0);
  const all_row_count = Number(totals[ALL_ROW_COUNT] ?? 0);
  const result: ReportResult = {
    dimensions: query.dimensions.map((key) => ({ key, label: key === 'date' ? DATE_LABELS[query.interval] : dimensionLabel(key, config) })),
    columns: plan.metrics.map((column) => resultColumn(column, config)),
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
      notes: [
        ...notesOf(query, plan, totals, config),
        ...unpriced.map((costs) => unpricedNote(costs, config)),
        ...(await noticesOfModels(warehouse, publication, query)),
      ],
    },
  };
  return query.projections ? withProjections(warehouse, publication, query, result) : result;
}

function resultColumn({ key, metric, pair }: MetricColumn, config: PublishedConfig): ResultColumn {
  const { label, kind } = METRICS[metric];
  if (!pair) return { key, metric, label, kind };
  const model = publishedModel(config, pair.model);
  const lookbackDays = model.lookbackDays[pair.conversion];
  return {
    key,
    metric,
    label,
    kind,
    ...pair,
    conversion_label: config.conversions.find(({ name }) => name === pair.conversion)?.label ?? pair.conversion,
    model_label: model.label,
    model_type: model.type,
    ...(lookbackDays !== undefined && { lookback_days: lookbackDays }),
  };
}

/** A sum as the warehouse writes it: text, because it can be larger than a number holds exactly. */
const integer = (sum: Value | undefined): bigint | null => (typeof sum === 'string' ? BigInt(sum) : null);

function figuresOf(row: Row, plan: ReportPlan, config: PublishedConfig, period: 'current' | 'comparison'): Figures {
  return Object.fromEntries(
    plan.metrics.map(({ key, metric, pair }) => {
      const definition: Metric = METRICS[metric];
      if (!meets(definition.needs, pair, config)) return [key, null];
      const sum = (measure: Measure) => integer(row[measureOf(plan.measures, measure, pair, period).name]);
      if (unpricedOf(definition).some((measure) => sum(measure) !== 0n)) return [key, null];
      const quantity = (one: Quantity) => quantityOf(one, sum, marginOf(pair, config));
      return [
        key,
        metricValue(definition, quantity(definition.numerator), definition.denominator ? quantity(definition.denominator) : null),
      ];
    }),
  );
}

/** What must be known of learned models: which months are provisional, which had too little to learn from. */
async function noticesOfModels(warehouse: Warehouse, { config, published_at }: Publication, query: ReportQuery): Promise<string[]> {
  if (!query.metrics.some(isConversionMetric)) return [];
  const asked = config.modelDetails.filter(({ name }) => query.attributed_conversions.some(({ model }) => model === name));
  const conversions = [...new Set(query.attributed_conversions.map(({ conversion }) => conversion))];
  // Credits of clicks in the period are of conversions until today.
  const end_date = query.time_basis === 'click_time' ? published_at.slice(0, 10) : query.date_range.end_date;
  const notices = await modelNotices(warehouse, asked, conversions, datesOf({ ...query.date_range, end_date }, 'month'));
  return notices.map(({ text }) => text);
}

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
  const beyond = query.dimensions.filter((name) => !isOfCosts(name, config)).join(', ');
  const which = plan.measures.some(({ measure }) => measure === 'other_cost_micros') ? 'costs' : 'ad costs';
  if (plan.costs === 'in totals only') notes.push(`${which} are not known by ${beyond}: they stand in the total only`);
  if (plan.costs === 'not filterable') notes.push(`${which} cannot be filtered as asked, so they are left out`);
  const params = query.dimensions.filter(isParam).join(', ');
  if (params && plan.measures.some(({ measure }) => factsOf(measure) === REPORT_SESSIONS))
    notes.push(`sessions are not known by ${params}: they stand where it is not set`);
  const unvalued = new Set<string>();
  for (const { measure, pair, period, name } of plan.measures) {
    if (measure !== 'unvalued_credit' || period !== 'current' || !pair || !meets('money', pair, config)) continue;
    const conversions = Number(integer(totals[name]) ?? 0n) / 1e9;
    if (conversions > 0) unvalued.add(`${conversions} of ${pair.conversion} have no value, and count as conversions without adding any`);
  }
  return [...notes, ...unvalued];
}
