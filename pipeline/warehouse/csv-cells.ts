import { existsSync } from 'node:fs';
import type { Column } from '../../edge/contract/columns.ts';
import { nearest } from '../config/suggest.ts';
import { UserError } from '../config/user-error.ts';
import { readHeader } from './csv-outline.ts';
import { didYouMean } from './source-columns.ts';
import { TEXT_EXAMPLES } from './text-grammars.ts';
import type { TableDefinition } from './warehouse.ts';

/**
 * The header of a CSV file, which names exactly the table's columns, in any order. Unknown columns are
 * errors, or, where they are ignored, get names that no table has.
 * @throws UserError naming the file and the column, with the nearest valid name.
 */
export async function checkedHeader(target: TableDefinition, file: string, options: { ignoreUnknown?: boolean } = {}): Promise<string[]> {
  if (!existsSync(file)) throw new UserError(`there is no file ${file}`);
  const header = await readHeader(file);
  const names = target.columns.map((column) => column.name);
  if (header.length === 0) throw new UserError(`${file} is empty: expected a header with the columns ${names.join(', ')}`);
  for (const [i, name] of header.entries()) {
    if (!names.includes(name)) {
      if (options.ignoreUnknown && !isMisspelt(name, names, header)) continue;
      throw new UserError(`${file}:1: unknown column "${name}"${didYouMean(name, names) || `; expected ${names.join(', ')}`}`);
    }
    if (header.indexOf(name) !== i) throw new UserError(`${file}:1: the column "${name}" stands there twice`);
  }
  for (const name of names) {
    if (!header.includes(name)) throw new UserError(`${file}:1: the column "${name}" is missing; the header has ${header.join(', ')}`);
  }
  return header.map((name, i) => (names.includes(name) ? name : `_ignored_${i + 1}`));
}

/** The columns of a file that its table does not have, and that are no other spelling of one that it has. */
export async function unknownColumns(target: TableDefinition, file: string): Promise<string[]> {
  const names = target.columns.map((column) => column.name);
  return (await readHeader(file)).filter((name) => !names.includes(name));
}

function isMisspelt(name: string, names: readonly string[], header: readonly string[]): boolean {
  const missing = names.filter((one) => !header.includes(one));
  return nearest(name, missing) !== undefined;
}

/** The error for a cell that its column cannot take; `null` is an empty cell where a value is required. */
export function badCell(file: string, line: number, column: Column, cell: string | null): UserError {
  const found = cell === null ? 'is empty' : `is ${JSON.stringify(cell)}`;
  return new UserError(`${file}:${line}: column "${column.name}" ${found}; expected ${column.type}: ${example(column)}`);
}

function example(column: Column): string {
  if (column.type === 'STRING') return 'a text';
  if (column.type === 'JSON' || column.type === 'STRUCT') return 'JSON such as {"plan":"team"}';
  return TEXT_EXAMPLES[column.type];
}
