import type { ReportResult } from '../result.ts';

/** A table of plain values, as files hold it. */
export interface FlatTable {
  readonly columns: readonly FlatColumn[];
  readonly rows: readonly (readonly FlatValue[])[];
}

export interface FlatColumn {
  readonly name: string;
  readonly type: FlatType;
}

/** DATE as YYYY-MM-DD, TIMESTAMP as ISO in UTC. */
export type FlatType = 'STRING' | 'DATE' | 'TIMESTAMP' | 'INT64' | 'FLOAT64' | 'BOOL';
export type FlatValue = string | number | boolean | null;

/** A table of rows that have a member for each column. @param types of the members that are columns, in their order. */
export function flatRows<Row extends object>(
  types: Readonly<Partial<Record<keyof Row & string, FlatType>>>,
  rows: readonly Row[],
): FlatTable {
  const names = Object.keys(types) as (keyof Row & string)[];
  return {
    columns: names.map((name) => ({ name, type: types[name]! })),
    rows: rows.map((row) => names.map((name) => (row[name] ?? null) as FlatValue)),
  };
}

/** A column of a dimension of reports: text, but for the date. */
export const dimensionColumnOf = (name: string): FlatColumn => ({ name, type: name === 'date' ? 'DATE' : 'STRING' });

/** Columns of figures; where two periods are compared each is followed by the other period's, `NAME.comparison`. */
export function comparedColumns(columns: readonly FlatColumn[], isCompared: boolean): FlatColumn[] {
  return columns.flatMap(({ name, type }) => (isCompared ? [{ name, type }, comparisonColumn({ name, type })] : [{ name, type }]));
}

const comparisonColumn = ({ name, type }: FlatColumn): FlatColumn => ({ name: `${name}.comparison`, type });

/**
 * A report as one table without its total: the dimensions, then every figure, with a comparison period each followed by
 * `KEY.comparison`. Names are those of the query schema.
 */
export function flatReport({ dimensions, columns, rows, meta }: ReportResult): FlatTable {
  const isCompared = meta.comparison_date_range !== undefined;
  const figures = columns.map(({ key, kind }): FlatColumn => ({ name: key, type: kind === 'count' ? 'INT64' : 'FLOAT64' }));
  return {
    columns: [...dimensions.map(({ key }) => dimensionColumnOf(key)), ...comparedColumns(figures, isCompared)],
    rows: rows.map((row) => [
      ...dimensions.map(({ key }) => row.dimensions[key] ?? null),
      ...columns.flatMap(({ key }) => [row.figures[key] ?? null, ...(isCompared ? [row.comparison?.[key] ?? null] : [])]),
    ]),
  };
}
