import type { Row, Warehouse } from '../../../../warehouse/warehouse.ts';
import { refill } from '../../../identity/refill.ts';
import { INTERCEPT, TEXT_FEATURES, VISIT_FEATURES } from '../features.ts';
import { STAGED_VISIT_VALUES, STAGED_VISIT_VECTORS } from '../tables.ts';
import { valueRows } from '../vectors.ts';

/** Visits of equal features as a test writes them: what it does not say is the same of all. */
export interface VectorInput {
  readonly month?: string;
  readonly isHeldOut?: boolean;
  /** By feature: texts, or numbers of bins. */
  readonly features?: Readonly<Record<string, string | number>>;
  readonly visits: number;
  readonly converted: number;
}

export const MONTH = '2026-03-01';

/** Makes the staged tables hold vectors, as if they had been counted. */
export async function stageVectors(warehouse: Warehouse, inputs: readonly VectorInput[]): Promise<void> {
  const rows = inputs.map(({ month = MONTH, isHeldOut = false, visits, converted, ...input }, i): Row => ({
    month,
    is_held_out: isHeldOut,
    vector: i + 1,
    ...featuresOf(input),
    visits,
    converted,
    paths: 0,
    converted_paths: 0,
    converted_persons: 0,
  }));
  await warehouse.load(STAGED_VISIT_VECTORS, rows, { replace: true });
  await refill(warehouse, STAGED_VISIT_VALUES, valueRows(warehouse.dialect), 'test');
}

/** All features of a vector. */
export function featuresOf({ features = {} }: Pick<VectorInput, 'features'>): Record<string, string | number> {
  return Object.fromEntries(VISIT_FEATURES.map(({ name }) => [name, features[name] ?? (TEXT_FEATURES.includes(name) ? 'any' : 0)]));
}

/**
 * The coefficients of least loss by plain gradient descent, by `feature=value`: what Newton's steps in SQL are compared with.
 * Slow, and with nothing in common with them but the loss.
 */
export function descend(inputs: readonly VectorInput[], ridge: number): Map<string, number> {
  const termsOf = (input: VectorInput) => [
    `${INTERCEPT}=`,
    ...Object.entries(featuresOf(input)).map(([feature, value]) => `${feature}=${value}`),
  ];
  const names = [...new Set(inputs.flatMap(termsOf))];
  const rows = inputs.map((input) => ({ ...input, terms: termsOf(input).map((name) => names.indexOf(name)) }));
  const bound = names.map((_, i) => (i === 0 ? 0 : ridge));
  // The loss is nowhere more curved than this along a coefficient, whatever the others do: p (1 − p) is at most 1/4.
  const curvature = names.map((_, i) =>
    rows.filter(({ terms }) => terms.includes(i)).reduce((sum, { terms, visits }) => sum + (visits * terms.length) / 4, bound[i]!),
  );
  const coefficients = names.map(() => 0);
  for (let greatest = 1; greatest > 1e-8;) {
    const slopes = coefficients.map((value, i) => bound[i]! * value);
    for (const { terms, visits, converted } of rows) {
      const score = terms.reduce((sum, term) => sum + coefficients[term]!, 0);
      const excess = visits / (1 + Math.exp(-score)) - converted;
      for (const term of terms) slopes[term]! += excess;
    }
    slopes.forEach((slope, i) => (coefficients[i]! -= slope / curvature[i]!));
    greatest = Math.max(...slopes.map(Math.abs));
  }
  return new Map(names.map((name, i) => [name, coefficients[i]!]));
}
