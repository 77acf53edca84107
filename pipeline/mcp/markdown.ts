import { masked } from './mask.ts';

/** Most rows of a table in words: all of them are in the structured content. */
export const ROWS_IN_WORDS = 50;
const LONGEST_CELL = 300;

export interface Column {
  readonly label: string;
  /** Figures, the default, are aligned right. */
  readonly text?: boolean;
}

/** A table in Markdown, at most {@link ROWS_IN_WORDS} rows of it and the total. */
export function markdownTable(columns: readonly Column[], rows: readonly (readonly string[])[], total?: readonly string[]): string {
  return [
    line(columns.map(({ label }) => cell(label))),
    line(columns.map(({ text }) => (text ? '---' : '---:'))),
    ...rows.slice(0, ROWS_IN_WORDS).map((row) => line(row.map(cell))),
    ...(total ? [line(total.map((text) => (text === '' ? '' : `**${cell(text)}**`)))] : []),
  ].join('\n');
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/**
 * A text that cannot leave its cell: names of campaigns and pages come from whoever wrote the link. Addresses are masked before it is
 * cut: half of one would not be known for what it is.
 */
function cell(text: string): string {
  const plain = masked(text)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[\\|`*<[\]]/g, '\\$&');
  return plain.length > LONGEST_CELL ? `${plain.slice(0, LONGEST_CELL - 1)}…` : plain;
}

/** A text beside a table, on one line. */
export const inline = (text: string): string => cell(text);
