import type { PublishedConfig } from '../../models/reports/publication.ts';
import { COMPARISONS, PRESETS } from '../../query/period.ts';
import { each, html, type Html, NOTHING, textOf } from '../html.ts';
import { address, type ViewState } from '../state.ts';

/** Which choices a page offers. The period is everywhere. */
export interface FilterForm {
  readonly path: string;
  readonly params: URLSearchParams;
  readonly state: ViewState;
  readonly config: PublishedConfig;
  /** What a model is called. */
  readonly modelLabel: (name: string) => string;
  /** `many`: side by side. */
  readonly conversions?: 'one' | 'many';
  readonly models?: 'one' | 'many';
  readonly basis?: boolean;
  /** `false`: the page compares with no other period. */
  readonly comparison?: boolean;
  /** Further fields of the page. */
  readonly more?: Html;
  /** Fields that are seldom needed: they stand folded below the others. */
  readonly details?: Html;
}

/** Names of the fields that the form itself has: all other parameters go on as hidden fields. */
const OWN = ['from', 'to', 'period', 'conversion', 'model', 'basis', 'page', 'format'];

/** The period as links, and a plain form for all else: it works without a script, and the address says what is shown. */
export function filterForm(form: FilterForm): Html {
  const {
    path,
    params,
    state,
    config,
    modelLabel,
    conversions,
    models,
    basis,
    comparison = true,
    more = NOTHING,
    details = NOTHING,
  } = form;
  const named = new Set([...fieldNames(more), ...fieldNames(details), ...(comparison ? ['compare'] : []), ...OWN]);
  const hidden = [...params].filter(([name]) => !named.has(name));
  return html`<div class="panel no-print">
    <ul class="presets" aria-label="Period">
      ${each(
        Object.entries(PRESETS),
        ([name, label]) =>
          html`<li>
            <a
              href="${address(path, params, { period: name, from: null, to: null, page: null })}"
              ${state.preset === name ? html` aria-current="true"` : NOTHING}
              >${label}</a
            >
          </li>`,
      )}
    </ul>
    <form class="filters" method="get" action="${path}">
      ${each(hidden, ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
      ${state.preset === undefined ? NOTHING : html`<input type="hidden" name="period" value="${state.preset}" />`}
      <label>From<input type="date" name="from" value="${state.range.start_date}" /></label>
      <label>To<input type="date" name="to" value="${state.range.end_date}" /></label>
      ${
        comparison
          ? html`<label
              >Compared with<select name="compare">
                ${options(COMPARISONS, [state.comparison])}
              </select></label
            >`
          : NOTHING
      }
      ${
        basis
          ? html`<label
              >Dated by<select name="basis">
                ${options({ conversion_time: 'conversion', click_time: 'click' }, [state.basis])}
              </select></label
            >`
          : NOTHING
      }
      ${more}
      ${choice('Conversion', 'conversion', conversions, Object.fromEntries(config.conversions.map(({ name, label }) => [name, label])), state.conversions)}
      ${choice('Model', 'model', models, Object.fromEntries(config.models.map((name) => [name, modelLabel(name)])), state.models)}
      ${
        details === NOTHING
          ? NOTHING
          : html`<details class="more">
              <summary>Figures and filters</summary>
              <div>${details}</div>
            </details>`
      }
      <button type="submit">Show</button>
    </form>
  </div>`;
}

function options(labels: Readonly<Record<string, string>>, selected: readonly string[]): Html {
  return each(
    Object.entries(labels),
    ([name, label]) => html`<option value="${name}" ${selected.includes(name) ? html` selected` : NOTHING}>${label}</option>`,
  );
}

function choice(
  label: string,
  name: string,
  how: 'one' | 'many' | undefined,
  labels: Readonly<Record<string, string>>,
  selected: readonly string[],
): Html {
  if (how === undefined || Object.keys(labels).length === 0) return NOTHING;
  if (how === 'one')
    return html`<label
      >${label}<select name="${name}">
        ${options(labels, selected.slice(0, 1))}
      </select></label
    >`;
  return html`<div class="group" role="group" aria-labelledby="choice-${name}">
    <span id="choice-${name}">${label}s</span>
    <div>
      ${each(
        Object.entries(labels),
        ([value, text]) =>
          html`<label
            ><input type="checkbox" name="${name}" value="${value}" ${selected.includes(value) ? html` checked` : NOTHING} />${text}</label
          >`,
      )}
    </div>
  </div>`;
}

/** The names of the fields in a piece of a form. */
function fieldNames(fields: Html): string[] {
  return [...textOf(fields).matchAll(/\bname="([^"]+)"/g)].map((match) => match[1]!);
}
