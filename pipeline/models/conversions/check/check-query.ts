import type { Column } from '../../../../edge/contract/columns.ts';
import type { SqlConversion } from '../../../config/conversions.ts';
import { UserError } from '../../../config/user-error.ts';
import { WarehouseError } from '../../../warehouse/warehouse-error.ts';
import { type DescribedQuery, describedQuery } from '../checked-query.ts';
import { QUERY_COLUMNS } from '../query-columns.ts';
import { queryRows } from '../query-rows.ts';
import { ALL_TIME, type QueryRange } from '../user-sql.ts';
import { windowStart } from '../window.ts';
import type { CheckContext, CheckedColumn, ConversionCheck } from './check.ts';
import { overlapProblem } from './overlap.ts';
import { examineRawRows } from './raw-rows.ts';
import { remedyFor } from './remedies.ts';
import { sampleRows } from './sample.ts';

/** BigQuery bills no less; below it nothing is worth a word. */
const SMALLEST_BILL_BYTES = 10_485_760;

/**
 * The query of a conversion: what the engine says of it, and what a bounded run over its adjustment window returns. A query
 * whose columns do not fit is not run.
 */
export async function checkQuery(context: CheckContext, conversion: SqlConversion): Promise<ConversionCheck> {
  const { warehouse, config, now } = context;
  const query = await describedQuery(context, conversion, context.account);
  const from = windowStart(now, conversion.adjustmentDays, config.project.timeZone);
  const range: QueryRange = { from, to: ALL_TIME.to };
  const bytes = await bytesOf(context, query, range);
  const described = {
    name: conversion.name,
    kind: conversion.kind,
    columns: columnsOf(query),
    bytes,
    from,
  };
  const warnings = [...query.warnings, ...readsEverything(bytes, query)];
  if (query.problems.length > 0)
    return { ...described, problems: query.problems, warnings, from: null, rows: 0, has_more: false, sample: [] };
  const rowsOf = (asked: QueryRange) => queryRows(warehouse.dialect, config, conversion.name, query.over(asked), query.columns);
  const raw = await examineRawRows(warehouse, config, query.over(range), query.columns).catch((error: unknown) => {
    throw failedRun(error, query, context);
  });
  const overlap = await overlapProblem(warehouse, rowsOf, now.slice(0, 10), conversion.adjustmentDays);
  return {
    ...described,
    problems: [...raw.problems, ...(overlap === undefined ? [] : [overlap])],
    warnings: [...warnings, ...raw.warnings, ...(raw.rows === 0 ? [nothingFound(conversion, from)] : [])],
    rows: raw.rows,
    has_more: raw.hasMore,
    sample: await sampleRows(warehouse, config, conversion, rowsOf(range)),
  };
}

/** What only a run finds, such as a text that is no number. */
function failedRun(error: unknown, { place }: DescribedQuery, { config, account }: CheckContext): unknown {
  if (!(error instanceof WarehouseError)) return error;
  const remedy = remedyFor(error, config, account);
  return new UserError(`${place}: the query fails as it is run: ${error.words}${remedy === undefined ? '' : `\n${remedy}`}`, {
    cause: error,
  });
}

async function bytesOf({ warehouse }: CheckContext, { over }: DescribedQuery, range: QueryRange): Promise<ConversionCheck['bytes']> {
  if (warehouse.dialect.name !== 'bigquery') return null;
  const [night, history] = [await warehouse.dryRun(over(range)), await warehouse.dryRun(over(ALL_TIME))];
  return { night: night.bytes, history: history.bytes };
}

/** A table that is partitioned is read in whole where the query does not compare its partition column with @from. */
function readsEverything(bytes: ConversionCheck['bytes'], { place }: DescribedQuery): string[] {
  if (bytes === null || bytes.night < bytes.history || bytes.night <= SMALLEST_BILL_BYTES) return [];
  return [
    `${place}: a night reads as many bytes as all of history has: no partition is left out. Where a table is partitioned, compare that column ` +
      'itself with @from and @to; where it is not, that is its size',
  ];
}

function nothingFound({ adjustmentDays }: SqlConversion, from: string): string {
  return `the query returns nothing since ${from.slice(0, 10)} (adjustmentDays: ${adjustmentDays}): no columns of a row could be looked at`;
}

/** What is returned, in the order of the query, then what is missing. */
function columnsOf({ columns, problems }: DescribedQuery): CheckedColumn[] {
  const problemOf = (name: string) => problems.find((problem) => problem.startsWith(`column "${name}" `)) ?? null;
  const names = columns.map(({ name }) => name);
  const missing = Object.keys(QUERY_COLUMNS).filter((name) => !names.includes(name) && problemOf(name) !== null);
  return [
    ...columns.map((column) => ({ name: column.name, type: typeOf(column), problem: problemOf(column.name) })),
    ...missing.map((name) => ({ name, type: null, problem: problemOf(name) })),
  ];
}

function typeOf({ type, mode, fields }: Column): string {
  const inner = fields === undefined ? type : `${type}<${fields.map((field) => `${field.name} ${typeOf(field)}`).join(', ')}>`;
  return mode === 'repeated' ? `ARRAY<${inner}>` : inner;
}
