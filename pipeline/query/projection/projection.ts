import { addDays, localDate } from '../../config/calendar.ts';
import { REPORT_CREDITS, REPORT_SESSIONS } from '../../models/reports/tables.ts';
import { join, param, raw, sql, type Sql, table } from '../../warehouse/sql.ts';
import type { Row, Warehouse } from '../../warehouse/warehouse.ts';
import { type DimensionSetting, dimensionSource, dimensionSql, type FactTable, joinsSql } from '../dimension-sql.ts';
import { dimensionColumn } from '../dimensions.ts';
import { within } from '../facts-sql.ts';
import { factFilter, joinsOfFilter } from '../filters.ts';
import { quotient } from '../metrics.ts';
import type { Publication } from '../publication.ts';
import type { AttributedConversion, ReportQuery } from '../schema.ts';
import { type LagCell, type LagDistribution, lagDistribution, LONGEST_LAG } from './lag.ts';

/** A cell less mature than this is not projected: what has been seen of it says too little of the rest. */
export const LEAST_MATURITY = 0.1;

/** What is foreseen for a cell of a report by click time. */
export interface Projection {
  /** Share of the conversions of its clicks that can have been seen by now; null where it has no sessions, or no delay is known. */
  readonly maturity: number | null;
  /** Conversions that its clicks will have had in the end; null where too little is known. Never fewer than have been seen. */
  readonly conversions: number | null;
  readonly value: number | null;
}

/** What is foreseen under one pair of a report. */
export interface PairProjection {
  readonly pair: AttributedConversion;
  /** What it was foreseen by; undefined where too few conversions are known. */
  readonly lag: LagDistribution | undefined;
  /** By {@link rowKey} of the row. */
  readonly rows: ReadonlyMap<string, Projection>;
  readonly total: Projection;
}

export interface Projections {
  /** The last day that the data has in full, in the project time zone: ages of clicks are counted to it. */
  readonly data_date: string;
  readonly pairs: readonly PairProjection[];
}

/** The name of a row, by the values of its dimensions. */
export const rowKey = (values: readonly unknown[]): string => JSON.stringify(values);

/**
 * Foresees what the clicks of each cell of a report by click time will have brought in the end. Of the clicks of a day, F(age) of
 * all their conversions have been seen (see {@link lagDistribution}). A cell of many days is as mature as its sessions on
 * average, and what has been seen of it is divided by that: the Cape Cod method (Stanard, CAS Proceedings 72, 1985, p. 124),
 * which asks of young days what old ones had per session, and does not blow up the first conversion of yesterday.
 */
export async function projectionsOf(warehouse: Warehouse, publication: Publication, query: ReportQuery): Promise<Projections> {
  const dataDate = dataDateOf(publication);
  const lags = await lagsOf(warehouse, query.attributed_conversions, dataDate);
  const context: Context = {
    warehouse,
    query,
    dataDate,
    lags,
    setting: { dialect: warehouse.dialect, config: publication.config, interval: query.interval },
  };
  const rows = await cellsOf(context, query.dimensions);
  const [total] = (await cellsOf(context, [])).values();
  return {
    data_date: dataDate,
    pairs: query.attributed_conversions.map((pair, i) => ({
      pair,
      lag: lags[i],
      rows: new Map([...rows].map(([key, cell]) => [key, projectionOf(cell, i, lags[i])])),
      total: projectionOf(total ?? NOTHING, i, lags[i]),
    })),
  };
}

interface Context {
  readonly warehouse: Warehouse;
  readonly query: ReportQuery;
  readonly dataDate: string;
  readonly lags: readonly (LagDistribution | undefined)[];
  readonly setting: DimensionSetting;
}

/** Sums of a cell: sessions, and by pair their matured part, credits and values. */
interface Cell {
  sessions: bigint;
  /** Parts of 1e9 of a session. */
  readonly matured: Map<number, bigint>;
  readonly credit: Map<number, Seen>;
  readonly value: Map<number, Seen>;
}

/** All that has been seen, and what of it until the last full day: part of a day would be projected as if it were a whole one. */
interface Seen {
  readonly seen: bigint;
  readonly ofFullDays: bigint;
}

