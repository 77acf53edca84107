import type { Column } from '../../../../edge/contract/columns.ts';
import type { Config } from '../../../config/schema.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';

/** Rows that a check looks at, at most. */
export const MOST_ROWS = 10_000;

/** What the rows of a query are like, as it returns them. */
export interface RawRows {
  /** At most {@link MOST_ROWS}. */
  readonly rows: number;
  readonly hasMore: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Columns without which a row is complete; of `params` nothing can be said without looking inside. */
const REQUIRED: readonly string[] = ['id', 'created', 'params'];

interface Counts {
  readonly row_count: number;
  readonly ids: number;
  readonly different_ids: number;
  readonly times: number;
  readonly midnights: number;
  readonly local_midnights: number;
  readonly [filled: `filled_${string}`]: number;
}

/** Looks at rows of a query before anything is made of them: what a night would refuse, and what is likely a mistake. */
export async function examineRawRows(warehouse: Warehouse, config: Config, query: Sql, columns: readonly Column[]): Promise<RawRows> {
  const optional = columns.filter(({ name }) => !REQUIRED.includes(name));
  const [counts] = await warehouse.rows<Counts>(countsOf(warehouse.dialect, config, query, columns, optional), 'rows of the query');
  const rows = Math.min(counts!.row_count, MOST_ROWS);
  const looked = counts!.row_count > MOST_ROWS ? `${MOST_ROWS} rows that were looked at` : `${rows} rows`;
  const lacking = (count: number, column: string, why: string) =>
    count === rows ? [] : [`column "${column}" is NULL in ${rows - count} of the ${looked}: ${why}`];
  return {
    rows,
    hasMore: counts!.row_count > MOST_ROWS,
    problems: [
      ...lacking(counts!.times, 'created', 'such a row belongs to no day and is refused; leave it out by a condition, or give its time'),
      ...lacking(counts!.ids, 'id', 'such a row cannot be followed and is refused; leave it out by a condition, or give it an id'),
    ],
    warnings: [
      ...(counts!.different_ids < counts!.ids
        ? [
            `${counts!.ids - counts!.different_ids} of the ${looked} repeat the id of another one: of each id the earliest is kept, the others are refused`,
          ]
        : []),
      ...midnightWarning(counts!, config, columns),
      ...optional.flatMap(({ name }) =>
        rows > 0 && counts![`filled_${name}`] === 0
          ? [`column "${name}" is empty in all of the ${looked}: without it the query would say the same`]
          : [],
      ),
    ],
  };
}

function countsOf(dialect: Dialect, config: Config, query: Sql, columns: readonly Column[], optional: readonly Column[]): Sql {
  const id = sql`nullif(${dialect.trim(raw('bounded.id'))}, '')`;
  const created = sql`cast(bounded.created as timestamp)`;
  const before = dialect.timestampAdd(created, raw('-1'), 'MICROSECOND');
  const { timeZone } = config.project;
  const isTime = columns.find(({ name }) => name === 'created')?.type === 'TIMESTAMP';
  const midnight = sql`mod(${dialect.unixMicros(created)}, 86400000000) = 0`;
  const localMidnight = sql`${dialect.localDate(created, timeZone)} <> ${dialect.localDate(before, timeZone)}`;
  const filled = optional.map(({ name, type }) => {
    const column = raw(`bounded.${name}`);
    const value = type === 'STRING' ? sql`nullif(${dialect.trim(column)}, '')` : column;
    return sql`, count(${value}) as ${raw(`filled_${name}`)}`;
  });
  return sql`
    with bounded as (
      select ${join(columns.map(({ name }) => raw(`returned.${name}`)))}
      from (
${query}
      ) as returned
      limit ${raw(String(MOST_ROWS + 1))}
    )
    select
      count(*) as row_count,
      count(${id}) as ids,
      count(distinct ${id}) as different_ids,
      count(bounded.created) as times,
      ${isTime ? sql`coalesce(countif(${midnight}), 0)` : raw('0')} as midnights,
      ${isTime ? sql`coalesce(countif(${localMidnight}), 0)` : raw('0')} as local_midnights
      ${join(filled, '')}
    from bounded`;
}

/** Times that are all at midnight are dates that somebody made times of: they count at the wrong end of their day. */
function midnightWarning(
  { row_count: rows, times, midnights, local_midnights: local }: Counts,
  { project }: Config,
  columns: readonly Column[],
): string[] {
  const isTime = columns.find(({ name }) => name === 'created')?.type === 'TIMESTAMP';
  const zone = times === midnights ? 'UTC' : times === local ? project.timeZone : undefined;
  // One row may happen to be at midnight.
  if (!isTime || zone === undefined || times < 2 || rows < 2) return [];
  return [
    `column "created" is midnight (${zone}) in every row: where the source knows days only, return them as DATE, ` +
      `which counts as the end of that day in ${project.timeZone}: cast(… as date)`,
  ];
}
