import type { Column, ColumnType } from '../../../edge/contract/columns.ts';
import { EVENT_COLUMNS } from '../../../edge/contract/event-row.ts';
import { WarehouseError } from '../warehouse-error.ts';
import { insertUnordered } from './insert.ts';
import { LINE_KINDS, checkedLines, type LineKind } from './landing-lines.ts';
import type { DuckDbSession } from './session.ts';
import { columnType, identifier, literal } from './syntax.ts';

/** Where the rows of a kind of line go. */
export type InsertTargets = Readonly<Record<LineKind, string>>;

export type LoadedRows = Readonly<Record<LineKind, number>>;

/** Thrown inside of a transaction, so that nothing of it stays. */
class NotAsWritten extends Error {
  override readonly name = 'NotAsWritten';
}

/**
 * Loads segments in one go, where every line of theirs is as the edge writes it. The engine reads events straight into typed
 * columns; because it converts what it can ("12" to 12, 1.5 to 2, 5 to "5") without a word, the text of each line is first
 * searched for a value of another kind than its column's. A line that could be one is no proof of damage: it only says
 * that these segments have to be read with care.
 * @param record writes what was loaded of each file, in the transaction of the rows.
 * @returns the rows by file; undefined, and nothing is loaded, where one of the segments is to be read with care.
 */
export async function loadWhole(
  session: DuckDbSession,
  files: readonly string[],
  targets: InsertTargets,
  record: (rows: ReadonlyMap<string, LoadedRows>) => Promise<void>,
): Promise<ReadonlyMap<string, LoadedRows> | undefined> {
  try {
    return await session.withTemporaryTable(async (lines) => {
      await session.run(`create temporary table ${lines} as ${textLines(files)}`, 'check segments');
      const rows = await countedLines(session, lines, files);
      if (!rows) return undefined;
      return session.transaction(async () => {
        await insertRows(session, lines, files, targets, rows);
        await record(rows);
        return rows;
      });
    });
  } catch (error) {
    // The engine could not read them so: the careful way finds the line.
    if (error instanceof NotAsWritten || isReadError(error)) return undefined;
    throw error;
  }
}

const READ = 'read segments';
const isReadError = (error: unknown) => error instanceof WarehouseError && (error.label === READ || error.label === 'check segments');

/** What a line of text may not hold: a control character, and the contract's lines hold none. */
const NO_CHARACTER = '\x01';

