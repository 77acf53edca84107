import { type Measure } from './measures.ts';

/**
 * What a metric is made of: a measure, or one that follows from several. In micros: `total_cost_micros` is ad and other cost
 * together, what is not known left out. In micros times 1e9: `profit` is the value times the conversion's margin, `gain`
 * the profit less the total cost.
 */
export type Quantity = Measure | 'total_cost_micros' | 'profit' | 'gain';

/** What conversions of a publication need for a metric to exist. */
export type Requirement = 'money' | 'margin';

/** How a figure is meant: rendered by the CLI, described to programs. */
export type MetricKind = 'count' | 'decimal' | 'money' | 'percent' | 'ratio';

export interface Metric {
  readonly label: string;
  readonly description: string;
  readonly kind: MetricKind;
  readonly numerator: Quantity;
  /** Without one the metric is the numerator itself. */
  readonly denominator?: Quantity;
  /** numerator / denominator × multiply / divide: credits are parts of 1e9, money is in micros. */
  readonly multiply: bigint;
  readonly divide: bigint;
  /** Exists only for conversions whose value is money, or of whose value the config says how much is profit. */
  readonly needs?: Requirement;
}

const CREDIT = 1_000_000_000n;
const MICROS = 1_000_000n;
const plain = { multiply: 1n, divide: 1n };

