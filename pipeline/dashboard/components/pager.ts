import { html, type Html, NOTHING } from '../html.ts';
import { address } from '../state.ts';

export interface Pager {
  readonly path: string;
  readonly params: URLSearchParams;
  /** From 1. */
  readonly page: number;
  readonly size: number;
  /** Rows on all pages. */
  readonly rows: number;
}

/** Which rows are shown, with the ways to those before and behind; nothing where all of them are. */
export function pager({ path, params, page, size, rows }: Pager): Html {
  if (page === 1 && rows <= size) return NOTHING;
  const first = (page - 1) * size + 1;
  const to = (other: number, label: string) =>
    html`<a href="${address(path, params, { page: other === 1 ? null : String(other) })}">${label}</a>`;
  return html`<nav class="pager no-print" aria-label="Pages of the table">
    ${page > 1 ? to(page - 1, '← Before') : NOTHING}
    <span
      >${first <= rows ? html`Rows ${number(first)} to ${number(Math.min(rows, page * size))} of ${number(rows)}` : html`No row: there are ${number(rows)}`}</span
    >
    ${page * size < rows ? to(page + 1, 'Next →') : NOTHING}
  </nav>`;
}

const number = (value: number): string => value.toLocaleString('en');
