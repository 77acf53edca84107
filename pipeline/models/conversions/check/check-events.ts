import type { CombinedConversion, EventConversion, PurchaseConversion } from '../../../config/conversions.ts';
import { nearest } from '../../../config/suggest.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, arrayParam, join, param, raw, sql, table } from '../../../warehouse/sql.ts';
import { EVENTS } from '../../events/tables.ts';
import { eventRows } from '../simple/event-rows.ts';
import { eventSource } from '../simple/event-source.ts';
import { CONVERSION_RECORDS, STAGED_CONVERSIONS } from '../tables.ts';
import { windowStart } from '../window.ts';
import type { CheckContext, ConversionCheck } from './check.ts';
import { MOST_ROWS } from './raw-rows.ts';
import { sampleRows } from './sample.ts';

/** How far a check looks back where the conversion names no window. */
const DAYS = 30;
/** Names of events that a misspelt one is compared with. */
const MOST_NAMES = 1000;

/** The events of a conversion as they are in the warehouse, before anything is dropped for its user's sake. */
export async function checkEvents(
  context: CheckContext,
  conversion: PurchaseConversion | EventConversion | CombinedConversion,
): Promise<ConversionCheck> {
  const { warehouse, config, now } = context;
  const days = conversion.kind === 'purchase' ? conversion.adjustmentDays : DAYS;
  const from = windowStart(now, days, config.project.timeZone);
  const rows =
    conversion.kind === 'combined'
      ? recordsOf(warehouse.dialect, conversion, from)
      : eventRows(warehouse.dialect, config, conversion, from);
  const [counts] = await warehouse.rows<{ row_count: number; ids: number; unusable: number }>(
    sql`
    select count(*) as row_count, count(bounded.id) as ids, coalesce(countif(bounded.has_unusable_value), 0) as unusable
    from (select staged.id, staged.has_unusable_value from (${rows}) as staged limit ${raw(String(MOST_ROWS + 1))}) as bounded`,
    'rows of the conversion',
  );
  const found = Math.min(counts!.row_count, MOST_ROWS);
  const without = counts!.row_count - counts!.ids;
  return {
    name: conversion.name,
    kind: conversion.kind,
    problems: [],
    warnings: [
      ...(without > 0
        ? [`${without} events have no ${conversion.kind === 'purchase' ? 'order id' : 'id'}: they are refused, and are in no report`]
        : []),
      ...(counts!.unusable > 0 ? [`${counts!.unusable} values are no finite amounts and left out`] : []),
      ...(found === 0 ? await whyNone(context, conversion, from) : []),
    ],
    columns: null,
    bytes: null,
    from,
    rows: found,
    has_more: counts!.row_count > MOST_ROWS,
    sample: await sampleRows(warehouse, config, conversion, rows),
  };
}

/** What the parts of a combined conversion have in the warehouse, in the shape of its rows. */
function recordsOf(dialect: Dialect, { name, of }: CombinedConversion, from: string): Sql {
  const made: Readonly<Record<string, Sql>> = {
    conversion_name: sql`${name}`,
    id: dialect.concat(raw('records.conversion_name'), raw("':'"), raw('records.id')),
    has_unusable_value: raw('false'),
  };
  const columns = STAGED_CONVERSIONS.columns.map(
    (column) => sql`${made[column.name] ?? raw(`records.${column.name}`)} as ${raw(column.name)}`,
  );
  return sql`
      select ${join(columns)}
      from ${table(CONVERSION_RECORDS.name)} as records
      where ${dialect.isIn(raw('records.conversion_name'), sql`${arrayParam(of, 'STRING')}`)}
        and not records.is_removed and records.conversion_time >= ${param(from, 'TIMESTAMP')}`;
}

/** Nothing found: there are no such events, or the filter leaves none of them. */
async function whyNone(
  { warehouse }: CheckContext,
  conversion: PurchaseConversion | EventConversion | CombinedConversion,
  from: string,
): Promise<string[]> {
  const since = from.slice(0, 10);
  if (conversion.kind === 'combined')
    return [`its parts (${conversion.of.join(', ')}) have nothing since ${since}; check each of them, or run touchtrail run first`];
  const { events } = eventSource(conversion);
  const names = await warehouse.rows<{ event: string; event_count: number }>(
    sql`
    select event, count(*) as event_count
    from ${table(EVENTS.name)}
    where type = 'track' and event is not null and occurred_at >= ${param(from, 'TIMESTAMP')}
    group by event
    order by event_count desc nulls last, event nulls first
    limit ${raw(String(MOST_NAMES))}`,
    'names of events',
  );
  const quoted = events.map((event) => `"${event}"`).join(' or ');
  const seen = names.filter(({ event }) => events.includes(event)).reduce((sum, { event_count: count }) => sum + count, 0);
  if (seen > 0)
    return [`there are ${seen} events ${quoted} since ${since}, but the filter leaves none of them, or all are of bots or the company`];
  const meant = events.flatMap(
    (event) =>
      nearest(
        event,
        names.map((one) => one.event),
      ) ?? [],
  )[0];
  const hint = meant === undefined ? listed(names) : `; did you mean "${meant}"?`;
  return [`there is no event ${quoted} since ${since}${hint}`];
}

function listed(names: readonly { readonly event: string }[]): string {
  if (names.length === 0) return ': none was sent with track at all';
  return `; there are ${names
    .slice(0, 10)
    .map(({ event }) => `"${event}"`)
    .join(', ')}`;
}
