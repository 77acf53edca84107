import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import type { TransitionCount } from './chain.ts';
import type { ChannelSetCount } from './shapley-rate.ts';
import { type PathWindow, channelCode, channelNames, pathTouches } from './training-paths.ts';

/** What was counted of the paths of one window. */
export interface PathCounts<Count> {
  readonly counts: readonly Count[];
  readonly paths: number;
  /** How many of them converted. */
  readonly conversions: number;
}

/** The counts of windows in their order, and the channels: the one with code i is at place i − 1. */
export interface CountedPaths<Count> {
  readonly windows: readonly PathCounts<Count>[];
  readonly channels: readonly string[];
}

const OF_PATH = 'partition by window_number, conversion_id, person_key order by started_at nulls first, session_id nulls first';

interface TransitionRow {
  readonly window_number: number;
  readonly is_first: boolean;
  readonly is_converted: boolean;
  /** Codes; 0 where the path has no such touch. */
  readonly next_channel: number;
  readonly recent_1: number;
  readonly [earlier: `recent_${number}`]: number;
  readonly touches: number;
}

/** Counts which channel followed which on the paths of every window, for a chain of an order: one statement for all. */
export async function countTransitions(
  warehouse: Warehouse,
  windows: readonly PathWindow[],
  order: number,
): Promise<CountedPaths<TransitionCount>> {
  const channels = await channelsOf(warehouse, windows);
  const rows = await warehouse.rows<TransitionRow>(transitionRows(warehouse.dialect, windows, channels, order), 'models: transitions');
  const places = Array.from({ length: order }, (_, i) => `recent_${order - i}` as const);
  const byWindow = Map.groupBy(rows, ({ window_number: number }) => number);
  return {
    channels,
    windows: windows.map((_, i) => {
      const own = byWindow.get(i) ?? [];
      const ends = own.filter(({ next_channel: next }) => next === 0);
      return {
        counts: own.map((row) => ({
          recent: places.map((place) => row[place]!).filter((code) => code !== 0),
          isFirst: row.is_first,
          next: row.next_channel !== 0 ? row.next_channel : row.is_converted ? 'conversion' : 'nothing',
          count: row.touches,
        })),
        paths: sum(ends.map(({ touches }) => touches)),
        conversions: sum(ends.filter((row) => row.is_converted).map(({ touches }) => touches)),
      };
    }),
  };
}

/** Query of {@link TransitionRow}s. */
export function transitionRows(dialect: Dialect, windows: readonly PathWindow[], channels: readonly string[], order: number): Sql {
  const earlier = Array.from({ length: order - 1 }, (_, i) => i + 1);
  const lags = earlier.map((back) => raw(`coalesce(lag(channel, ${back}) over (${OF_PATH}), 0) as recent_${back + 1},`));
  const recent = raw(['recent_1', ...earlier.map((back) => `recent_${back + 1}`)].join(', '));
  const groups = sql`window_number, is_first, is_converted, ${recent}, next_channel`;
  const ordered = raw(
    ['window_number', 'is_first', 'is_converted', ...Array.from({ length: order }, (_, i) => `recent_${i + 1}`), 'next_channel']
      .map((column) => `${column} nulls first`)
      .join(', '),
  );
  return sql`
    with ${pathTouches(dialect, windows, channelCode(dialect, channels))},
    placed_touches as (
      select
        window_number,
        is_converted,
        row_number() over (${raw(OF_PATH)}) = 1 as is_first,
        channel as recent_1,
        ${join(lags, '\n        ')}
        coalesce(lead(channel) over (${raw(OF_PATH)}), 0) as next_channel
      from touches
    )
    select ${groups}, count(*) as touches
    from placed_touches
    group by ${groups}
    order by ${ordered}`;
}

/** So many channels are bits of one number: it stays below 2^31, in which DuckDB adds bare numbers up. */
const CHANNELS_PER_NUMBER = 30;

interface SetRow {
  readonly window_number: number;
  /** Bit 0 of set_1 is the channel of code 1, bit 0 of set_2 that of code 31, and so on. */
  readonly [set: `set_${number}`]: number;
  readonly paths: number;
  readonly conversions: number;
}

/** Counts the sets of channels that the paths of every window have: one statement for all. */
export async function countChannelSets(warehouse: Warehouse, windows: readonly PathWindow[]): Promise<CountedPaths<ChannelSetCount>> {
  const channels = await channelsOf(warehouse, windows);
  const rows = await warehouse.rows<SetRow>(channelSetRows(warehouse.dialect, windows, channels), 'models: sets of channels');
  const byWindow = Map.groupBy(rows, ({ window_number: number }) => number);
  const isIn = (row: SetRow, place: number): boolean =>
    (row[`set_${Math.floor(place / CHANNELS_PER_NUMBER) + 1}`]! & (1 << (place % CHANNELS_PER_NUMBER))) !== 0;
  return {
    channels,
    windows: windows.map((_, i) => {
      const own = byWindow.get(i) ?? [];
      return {
        counts: own.map((row) => ({
          channels: [...channels.keys()].filter((place) => isIn(row, place)).map((place) => place + 1),
          paths: row.paths,
          conversions: row.conversions,
        })),
        paths: sum(own.map(({ paths }) => paths)),
        conversions: sum(own.map(({ conversions }) => conversions)),
      };
    }),
  };
}

/** Query of {@link SetRow}s. */
export function channelSetRows(dialect: Dialect, windows: readonly PathWindow[], channels: readonly string[]): Sql {
  const bits = channels.map((_, i) => `max(if(channel = ${i + 1}, ${1 << (i % CHANNELS_PER_NUMBER)}, 0))`);
  const sets = Array.from({ length: Math.ceil(channels.length / CHANNELS_PER_NUMBER) }, (_, i) =>
    bits.slice(i * CHANNELS_PER_NUMBER, (i + 1) * CHANNELS_PER_NUMBER),
  );
  const names = sets.map((_, i) => `set_${i + 1}`);
  const groups = raw(['window_number', ...names].join(', '));
  return sql`
    with ${pathTouches(dialect, windows, channelCode(dialect, channels))},
    path_sets as (
      select
        window_number, is_converted${raw(sets.map((own, i) => `,\n        ${own.join(' + ')} as ${names[i]}`).join(''))}
      from touches
      group by window_number, conversion_id, person_key, is_converted
    )
    select ${groups}, count(*) as paths, countif(is_converted) as conversions
    from path_sets
    group by ${groups}
    order by ${raw(['window_number', ...names].map((column) => `${column} nulls first`).join(', '))}`;
}

async function channelsOf(warehouse: Warehouse, windows: readonly PathWindow[]): Promise<string[]> {
  const rows = await warehouse.rows<{ channel: string }>(channelNames(windows), 'models: channels');
  return rows.map(({ channel }) => channel).toSorted();
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
