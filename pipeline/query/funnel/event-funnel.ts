import * as z from 'zod';
import { type ConfigProblem, problemsOf } from '../../config/problems.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import type { Row, Warehouse } from '../../warehouse/warehouse.ts';
import { AS_OF } from '../as-of.ts';
import { type DimensionName, dimensionLabel, isParam } from '../dimensions.ts';
import { unknownName } from '../names.ts';
import type { Publication } from '../publication.ts';
import type { ResultMeta } from '../result.ts';
import { DateRange, invalidQuery, parseReportQuery, ReportQuery } from '../schema.ts';
import { FunnelDimension } from './cohort-schema.ts';
import { eventFunnelSql } from './event-funnel-sql.ts';
import { metaOf } from './meta.ts';

/** How far visitors get on their way through the site. */
export const EventFunnelQuery = z.strictObject({
  as_of: AS_OF,
  /** When the entries happened. */
  date_range: DateRange,
  comparison_date_range: DateRange.optional(),
  name: z.string().describe('Name of an event funnel of the config.'),
  /** A dimension of the session that the entry lies in; null: one row. */
  dimension: FunnelDimension.nullable().default('channel' as DimensionName),
  filters: ReportQuery.shape.filters,
  limit: z.int().min(1).max(100_000).default(1000),
});
export type EventFunnelQuery = z.infer<typeof EventFunnelQuery>;
/** What a caller writes: everything with a default may be left out. */
export type EventFunnelQueryInput = z.input<typeof EventFunnelQuery>;

/** One step of one row. An entry is a way that a visitor begins: at most one per session, or per window. */
export interface EventStep {
  /** Entries that reached the step. */
  readonly entries: number;
  /** Persons with such an entry. */
  readonly persons: number;
  /** Of the entries that reached the step before; null of the first step, and where none did. */
  readonly rate_from_previous: number | null;
  /** Of all entries. */
  readonly rate_from_entry: number | null;
  /** Entries that reached the step before and not this one; null of the first step. */
  readonly dropped: number | null;
  /** Median time from the step before, counted in whole seconds; of two in the middle their mean. null where there is none. */
  readonly median_seconds: number | null;
}

export interface EventFunnelRow {
  /** Value of the dimension; null where it is not set, or none was asked for. */
  readonly value: string | null;
  readonly steps: readonly EventStep[];
  readonly comparison?: readonly EventStep[];
}

export interface EventFunnelResult {
  readonly name: string;
  readonly label: string;
  readonly steps: readonly { readonly name: string; readonly label: string }[];
  /** Hours from the entry within which the steps lie; null: its session. */
  readonly window_hours: number | null;
  readonly order: 'sequential' | 'strict';
  readonly dimension: EventFunnelQuery['dimension'];
  readonly dimension_label: string;
  readonly rows: readonly EventFunnelRow[];
  /** Of all entries: a person of several rows counts once. */
  readonly totals: Omit<EventFunnelRow, 'value'>;
  readonly meta: ResultMeta;
}

/** @throws UserError (exit code 2) that lists everything wrong with it, with the nearest known names. */
export function parseEventFunnelQuery(input: unknown, published: PublishedConfig): EventFunnelQuery {
  const parsed = EventFunnelQuery.safeParse(input);
  const problems = parsed.success ? problemsOfQuery(parsed.data, published) : problemsOf(parsed.error, EventFunnelQuery, input);
  if (!parsed.success || problems.length > 0) throw invalidQuery('funnel', problems);
  const { date_range, dimension, filters } = parsed.data;
  // Names of dimensions and filters are those of reports.
  parseReportQuery(
    { date_range, dimensions: dimension === null ? [] : [dimension], metrics: ['sessions'], ...(filters && { filters }) },
    published,
  );
  return parsed.data;
}

function problemsOfQuery({ name, dimension }: EventFunnelQuery, { eventFunnels }: PublishedConfig): ConfigProblem[] {
  const known = eventFunnels.map((one) => one.name);
  if (known.length === 0) {
    return [{ path: '', message: 'the config names no event funnels: describe one in `eventFunnels`, then run `touchtrail run`' }];
  }
  const unknown = known.includes(name) ? [] : [{ path: 'name', message: unknownName('event funnel', name, known) }];
  if (dimension === null || !isParam(dimension)) return unknown;
  return [...unknown, { path: 'dimension', message: `"${dimension}" is a parameter of conversions, which sessions do not have` }];
}

/** Entries of a period by a dimension of their session, and how many reached which step. */
export async function runEventFunnel(warehouse: Warehouse, publication: Publication, query: EventFunnelQuery): Promise<EventFunnelResult> {
  const { config } = publication;
  const funnel = config.eventFunnels.find(({ name }) => name === query.name)!;
  const read = async (range: EventFunnelQuery['date_range']) =>
    warehouse.rows(eventFunnelSql(query, range, config, warehouse.dialect), 'event funnel');
  const current = await read(query.date_range);
  const compared = query.comparison_date_range && (await read(query.comparison_date_range));
  const count = funnel.steps.length;
  const sides = compared ? [current, compared] : [current];
  const bySide = sides.map((rows) =>
    Map.groupBy(
      rows.filter((row) => row['is_total'] === false),
      (row) => row['value'] as string | null,
    ),
  );
  const totals = sides.map((rows) =>
    stepsOf(
      count,
      rows.filter((row) => row['is_total'] === true),
    ),
  );
  const rows = [...new Set(bySide.flatMap((groups) => [...groups.keys()]))]
    .map((value): EventFunnelRow => {
      const [steps, comparison] = bySide.map((groups) => stepsOf(count, groups.get(value) ?? []));
      return { value, steps: steps!, ...(comparison && { comparison }) };
    })
    .toSorted(byEntries);
  return {
    name: funnel.name,
    label: funnel.label,
    steps: funnel.steps,
    window_hours: funnel.windowHours,
    order: funnel.order,
    dimension: query.dimension,
    dimension_label: query.dimension === null ? 'Total' : dimensionLabel(query.dimension, config),
    rows: rows.slice(0, query.limit),
    totals: { steps: totals[0]!, ...(totals[1] && { comparison: totals[1] }) },
    meta: metaOf(publication, { ...query, time_basis: 'click_time' }, rows.length, []),
  };
}

/** Rows of the statement with one value as steps; a step that nobody reached has no row. */
function stepsOf(count: number, rows: readonly Row[]): EventStep[] {
  const of = (step: number, name: string) => (rows.find((row) => row['step'] === step)?.[name] as number | undefined) ?? 0;
  return Array.from({ length: count }, (_, i): EventStep => {
    const entries = of(i + 1, 'entries');
    const before = i === 0 ? null : of(i, 'entries');
    const all = of(1, 'entries');
    return {
      entries,
      persons: of(i + 1, 'persons'),
      rate_from_previous: before === null || before === 0 ? null : entries / before,
      rate_from_entry: all === 0 ? null : entries / all,
      dropped: before === null ? null : before - entries,
      median_seconds: i === 0 || entries === 0 ? null : (of(i + 1, 'least') + of(i + 1, 'most')) / 2,
    };
  });
}

/** The most entries first; a value that is not set after others. */
function byEntries(left: EventFunnelRow, right: EventFunnelRow): number {
  const entries = (row: EventFunnelRow) => row.steps[0]!.entries;
  if (entries(left) !== entries(right)) return entries(right) - entries(left);
  if (left.value === null || right.value === null) return Number(left.value === null) - Number(right.value === null);
  return left.value < right.value ? -1 : 1;
}
