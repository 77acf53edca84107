import type { EventRow, FailedEventRow } from '../../../edge/contract/event-row.ts';
import { EVENTS_RAW, FAILED_EVENTS } from '../../models/events/tables.ts';
import {
  isWanted,
  TAIL_EVENT_COLUMNS,
  TAIL_FAILED_COLUMNS,
  tailEvent,
  tailFailed,
  type TailEntry,
  type TailFilter,
} from '../../models/events/tail.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, arrayParam, join, param, raw, sql, table } from '../../warehouse/sql.ts';
import { isoMicros } from '../../warehouse/instants.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

/** How far back each look reaches: what a queue delivers later than this is not shown. */
export const WINDOW_MINUTES = 15;
/** Rows of one look, by table. The rest is seen by the next one. */
const MOST_ROWS = 1_000;

type TailRow = Pick<EventRow, (typeof TAIL_EVENT_COLUMNS)[number]> & { readonly id: string };
type FailedRow = Pick<FailedEventRow, (typeof TAIL_FAILED_COLUMNS)[number]> & { readonly id: string };

/** Rows that a look leaves out by name; where there are more, the window begins behind the oldest of them. */
const MOST_KNOWN = 20_000;

/** Watches the tables of a warehouse. */
export interface Poller {
  /** What has arrived since the last look, in the order it was received; nothing for the first look. */
  look(now: Date): Promise<TailEntry[]>;
}

/**
 * Rows appear later than they were received, and not in that order. So each look reads a window of time and leaves out what it has
 * seen: nothing is skipped within the window, and nothing shown twice.
 */
export function createPoller(warehouse: Warehouse, filter: TailFilter): Poller {
  let seen: readonly string[] | undefined;
  let since = '';
  return {
    async look(now) {
      const start = windowStart(now);
      if (start > since) since = start;
      // What has left the window comes no more.
      const known = (seen ?? []).filter((id) => timeOf(id) > since);
      const look: Look = { since, known, limit: seen ? MOST_ROWS : undefined };
      const events = filter.failed ? [] : uniqueRows(await warehouse.rows<TailRow>(eventQuery(warehouse.dialect, look), 'tail'));
      const failures = uniqueRows(await warehouse.rows<FailedRow>(failedQuery(warehouse.dialect, look), 'tail'));
      const isFirst = seen === undefined;
      seen = [...known, ...[...events, ...failures].map(({ id }) => id)].toSorted();
      if (seen.length > MOST_KNOWN) {
        since = timeOf(seen[seen.length - MOST_KNOWN - 1]!);
        seen = seen.filter((id) => timeOf(id) > since);
      }
      if (isFirst) return [];
      return [...events.map(tailEvent), ...failures.map(tailFailed)]
        .filter((entry) => isWanted(entry, filter))
        .toSorted((a, b) => (a.received_at < b.received_at ? -1 : a.received_at > b.received_at ? 1 : 0));
    },
  };
}

/** What one look reads, in bytes, as the warehouse estimates it. */
export async function bytesPerLook(warehouse: Warehouse, now: Date): Promise<number> {
  const { dialect } = warehouse;
  const look: Look = { since: windowStart(now), known: [], limit: MOST_ROWS };
  const estimates = await Promise.all([eventQuery(dialect, look), failedQuery(dialect, look)].map((query) => warehouse.dryRun(query)));
  return estimates.reduce((total, { bytes }) => total + bytes, 0);
}

/** What one look asks for. */
interface Look {
  /** Microseconds since 1970: 16 digits until the year 2286, so that texts compare as numbers. */
  readonly since: string;
  readonly known: readonly string[];
  readonly limit: number | undefined;
}

function eventQuery(dialect: Dialect, look: Look): Sql {
  return freshRows(dialect, EVENTS_RAW.name, TAIL_EVENT_COLUMNS, sql`message_id`, look);
}

function failedQuery(dialect: Dialect, look: Look): Sql {
  const id = sql`${dialect.concat(sql`coalesce(message_id, '')`, sql`'#'`, sql`coalesce(${dialect.castText(sql`position`)}, '')`)}`;
  return freshRows(dialect, FAILED_EVENTS.name, TAIL_FAILED_COLUMNS, id, look);
}

function freshRows(dialect: Dialect, name: string, columns: readonly string[], rowId: Sql, { since, known, limit }: Look): Sql {
  // Begins with the time, so that one that has left the window is known by its text.
  const id = dialect.concat(
    dialect.castText(dialect.unixMicros(sql`received_at`)),
    sql`' '`,
    sql`edge_instance`,
    sql`' '`,
    dialect.castText(sql`edge_sequence`),
    sql`' '`,
    rowId,
  );
  const listed = join(columns.map((column) => raw(column)));
  return sql`
    with arrived as (
      select ${listed}, ${id} as id
      from ${table(name)}
      where received_at > ${param(isoMicros(BigInt(since))!, 'TIMESTAMP')}
    )
    select ${listed}, id
    from arrived
    where not ${dialect.isIn(sql`id`, sql`${arrayParam(known, 'STRING')}`)}
    order by received_at nulls first, id nulls first
    ${limit === undefined ? sql`` : sql`limit ${limit}`}`;
}

/** Of the copies of a row one. */
const uniqueRows = <Row extends { readonly id: string }>(rows: readonly Row[]): Row[] => [
  ...new Map(rows.map((row) => [row.id, row])).values(),
];

const timeOf = (id: string): string => id.slice(0, id.indexOf(' '));

const windowStart = (now: Date): string => String((now.getTime() - WINDOW_MINUTES * 60_000) * 1000);
