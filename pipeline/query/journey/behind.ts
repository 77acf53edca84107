import * as z from 'zod';
import { problemsOf } from '../../config/problems.ts';
import { UserError } from '../../config/user-error.ts';
import { ATTRIBUTION } from '../../models/attribution/tables.ts';
import { CONVERSIONS } from '../../models/conversions/tables.ts';
import { REPORT_FUNNEL } from '../../models/funnels/tables.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { REPORT_CREDITS } from '../../models/reports/tables.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { join, param, raw, sql, type Sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { type DimensionSetting, dimensionSource, dimensionSql, type FactTable, joinsSql } from '../dimension-sql.ts';
import type { DimensionName } from '../dimensions.ts';
import { within } from '../facts-sql.ts';
import { factFilter, joinsOfFilter } from '../filters.ts';
import { quotient } from '../metrics.ts';
import { unknownName } from '../names.ts';
import type { Publication } from '../publication.ts';
import { conditionsOf, invalidQuery, isMetricCondition, parseReportQuery, ReportQuery } from '../schema.ts';

// From a number to the people: the conversions that a cell of a report is made of.

const { as_of, date_range, time_basis, interval, filters } = ReportQuery.shape;

/** Which cell of a report is asked about: the same words as a report has, one conversion, one model, and a row. */
export const BehindQuery = z.strictObject({
  as_of,
  date_range,
  time_basis,
  interval,
  filters,
  conversion: z.string().describe('Name of a conversion.'),
  model: z.string().describe('Attribution model.'),
  cell: z
    .record(z.string(), z.string().nullable())
    .default({})
    .describe('The row: value by dimension, as the report shows it; null where it is not set. Empty: the total.'),
  reached: z
    .array(z.string())
    .default([])
    .describe('Of the first stage of the funnel: only leads that reached each of these later stages, as its cohort counts them.'),
  missed: z.array(z.string()).default([]).describe('The same: only leads that reached none of these.'),
  limit: z.int().min(1).max(10_000).default(100),
  after: z.string().optional().describe('The `next` of the page before.'),
});
export type BehindQuery = z.infer<typeof BehindQuery>;
export type BehindQueryInput = z.input<typeof BehindQuery>;

/** A conversion with credit in the cell. */
export interface BehindConversion {
  readonly conversion: string;
  readonly id: string;
  /** ISO in UTC. */
  readonly conversion_time: string;
  /** Null where nobody was found. */
  readonly person_id: string | null;
  /** The part of it that the cell has, as a fraction of 1, of its value in units of the project currency. */
  readonly credit: number;
  readonly value: number | null;
  /** Sessions of the cell that have credit of it; 0 where it is self-reported or not attributed. */
  readonly sessions: number;
  /** The conversion whose credits it has, as `name/id`. */
  readonly inherited_from: string | null;
  readonly reason: string | null;
}

export interface BehindResult {
  readonly publication_id: string;
  /** Latest conversion first, then by id. */
  readonly conversions: readonly BehindConversion[];
  /** Of all pages: what the cell of the report says. */
  readonly total: { readonly conversions: number; readonly credit: number; readonly value: number | null };
  /** Where the next page begins; null behind the last one. */
  readonly next: string | null;
}

/** @throws UserError (exit code 2) that lists everything wrong with the query. */
export function parseBehindQuery(input: unknown, published: PublishedConfig): BehindQuery {
  const parsed = BehindQuery.safeParse(input);
  if (!parsed.success) throw invalidQuery('list', problemsOf(parsed.error, BehindQuery, input));
  const { conversion, model, cell, reached, missed, limit: _, after: __, ...rest } = parsed.data;
  parseReportQuery(
    { ...rest, dimensions: Object.keys(cell), metrics: ['conversions'], attributed_conversions: [{ conversion, model }] },
    published,
  );
  const metric = conditionsOf(rest.filters).find(([, condition]) => isMetricCondition(condition));
  if (metric)
    throw invalidQuery('list', [{ path: metric[0], message: 'a condition on a metric chooses rows of a report, not conversions' }]);
  checkStages(conversion, { reached, missed }, published.funnel);
  return parsed.data;
}

/** Only leads have stages behind them. @throws UserError (exit code 2). */
function checkStages(conversion: string, asked: Pick<BehindQuery, 'reached' | 'missed'>, [lead, ...later]: readonly string[]): void {
  const given = (['reached', 'missed'] as const).flatMap((path) => asked[path].map((stage) => ({ path, stage })));
  if (given.length > 0 && conversion !== lead) {
    const expected = lead === undefined ? 'the config names no stages' : `ask for "${lead}", or leave it out`;
    throw invalidQuery('list', [{ path: given[0]!.path, message: `chooses leads, the first stage of the funnel: ${expected}` }]);
  }
  const unknown = given.filter(({ stage }) => !later.includes(stage));
  if (unknown.length > 0)
    throw invalidQuery(
      'list',
      unknown.map(({ path, stage }) => ({ path, message: unknownName('stage behind the first', stage, later) })),
    );
}

/** The conversions behind a cell, a page of them. @throws UserError where the page before is of another publication. */
export async function conversionsBehind(warehouse: Warehouse, publication: Publication, query: BehindQuery): Promise<BehindResult> {
  const { publication_id, config } = publication;
  const facts: FactTable = { table: REPORT_CREDITS, date: query.time_basis === 'click_time' ? 'click_date' : 'conversion_date' };
  const setting: DimensionSetting = { dialect: warehouse.dialect, config, interval: query.interval };
  const credits = creditsSql(query, facts, setting);
  const start = query.after === undefined ? undefined : startOf(query.after, publication_id);
  const found = await warehouse.rows<FoundRow>(pageSql(warehouse.dialect, credits, query, start), 'conversions behind');
  const castText = (value: Sql) => warehouse.dialect.castText(value);
  const [total] = await warehouse.rows<TotalRow>(
    sql`
    select count(*) as conversions, ${castText(raw('coalesce(sum(credit), 0)'))} as credit, ${castText(raw('sum(value_micros)'))} as value_micros
    from (${credits}) as credits`,
    'all conversions behind',
  );
  const page = found.slice(0, query.limit);
  const last = found.length > query.limit ? page.at(-1) : undefined;
  return {
    publication_id,
    conversions: page.map(({ credit, value_micros, ...row }) => ({
      conversion: query.conversion,
      ...row,
      credit: quotient(BigInt(credit), 1_000_000_000n),
      value: unitsOf(value_micros),
    })),
    total: {
      conversions: total!.conversions,
      credit: quotient(BigInt(total!.credit), 1_000_000_000n),
      value: unitsOf(total!.value_micros),
    },
    next: last ? cursorOf([publication_id, last.conversion_time, last.id]) : null,
  };
}

interface FoundRow {
  readonly id: string;
  readonly conversion_time: string;
  readonly person_id: string | null;
  readonly credit: string;
  readonly value_micros: string | null;
  readonly sessions: number;
  readonly inherited_from: string | null;
  readonly reason: string | null;
}

interface TotalRow {
  readonly conversions: number;
  readonly credit: string;
  readonly value_micros: string | null;
}

const unitsOf = (micros: string | null): number | null => (micros === null ? null : quotient(BigInt(micros), 1_000_000n));

/** One row per conversion: what the cell has of it. */
function creditsSql(query: BehindQuery, facts: FactTable, setting: DimensionSetting): Sql {
  const names = Object.keys(query.cell) as DimensionName[];
  const filter = factFilter(query.filters, facts, setting);
  const joins = new Set([
    ...joinsOfFilter(query.filters, facts, setting),
    ...names.flatMap((name) => dimensionSource(name, facts, setting).joins),
  ]);
  const isOfCell = names.map((name) => {
    const value = dimensionSql(name, facts, setting);
    return sql`${name === 'date' ? setting.dialect.castText(value) : value} is not distinct from ${param(query.cell[name]!, 'STRING')}`;
  });
  const conditions = [
    sql`facts.conversion_name = ${query.conversion} and facts.model = ${query.model}`,
    within(facts, query.date_range),
    ...(filter ? [filter] : []),
    ...isOfCell,
    ...query.reached.map((stage) => sql`facts.conversion_id in (${leadsAt(stage)})`),
    ...query.missed.map((stage) => sql`facts.conversion_id not in (${leadsAt(stage)})`),
  ];
  return sql`
    select facts.conversion_id, sum(facts.credit) as credit, sum(facts.value_micros) as value_micros,
      countif(facts.session_id <> '') as sessions, min(facts.reason) as reason
    from ${table(REPORT_CREDITS.name)} as facts
    ${joinsSql(joins, raw('facts.ad_reference'))}
    where ${join(conditions, ' and ')}
    group by facts.conversion_id`;
}

/** Leads that reached a stage of the funnel: those that its cohort counts there. */
const leadsAt = (stage: string): Sql => sql`select lead_id from ${table(REPORT_FUNNEL.name)} where conversion_name = ${stage} and is_first`;

/** A row more than the page has tells whether there is another one. */
function pageSql(dialect: Dialect, credits: Sql, { conversion, model, limit }: BehindQuery, start: Start | undefined): Sql {
  const head = dialect.concat(raw('credits.inherited_from_name'), sql`'/'`, raw('credits.inherited_from_id'));
  const isBehind = start
    ? sql`where conversions.conversion_time < ${param(start.conversion_time, 'TIMESTAMP')}
        or (conversions.conversion_time = ${param(start.conversion_time, 'TIMESTAMP')} and conversions.id > ${start.id})`
    : raw('');
  return sql`
    with page as (
      select
        conversions.id, conversions.conversion_time, conversions.person_id,
        ${dialect.castText(raw('credits.credit'))} as credit, ${dialect.castText(raw('credits.value_micros'))} as value_micros, credits.sessions, credits.reason
      from (${credits}) as credits
      inner join ${table(CONVERSIONS.name)} as conversions
        on conversions.conversion_name = ${conversion} and conversions.id = credits.conversion_id
      ${isBehind}
      order by conversions.conversion_time desc nulls last, conversions.id nulls last
      limit ${raw(String(limit + 1))}
    )
    select page.*, heads.inherited_from
    from page
    left join (
      select credits.conversion_id, min(${head}) as inherited_from
      from ${table(ATTRIBUTION.name)} as credits
      inner join page on page.id = credits.conversion_id
      where credits.conversion_name = ${conversion} and credits.model = ${model}
      group by credits.conversion_id
    ) as heads on heads.conversion_id = page.id
    order by page.conversion_time desc nulls last, page.id nulls last`;
}

interface Start {
  readonly conversion_time: string;
  readonly id: string;
}

const Cursor = z.tuple([z.string(), z.string(), z.string()]);
const cursorOf = (parts: z.infer<typeof Cursor>): string => Buffer.from(JSON.stringify(parts)).toString('base64url');

function startOf(text: string, publicationId: string): Start {
  const parsed = Cursor.safeParse(jsonOf(Buffer.from(text, 'base64url').toString()));
  if (!parsed.success) throw new UserError(`after ${text}: expected the "next" of the page before`, { exitCode: 2 });
  const [publication, conversion_time, id] = parsed.data;
  if (publication !== publicationId)
    throw new UserError(
      `the page before is of the publication ${publication}, and this is ${publicationId}: go on as of ${publication}, or begin anew`,
      {
        exitCode: 2,
      },
    );
  return { conversion_time, id };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
