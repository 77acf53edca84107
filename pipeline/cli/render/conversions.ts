import type { ConversionCheck } from '../../models/conversions/check/check.ts';
import type { SampleRow } from '../../models/conversions/check/sample.ts';
import type { ConversionChange } from '../../query/conversions/changes.ts';
import type { ListedConversion } from '../../query/conversions/list.ts';
import { formatBytes } from '../../warehouse/bytes.ts';
import { toCsv } from './csv.ts';
import { EMPTY, timeFormat } from './format.ts';
import type { View } from './identity.ts';
import type { Screen } from './report.ts';
import { renderTable } from './table.ts';
import { terminalText } from './text.ts';

const figure = (value: number): string => value.toLocaleString('en');
const left = (...headers: readonly string[]) => headers.map((header) => ({ header, align: 'left' as const }));
const right = (...headers: readonly string[]) => headers.map((header) => ({ header, align: 'right' as const }));

/** The kinds in words. */
const KINDS: Readonly<Record<ListedConversion['kind'], string>> = {
  sql: 'query',
  purchase: 'purchase',
  event: 'event',
  combined: 'combined',
};

const LIST_COLUMNS = [
  'name',
  'label',
  'kind',
  'value',
  'adjustment_days',
  'parent',
  'parts',
  'normalized_to',
  'conversions',
  'last_conversion_time',
  'last_change',
] as const satisfies readonly (keyof ListedConversion)[];

/** All conversions of a config. */
export function listView(rows: readonly ListedConversion[], timeZone: string): View {
  const { day, time } = timeFormat(timeZone);
  return {
    data: rows,
    csv: () =>
      toCsv(
        [...LIST_COLUMNS],
        rows.map((row) => LIST_COLUMNS.map((name) => (name === 'parts' ? row.parts.join(' ') : row[name]))),
      ),
    text: ({ width, emphasis }) =>
      rows.length === 0
        ? 'The config has no conversion: see docs/conversions.md.\n'
        : renderTable({
            columns: [...left('Name', 'Label', 'Kind', 'Made from', 'Latest', 'Last change'), ...right('Window', 'Conversions')],
            rows: rows.map((row) => [
              row.name,
              row.label,
              KINDS[row.kind],
              relationsOf(row),
              row.last_conversion_time === null ? EMPTY : day(row.last_conversion_time),
              row.last_change === null ? EMPTY : time(row.last_change),
              row.adjustment_days === null ? EMPTY : `${row.adjustment_days} d`,
              row.conversions === null ? EMPTY : figure(row.conversions),
            ]),
            width,
            emphasis,
          }),
  };
}

function relationsOf({ parent, parts, normalized_to: reference }: ListedConversion): string {
  const relations = [
    ...(parent === null ? [] : [`inherits from ${parent}`]),
    ...(parts.length === 0 ? [] : [parts.join(', ')]),
    ...(reference === null ? [] : [`normalised by ${reference}`]),
  ];
  return relations.length === 0 ? EMPTY : relations.join('; ');
}

/** What a check has found, for a terminal. */
export function checkText(check: ConversionCheck, timeZone: string, { width, emphasis }: Screen): string {
  const { day } = timeFormat(timeZone);
  const table = (columns: Parameters<typeof renderTable>[0]['columns'], rows: readonly (readonly string[])[]) =>
    rows.length === 0 ? [] : [renderTable({ columns, rows, width, emphasis })];
  const looked = check.has_more
    ? `${figure(check.rows)} rows, and more that were not looked at,`
    : `${figure(check.rows)} ${check.rows === 1 ? 'row' : 'rows'}`;
  const blocks = [
    ...table(
      left('Column', 'Type', ''),
      (check.columns ?? []).map(({ name, type, problem }) => [name, type ?? 'missing', problem === null ? 'ok' : 'PROBLEM']),
    ),
    [
      ...(check.from === null ? [] : [`${looked} since ${day(check.from)}.`]),
      ...(check.bytes === null
        ? []
        : [`A night reads ${formatBytes(check.bytes.night)}, a build over all history ${formatBytes(check.bytes.history)}.`]),
    ]
      .map((line) => `${line}\n`)
      .join(''),
    ...table(
      sampleColumns(check.sample),
      check.sample.map((row) => sampleCells(row, timeZone)),
    ),
    [
      ...check.problems.map((text) => `${emphasis.bold('PROBLEM')}  ${terminalText(text)}\n`),
      ...check.warnings.map((text) => `note     ${terminalText(text)}\n`),
    ].join(''),
  ].filter((block) => block !== '');
  return `${blocks.join('\n')}\n${emphasis.bold(verdictOf(check))}\n`;
}

function verdictOf({ name, problems }: ConversionCheck): string {
  return problems.length === 0
    ? `${name}: nothing is wrong`
    : `${name}: ${problems.length === 1 ? '1 problem' : `${problems.length} problems`}`;
}

/** What finds the person, in words. */
const SIGNALS: Readonly<Record<string, string>> = {
  client_id: 'client id',
  user_id: 'user id',
  email_hash: 'e-mail',
  ip_address: 'address',
};

function sampleColumns(sample: readonly SampleRow[]) {
  const hasParent = sample.some(({ has_parent: found }) => found !== null);
  return [...left('Id', 'Time', 'Person', 'Found by', ...(hasParent ? ['Parent'] : [])), ...right('Value')];
}

function sampleCells(row: SampleRow, timeZone: string): string[] {
  const { time } = timeFormat(timeZone);
  return [
    row.id,
    time(row.conversion_time),
    row.person_id ?? 'nobody',
    row.matched_by === null ? triedOf(row) : (SIGNALS[row.matched_by] ?? row.matched_by),
    ...(row.has_parent === null ? [] : [row.has_parent ? (row.lead_id ?? EMPTY) : 'none']),
    row.value === null ? EMPTY : `${row.value} ${row.currency ?? ''}`.trimEnd(),
  ];
}

/** What was there to find somebody by. */
function triedOf(row: SampleRow): string {
  const tried = (['client_id', 'user_id', 'email_hash'] as const).filter((name) => row[name] !== null).map((name) => SIGNALS[name]!);
  return tried.length === 0 ? 'no identifier' : `not by ${tried.join(', ')}`;
}

const CHANGE_COLUMNS = [
  'changed_at',
  'conversion_name',
  'id',
  'change',
  'column_name',
  'from_value',
  'to_value',
  'reason',
] as const satisfies readonly (keyof ConversionChange)[];

/** Reasons in words; what the source says needs none. */
const REASONS: Readonly<Record<string, string>> = {
  source: EMPTY,
  disappeared: 'the source has it no more',
  zero: 'its value fell to zero',
  definition: 'not of the config any more',
};

/** The change log. */
export function changesView(rows: readonly ConversionChange[], timeZone: string): View {
  const { time } = timeFormat(timeZone);
  return {
    data: rows,
    csv: () =>
      toCsv(
        [...CHANGE_COLUMNS],
        rows.map((row) => CHANGE_COLUMNS.map((name) => row[name])),
      ),
    text: ({ width, emphasis }) =>
      rows.length === 0
        ? 'No conversion has changed.\n'
        : renderTable({
            columns: left('Seen', 'Conversion', 'Id', 'Change', 'Column', 'From', 'To', 'Why'),
            rows: rows.map((row) => [
              time(row.changed_at),
              row.conversion_name,
              row.id,
              row.change,
              row.column_name === '' ? EMPTY : row.column_name,
              row.from_value ?? EMPTY,
              row.to_value ?? EMPTY,
              REASONS[row.reason] ?? row.reason,
            ]),
            width,
            emphasis,
          }),
  };
}
