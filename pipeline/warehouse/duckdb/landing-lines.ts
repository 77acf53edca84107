import type { Column } from '../../../edge/contract/columns.ts';
import { DELIVERY_COLUMNS, EVENT_COLUMNS, FAILED_EVENT_COLUMNS } from '../../../edge/contract/event-row.ts';
import { identifier, literal, scalarType } from './syntax.ts';

/** The three kinds of line, by the member that holds the row, as in `LandingLine` of the contract. */
export const LINE_KINDS = {
  delivery: DELIVERY_COLUMNS,
  event: EVENT_COLUMNS,
  failed: FAILED_EVENT_COLUMNS,
} as const satisfies Readonly<Record<string, readonly Column[]>>;
export type LineKind = keyof typeof LINE_KINDS;

const KINDS = Object.entries(LINE_KINDS);

/**
 * A query over a segment file: one row per line with `line` (from 1), the typed `content` and `problem`, which is NULL
 * where the line fits the contract. The engine parses; an unreadable line fails the whole query.
 */
export function segmentLines(file: string): string {
  return checkedLines(`select row_number() over () as line, json from read_json_objects(${literal(file)}, format = 'newline_delimited')`);
}

/**
 * The same over lines that are there already.
 * @param lines query of (line, json).
 */
export function checkedLines(lines: string): string {
  return `with lines as (
  ${lines}
),
parsed as (
  select line, from_json(json, ${literal(JSON.stringify(structure(typed)))}) as content, from_json(json, ${literal(JSON.stringify(structure(() => 'JSON')))}) as written
  from lines
)
select line, content, ${lineProblem()} as problem
from parsed`;
}

type Structure = string | [Structure] | { [member: string]: Structure };

/** The structure `from_json` wants, derived from the contract. */
function structure(scalar: (column: Column) => string): Structure {
  return Object.fromEntries(KINDS.map(([kind, columns]) => [kind, members(columns, scalar)]));
}

function members(columns: readonly Column[], scalar: (column: Column) => string): Structure {
  return Object.fromEntries(
    columns.map((column) => {
      const element = column.type === 'STRUCT' ? members(column.fields ?? [], scalar) : scalar(column);
      return [column.name, column.mode === 'repeated' ? [element] : element];
    }),
  );
}

/** JSON columns travel as text. */
function typed(column: Column): string {
  return column.type === 'JSON' ? 'VARCHAR' : scalarType(column.type);
}

function lineProblem(): string {
  const present = KINDS.map(([kind]) => `cast(content.${identifier(kind)} is not null as integer)`);
  const rows = KINDS.map(([kind, columns]) => `when content.${identifier(kind)} is not null then ${rowProblem(columns, kind)}`);
  return `case
  when ${present.join(' + ')} <> 1 then 'expected exactly one of the members ${KINDS.map(([kind]) => kind).join(', ')}'
  ${rows.join('\n  ')}
end`;
}

function rowProblem(columns: readonly Column[], path: string): string {
  const of = (side: 'content' | 'written', column: Column) => `${side}.${identifier(path)}.${identifier(column.name)}`;
  return `coalesce(${columns.map((column) => columnProblem(column, `${path}.${column.name}`, of('content', column), of('written', column))).join(',\n    ')})`;
}

/**
 * What is wrong with one value, as SQL. `from_json` converts what it can ("12" to 12, 1.5 to 2, "no" to false), so
 * the written form decides whether the type is right.
 */
function columnProblem(column: Column, path: string, content: string, written: string): string {
  const wrong = literal(`${path} is not ${column.mode === 'repeated' ? 'an array of ' : ''}${column.type}`);
  if (column.mode === 'repeated') {
    if (column.type !== 'STRUCT') throw new Error(`${path}: arrays of ${column.type} are not landed yet`);
    const elements = (column.fields ?? []).map((field) =>
      columnProblem(field, `${path}.${field.name}`, '', `element.${identifier(field.name)}`),
    );
    return `case when ${written} is null then ${wrong} else list_filter(list_transform(${written}, lambda element: case when element is null then ${wrong} else coalesce(${elements.join(', ')}) end), lambda problem: problem is not null)[1] end`;
  }
  const missing = column.mode === 'nullable' ? '' : `when ${written} is null then ${literal(`${path} is missing`)} `;
  const unfit = content === '' ? '' : ` when ${fits(column, content)} then ${literal(`${path} does not fit ${column.type}`)}`;
  return `case ${missing}when not (${isWritten(column, written)}) then ${wrong}${unfit} end`;
}

/** Whether the written JSON value is of the kind the column's type travels as; NULL where there is none. */
function isWritten(column: Column, written: string): string {
  switch (column.type) {
    case 'STRING':
    case 'JSON':
      return `starts_with(${written}, '"')`;
    case 'DATE':
      return `regexp_full_match(${written}, '"[0-9]{4}-[0-9]{2}-[0-9]{2}"')`;
    case 'TIMESTAMP':
      return `starts_with(${written}, '"') and ends_with(${written}, 'Z"')`;
    case 'INT64':
      return `regexp_full_match(${written}, '-?[0-9]+')`;
    case 'FLOAT64':
      return `regexp_matches(${written}, '^-?[0-9]')`;
    case 'BOOL':
      return `${written} in ('true', 'false')`;
    case 'STRUCT':
      return `starts_with(${written}, '{')`;
    default:
      return column.type satisfies never;
  }
}

/** Whether a value of the right kind could still not be stored. */
function fits(column: Column, content: string): string {
  return column.type === 'JSON'
    ? `not json_valid(${content})`
    : `${content} is null and ${content.replace(/^content/, 'written')} is not null`;
}
