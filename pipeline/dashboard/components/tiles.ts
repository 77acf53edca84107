import { each, html, type Html, NOTHING } from '../html.ts';

/** One figure of an overview. */
export interface Tile {
  readonly label: string;
  /** As it is shown. */
  readonly value: string;
  /** Change against the comparison period. */
  readonly delta?: Html;
  readonly sparkline?: Html;
}

/** Figures at a glance, each with its change and its course. */
export function tiles(all: readonly Tile[]): Html {
  return html`<ul class="tiles">
    ${each(
      all,
      ({ label, value, delta = NOTHING, sparkline = NOTHING }) =>
        html`<li class="tile"><span class="label">${label}</span><span class="value">${value}</span>${delta}${sparkline}</li>`,
    )}
  </ul>`;
}

/** What stands below a figure in the place of a change: a share, a time. */
export const tileNote = (text: string): Pick<Tile, 'delta'> => ({ delta: html`<span class="delta">${text}</span>` });
