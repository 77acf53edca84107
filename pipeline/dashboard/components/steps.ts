import { each, html, type Html, NOTHING } from '../html.ts';
import { stepBar } from './bars.ts';

/** One step of a funnel. */
export interface Step {
  readonly label: string;
  /** How many came, as it is written. */
  readonly count: string | Html;
  /** Width of the bar as a fraction; null: nobody knows, so there is none. */
  readonly part: number | null;
  /** The same of the period that it is compared with, drawn as a thinner bar. */
  readonly before?: number | null;
  /** Beside the count: the share that came, and how it changed. */
  readonly share?: string | Html;
  /** Below the bar: how many were lost, after how long, with what value. */
  readonly facts: readonly (string | Html)[];
}

/** A funnel as bars with absolute numbers; the numbers stand beside them as text. */
export function steps(label: string, all: readonly Step[]): Html {
  return html`<ol class="steps" aria-label="${label}">
    ${each(
      all,
      ({ label: name, count, part, before, share = NOTHING, facts }) =>
        html`<li>
          <div class="step-head">
            <span class="step-name">${name}</span><span class="step-count">${count}</span><span class="step-share">${share}</span>
          </div>
          <div class="step-bars">
            ${part === null ? NOTHING : stepBar(part, 1)}${before == null ? NOTHING : html`<div class="step-before">${stepBar(before, 1, 6)}</div>`}
          </div>
          ${facts.length === 0 ? NOTHING : html`<div class="step-facts">${each(facts, (fact) => html`<span>${fact}</span>`)}</div>`}
        </li>`,
    )}
  </ol>`;
}
