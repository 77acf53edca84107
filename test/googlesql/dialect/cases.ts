import type { Dialect } from '../../../pipeline/warehouse/dialect.ts';
import { type Sql, arrayParam, param, sql } from '../../../pipeline/warehouse/sql.ts';
import type { Value } from '../../../pipeline/warehouse/warehouse.ts';

/** A result that is no value: the engine refuses. */
export const FAILS = Symbol('fails');

/** What an expression of one function shall be, the same on both engines. */
export type Case = readonly [says: string, of: (dialect: Dialect) => Sql, expected: Value | typeof FAILS];

/** The functions of the dialect. */
export type FunctionName = Exclude<keyof Dialect, 'name'>;

export const text = (value: string | null): Sql => sql`${param(value, 'STRING')}`;
export const integer = (value: number | bigint | null): Sql => sql`${param(value, 'INT64')}`;
export const float = (value: number | null): Sql => sql`${param(value, 'FLOAT64')}`;
export const bool = (value: boolean | null): Sql => sql`${param(value, 'BOOL')}`;
export const time = (value: string | null): Sql => sql`${param(value, 'TIMESTAMP')}`;
export const date = (value: string | null): Sql => sql`${param(value, 'DATE')}`;
export const texts = (...values: readonly string[]): Sql => sql`${arrayParam(values, 'STRING')}`;

/** An integer too great for a number of JavaScript comes back as text. */
export const exact = (value: (dialect: Dialect) => Sql) => (dialect: Dialect) => dialect.castText(value(dialect));

/** Tables of one shape: what the input is, and what becomes of it. */
export function table<Input>(
  of: (dialect: Dialect, input: Input) => Sql,
  rows: readonly (readonly [says: string, input: Input, expected: Value | typeof FAILS])[],
): Case[] {
  return rows.map(([says, input, expected]) => [says, (dialect) => of(dialect, input), expected]);
}