const begins = (kind: LineKind) => `starts_with(line, ${literal(`{"${kind}":{`)})`;

/** Each line with its kind and whether it is to be read with care; events without their text: they are read from the file. */
function textLines(files: readonly string[]): string {
  return `with lines as (
  select filename, line
  from read_csv(${fileList(files)}, columns = {'line': 'VARCHAR'}, delim = '${NO_CHARACTER}', quote = '', escape = '', header = false, auto_detect = false, filename = true)
)
select
  filename,
  case when ${begins('event')} then 'event' when ${begins('delivery')} then 'delivery' when ${begins('failed')} then 'failed' end as kind,
  case when ${begins('event')} then ${isDoubtful('line')} else false end as is_doubtful,
  case when not ${begins('event')} then line end as line
from lines
where line is not null`;
}

/** How the text of a value of another kind begins behind its name, by the type of the column. */
const OTHER_VALUES: Readonly<Record<ColumnType, string>> = {
  STRING: '[^"n]',
  JSON: '[^"n]',
  INT64: '(?:[^-0-9n]|-?[0-9]*[.eE]|-?[0-9]{19})',
  FLOAT64: '[^-0-9n]',
  BOOL: '[^tf]',
  TIMESTAMP: '(?:[^"n]|"[^"]*[^Z"]"|"")',
  DATE: '[^"n]',
  STRUCT: String.raw`[^\[]`,
};

/**
 * Whether the text of an event may hold a value that reading would convert, or more than an event. A quote inside of a text
 * is escaped in JSON, so that `"name":` can only be a name; names that are themselves written with escapes, spaces before a
 * colon and a second member behind the event's are never written by the edge, and are looked at with care.
 */
function isDoubtful(line: string): string {
  const byType = Map.groupBy(
    EVENT_COLUMNS.filter(({ name }) => name !== 'event'),
    ({ type }) => OTHER_VALUES[type],
  );
  const members = EVENT_COLUMNS.flatMap(({ fields = [] }) => fields.map(({ name }) => name));
  const values = [
    ...[...byType].map(([other, columns]) => `(?:${columns.map(({ name }) => name).join('|')})":${other}`),
    `(?:${members.join('|')})":[^"]`,
    String.raw`[ \t\r]+:`,
  ];
  const patterns = [
    `"(?:${values.join('|')})`,
    // The member of the line has the name of this column.
    String.raw`,"event":[^"n]|^\{"event":\{"event":[^"n]`,
  ];
  return [
    ...patterns.map((pattern) => `regexp_matches(${line}, ${literal(pattern)})`),
    `contains(${line}, '},"')`,
    `contains(${line}, '\\u00')`,
  ].join(' or ');
}

/** How many rows of each kind the files hold; undefined where a line is to be read with care. */
async function countedLines(session: DuckDbSession, lines: string, files: readonly string[]): Promise<Map<string, LoadedRows> | undefined> {
  const counts = await session.read<{ filename: string; delivery: number; event: number; failed: number; doubtful: number }>(
    `select
       filename,
       ${Object.keys(LINE_KINDS)
         .map((kind) => `count(*) filter (where kind = '${kind}') as ${kind}`)
         .join(', ')},
       count(*) filter (where is_doubtful or kind is null) as doubtful
     from ${lines}
     group by filename`,
    'count lines',
  );
  if (counts.some(({ doubtful }) => doubtful > 0)) return undefined;
  const byFile = new Map(counts.map(({ filename, delivery, event, failed }) => [filename, { delivery, event, failed }]));
  return new Map(files.map((file) => [file, byFile.get(file) ?? { delivery: 0, event: 0, failed: 0 }]));
}

async function insertRows(
  session: DuckDbSession,
  lines: string,
  files: readonly string[],
  targets: InsertTargets,
  rows: ReadonlyMap<string, LoadedRows>,
): Promise<void> {
  const expected = (kind: LineKind) => [...rows.values()].reduce((sum, counts) => sum + counts[kind], 0);
  const loadedEvents = await insertUnordered(session, `insert into ${targets.event} ${wholeEvents(files)}`, READ);
  if (loadedEvents !== expected('event')) throw new NotAsWritten();
  for (const kind of ['delivery', 'failed'] as const) {
    if (expected(kind) === 0) continue;
    const source = `select 0 as line, cast(line as json) as json from ${lines} where kind = '${kind}'`;
    const inserted = await insertUnordered(
      session,
      `insert into ${targets[kind]} select unnest(content.${kind}) from (${checkedLines(source)}) where problem is null`,
      READ,
    );
    if (inserted !== expected(kind)) throw new NotAsWritten();
  }
}

/** The events of the files; one that lacks what it must have is left out, and so is missed by their number. */
function wholeEvents(files: readonly string[]): string {
  const members = EVENT_COLUMNS.map((column) => `${identifier(column.name)} ${travels(column)}`);
  const values = EVENT_COLUMNS.map(({ name }) => `event.${identifier(name)}`);
  const complete = EVENT_COLUMNS.filter(({ mode }) => mode !== 'nullable').map(isComplete);
  return `select ${values.join(', ')}
from read_json(${fileList(files)}, format = 'newline_delimited', columns = {event: ${literal(`STRUCT(${members.join(', ')})`)}})
where event is not null and ${complete.join(' and ')}`;
}

/** JSON columns travel as text. */
const travels = (column: Column) => (column.type === 'JSON' ? 'VARCHAR' : columnType(column));

function isComplete({ name, mode, fields = [] }: Column): string {
  const value = `event.${identifier(name)}`;
  if (mode !== 'repeated') return `${value} is not null`;
  const lacking = ['element is null', ...fields.map((field) => `element.${identifier(field.name)} is null`)].join(' or ');
  return `${value} is not null and case when len(${value}) = 0 then true else len(list_filter(${value}, lambda element: ${lacking})) = 0 end`;
}

function fileList(files: readonly string[]): string {
  return `[${files.map(literal).join(', ')}]`;
}
