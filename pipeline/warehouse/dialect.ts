import type { ColumnType } from '../../edge/contract/columns.ts';
import type { ParamValue, Sql } from './sql.ts';

export type TimeUnit = 'MICROSECOND' | 'SECOND' | 'MINUTE' | 'HOUR' | 'DAY';

/**
 * What differs between GoogleSQL and DuckDB, by word or silently by meaning. A model writes everything else as plain
 * SQL that parses and means the same on both, and these through the dialect only.
 * Every function returns NULL where an argument is NULL unless it says otherwise.
 */
export interface Dialect {
  readonly name: 'duckdb' | 'bigquery';

  /** A column's name, quoted: for names that come from a config and may be reserved words. */
  identifier(name: string): Sql;

  /** SHA-256 of the UTF-8 bytes, as 64 lower-case hex digits. */
  sha256Hex(text: Sql): Sql;
  /** `normalizeEmail` of the contract, then SHA-256; NULL for an empty address. */
  emailHash(address: Sql): Sql;
  /** Without Unicode's white space at both ends. */
  trim(text: Sql): Sql;
  /** Small letters, character by character (Unicode's simple mapping: İ becomes i, Σ is σ wherever it stands). */
  lower(text: Sql): Sql;
  /** The letters a to z as capitals, all else as it is: for codes such as currencies. */
  upperAscii(text: Sql): Sql;
  /** All parts joined; NULL if any part is NULL. */
  concat(...parts: readonly Sql[]): Sql;
  /** The first capture group of the first match, NULL without a match. RE2 syntax; exactly one group. */
  regexpExtract(text: Sql, pattern: string): Sql;
  /** That group of every match, as an array in order; matches do not overlap. Of NULL an array without elements, or NULL. */
  regexpExtractAll(text: Sql, pattern: string): Sql;
  regexpContains(text: Sql, pattern: string): Sql;
  regexpReplace(text: Sql, pattern: string, replacement: string): Sql;

  /**
   * The scalar at a path such as `$.order_id`, as text without quotes; NULL for objects, arrays, JSON null and absence.
   * Of members of one name it is the first.
   */
  jsonText(json: Sql, path: string): Sql;
  /** The elements of the array at a path, each as JSON, in order; an array without elements, or NULL, where there is no array. */
  jsonElements(json: Sql, path: string): Sql;
  /**
   * A JSON text parsed into a value of the JSON type; NULL where it does not parse. A number beyond FLOAT64 (1e309) parses
   * on DuckDB only.
   */
  parseJson(text: Sql): Sql;

  /** The text of a STRING, INT64, BOOL, DATE or FLOAT64 below 1e15. A TIMESTAMP has none of its own: take {@link Dialect.unixMicros}. */
  castText(value: Sql): Sql;
  /** Text to INT64 / FLOAT64 / TIMESTAMP / DATE, NULL where it does not parse. */
  safeCast(text: Sql, type: 'INT64' | 'FLOAT64' | 'TIMESTAMP' | 'DATE' | 'BOOL'): Sql;
  /** A monetary FLOAT64 as INT64 micros, rounded half away from zero. */
  micros(value: Sql): Sql;
  /** INT64 division that truncates towards zero; NULL by zero. */
  intDiv(numerator: Sql, denominator: Sql): Sql;
  /** Least / greatest of the arguments; NULL if any is NULL. */
  least(...values: readonly Sql[]): Sql;
  greatest(...values: readonly Sql[]): Sql;

  /** NULL where the result is not of the years 1 to 9999. */
  timestampAdd(timestamp: Sql, amount: Sql, unit: TimeUnit): Sql;
  /** `later − earlier` in whole units, truncated towards zero. */
  timestampDiff(later: Sql, earlier: Sql, unit: TimeUnit): Sql;
  unixMicros(timestamp: Sql): Sql;
  /**
   * The calendar date of an instant in an IANA time zone. The first and the last day there is, with which systems say
   * "unknown" and "for ever", are those of UTC: in some zones they would lie beyond the years 1 to 9999.
   */
  localDate(timestamp: Sql, timeZone: string): Sql;
  /**
   * The last microsecond of a calendar date in an IANA time zone: what a date-only CRM value stands for. 9999-12-31 ends
   * with the last instant there is.
   */
  endOfLocalDay(date: Sql, timeZone: string): Sql;
  dateTrunc(date: Sql, unit: 'WEEK' | 'MONTH' | 'QUARTER' | 'YEAR'): Sql;
  /** NULL where the result is not of the years 1 to 9999. */
  dateAdd(date: Sql, days: Sql): Sql;

  /** A STRUCT of the given members, in their order. */
  struct(members: Readonly<Record<string, Sql>>): Sql;
  /** Whether an array (a column or `arrayParam`, without NULLs) holds the value; NULL for a NULL value. */
  isIn(value: Sql, array: Sql): Sql;
  /** A FROM item with one row per element of an array; members of a struct element are `alias.member`. Follows a comma (cross join). */
  unnest(array: Sql, alias: string): Sql;
  /**
   * A query of `columns` of a FROM item (without an alias of its own) and, as `alias`, of the elements of its array column,
   * one row each: what a cross join with {@link unnest} gives, for whole tables, where DuckDB would first group by the arrays.
   */
  unnestColumn(source: Sql, columns: readonly string[], array: string, alias: string): Sql;
  /** Aggregate: the value of the row that comes first in `orderBy` (which names NULLS FIRST/LAST); NULL values count. */
  firstValue(value: Sql, orderBy: Sql): Sql;
  /** Aggregate: an array of the values in order; empty, never NULL, where there is none. NULL values are left out. */
  arrayAgg(value: Sql, orderBy: Sql): Sql;
  /** An inline table of typed constants: a FROM item `(…) alias` with the given columns. */
  values(alias: string, columns: Readonly<Record<string, ColumnType>>, rows: readonly (readonly ParamValue[])[]): Sql;
  /**
   * A value as JSON text without white space. Texts, booleans, dates, integers up to 2^53, arrays and structs of them read
   * the same on both engines; JSON keeps the order of members it was written in on DuckDB, and has a canonical one on BigQuery.
   */
  jsonString(value: Sql): Sql;
  /**
   * A whole number by which values of any type, or rows by the alias of their table, are told apart fast: equal for equal ones,
   * else another one but for chance. It is the engine's own, also of NULL, and may be another one in its next version.
   */
  fingerprint(value: Sql): Sql;
  /** Whether two values of a column's type differ; NULLs are equal to each other. Arrays, structs and JSON by content (in DuckDB the order of JSON members counts). */
  differs(left: Sql, right: Sql, type: ColumnType, repeated: boolean): Sql;
}
