import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { html, type Html, NOTHING } from '../html.ts';

const WIDTH = 160;
const HEIGHT = 32;

/** A small line without axes, for a tile that says its figure in words; decoration to those who cannot see it. */
export function sparkline(values: readonly (number | null)[]): Html {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return NOTHING;
  const x = scaleLinear([0, values.length - 1], [2, WIDTH - 2]);
  const y = scaleLinear([Math.min(0, ...known), Math.max(...known, Number.MIN_VALUE)], [HEIGHT - 3, 3]);
  const path = line<number | null>()
    .defined((value) => value !== null)
    .x((_, index) => x(index))
    .y((value) => y(value!));
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true" focusable="false">
    <path class="line s1" d="${path(values) ?? ''}" vector-effect="non-scaling-stroke"></path>
  </svg>`;
}
