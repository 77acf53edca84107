import { displayWidth, type Emphasis, pad, PLAIN, terminalText, truncate } from './text.ts';

export interface TableColumn {
  readonly header: string;
  readonly align: 'left' | 'right';
  /** Neighbouring columns of the same group share a heading above them. */
  readonly group?: string;
}

export interface TableOptions {
  readonly columns: readonly TableColumn[];
  /** Cells as they are to be read; controls are taken out here. */
  readonly rows: readonly (readonly string[])[];
  /** Rows below a second rule, for example the total. */
  readonly footer?: readonly (readonly string[])[];
  /** Width of the terminal. Columns of text are shortened to fit, numbers never. */
  readonly width: number;
  readonly emphasis?: Emphasis;
}

const GAP = '  ';
/** A shortened column keeps so much that it can still be read. */
const NARROWEST = 16;

/**
 * Renders a table: numbers at the right, a rule under the header, no lines between rows. Ends with a line feed.
 *
 * A table wider than the terminal has its words shortened, as far as they stay readable and different from each other;
 * where that is not enough it is folded: its columns follow in several blocks, each with the words that name the rows.
 */
export function renderTable({ columns, rows, footer = [], width, emphasis = PLAIN }: TableOptions): string {
  const cells = (line: readonly string[]) => columns.map((_, i) => terminalText(line[i] ?? ''));
  const body = rows.map(cells);
  const foot = footer.map(cells);
  const header = columns.map((column) => terminalText(column.header));
  const groups = groupsOf(columns);

  const widths = header.map((_, i) => Math.max(...[header, ...body, ...foot].map((line) => displayWidth(line[i]!))));
  for (const group of groups) widenToHeading(group, widths);
  shrinkText(columns, body, widths, width);

  const block = (shown: readonly number[]) => {
    const line = (values: readonly string[]) =>
      shown
        .map((i) => pad(truncate(values[i]!, widths[i]!), widths[i]!, columns[i]!.align))
        .join(GAP)
        .trimEnd();
    const rule = shown.map((i) => '─'.repeat(widths[i]!)).join(GAP);
    const headed = groups.filter((group) => shown.includes(group.first));
    const headings = headed.some((group) => group.heading) ? [emphasis.bold(headingLine(headed, widths))] : [];
    return [
      ...headings,
      emphasis.bold(line(header)),
      emphasis.dim(rule),
      ...body.map((row) => line(row)),
      ...(foot.length && body.length ? [emphasis.dim(rule)] : []),
      ...foot.map((row) => emphasis.bold(line(row))),
    ]
      .map((text) => text + '\n')
      .join('');
  };
  return foldedInto(width, columns, groups, widths).map(block).join('\n');
}

/** The columns of each block: all in one where they fit. Words at the left that name the rows stand in every block. */
function foldedInto(width: number, columns: readonly TableColumn[], groups: readonly Group[], widths: readonly number[]): number[][] {
  const all = columns.map((_, i) => i);
  const total = (shown: readonly number[]) => shown.reduce((sum, i) => sum + widths[i]!, 0) + GAP.length * (shown.length - 1);
  if (total(all) <= width) return [all];
  const firstFigure = columns.findIndex(({ align }) => align === 'right');
  const names = all.slice(0, Math.max(0, firstFigure));
  const units = groups
    .map(({ first, last }) => all.slice(first, last + 1).filter((i) => !names.includes(i)))
    .filter((unit) => unit.length > 0);
  const blocks: number[][] = [];
  for (const unit of units) {
    const current = blocks.at(-1);
    if (current && total([...current, ...unit]) <= width) current.push(...unit);
    else blocks.push([...names, ...unit]);
  }
  return blocks;
}

interface Group {
  readonly heading: string;
  readonly first: number;
  last: number;
}

function groupsOf(columns: readonly TableColumn[]): Group[] {
  const groups: Group[] = [];
  columns.forEach((column, i) => {
    const heading = terminalText(column.group ?? '');
    const previous = groups.at(-1);
    if (heading && previous?.heading === heading) previous.last = i;
    else groups.push({ heading, first: i, last: i });
  });
  return groups;
}

const spanOf = ({ first, last }: Group, widths: readonly number[]) =>
  widths.slice(first, last + 1).reduce((sum, size) => sum + size, 0) + GAP.length * (last - first);

/** A heading longer than its columns widens the first of them. */
function widenToHeading(group: Group, widths: number[]): void {
  widths[group.first]! += Math.max(0, displayWidth(group.heading) - spanOf(group, widths));
}

/**
 * Takes the missing width from the widest column of words, one character at a time, until the table fits or no column can
 * give: a column stays wide enough to be read and to tell its values from each other.
 */
function shrinkText(columns: readonly TableColumn[], body: readonly (readonly string[])[], widths: number[], width: number): void {
  const total = () => widths.reduce((sum, size) => sum + size, 0) + GAP.length * (widths.length - 1);
  const distinct = (i: number, size: number) => new Set(body.map((row) => truncate(row[i]!, size))).size;
  const different = columns.map((_, i) => new Set(body.map((row) => row[i]!)).size);
  const fixed = columns.map(({ align }) => align === 'right');
  while (total() > width) {
    let widest = -1;
    columns.forEach((_, i) => {
      if (!fixed[i] && widths[i]! > Math.max(NARROWEST, widest < 0 ? 0 : widths[widest]!)) widest = i;
    });
    if (widest < 0) return;
    if (distinct(widest, widths[widest]! - 1) < different[widest]!) fixed[widest] = true;
    else widths[widest]! -= 1;
  }
}

/** The headings, each centred over its columns between short lines: "── First click ──". */
function headingLine(groups: readonly Group[], widths: readonly number[]): string {
  return groups
    .map((group) => {
      const span = spanOf(group, widths);
      if (!group.heading) return ' '.repeat(span);
      const rest = Math.max(0, span - displayWidth(group.heading) - 2);
      if (rest < 2) return pad(group.heading, span, 'right');
      const left = Math.floor(rest / 2);
      return `${'─'.repeat(left)} ${group.heading} ${'─'.repeat(rest - left)}`;
    })
    .join(GAP)
    .trimEnd();
}
