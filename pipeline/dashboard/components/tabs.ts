import { each, html, type Html, NOTHING } from '../html.ts';

/** One view of a page. */
export interface Tab {
  readonly label: string;
  readonly href: string;
  readonly isCurrent: boolean;
}

/** The views of a page, as links. */
export function tabs(label: string, all: readonly Tab[]): Html {
  return html`<nav class="tabs no-print" aria-label="${label}">
    <ul>
      ${each(all, (tab) => html`<li><a href="${tab.href}" ${tab.isCurrent ? html` aria-current="page"` : NOTHING}>${tab.label}</a></li>`)}
    </ul>
  </nav>`;
}
