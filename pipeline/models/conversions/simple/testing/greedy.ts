/** A candidate as the rule of repetition sees it. */
export interface Timed {
  readonly id: string;
  /** Microseconds of Unix time. */
  readonly at: number;
  readonly client: string | null;
  readonly user: string | null;
}

/** The order in which candidates are looked at. */
export const byTime = (a: Timed, b: Timed): number => a.at - b.at || (a.id < b.id ? -1 : 1);

/** Ids that are kept: one by one in their order, each that has no kept one of the same user at most `reach` before it. */
export function greedilyKept(candidates: readonly Timed[], reach: number): Set<string> {
  const kept: Timed[] = [];
  for (const one of candidates.toSorted(byTime)) {
    const isSame = (other: Timed) => (one.client !== null && one.client === other.client) || (one.user !== null && one.user === other.user);
    if (!kept.some((other) => isSame(other) && other.at >= one.at - reach)) kept.push(one);
  }
  return new Set(kept.map(({ id }) => id));
}
