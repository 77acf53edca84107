import { REPORT_COSTS, REPORT_CREDITS, REPORT_SESSIONS } from '../models/reports/tables.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';

/**
 * What is added up in the warehouse, exactly, as integers; every metric is one of these or the ratio of two.
 * `unpriced_costs` counts the cost rows without a rate to the project currency.
 */
export type GeneralMeasure = 'sessions' | 'users' | 'cost_micros' | 'unpriced_costs' | 'impressions' | 'clicks';
/** Measures of one conversion under one model; `unvalued_credit` is the credit of conversions without a value. */
export type ConversionMeasure = 'credit' | 'value_micros' | 'unvalued_credit' | 'converted_users';
export type Measure = GeneralMeasure | ConversionMeasure;

/** How a figure is meant: rendered by the CLI, described to programs. */
export type MetricKind = 'count' | 'decimal' | 'money' | 'percent' | 'ratio';

export interface Metric {
  readonly label: string;
  readonly description: string;
  readonly kind: MetricKind;
  readonly numerator: Measure;
  /** Without one the metric is the numerator itself. */
  readonly denominator?: Measure;
  /** numerator / denominator × multiply / divide: credits are parts of 1e9, money is in micros. */
  readonly multiply: bigint;
  readonly divide: bigint;
  /** Exists only for conversions whose value is money. */
  readonly needsMoney?: boolean;
}

const CREDIT = 1_000_000_000n;
const MICROS = 1_000_000n;
const plain = { multiply: 1n, divide: 1n };

const count = (label: string, numerator: Measure, description: string): Metric => ({
  label,
  description,
  kind: 'count',
  numerator,
  ...plain,
});

/** Metrics that do not depend on a conversion. */
export const GENERAL_METRICS = {
  sessions: count('Sessions', 'sessions', 'Sessions that started in the period.'),
  users: count('Users', 'users', 'Persons with such a session.'),
  cost: {
    label: 'Cost',
    description: 'Ad cost in the project currency.',
    kind: 'money',
    numerator: 'cost_micros',
    multiply: 1n,
    divide: MICROS,
  },
  impressions: count('Impressions', 'impressions', 'Impressions the ad platforms reported.'),
  clicks: count('Clicks', 'clicks', 'Clicks the ad platforms reported.'),
  cpc: {
    label: 'CPC',
    description: 'Cost per click.',
    kind: 'money',
    numerator: 'cost_micros',
    denominator: 'clicks',
    multiply: 1n,
    divide: MICROS,
  },
  cpm: {
    label: 'CPM',
    description: 'Cost per thousand impressions.',
    kind: 'money',
    numerator: 'cost_micros',
    denominator: 'impressions',
    multiply: 1000n,
    divide: MICROS,
  },
  ctr: { label: 'CTR', description: 'Clicks per impression.', kind: 'percent', numerator: 'clicks', denominator: 'impressions', ...plain },
} as const satisfies Readonly<Record<string, Metric>>;

/** Metrics of one conversion under one attribution model. */
export const CONVERSION_METRICS = {
  conversions: {
    label: 'Conversions',
    description: 'Conversions credited, in whole credits.',
    kind: 'decimal',
    numerator: 'credit',
    multiply: 1n,
    divide: CREDIT,
  },
  conversion_value: {
    label: 'Value',
    description: "The credited share of the conversions' value.",
    kind: 'money',
    numerator: 'value_micros',
    multiply: 1n,
    divide: MICROS,
    needsMoney: true,
  },
  converted_users: count('Converted users', 'converted_users', 'Known persons with a credited conversion.'),
  conversion_rate: {
    label: 'Conv. rate',
    description: 'Conversions per session.',
    kind: 'percent',
    numerator: 'credit',
    denominator: 'sessions',
    multiply: 1n,
    divide: CREDIT,
  },
  aov: {
    label: 'Avg. value',
    description: 'Value per conversion.',
    kind: 'money',
    numerator: 'value_micros',
    denominator: 'credit',
    multiply: CREDIT,
    divide: MICROS,
    needsMoney: true,
  },
  cpa: {
    label: 'CPA',
    description: 'Cost per conversion.',
    kind: 'money',
    numerator: 'cost_micros',
    denominator: 'credit',
    multiply: CREDIT,
    divide: MICROS,
  },
  roas: {
    label: 'ROAS',
    description: 'Value per unit of cost.',
    kind: 'ratio',
    numerator: 'value_micros',
    denominator: 'cost_micros',
    ...plain,
    needsMoney: true,
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type GeneralMetricName = keyof typeof GENERAL_METRICS;
export type ConversionMetricName = keyof typeof CONVERSION_METRICS;
export type MetricName = GeneralMetricName | ConversionMetricName;

export const METRICS: Readonly<Record<MetricName, Metric>> = { ...GENERAL_METRICS, ...CONVERSION_METRICS };
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[];
/** Whether a metric belongs to one conversion under one model. */
export const isConversionMetric = (name: MetricName): name is ConversionMetricName => Object.hasOwn(CONVERSION_METRICS, name);

const OF_COSTS: readonly Measure[] = ['cost_micros', 'unpriced_costs', 'impressions', 'clicks'];
const OF_CREDITS: readonly Measure[] = ['credit', 'value_micros', 'unvalued_credit', 'converted_users'];

/** Whether a metric is a ratio of cost: of a part of the cost it would mislead, so it is empty where a cost has no rate. */
export const isRatioOfCost = ({ numerator, denominator }: Metric): boolean =>
  denominator !== undefined && (numerator === 'cost_micros' || denominator === 'cost_micros');

/** The table of facts a measure is added up from. */
export function factsOf(measure: Measure): TableDefinition {
  if (OF_COSTS.includes(measure)) return REPORT_COSTS;
  return OF_CREDITS.includes(measure) ? REPORT_CREDITS : REPORT_SESSIONS;
}

/**
 * The figure of a metric from its added-up measures; integers until this last step.
 * @returns null where a ratio has no denominator, where there is no cost, and where there is no monetary value.
 */
export function metricValue(metric: Metric, numerator: bigint | null, denominator: bigint | null): number | null {
  if (numerator === null) return null;
  if (metric.denominator === undefined) return quotient(numerator * metric.multiply, metric.divide);
  // A ratio of no cost is not free of charge: nobody paid for those conversions, or nobody knows.
  if (denominator === null || denominator <= 0n || (metric.numerator === 'cost_micros' && numerator === 0n)) return null;
  return quotient(numerator * metric.multiply, denominator * metric.divide);
}

/** Division of integers of any size into the nearest number, to about 15 digits. */
export function quotient(numerator: bigint, denominator: bigint): number {
  const whole = numerator / denominator;
  return Number(whole) + Number(numerator - whole * denominator) / Number(denominator);
}
