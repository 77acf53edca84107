import { each, html, type Html, NOTHING } from '../html.ts';

/** What a reader must know to read the numbers rightly, below them. */
export function notes(all: readonly string[]): Html {
  return all.length === 0 ? NOTHING : html`<div class="note">${each(all, (note) => html`<p>${note}</p>`)}</div>`;
}
