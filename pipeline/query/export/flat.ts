import type { ReportResult } from '../result.ts';

/** A table of plain values, as files hold it. */
export interface FlatTable {
  readonly columns: readonly FlatColumn[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

export interface FlatColumn {
  readonly name: string;
  readonly type: 'STRING' | 'DATE' | 'INT64' | 'FLOAT64';
}

/**
 * A report as one table without its total: the dimensions, then every figure, with a comparison period each followed by
 * `KEY.comparison`. Names are those of the query schema.
 */
export function flatReport({ dimensions, columns, rows, meta }: ReportResult): FlatTable {
  const isCompared = meta.comparison_date_range !== undefined;
  return {
    columns: [
      ...dimensions.map(({ key }): FlatColumn => ({ name: key, type: key === 'date' ? 'DATE' : 'STRING' })),
      ...columns.flatMap(({ key, kind }): FlatColumn[] => {
        const type = kind === 'count' ? 'INT64' : 'FLOAT64';
        return [{ name: key, type }, ...(isCompared ? [{ name: `${key}.comparison`, type } as const] : [])];
      }),
    ],
    rows: rows.map((row) => [
      ...dimensions.map(({ key }) => row.dimensions[key] ?? null),
      ...columns.flatMap(({ key }) => [row.figures[key] ?? null, ...(isCompared ? [row.comparison?.[key] ?? null] : [])]),
    ]),
  };
}
