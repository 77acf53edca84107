import type { FigureKind, figureFormat } from '../../query/format.ts';

/** Writes a figure of a column. */
export type FigureWriter = (value: number | null) => string;

/** Amounts below this show their cents. */
const SMALL = 100;

/**
 * How the figures of one column are written, so that all of them have as many decimals: none where all are whole, and no cents
 * where all are large.
 */
export function columnWriter(
  figure: ReturnType<typeof figureFormat>,
  kind: FigureKind,
  values: readonly (number | null | undefined)[],
): FigureWriter {
  const known = values.filter((value) => value != null);
  const isWhole =
    kind === 'money'
      ? known.every((value) => value === 0 || Math.abs(value) >= SMALL)
      : known.every((value) => Math.abs(value - Math.round(value)) < 1e-9);
  return (value) => figure(value, kind, isWhole && kind !== 'ratio');
}
