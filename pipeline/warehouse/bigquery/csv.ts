import type { Column } from '../../../edge/contract/columns.ts';
import { UserError } from '../../config/user-error.ts';
import { badCell, checkedHeader } from '../csv-cells.ts';
import { lineOfCell, outlineOf } from '../csv-outline.ts';
import { type Sql, join, raw, sql, table } from '../sql.ts';
import type { TableDefinition, Warehouse } from '../warehouse.ts';
import type { LoadJob } from './api.ts';
import { bigQueryDialect } from './dialect.ts';
import { identifier, literal } from './syntax.ts';

/**
 * Loads a CSV file as text into a staging table and checks every cell.
 * @returns the query that gives the rows with their types.
 * @throws UserError naming the file, the line, the column and what was expected.
 */
export async function stageCsv(
  warehouse: Pick<Warehouse, 'rows'>,
  loadFile: (job: LoadJob) => Promise<number>,
  target: TableDefinition,
  file: string,
  cells: string,
  options: { ignoreUnknown?: boolean } = {},
): Promise<Sql> {
  const header = await checkedHeader(target, file, options);
  const { records } = await outlineOf(file);
  const loaded = await loadFile({
    table: cells,
    file,
    sourceFormat: 'CSV',
    writeDisposition: 'WRITE_EMPTY',
    fields: header.map((name) => ({ name, type: 'STRING', mode: 'NULLABLE' })),
    csv: { skipLeadingRows: 1, nullMarker: '' },
  });
  if (loaded !== records)
    throw new UserError(`${file}: the file has ${records} records, but the engine read ${loaded}; nothing was changed`);
  const [first] = await warehouse.rows<{ position: number; cell: string | null }>(firstBadCell(target, cells), `check ${file}`);
  if (first) {
    const column = target.columns[first.position]!;
    throw badCell(file, await lineOfCell(file, header.indexOf(column.name), first.cell), column, first.cell);
  }
  const columns = target.columns.map((column) => sql`${convert(column)} as ${raw(identifier(column.name))}`);
  return sql`select ${join(columns)} from ${table(cells)}`;
}

/** One cell that its column cannot take, of the first such column. */
export function firstBadCell(target: TableDefinition, cells: string): Sql {
  const problems = target.columns.map((column, i) => {
    const required = column.mode === 'required' || target.key.includes(column.name);
    const cell = text(column);
    const unfit = sql`${cell} is not null and ${convert(column)} is null`;
    const condition = required ? sql`${cell} is null or (${unfit})` : unfit;
    return sql`select ${raw(literal(i))} as position, ${cell} as cell from ${table(cells)} where ${condition}`;
  });
  return sql`select position, cell from (\n${join(problems, '\nunion all\n')}\n) order by position nulls first, cell nulls first limit 1`;
}

/** A quoted empty cell stays an empty text in BigQuery; in a CSV file it means the same as an unquoted one. */
function text(column: Column): Sql {
  return raw(`nullif(${identifier(column.name)}, '')`);
}

function convert(column: Column): Sql {
  if (column.type === 'STRING') return text(column);
  if (column.type === 'JSON') return bigQueryDialect.parseJson(text(column));
  if (column.type !== 'STRUCT') return bigQueryDialect.safeCast(text(column), column.type);
  throw new Error(`column "${column.name}" is a STRUCT: a CSV file cannot hold it`);
}
