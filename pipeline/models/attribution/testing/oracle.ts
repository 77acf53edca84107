import type { AttributionModel } from '../../../config/attribution.ts';

// Every rule model by its definition, one path at a time, in whole numbers of any size: what the SQL is compared with.

export interface OracleTouch {
  readonly id: string;
  /** Microseconds since 1970. */
  readonly at: number;
  readonly direct: boolean;
  readonly channel: string;
  readonly engaged: number;
}

export const FULL = 1_000_000_000n;

/**
 * The credits of the touches of a path, by session id; touches without a credit are missing. They stand in the order in which
 * {@link runningValues} divides a value: by their remainders, of position-based models by session id.
 * @param path in the order of (start, id), at least one touch.
 * @param anchor attribution_time, in microseconds since 1970.
 */
export function expectedShares(model: AttributionModel, path: readonly OracleTouch[], anchor: number): Map<string, bigint> {
  const weights = weightsOf(model, path, anchor);
  if (weights.every((weight) => weight === 0n)) return new Map([[lastSignificant(path).id, FULL]]);
  const shares = divided(FULL, new Map(path.map(({ id }, i) => [id, weights[i]!])));
  return model.type === 'position_based' ? byId(shares) : shares;
}

/** Shares in the order of the session ids, in which heirs divide their values. */
export const byId = (shares: ReadonlyMap<string, bigint>): Map<string, bigint> =>
  new Map([...shares].toSorted(([a], [b]) => (a < b ? -1 : 1)));

/**
 * A whole divided by weights: floors first, then one unit each for the largest remainders, of equal ones for the least id. In the
 * order of the remainders.
 */
function divided(whole: bigint, weights: ReadonlyMap<string, bigint>): Map<string, bigint> {
  const entries = [...weights].filter(([, weight]) => weight > 0n);
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0n);
  const parts = entries
    .map(([id, weight]) => ({ id, part: (whole * weight) / total, rest: (whole * weight) % total }))
    .toSorted((a, b) => (a.rest === b.rest ? (a.id < b.id ? -1 : 1) : a.rest > b.rest ? -1 : 1));
  const left = whole - parts.reduce((sum, { part }) => sum + part, 0n);
  return new Map(parts.map(({ id, part }, i) => [id, BigInt(i) < left ? part + 1n : part]));
}

/** A value divided by shares: what those up to each touch have of its size, rounded down, less what those before it have. */
export function runningValues(value: bigint, shares: ReadonlyMap<string, bigint>): Map<string, bigint> {
  const [size, sign] = value < 0n ? [-value, -1n] : [value, 1n];
  const upTo = (count: number) => ([...shares.values()].slice(0, count).reduce((sum, share) => sum + share, 0n) * size) / FULL;
  return new Map([...shares.keys()].map((id, i) => [id, sign * (upTo(i + 1) - upTo(i))]));
}

const lastSignificant = (path: readonly OracleTouch[]): OracleTouch => path.findLast(({ direct }) => !direct) ?? path.at(-1)!;

function weightsOf(model: AttributionModel, path: readonly OracleTouch[], anchor: number): bigint[] {
  const only = (chosen: OracleTouch) => path.map((touch) => (touch === chosen ? 1n : 0n));
  switch (model.type) {
    case 'first_click':
      return only(path[0]!);
    case 'last_click':
      return only(path.at(-1)!);
    case 'last_significant_click':
      // The worlds know one filter: a channel.
      return only((model.significant && path.findLast(({ channel }) => channel === channelOf(model.significant))) ?? lastSignificant(path));
    case 'linear':
      return path.map(() => 1n);
    case 'position_based': {
      const [first, last] = [model.first, model.last].map((share) => BigInt(Math.round(share * 1e9))) as [bigint, bigint];
      if (path.length === 1) return [1n];
      if (path.length === 2) return first + last === 0n ? [1n, 1n] : [first, last];
      const between = BigInt(path.length - 2);
      return path.map((_, i) => (i === 0 ? first * between : i === path.length - 1 ? last * between : FULL - first - last));
    }
    case 'time_decay': {
      const before = path.map(({ at }) => Math.max(0, Math.trunc((anchor - at) / 1e6)));
      const least = Math.min(...before);
      return before.map((seconds) => BigInt(Math.round(1e6 * 2 ** ((least - seconds) / (model.halfLifeDays * 86_400)))));
    }
    case 'shapley': {
      // One part of each channel, of the least common multiple of all numbers of touches.
      const touches = path.map(({ channel }) => BigInt(path.filter((other) => other.channel === channel).length));
      const common = touches.reduce((product, one) => product * one, 1n);
      return touches.map((one) => common / one);
    }
    case 'custom': {
      const largest = Math.max(...path.map(({ engaged }) => engaged));
      return path.map(({ engaged }) => (largest === 0 ? 0n : BigInt(Math.round((engaged / largest) * 1e9))));
    }
    case 'markov':
    case 'shapley_rate':
    case 'visit_scoring':
      throw new Error(`no oracle for ${model.type}`);
  }
}

const channelOf = (filter: unknown): string => (filter as { equals: string }).equals;
