import { each, html, type Html, NOTHING } from '../html.ts';

/** A column of a table. The first is the head of its rows. */
export interface TableColumn {
  readonly key: string;
  readonly label: string;
  /** Text is aligned left; figures, the default, right. */
  readonly text?: boolean;
  /** Whole sentences: the column takes what room there is. */
  readonly wide?: boolean;
  /** Where a click on the head leads: the same view in another order. */
  readonly href?: string;
  readonly sorted?: 'ascending' | 'descending';
  /** What the column means, in words. */
  readonly title?: string;
}

export interface TableGroup {
  readonly label: string | Html;
  /** How many columns it spans. */
  readonly span: number;
}

/** A cell: text, or markup; `filling` marks a figure that later days still change. */
export type TableCell = string | Html | { readonly content: string | Html; readonly filling?: boolean };

export interface Table {
  /** What it shows, for everybody. */
  readonly caption: string | Html;
  /** Heads above the columns, in their order. */
  readonly groups?: readonly TableGroup[];
  readonly columns: readonly TableColumn[];
  /** Cells in the order of the columns. */
  readonly rows: readonly (readonly TableCell[])[];
  readonly total?: readonly TableCell[];
}

const isCell = (cell: TableCell): cell is { content: string | Html; filling?: boolean } => typeof cell === 'object' && 'content' in cell;

/** A table that can be scrolled sideways where it is wide; every number of a chart stands in one as well. */
export function table({ caption, groups, columns, rows, total }: Table): Html {
  const begins = firstColumns(groups);
  const head = ({ label, text, wide, href, sorted, title }: TableColumn, index: number) =>
    html`<th
      scope="col"
      ${attribute('class', classes({ text: text || wide || index === 0, wide, begins: begins.has(index) }))}
      ${attribute('aria-sort', sorted)}
      ${attribute('title', title)}
    >
      ${
        href === undefined
          ? label
          : html`<a href="${href}"
              >${label}${sorted ? html`<span aria-hidden="true"> ${sorted === 'ascending' ? '↑' : '↓'}</span>` : NOTHING}</a
            >`
      }
    </th>`;
  const cells = (row: readonly TableCell[]) =>
    each(row, (cell, index) => {
      const content = isCell(cell) ? cell.content : cell;
      if (index === 0) return html`<th scope="row">${content}</th>`;
      const { text, wide } = columns[index] ?? {};
      const names = classes({ text: text || wide, wide, begins: begins.has(index), filling: isCell(cell) && cell.filling });
      return html`<td ${attribute('class', names)}>${content}</td>`;
    });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${plain(caption)}">
    <table>
      <caption>
        <span>${caption}</span>
      </caption>
      <thead>
        ${
          groups
            ? html`<tr class="groups">
                ${each(groups, ({ label, span }) => (label === '' ? html`<td colspan="${span}"></td>` : html`<th scope="colgroup" colspan="${span}">${label}</th>`))}
              </tr>`
            : NOTHING
        }
        <tr>
          ${each(columns, head)}
        </tr>
      </thead>
      <tbody>
        ${each(
          rows,
          (row) =>
            html`<tr>
              ${cells(row)}
            </tr>`,
        )}
      </tbody>
      ${
        total
          ? html`<tfoot>
              <tr>
                ${cells(total)}
              </tr>
            </tfoot>`
          : NOTHING
      }
    </table>
  </div>`;
}

/** Where groups with a head begin: a line parts them from what stands before. */
function firstColumns(groups: readonly TableGroup[] = []): Set<number> {
  let next = 0;
  return new Set(groups.flatMap(({ label, span }) => ((next += span), label === '' ? [] : [next - span])));
}

function classes(all: Readonly<Record<string, boolean | undefined>>): string | undefined {
  const names = Object.keys(all).filter((name) => all[name]);
  return names.length === 0 ? undefined : names.join(' ');
}

function attribute(name: string, value: string | undefined): Html {
  return value === undefined ? NOTHING : html`${name}="${value}"`;
}

const plain = (caption: string | Html): string => (typeof caption === 'string' ? caption : 'Table');
