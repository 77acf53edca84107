/** Credit of one conversion under one model, by how old the click is and how long the conversion took. */
export interface LagCell {
  /** Whole days from the click to the last full day of the data. */
  readonly age: number;
  /** Whole days from the click to the conversion; not more than the age. */
  readonly lag: number;
  /** Conversions, in whole credits. */
  readonly credit: number;
}

/** Which share of the conversions of a click is seen after so many days. */
export interface LagDistribution {
  /** The longest delay that is known of; what converts later still is not foreseen. */
  readonly horizonDays: number;
  /** Conversions that it is learned from. */
  readonly conversions: number;
  /** By age of the click in whole days: 0 before the click, 1 from the horizon on. Does not fall. */
  share(age: number): number;
}

/** With fewer conversions than these nothing is projected, and no delay is known of that fewer could show. */
export const FEWEST_CONVERSIONS = 50;
/** Delays are followed for a year. */
export const LONGEST_LAG = 365;

/**
 * The distribution of the days from click to conversion, from conversions that have happened already. A click of yesterday can
 * show quick conversions only, so counting them all would make delays look shorter than they are: what is unseen is truncated
 * at the age of the click. The estimator for that is Kaplan and Meier's in reverse time (Lagakos, Barraj and De Gruttola,
 * Biometrika 75, 1988, p. 515); by days it is the chain ladder of insurers (Mack, ASTIN Bulletin 23, 1993, p. 213):
 *
 *   F(j − 1) = F(j) × (1 − n(j) / r(j)),  F(horizon) = 1
 *
 * where, of clicks at least j days old, n(j) are the conversions after exactly j days and r(j) those after at most j days. The
 * horizon is the largest j of a year with r(j) of at least {@link FEWEST_CONVERSIONS}.
 *
 * @returns undefined where there are fewer conversions than that for every j.
 */
export function lagDistribution(cells: readonly LagCell[]): LagDistribution | undefined {
  const used = cells.filter(({ age, lag }) => lag <= LONGEST_LAG && lag <= age);
  const exactly = Array.from({ length: LONGEST_LAG + 1 }, () => 0);
  // A cell counts from its delay to its age: what comes and what goes from day to day.
  const steps = Array.from({ length: LONGEST_LAG + 2 }, () => 0);
  for (const { age, lag, credit } of used) {
    exactly[lag]! += credit;
    steps[lag]! += credit;
    steps[Math.min(age, LONGEST_LAG) + 1]! -= credit;
  }
  let current = 0;
  const atMost = exactly.map((_, j) => (current += steps[j]!));
  const horizonDays = atMost.findLastIndex((credit) => credit >= FEWEST_CONVERSIONS);
  if (horizonDays < 0) return undefined;
  const shares = Array.from({ length: horizonDays + 1 }, () => 1);
  for (let j = horizonDays; j > 0; j--) shares[j - 1] = atMost[j] === 0 ? shares[j]! : shares[j]! * (1 - exactly[j]! / atMost[j]!);
  return {
    horizonDays,
    conversions: sum(used),
    share: (age) => (age < 0 ? 0 : (shares[age] ?? 1)),
  };
}

const sum = (cells: readonly LagCell[]): number => cells.reduce((total, { credit }) => total + credit, 0);
