import { html, type Html } from '../html.ts';

const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });

/** A share of a whole as text with a small bar beside it. Nothing of nothing has none. */
export function share(part: number, whole: number): Html {
  if (whole <= 0) return html``;
  const width = Math.max(0, Math.min(1, part / whole)) * 56;
  return html`${percent.format(part / whole)}<span class="share" aria-hidden="true"
      ><svg viewBox="0 0 56 7"><rect class="f1" width="${width}" height="7"></rect></svg
    ></span>`;
}

/** A bar of a funnel, as wide as its share of the widest; its number stands beside it in words. */
export function stepBar(part: number, widest: number, colour = 1): Html {
  const width = widest > 0 ? Math.max(0, Math.min(1, part / widest)) * 100 : 0;
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect width="100" height="10"></rect>
    <rect class="f${colour}" width="${width}" height="10"></rect>
  </svg>`;
}
