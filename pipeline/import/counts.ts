/** What has become of the records of an import so far. */
export interface Counts {
  /** Records of the source, broken ones included. */
  readonly read: number;
  /** Events that the edge has taken. */
  readonly stored: number;
  /** Events whose message id stood twice in one request; copies in different requests count once later, in the warehouse. */
  readonly copies: number;
  /** Events of visitors that the key leaves out. */
  readonly sampled: number;
  /** Records that are no events, and events that the edge has refused. */
  readonly rejected: number;
  /** Records that were not wanted, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Events taken, by type. */
  readonly types: Readonly<Record<string, number>>;
  /** Events taken that happened before tracking began; 0 where that is not known. */
  readonly beforeTracking: number;
  /** Times of the first and the last event taken, milliseconds since 1970. */
  readonly first: number | null;
  readonly last: number | null;
}

export const NOTHING: Counts = {
  read: 0,
  stored: 0,
  copies: 0,
  sampled: 0,
  rejected: 0,
  leftOut: {},
  types: {},
  beforeTracking: 0,
  first: null,
  last: null,
};

/** Adds up, member by member. */
export function plus(a: Counts, b: Counts): Counts {
  const least = [a.first, b.first].filter((time) => time !== null);
  const most = [a.last, b.last].filter((time) => time !== null);
  return {
    read: a.read + b.read,
    stored: a.stored + b.stored,
    copies: a.copies + b.copies,
    sampled: a.sampled + b.sampled,
    rejected: a.rejected + b.rejected,
    leftOut: sums(a.leftOut, b.leftOut),
    types: sums(a.types, b.types),
    beforeTracking: a.beforeTracking + b.beforeTracking,
    first: least.length > 0 ? Math.min(...least) : null,
    last: most.length > 0 ? Math.max(...most) : null,
  };
}

function sums(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const result = { ...a };
  for (const [name, count] of Object.entries(b)) result[name] = (result[name] ?? 0) + count;
  return result;
}
