import type { Figures, ReportResult, ResultColumn, ResultRow } from './result.ts';
import { unknownName } from './names.ts';
import { UserError } from '../config/user-error.ts';

/** Change from one figure to another as a fraction of the first: 0.25 is a quarter more. Null where either is not known, or the first is 0. */
export function relativeChange(from: number | null | undefined, to: number | null | undefined): number | null {
  if (from === null || from === undefined || to === null || to === undefined || from === 0) return null;
  return (to - from) / Math.abs(from);
}

/**
 * A result with, behind each column of a model, how far it lies from the same figure of another model: a column
 * `closed_won.linear.roas.vs.first_click`, a fraction of that one's figure.
 * @param base the model that the others are compared with.
 * @throws UserError (exit code 2) where the report does not show it.
 */
export function withDifferences(result: ReportResult, base: string): ReportResult {
  const models = [...new Set(result.columns.flatMap(({ model }) => model ?? []))];
  if (!models.includes(base)) throw new UserError(`the base model: ${unknownName('model of this report', base, models)}`, { exitCode: 2 });
  const pairs = result.columns.map((column): [ResultColumn, ResultColumn | undefined, string] => {
    const other = result.columns.find(
      ({ metric, projection, conversion, model }) =>
        metric === column.metric && projection === column.projection && conversion === column.conversion && model === base,
    );
    return [column, column.model === base ? undefined : other, `${column.key}.vs.${base}`];
  });
  const columns = pairs.flatMap(([column, other, key]): ResultColumn[] =>
    other ? [column, { ...column, key, label: '±', kind: 'change', compared_with: base }] : [column],
  );
  const added = (figures: Figures): Figures =>
    Object.fromEntries(
      pairs.flatMap(([column, other, key]) => {
        const figure = figures[column.key] ?? null;
        return [[column.key, figure] as const, ...(other ? [[key, relativeChange(figures[other.key], figure)] as const] : [])];
      }),
    );
  const inRow = <Part extends Omit<ResultRow, 'dimensions'>>(row: Part): Part => ({
    ...row,
    figures: added(row.figures),
    ...(row.comparison && { comparison: added(row.comparison) }),
  });
  return { ...result, columns, rows: result.rows.map(inRow), totals: inRow(result.totals) };
}