const NOTHING: Cell = { sessions: 0n, matured: new Map(), credit: new Map(), value: new Map() };
const FULL = 1_000_000_000;

function projectionOf({ sessions, matured, credit, value }: Cell, pair: number, lag: LagDistribution | undefined): Projection {
  if (!lag || sessions === 0n) return { maturity: null, conversions: null, value: null };
  const maturity = quotient(matured.get(pair) ?? 0n, sessions * BigInt(FULL));
  if (maturity < LEAST_MATURITY) return { maturity, conversions: null, value: null };
  return {
    maturity,
    conversions: foreseen(credit.get(pair) ?? { seen: 0n, ofFullDays: 0n }, FULL, maturity),
    value: value.has(pair) ? foreseen(value.get(pair)!, 1_000_000, maturity) : null,
  };
}

function foreseen({ seen, ofFullDays }: Seen, unit: number, maturity: number): number {
  return Math.max(quotient(seen, BigInt(unit)), quotient(ofFullDays, BigInt(unit)) / maturity);
}

const daysBetween = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);

/** The last day that the data of a publication has in full, in the project time zone. */
export function dataDateOf({ data_up_to, published_at, config }: Publication): string {
  return addDays(localDate(data_up_to ?? published_at, config.project.timeZone), -1);
}

/** The days from click to conversion of each pair, as they are known on a day; undefined where too few conversions are. */
export async function lagsOf(
  warehouse: Warehouse,
  pairs: readonly AttributedConversion[],
  dataDate: string,
): Promise<(LagDistribution | undefined)[]> {
  if (pairs.length === 0) return [];
  const asked = pairs.map(({ conversion, model }) => sql`(conversion_name = ${conversion} and model = ${model})`);
  const rows = await warehouse.rows<{
    conversion_name: string;
    model: string;
    click_date: string;
    conversion_date: string;
    credit: string;
  }>(
    sql`
    select conversion_name, model, click_date, conversion_date, ${warehouse.dialect.castText(raw('sum(credit)'))} as credit
    from ${table(REPORT_CREDITS.name)}
    where (${join(asked, ' or ')}) and session_id <> ''
      and click_date between ${param(addDays(dataDate, -2 * LONGEST_LAG), 'DATE')} and ${param(dataDate, 'DATE')}
      and conversion_date <= ${param(dataDate, 'DATE')}
    group by conversion_name, model, click_date, conversion_date`,
    'days from click to conversion',
  );
  return pairs.map(({ conversion, model }) =>
    lagDistribution(
      rows
        .filter((row) => row.conversion_name === conversion && row.model === model)
        .map(({ click_date, conversion_date, credit }): LagCell => ({
          age: daysBetween(click_date, dataDate),
          // A conversion may be dated before the click that led to it: only as it is booked.
          lag: Math.max(0, daysBetween(click_date, conversion_date)),
          credit: quotient(BigInt(credit), BigInt(FULL)),
        })),
    ),
  );
}

async function cellsOf(context: Context, dimensions: ReportQuery['dimensions']): Promise<Map<string, Cell>> {
  const { warehouse, query } = context;
  const names = dimensions.map((name) => dimensionColumn(name, query.dimensions));
  const cells = new Map<string, Cell>();
  const cellOf = (row: Row): Cell => {
    const key = rowKey(names.map((name) => row[name] ?? null));
    const known = cells.get(key) ?? { sessions: 0n, matured: new Map(), credit: new Map(), value: new Map() };
    cells.set(key, known);
    return known;
  };
  for (const row of await warehouse.rows(sessionsSql(context, dimensions), 'sessions by maturity')) {
    const cell = cellOf(row);
    cell.sessions = BigInt(row['sessions'] as string);
    context.lags.forEach((_, i) => cell.matured.set(i, BigInt((row[`matured_${i}`] as string | null | undefined) ?? '0')));
  }
  for (const row of await warehouse.rows(creditsSql(context, dimensions), 'credits of full days')) {
    const cell = cellOf(row);
    const pair = query.attributed_conversions.findIndex(
      ({ conversion, model }) => conversion === row['conversion_name'] && model === row['model'],
    );
    const seen = (column: string): Seen => ({ seen: BigInt(row[column] as string), ofFullDays: BigInt(row[`full_${column}`] as string) });
    cell.credit.set(pair, seen('credit'));
    if (typeof row['value_micros'] === 'string') cell.value.set(pair, seen('value_micros'));
  }
  return cells;
}