const count = (label: string, numerator: Quantity, description: string): Metric => ({
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
  other_cost: {
    label: 'Other cost',
    description: 'Costs beside those of ads, from otherCosts of the config, spread over their days.',
    kind: 'money',
    numerator: 'other_cost_micros',
    multiply: 1n,
    divide: MICROS,
  },
  total_cost: {
    label: 'Total cost',
    description: 'Ad cost and other cost together.',
    kind: 'money',
    numerator: 'total_cost_micros',
    multiply: 1n,
    divide: MICROS,
  },
  platform_conversions: {
    label: 'Platform conv.',
    description: 'Conversions that the ad platforms count themselves.',
    kind: 'decimal',
    numerator: 'platform_conversions_micros',
    multiply: 1n,
    divide: MICROS,
  },
  platform_value: {
    label: 'Platform value',
    description: 'The value of these, as the ad platforms say.',
    kind: 'money',
    numerator: 'platform_value_micros',
    multiply: 1n,
    divide: MICROS,
  },
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
    needs: 'money',
  },
  converted_users: count('Converted users', 'converted_users', 'Known persons with a credited conversion.'),
  qualified_conversions: {
    label: 'Qualified',
    description: 'Conversions credited whose is_qualified is true; empty where none of them says.',
    kind: 'decimal',
    numerator: 'qualified_credit',
    multiply: 1n,
    divide: CREDIT,
  },
  qualification_rate: {
    label: 'Qual. rate',
    description: 'Qualified conversions per conversion that says whether it is.',
    kind: 'percent',
    numerator: 'qualified_credit',
    denominator: 'judged_credit',
    ...plain,
  },
  cost_per_qualified: {
    label: 'Cost / qualified',
    description: 'Ad cost per qualified conversion.',
    kind: 'money',
    numerator: 'cost_micros',
    denominator: 'qualified_credit',
    multiply: CREDIT,
    divide: MICROS,
  },
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
    needs: 'money',
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
    description: 'Value per unit of ad cost.',
    kind: 'ratio',
    numerator: 'value_micros',
    denominator: 'cost_micros',
    ...plain,
    needs: 'money',
  },
  profit: {
    label: 'Profit',
    description: "Value times the conversion's margin, before costs.",
    kind: 'money',
    numerator: 'profit',
    multiply: 1n,
    divide: MICROS * CREDIT,
    needs: 'margin',
  },
  roi: {
    label: 'ROI',
    description: 'Profit less total cost, per unit of total cost.',
    kind: 'percent',
    numerator: 'gain',
    denominator: 'total_cost_micros',
    multiply: 1n,
    divide: CREDIT,
    needs: 'margin',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type GeneralMetricName = keyof typeof GENERAL_METRICS;
export type ConversionMetricName = keyof typeof CONVERSION_METRICS;
export type MetricName = GeneralMetricName | ConversionMetricName;

export const METRICS: Readonly<Record<MetricName, Metric>> = { ...GENERAL_METRICS, ...CONVERSION_METRICS };
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[];
/** Whether a metric belongs to one conversion under one model. */
export const isConversionMetric = (name: MetricName): name is ConversionMetricName => Object.hasOwn(CONVERSION_METRICS, name);

/** The quantities that follow from several measures, and from which. */
const DERIVED = {
  total_cost_micros: ['cost_micros', 'other_cost_micros'],
  profit: ['value_micros'],
  gain: ['value_micros', 'cost_micros', 'other_cost_micros'],
} as const satisfies Readonly<Record<Exclude<Quantity, Measure>, readonly Measure[]>>;
export type DerivedQuantity = keyof typeof DERIVED;
export const isDerived = (quantity: Quantity): quantity is DerivedQuantity => Object.hasOwn(DERIVED, quantity);

/** The measures that a quantity follows from. */
export const measuresOf = (quantity: Quantity): readonly Measure[] => (isDerived(quantity) ? DERIVED[quantity] : [quantity]);

const quantitiesOf = ({ numerator, denominator }: Metric): Quantity[] =>
  denominator === undefined ? [numerator] : [numerator, denominator];

/** All measures that a metric follows from. */
export const measuresOfMetric = (metric: Metric): Measure[] => [...new Set(quantitiesOf(metric).flatMap(measuresOf))];

/**
 * The counts of cost rows without a rate that leave a metric empty where one of them is not 0: a ratio of a part of the cost
 * would mislead.
 */
export function unpricedOf(metric: Metric): Measure[] {
  if (metric.denominator === undefined) return [];
  const measures = measuresOfMetric(metric);
  return [
    ...(measures.includes('cost_micros') ? (['unpriced_costs'] as const) : []),
    ...(measures.includes('other_cost_micros') ? (['unpriced_other_costs'] as const) : []),
  ];
}

/** A margin of the config as parts of 1e9. */
export const marginParts = (margin: number): bigint => BigInt(Math.round(margin * 1e9));

/** A quantity from the measures it follows from. @param margin of the conversion, in parts of 1e9; 0 where it has none. */
export function quantityOf(quantity: Quantity, sum: (measure: Measure) => bigint | null, margin: bigint): bigint | null {
  if (!isDerived(quantity)) return sum(quantity);
  switch (quantity) {
    case 'total_cost_micros': {
      const [ads, others] = [sum('cost_micros'), sum('other_cost_micros')];
      return ads === null && others === null ? null : (ads ?? 0n) + (others ?? 0n);
    }
    case 'profit': {
      const value = sum('value_micros');
      return value === null ? null : value * margin;
    }
    case 'gain': {
      const [profit, cost] = [quantityOf('profit', sum, margin), quantityOf('total_cost_micros', sum, margin)];
      return profit === null || cost === null ? null : profit - cost * CREDIT;
    }
  }
}

/** Whether a metric is a cost per something: of nothing paid there is none. */
export const isCostPer = ({ numerator, denominator }: Metric): boolean => denominator !== undefined && numerator === 'cost_micros';

/**
 * The figure of a metric from its added-up measures; integers until this last step.
 * @returns null where a ratio has no denominator, where there is no cost, and where there is no monetary value.
 */
export function metricValue(metric: Metric, numerator: bigint | null, denominator: bigint | null): number | null {
  if (numerator === null) return null;
  if (metric.denominator === undefined) return quotient(numerator * metric.multiply, metric.divide);
  // A ratio of no cost is not free of charge: nobody paid for those conversions, or nobody knows.
  if (denominator === null || denominator <= 0n || (isCostPer(metric) && numerator === 0n)) return null;
  return quotient(numerator * metric.multiply, denominator * metric.divide);
}

/** Division of integers of any size into the nearest number, to about 15 digits. */
export function quotient(numerator: bigint, denominator: bigint): number {
  const whole = numerator / denominator;
  return Number(whole) + Number(numerator - whole * denominator) / Number(denominator);
}
