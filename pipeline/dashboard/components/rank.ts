import { html, type Html, NOTHING } from '../html.ts';

const UP = 'M4 1L8 7H0Z';
const DOWN = 'M4 7L0 1H8Z';

/** A place among the rows of a stage, marked where it is better or worse than at the stage before. */
export function rank(place: number | null, before: number | null): Html {
  if (place === null) return NOTHING;
  if (before === null || before === place) return html`<span class="rank" title="Place ${place} at this stage">${place}</span>`;
  const isRisen = place < before;
  return html`<span class="rank ${isRisen ? 'risen' : 'fallen'}" title="Place ${place} at this stage, ${before} at the stage before"
    >${place} <svg viewBox="0 0 8 8" aria-hidden="true"><path d="${isRisen ? UP : DOWN}"></path></svg
    ><span class="visually-hidden"> ${isRisen ? 'up' : 'down'} from ${before}</span></span
  >`;
}
