import { UserError } from '../config/user-error.ts';
import { dayOf, partitionColumn, standsIn } from './days.ts';
import type { Dialect } from './dialect.ts';
import { type Sql, join, raw, sql } from './sql.ts';
import type { TableDefinition, Warehouse } from './warehouse.ts';

type Reader = Pick<Warehouse, 'rows' | 'dialect'>;

/**
 * Refuses staged rows that cannot be told apart by the table's key.
 * @throws UserError naming the key and how often it stands there.
 */
export async function checkKeys(warehouse: Reader, staged: Sql, target: TableDefinition, label: string): Promise<void> {
  const identifier = (name: string) => warehouse.dialect.identifier(name);
  const keys = join(target.key.map(identifier));
  const aliases = target.key.map((name) => raw(`key_${name}`));
  const shown = join(target.key.map((name) => shownKey(warehouse.dialect, name)));
  const anyNull = join(
    target.key.map((name) => sql`${identifier(name)} is null`),
    ' or ',
  );
  const incomplete = await warehouse.rows<Record<string, string | null>>(
    sql`select ${shown} from ${staged} where ${anyNull} order by ${join(aliases.map((alias) => sql`${alias} nulls first`))} limit 1`,
    label,
  );
  if (incomplete[0]) throw noCompleteKey(label, describeKey(incomplete[0]));
  const repeated = await warehouse.rows<{ copies: number } & Record<string, string | number>>(
    sql`select count(*) as copies, ${shown} from ${staged} group by ${keys} having count(*) > 1 order by ${join(aliases.map((alias) => sql`${alias} nulls first`))} limit 1`,
    label,
  );
  if (repeated[0]) {
    const { copies, ...key } = repeated[0];
    throw new UserError(`${label}: ${copies} rows have the same key ${describeKey(key)}; a key stands for one row`);
  }
}

/**
 * Refuses staged rows outside of the days that a write is said to touch.
 * @throws UserError naming the first such day.
 */
export async function checkDays(
  warehouse: Reader,
  staged: Sql,
  target: TableDefinition,
  days: readonly string[],
  label: string,
): Promise<void> {
  const column = warehouse.dialect.identifier(partitionColumn(target).name);
  const [outside] = await warehouse.rows<{ outside_day: string | null }>(
    sql`select ${dayOf(target, column)} as outside_day from ${staged}
where ${column} is null or not ${standsIn(warehouse.dialect, target, column, days)} order by outside_day nulls first limit 1`,
    label,
  );
  if (outside) throw outsideDays(label, outside.outside_day);
}

/** The refusal of a row that stands in none of the days. */
export function outsideDays(label: string, day: string | null): UserError {
  return new UserError(`${label}: the source has a row of ${day ?? 'no day'}, which is none of the days to write`);
}

/** The refusal of a row whose key has a NULL. @param key how it is shown: `(site = "a", number = NULL)`. */
export function noCompleteKey(label: string, key: string, options: { cause?: unknown } = {}): UserError {
  return new UserError(`${label}: a row has no complete key: ${key}; every column of the key needs a value`, options);
}

function shownKey(dialect: Dialect, name: string): Sql {
  return sql`${dialect.castText(dialect.identifier(name))} as ${raw(`key_${name}`)}`;
}

function describeKey(key: Readonly<Record<string, string | number | null>>): string {
  const parts = Object.entries(key).map(
    ([name, value]) => `${name.slice('key_'.length)} = ${value === null ? 'NULL' : JSON.stringify(value)}`,
  );
  return `(${parts.join(', ')})`;
}
