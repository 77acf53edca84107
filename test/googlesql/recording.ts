import type { Dialect } from '../../pipeline/warehouse/dialect.ts';
import type { Sql } from '../../pipeline/warehouse/sql.ts';
import type { Warehouse } from '../../pipeline/warehouse/warehouse.ts';
import { HOLE } from './plain-sql.ts';

/** Comments around what the dialect rendered, and around what it was given: they go with the text, whatever is made of it. */
const OPEN = '/*dialect{*/';
const CLOSE = '/*}dialect*/';
const GIVEN = '/*given{*/';
const TAKEN = '/*}given*/';

/** Methods of a warehouse that take SQL, and the places of it among their arguments. */
const WITH_SQL: Readonly<Record<string, readonly number[]>> = {
  rows: [0],
  batches: [0],
  integerBatches: [0],
  append: [1],
  merge: [1],
  delete: [1],
  replacePartitions: [2],
  dryRun: [0],
};

/** A warehouse that also keeps what its callers wrote in SQL, without what the dialect made of it. */
export function recording(warehouse: Warehouse): { warehouse: Warehouse; written: string[] } {
  const written: string[] = [];
  const dialect = marked(warehouse.dialect);
  const proxy = new Proxy(warehouse, {
    get(target, name) {
      if (name === 'dialect') return dialect;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        const places = WITH_SQL[String(name)] ?? [];
        const conditions = given.map((argument) => (argument as { deleteUnmatched?: unknown } | undefined)?.deleteUnmatched);
        for (const one of [...places.map((place) => given[place]), ...conditions]) if (isSql(one)) written.push(withoutDialect(one));
        return Reflect.apply(value, target, given) as unknown;
      };
    },
  });
  return { warehouse: proxy, written };
}

const isSql = (value: unknown): value is Sql => (value as Sql | undefined)?.kind === 'sql';

const between = (open: string, { parts }: Sql, close: string): Sql => ({ kind: 'sql', parts: [open, ...parts, close] });

function marked(dialect: Dialect): Dialect {
  const given = (argument: unknown): unknown => {
    if (isSql(argument)) return between(GIVEN, argument, TAKEN);
    // The members of a struct.
    const members = typeof argument === 'object' && argument !== null && !Array.isArray(argument) ? Object.entries(argument) : [];
    return members.some(([, member]) => isSql(member))
      ? Object.fromEntries(members.map(([name, member]) => [name, given(member)]))
      : argument;
  };
  return Object.fromEntries(
    Object.entries(dialect).map(([name, value]: [string, unknown]) =>
      typeof value === 'function'
        ? [name, (...args: unknown[]) => between(OPEN, Reflect.apply(value, dialect, args.map(given)) as Sql, CLOSE)]
        : [name, value],
    ),
  ) as unknown as Dialect;
}

/** The text of a statement with holes for parameters, tables and whatever the dialect rendered around what it was given. */
function withoutDialect({ parts }: Sql): string {
  const text = parts.map((part) => (typeof part === 'string' ? part : HOLE)).join('');
  const inside: boolean[] = [false];
  const kept: string[] = [];
  for (const piece of text.split(/(\/\*(?:dialect\{|\}dialect|given\{|\}given)\*\/)/)) {
    if (piece === OPEN) {
      kept.push(HOLE);
      inside.push(true);
    } else if (piece === GIVEN) {
      // Apart from each other: what stands beside it is the dialect's.
      kept.push(' ');
      inside.push(false);
    } else if (piece === CLOSE || piece === TAKEN) inside.pop();
    else if (!inside.at(-1)) kept.push(piece);
  }
  return kept.join('');
}
