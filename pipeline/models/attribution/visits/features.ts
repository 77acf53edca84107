import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../../warehouse/sql.ts';

/** The term that every visit has: what the chance is before anything is known of it. */
export const INTERCEPT = '(intercept)';

/** Something that is known of a visit once it is over, in a few values, each with a coefficient of its own. */
export interface VisitFeature {
  readonly name: string;
  /** What it is, for readers. */
  readonly says: string;
  /** Of a number: where its bins begin, but for the lowest, whose number is 1; bin 0 has the visits that lack it. */
  readonly edges?: readonly number[];
  /** What a bin is called, by its number. */
  readonly labels?: readonly string[];
}

/** Texts are taken as they are: `channel` and `device_type` of the session. */
const TEXTS = [
  { name: 'channel', says: 'Channel' },
  { name: 'device_type', says: 'Device' },
] as const satisfies readonly VisitFeature[];

/** Seconds are counted in microseconds, so that their sums are whole. */
const SECOND = 1_000_000;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Numbers, in bins. */
const NUMBERS = [
  {
    name: 'engaged_seconds',
    says: 'Active seconds of the visit',
    edges: [1, 10, 30, 60, 120, 300].map((seconds) => seconds * SECOND),
    labels: ['', '0', '1 to 9', '10 to 29', '30 to 59', '60 to 119', '120 to 299', '300 or more'],
  },
  {
    name: 'page_views',
    says: 'Pages of the visit',
    edges: [2, 4, 8],
    labels: ['', '0 or 1', '2 or 3', '4 to 7', '8 or more'],
  },
  {
    name: 'seconds_since',
    says: 'Time since the visit before',
    edges: [HOUR, DAY, 7 * DAY, 30 * DAY],
    labels: ['no visit before', 'below an hour', 'below a day', 'below 7 days', 'below 30 days', '30 days or more'],
  },
  {
    name: 'visits_before',
    says: 'Visits before',
    edges: [1, 2, 3, 5, 8],
    labels: ['', '0', '1', '2', '3 or 4', '5 to 7', '8 or more'],
  },
  {
    name: 'channels_before',
    says: 'Channels before',
    edges: [1, 2, 3, 4],
    labels: ['', '0', '1', '2', '3', '4 or more'],
  },
  {
    name: 'engaged_before',
    says: 'Active seconds of the visits before',
    edges: [10, 60, 180, 600].map((seconds) => seconds * SECOND),
    labels: ['no visit before', 'below 10', '10 to 59', '60 to 179', '180 to 599', '600 or more'],
  },
] as const satisfies readonly VisitFeature[];

/** All features, in the order in which readers see them. */
export const VISIT_FEATURES: readonly VisitFeature[] = [...TEXTS, ...NUMBERS];

/** Names of the features that are texts; the others are numbers of bins. */
export const TEXT_FEATURES: readonly string[] = TEXTS.map(({ name }) => name);

/** What readers call the value of a feature, as {@link featureRows} has it written as text. */
export function valueLabel(feature: string, value: string): string {
  return VISIT_FEATURES.find(({ name }) => name === feature)?.labels?.[Number(value)] ?? (value === '' ? '(not known)' : value);
}

const binOf = (number: string, edges: readonly number[]): Sql =>
  raw(
    `case when ${number} is null then 0 ${edges.map((edge, i) => `when ${number} < ${edge} then ${i + 1}`).join(' ')} else ${edges.length + 1} end`,
  );

/**
 * The features of visits, one row each: a query of `path`, `carried`, position, and a column per feature; texts STRING, bins INT64.
 * Nothing looks ahead: each visit is told by itself and by what came before it on its path.
 * @param touches a FROM item with these columns and session_id, position (1 is the first of its path), started_at, channel,
 * device_type, page_views, engaged_seconds.
 * @param path columns that tell the paths apart.
 */
export function featureRows(dialect: Dialect, touches: Sql, path: readonly string[], carried: readonly string[]): Sql {
  const names = raw([...path, ...carried].join(', '));
  const inOrder = `partition by ${path.join(', ')} order by position nulls first`;
  const before = raw(`${inOrder} rows between unbounded preceding and 1 preceding`);
  const gap = dialect.timestampDiff(raw('started_at'), raw(`lag(started_at) over (${inOrder})`), 'SECOND');
  return sql`
      select ${names}, position, channel, device_type, ${join(NUMBERS.map(({ name, edges }) => sql`${binOf(name, edges)} as ${raw(name)}`))}
      from (
        select
          ${names}, position, channel, device_type, engaged_seconds, page_views, seconds_since, position - 1 as visits_before,
          coalesce(countif(is_first_of_channel) over (${before}), 0) as channels_before,
          sum(engaged_seconds) over (${before}) as engaged_before
        from (
          select
            ${names}, position, channel, coalesce(device_type, '') as device_type, page_views,
            ${dialect.micros(raw('engaged_seconds'))} as engaged_seconds,
            ${gap} as seconds_since,
            position = min(position) over (partition by ${raw(path.join(', '))}, channel) as is_first_of_channel
          from ${touches}
        ) as told
      ) as told_before`;
}
