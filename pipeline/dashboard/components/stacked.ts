import { html, type Html, textOf } from '../html.ts';

/** A figure of a table with what belongs to it in small below: its share, its change. Each group stands on a line of its own. */
export function stacked(figure: string | Html, ...groups: readonly (readonly Html[])[]): Html {
  const filled = groups.map((group) => group.filter((one) => textOf(one) !== '')).filter((group) => group.length > 0);
  return html`${figure}${filled.map((group) => html`<span class="below">${[...group]}</span>`)}`;
}