/** Sessions by the dimensions, and which part of them is matured: days beyond the longest delay are in full. */
function sessionsSql(context: Context, dimensions: ReportQuery['dimensions']): Sql {
  const { dataDate, lags, query, setting } = context;
  const facts: FactTable = { table: REPORT_SESSIONS, date: 'click_date' };
  const days = Array.from({ length: LONGEST_LAG + 1 }, (_, age) => age);
  const columns = Object.fromEntries(lags.map((_, i) => [`share_${i}`, 'INT64' as const]));
  const shares = setting.dialect.values(
    'shares',
    { click_date: 'DATE', ...columns },
    days.map((age) => [addDays(dataDate, -age), ...lags.map((lag) => Math.round((lag?.share(age) ?? 0) * FULL))]),
  );
  const matured = lags.map((lag, i) => {
    const share = sql`case when facts.click_date > ${param(dataDate, 'DATE')} then 0 else coalesce(${raw(`shares.share_${i}`)}, ${lag ? FULL : 0}) end`;
    return sql`${setting.dialect.castText(sql`sum(${share})`)} as ${raw(`matured_${i}`)}`;
  });
  const join = sql`left join ${shares} on shares.click_date = facts.click_date`;
  return grouped(
    facts,
    dimensions,
    query,
    setting,
    [sql`${setting.dialect.castText(raw('count(*)'))} as sessions`, ...matured],
    [],
    raw('true'),
    join,
  );
}

function creditsSql({ dataDate, query, setting }: Context, dimensions: ReportQuery['dimensions']): Sql {
  const facts: FactTable = { table: REPORT_CREDITS, date: 'click_date' };
  const asked = query.attributed_conversions.map(
    ({ conversion, model }) => sql`(facts.conversion_name = ${conversion} and facts.model = ${model})`,
  );
  const condition = sql`(${asked.length ? join(asked, ' or ') : raw('false')}) and facts.session_id <> ''`;
  const isFull = sql`facts.conversion_date <= ${param(dataDate, 'DATE')}`;
  const sums = ['credit', 'value_micros'].flatMap((column) => [
    sql`${setting.dialect.castText(raw(`sum(facts.${column})`))} as ${raw(column)}`,
    sql`${setting.dialect.castText(sql`sum(if(${isFull}, coalesce(${raw(`facts.${column}`)}, 0), 0))`)} as ${raw(`full_${column}`)}`,
  ]);
  return grouped(facts, dimensions, query, setting, sums, ['conversion_name', 'model'], condition);
}

function grouped(
  facts: FactTable,
  dimensions: ReportQuery['dimensions'],
  query: ReportQuery,
  setting: DimensionSetting,
  sums: readonly Sql[],
  more: readonly string[],
  condition: Sql,
  joined: Sql = raw(''),
): Sql {
  const joins = new Set([
    ...joinsOfFilter(query.filters, facts, setting),
    ...dimensions.flatMap((name) => dimensionSource(name, facts, setting).joins),
  ]);
  const keys = [
    ...dimensions.map((name) => sql`${dimensionSql(name, facts, setting)} as ${raw(dimensionColumn(name, query.dimensions))}`),
    ...more.map((name) => raw(`facts.${name}`)),
  ];
  const filter = factFilter(query.filters, facts, setting);
  const conditions = [within(facts, query.date_range), condition, ...(filter ? [filter] : [])];
  return sql`
    select ${join([...keys, ...sums])}
    from ${table(facts.table.name)} as facts
    ${joinsSql(joins, raw('facts.ad_reference'))} ${joined}
    where ${join(conditions, ' and ')}
    ${keys.length ? sql`group by ${raw(keys.map((_, i) => i + 1).join(', '))}` : raw('')}`;
}
