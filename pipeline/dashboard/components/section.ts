import { html, type Html, NOTHING } from '../html.ts';

export interface Section {
  readonly title: string;
  /** Where it stands as CSV. */
  readonly csv?: string;
  readonly body: Html;
}

/** A part of a page with its heading. */
export function section({ title, csv, body }: Section): Html {
  return html`<section class="panel">
    <div class="heading">
      <h2>${title}</h2>
      ${csv === undefined ? NOTHING : html`<a class="quiet no-print" href="${csv}" download>CSV</a>`}
    </div>
    ${body}
  </section>`;
}

/** What stands where there is nothing to show, and what to do next. */
export function emptyState(title: string, next: Html): Html {
  return html`<div class="empty">
    <h2>${title}</h2>
    <p>${next}</p>
  </div>`;
}

/** Which rows a long table leaves out. */
export function shownOf(shown: number, all: number): Html {
  return shown >= all ? NOTHING : html`<p class="note">${shown} of ${all.toLocaleString('en')} rows shown; the CSV has all.</p>`;
}
