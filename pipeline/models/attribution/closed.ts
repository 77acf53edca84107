import type { ModelOf } from '../../config/attribution.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../../warehouse/sql.ts';
import { type Computed, as } from './steps.ts';
import { FULL_CREDIT } from './tables.ts';

// Models whose credits and values have a closed form. All touches between the ends of a path have the same share, which comes
// in two sizes: one part more for the least session ids. The ends, where they have shares of their own, are one touch each. So
// the largest remainders of a path are found by comparing at most four numbers, and no touch need be sorted by its own.

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
  /** How many of those touches have a lesser session id. */
  readonly before: Sql;
}

/** All touches share equally. */
export const EQUAL: ClosedShares = { others: raw('path_length'), rest: FULL, before: raw('(id_rank - 1)') };

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
    before: raw('(id_rank - 1 - if(first_id_rank < id_rank, 1, 0) - if(last_id_rank < id_rank, 1, 0))'),
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
 * Four steps of columns, each over those before, that end with `credit_…` and `value_…` of the given suffix. They need
 * `value_wholes` and `value_rest`, the thousand millions of the value's size and what is left of it.
 */
export function closedSteps(dialect: Dialect, { ends, others, rest, before }: ClosedShares, suffix: string): Computed[][] {
  const name = (what: string): Sql => raw(`${what}_${suffix}`);
  const of = (value: Sql, what: string): Computed => as(value, `${what}_${suffix}`);
  const isMore = sql`${name('before')} < ${name('more')}`;
  const left = (credit: Sql): Sql => sql`mod(value_rest * ${credit}, ${FULL})`;
  const own = (first: string, last: string, other: Sql): Sql =>
    ends ? sql`case when position = 1 then ${name(first)} when position = path_length then ${name(last)} else ${other} end` : other;
  const lefts = sql`${name('more')} * ${name('more_left')} + (${name('others')} - ${name('more')}) * ${name('less_left')}${
    ends ? sql` + ${name('first_left')} + ${name('last_left')}` : raw('')
  }`;
  // How many touches come before this one where remainders are ordered: of those that have one part more, of the others, and the ends.
  const ahead = sql`case
            when ${name('more_left')} > ${name('own_left')} then ${name('more')}
            when ${name('more_left')} = ${name('own_left')} then if(${isMore}, ${name('before')}, ${name('more')})
            else 0
          end
          + case
            when ${name('less_left')} > ${name('own_left')} then ${name('others')} - ${name('more')}
            when ${name('less_left')} = ${name('own_left')} and not ${isMore} then ${name('before')} - ${name('more')}
            else 0
          end${ends ? sql`${endAhead('first')}${endAhead('last')}` : raw('')}`;
  return [
    [
      of(others, 'others'),
      of(before, 'before'),
      of(sql`coalesce(${dialect.intDiv(rest, sql`nullif(${others}, 0)`)}, 0)`, 'less'),
      of(sql`coalesce(mod(${rest}, nullif(${others}, 0)), 0)`, 'more'),
      ...(ends ? [of(ends.first, 'first'), of(ends.last, 'last')] : []),
    ],
    [
      of(own('first', 'last', sql`${name('less')} + if(${isMore}, 1, 0)`), 'credit'),
      of(left(name('less')), 'less_left'),
      of(left(sql`(${name('less')} + 1)`), 'more_left'),
      ...(ends ? [of(left(name('first')), 'first_left'), of(left(name('last')), 'last_left')] : []),
    ],
    [of(own('first_left', 'last_left', sql`if(${isMore}, ${name('more_left')}, ${name('less_left')})`), 'own_left')],
    [
      of(
        sql`if(value_micros < 0, -1, 1) * (
          value_wholes * ${name('credit')} + ${dialect.intDiv(sql`value_rest * ${name('credit')}`, FULL)}
          + if(${ahead} < ${dialect.intDiv(lefts, FULL)}, 1, 0)
        )`,
        'value',
      ),
    ],
  ];

  function endAhead(end: 'first' | 'last'): Sql {
    const [endLeft, rank] = [name(`${end}_left`), raw(`${end}_id_rank`)];
    return sql`
          + if(${endLeft} > ${name('own_left')} or ${endLeft} = ${name('own_left')} and ${rank} < id_rank, 1, 0)`;
  }
}
