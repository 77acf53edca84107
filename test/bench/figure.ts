/** A figure of another subject, measured in the same run. */
export interface Reference {
  readonly name: string;
  readonly value: number;
}

export interface Bound {
  readonly kind: 'at most' | 'at least';
  readonly value: number;
}

/** One measured number and the judgement of it. */
export interface Figure {
  readonly name: string;
  /** Null where it could not be measured; then `note` says why, and the figure does not hold. */
  readonly value: number | null;
  /** What is counted, in the plural: `B brotli`, `ms`, `visits`. */
  readonly unit: string;
  readonly reference?: readonly Reference[];
  /** `value` by the value of the first reference. */
  readonly ratio?: number;
  /** Of the ratio, where there is one, else of the value. A figure without a bound always holds. */
  readonly bound?: Bound;
  /** Where the value should come one day; not judged. */
  readonly aim?: number;
  readonly note?: string;
  readonly holds: boolean;
}

export const atMost = (value: number): Bound => ({ kind: 'at most', value });
export const atLeast = (value: number): Bound => ({ kind: 'at least', value });

type Measured = Pick<Figure, 'name' | 'unit' | 'reference' | 'bound' | 'aim' | 'note'> & { readonly value: number };

/** A number that is judged by itself; references stand beside it for the reader. */
export function measured(figure: Measured): Figure {
  return { ...figure, holds: isWithin(figure.value, figure.bound) };
}

/**
 * A number that is judged by its ratio to the first reference. Where that is not positive there is no ratio, and the
 * figure does not hold.
 */
export function compared(figure: Measured & { readonly reference: readonly [Reference, ...Reference[]] }): Figure {
  const [first] = figure.reference;
  if (!(first.value > 0)) {
    return { ...figure, note: `no ratio: ${first.name} measured ${first.value}`, holds: false };
  }
  const ratio = figure.value / first.value;
  return { ...figure, ratio, holds: isWithin(ratio, figure.bound) };
}

/** A figure that could not be measured. It counts as one whose bound does not hold: nothing is passed over in silence. */
export function missing(figure: Pick<Figure, 'name' | 'unit' | 'reference' | 'bound' | 'aim'> & { readonly note: string }): Figure {
  return { ...figure, value: null, holds: false };
}

function isWithin(value: number, bound: Bound | undefined): boolean {
  if (!bound) return true;
  return bound.kind === 'at most' ? value <= bound.value : value >= bound.value;
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('no values have no median');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that so many of the values are at most. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]!;
}
