/** A function of coefficients at one place: what a step of Newton's method needs to know of it. */
export interface Curvature {
  /** Minus the logarithm of the likelihood. */
  readonly loss: number;
  /** By coefficient: how much of what was observed is not explained yet; minus the derivative of the loss. */
  readonly gradient: readonly number[];
  /** Second derivatives of the loss, row by row; symmetrical. */
  readonly hessian: readonly (readonly number[])[];
}

/** What is added to the loss, so that there is a least one: half of the ridge times the square of each coefficient that it binds. */
export interface Ridge {
  readonly strength: number;
  /** Whether it binds a coefficient, by its index. */
  readonly binds: (index: number) => boolean;
}

export function penalty(coefficients: readonly number[], { strength, binds }: Ridge): number {
  return coefficients.reduce((sum, one, i) => sum + (binds(i) ? (strength / 2) * one * one : 0), 0);
}

/**
 * What is to be added to the coefficients: (H + ridge)⁻¹ (g − ridge · coefficients), one step of Newton's method (Hastie,
 * Tibshirani, Friedman: The Elements of Statistical Learning, §4.4.1, with the ridge of §3.4.1).
 */
export function newtonStep(coefficients: readonly number[], { gradient, hessian }: Curvature, { strength, binds }: Ridge): number[] {
  const bound = (i: number) => (binds(i) ? strength : 0);
  return solvePositive(
    hessian.map((row, i) => row.map((value, j) => value + (i === j ? bound(i) : 0))),
    gradient.map((value, i) => value - bound(i) * coefficients[i]!),
  );
}

/**
 * Solves A x = b for a symmetrical, positive definite A by Cholesky's decomposition.
 * @throws RangeError where it is not positive definite.
 */
export function solvePositive(matrix: readonly (readonly number[])[], vector: readonly number[]): number[] {
  const size = vector.length;
  const lower = matrix.map(() => new Float64Array(size));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i]![j]!;
      for (let k = 0; k < j; k++) sum -= lower[i]![k]! * lower[j]![k]!;
      if (i !== j) lower[i]![j] = sum / lower[j]![j]!;
      else if (sum > 0) lower[i]![i] = Math.sqrt(sum);
      else throw new RangeError(`row ${i} of ${size} makes the matrix no positive definite one (pivot ${sum})`);
    }
  }
  const between = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = vector[i]!;
    for (let k = 0; k < i; k++) sum -= lower[i]![k]! * between[k]!;
    between[i] = sum / lower[i]![i]!;
  }
  const solution = vector.map(() => 0);
  for (let i = size - 1; i >= 0; i--) {
    let sum = between[i]!;
    for (let k = i + 1; k < size; k++) sum -= lower[k]![i]! * solution[k]!;
    solution[i] = sum / lower[i]![i]!;
  }
  return solution;
}
