import type { ModelOf } from '../../config/attribution.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../../warehouse/sql.ts';
import { type Computed, as } from './steps.ts';
import { FULL_CREDIT } from './tables.ts';

// Models whose credits have a closed form. All touches between the ends of a path have the same share, which comes in two sizes:
// one part more for the least session ids. The ends, where they have shares of their own, are one touch each. No touch need be
// sorted to know what it has, nor what all those up to it have.

/** Typed, because DuckDB computes with bare numbers in 32 bits. */
export const FULL = raw(`cast(${FULL_CREDIT} as int64)`);
const ZERO = raw('cast(0 as int64)');
const parts = (whole: bigint): Sql => raw(`cast(${whole} as int64)`);

/** How a path is divided: expressions over position, path_length, id_rank, first_id_rank and last_id_rank. INT64 parts of 1e9. */
export interface ClosedShares {
  /** Credits of the first and of the last touch; undefined where they share like all others. A path of one touch is its first. */
  readonly ends?: { readonly first: Sql; readonly last: Sql };
  /** How many touches share the rest. */
  readonly others: Sql;
  /** Which rest. */
  readonly rest: Sql;
  /** How many of those touches have no greater session id, this one included where it is one of them. */
  readonly upTo: Sql;
}

/** All touches share equally. */
export const EQUAL: ClosedShares = { others: raw('path_length'), rest: FULL, upTo: raw('id_rank') };

/**
 * The first and the last touch have their shares, those between them the rest in equal parts. Of two touches both shares are
 * scaled up, of none at all to a half each; one touch has all.
 */
export function endsShares({ first, last }: Pick<ModelOf<'position_based'>, 'first' | 'last'>): ClosedShares {
  const [head, tail] = [first, last].map((share) => BigInt(Math.round(share * FULL_CREDIT))) as [bigint, bigint];
  const [before, after] = twoTouches(head, tail);
  return {
    ends: {
      first: sql`case path_length when 1 then ${FULL} when 2 then ${before} else ${parts(head)} end`,
      last: sql`case path_length when 1 then ${ZERO} when 2 then ${after} else ${parts(tail)} end`,
    },
    others: raw('if(path_length > 2, path_length - 2, 0)'),
    rest: parts(BigInt(FULL_CREDIT) - head - tail),
    upTo: raw('if(path_length > 2, id_rank - if(first_id_rank <= id_rank, 1, 0) - if(last_id_rank <= id_rank, 1, 0), 0)'),
  };
}

/** The credits of the first and the last of two touches, in proportion of their shares, by largest remainder. */
function twoTouches(first: bigint, last: bigint): [Sql, Sql] {
  const full = BigInt(FULL_CREDIT);
  const [a, b] = first + last === 0n ? [1n, 1n] : [first, last];
  const total = a + b;
  const credit = (own: bigint, other: bigint, rank: string): Sql => {
    const [floor, left] = [(full * own) / total, (full * own) % total];
    const otherLeft = (full * other) % total;
    if (left === 0n || left < otherLeft) return parts(floor);
    return left > otherLeft ? parts(floor + 1n) : sql`(${parts(floor)} + if(${raw(rank)} = 1, 1, 0))`;
  };
  return [credit(a, b, 'first_id_rank'), credit(b, a, 'last_id_rank')];
}

/**
 * Two steps of columns, the second over the first, that end with `credit_…` and `credited_…` of the given suffix: what a touch
 * has, and what it and the touches of lesser session ids have together.
 */
export function closedSteps(dialect: Dialect, { ends, others, rest, upTo }: ClosedShares, suffix: string): Computed[][] {
  const name = (what: string): Sql => raw(`${what}_${suffix}`);
  const of = (value: Sql, what: string): Computed => as(value, `${what}_${suffix}`);
  const other = sql`${name('less')} + if(${name('up_to')} <= ${name('more')}, 1, 0)`;
  const ofOthers = sql`${name('less')} * ${name('up_to')} + if(${name('up_to')} < ${name('more')}, ${name('up_to')}, ${name('more')})`;
  const ofEnd = (end: string): Sql => sql` + if(${raw(end)}_id_rank <= id_rank, ${name(end)}, 0)`;
  return [
    [
      of(upTo, 'up_to'),
      of(sql`coalesce(${dialect.intDiv(rest, sql`nullif(${others}, 0)`)}, 0)`, 'less'),
      of(sql`coalesce(mod(${rest}, nullif(${others}, 0)), 0)`, 'more'),
      ...(ends ? [of(ends.first, 'first'), of(ends.last, 'last')] : []),
    ],
    [
      of(
        ends ? sql`case when position = 1 then ${name('first')} when position = path_length then ${name('last')} else ${other} end` : other,
        'credit',
      ),
      of(ends ? sql`${ofOthers}${ofEnd('first')}${ofEnd('last')}` : ofOthers, 'credited'),
    ],
  ];
}
