import type { Column, ColumnType } from '../../edge/contract/columns.ts';
import { nearest } from '../config/suggest.ts';
import { UserError } from '../config/user-error.ts';
import type { TableDefinition } from './warehouse.ts';

/** What a query returns, as far as the engine can tell: an untyped NULL has no type. */
export interface SourceColumn {
  readonly name: string;
  readonly type: ColumnType | undefined;
  readonly repeated: boolean;
}

/**
 * Checks that the columns of a query fit a table: none unknown, none of another type, and those the table requires
 * present. Both engines check alike, so that what passes on the embedded one passes at scale.
 * @throws UserError naming the column and what was expected.
 */
export function checkSourceColumns(target: TableDefinition, source: readonly SourceColumn[], label: string): void {
  const names = target.columns.map((column) => column.name);
  const seen = new Set<string>();
  for (const column of source) {
    const expected = target.columns.find((candidate) => candidate.name === column.name);
    if (!expected) throw new UserError(`${label}: table ${target.name} has no column "${column.name}"${didYouMean(column.name, names)}`);
    if (seen.has(column.name)) throw new UserError(`${label}: the query returns the column "${column.name}" twice`);
    seen.add(column.name);
    if (!assignable(column, expected)) {
      throw new UserError(
        `${label}: column "${column.name}" of ${target.name} is ${typeName(expected)}, the query returns ${typeName(column)}`,
      );
    }
  }
  for (const column of target.columns) {
    if ((column.mode === 'required' || target.key.includes(column.name)) && !seen.has(column.name)) {
      throw new UserError(
        `${label}: the query returns no column "${column.name}", which ${target.name} requires${didYouMean(column.name, [...seen])}`,
      );
    }
  }
}

/** ` (did you mean "x"?)`, or nothing where no name is near. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const suggestion = nearest(name, candidates);
  return suggestion === undefined ? '' : `; did you mean "${suggestion}"?`;
}

/** Integers widen to FLOAT64; an integer column also passes for anything, because engines type a bare NULL as integer. */
function assignable(source: SourceColumn, target: Column): boolean {
  if (source.type === undefined || source.type === 'INT64') return true;
  return source.type === target.type && source.repeated === (target.mode === 'repeated');
}

function typeName(column: Column | SourceColumn): string {
  const repeated = 'repeated' in column ? column.repeated : column.mode === 'repeated';
  return repeated ? `ARRAY<${column.type ?? 'NULL'}>` : (column.type ?? 'NULL');
}
