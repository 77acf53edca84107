import { didYouMean } from '../../config/problems.ts';
import { UserError } from '../../config/user-error.ts';
import { checkMapping, columnsRead, type Mapping, takesAll } from './mapping.ts';
import { targetNamed } from './targets.ts';

/** The columns of one file. */
export interface Header {
  readonly file: string;
  readonly columns: readonly string[];
}

/**
 * The mapping of CSV files that come without one: columns that are called as our fields are.
 * @throws UserError (exit code 2) where they do not tell enough, with the beginning of a mapping.
 */
export function mappingByName(headers: readonly Header[]): Mapping {
  const columns = [...new Set(headers.flatMap((header) => header.columns))];
  const named = columns.flatMap((column) => {
    const target = targetNamed(column);
    return target === undefined ? [] : [[target, column] as const];
  });
  const fields = Object.fromEntries(named.toReversed());
  if ('timestamp' in fields && ('anonymousId' in fields || 'userId' in fields)) return checkMapping({ fields }, 'the header');
  throw new UserError(
    `${headers[0]?.file ?? 'the file'}: the names of the columns do not tell what they hold: ${columns.join(', ') || 'there are none'}. ` +
      `Expected at least "timestamp" and "anonymous_id" or "user_id"; or say it with --mapping map.json, such as\n` +
      '  { "fields": { "timestamp": "…", "anonymousId": "…", "url": "…" } }, with the names of your columns',
    { exitCode: 2 },
  );
}

/**
 * Checks that the files have the columns that a mapping reads.
 * @throws UserError (exit code 2) naming each column that is missing, with the one that was probably meant.
 */
export function checkColumns(mapping: Mapping, headers: readonly Header[], name: string): void {
  const problems = headers.flatMap(({ file, columns }) =>
    Object.entries(mapping.fields)
      .filter(([, { from }]) => from && from.every((column) => column !== '*' && !columns.includes(column)))
      .map(([target, { from }]) => {
        const missing = from!.map((column) => `"${column}"`).join(' or ');
        return `  fields.${target}: ${file} has no column ${missing}; ${didYouMean(from![0]!, columns) ?? `it has ${columns.join(', ')}`}`;
      }),
  );
  if (problems.length === 0) return;
  throw new UserError(`${name} does not fit the files:\n${problems.slice(0, 20).join('\n')}`, { exitCode: 2 });
}

/** The columns that no rule reads. */
export function unmappedColumns(mapping: Mapping, columns: Iterable<string>): string[] {
  if (takesAll(mapping)) return [];
  const read = columnsRead(mapping);
  return [...columns].filter((column) => !read.some((name) => name === column || name.startsWith(`${column}.`)));
}
