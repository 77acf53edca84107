import type { Column } from '../../../edge/contract/columns.ts';
import { UserError } from '../../config/user-error.ts';
import { raw } from '../sql.ts';
import type { Change, TableDefinition } from '../warehouse.ts';
import { WarehouseError } from '../warehouse-error.ts';
import { badCell, checkedHeader } from '../csv-cells.ts';
import { lineOfRecord, outlineOf } from '../csv-outline.ts';
import { duckDbDialect } from './dialect.ts';
import { insertUnordered } from './insert.ts';
import { mergeStaged } from './merge.ts';
import type { DuckDbSession } from './session.ts';
import { columnType, identifier, literal } from './syntax.ts';
import { insertTarget } from './write.ts';

/** {@link Warehouse.loadCsv} on DuckDB: cells are staged as text, so that a bad one can be shown as it stands in the file. */
export async function loadCsv(
  session: DuckDbSession,
  target: TableDefinition,
  file: string,
  options: { label: string; ignoreUnknown?: boolean },
): Promise<Change> {
  const { label } = options;
  const header = await checkedHeader(target, file, options);
  return session.withTemporaryTable(async (cells) => {
    await stageCells(session, cells, header, file, label);
    await checkCells(session, cells, target, file, label);
    return session.withTemporaryTable(async (typed) => {
      const columns = target.columns.map((column) => `${convert(column)} as ${identifier(column.name)}`);
      await session.run(`create temporary table ${typed} as select ${columns.join(', ')} from ${cells}`, `${label}: convert`, () => 0);
      if (target.key.length === 0) return replaceAll(session, target, typed, label);
      return mergeStaged(session, target, typed, { deleteUnmatched: true, label: `${label} from ${file}` });
    });
  });
}

async function replaceAll(session: DuckDbSession, target: TableDefinition, staged: string, label: string): Promise<Change> {
  return session.transaction(async () => {
    const deleted = await session.run(`delete from ${identifier(target.name)}`, `${label}: delete`);
    const inserted = await insertUnordered(session, `insert into ${insertTarget(target)} from ${staged}`, label);
    return { inserted, updated: 0, deleted: deleted.rowsChanged };
  });
}

async function stageCells(session: DuckDbSession, cells: string, header: readonly string[], file: string, label: string): Promise<void> {
  const outline = await outlineOf(file);
  const options = {
    columns: `{${header.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ')}}`,
    header: 'true',
    auto_detect: 'false',
    delim: literal(','),
    quote: literal('"'),
    escape: literal('"'),
    new_line: outline.lineEnd === '\n' ? literal('\\n') : literal('\\r\\n'),
    nullstr: literal(''),
    max_line_size: '16777216',
    // In one thread, so that the row number is the number of the record in the file.
    parallel: 'false',
  };
  const read = `read_csv(${literal(file)}, ${Object.entries(options)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')})`;
  try {
    await session.run(`create temporary table ${cells} as select row_number() over () as record, * from ${read}`, label, () => 0);
  } catch (error) {
    if (!(error instanceof WarehouseError)) throw error;
    const line = /CSV Error on Line: (\d+)/.exec(error.message);
    const words = /^Invalid unicode.*$/m.exec(error.message);
    throw new UserError(`${file}${line ? `:${line[1]}` : ''}: ${words ? words[0].trim() : error.message}`, { cause: error });
  }
  const [count] = await session.read<{ rows: number }>(`select count(*) as rows from ${cells}`, label);
  if (count!.rows !== outline.records) {
    throw new UserError(`${file}: the file has ${outline.records} records, but the engine read ${count!.rows}; nothing was changed`);
  }
}

/** Finds the first cell, in reading order, that its column cannot take. */
async function checkCells(session: DuckDbSession, cells: string, target: TableDefinition, file: string, label: string): Promise<void> {
  const problems = target.columns.map((column, i) => {
    const name = identifier(column.name);
    const required = column.mode === 'required' || target.key.includes(column.name);
    const unfit = `${name} is not null and ${convert(column)} is null`;
    return `select record, ${i} as position, ${literal(column.name)} as name, ${name} as cell from ${cells} where ${required ? `${name} is null or (${unfit})` : unfit}`;
  });
  const [first] = await session.read<{ record: number; position: number; name: string; cell: string | null }>(
    `select * from (${problems.join('\nunion all\n')}) order by record, position limit 1`,
    label,
  );
  if (!first) return;
  throw badCell(file, await lineOfRecord(file, first.record), target.columns[first.position]!, first.cell);
}

function convert(column: Column): string {
  const cell = raw(identifier(column.name));
  if (column.type === 'STRING') return identifier(column.name);
  if (column.type === 'JSON') return textOf(duckDbDialect.parseJson(cell));
  if (column.type !== 'STRUCT') return textOf(duckDbDialect.safeCast(cell, column.type));
  throw new Error(`column "${column.name}" is a ${columnType(column)}: a CSV file cannot hold it`);
}

/** The dialect's expressions over plain names have no parameters. */
function textOf(expression: { readonly parts: readonly unknown[] }): string {
  return expression.parts.join('');
}
