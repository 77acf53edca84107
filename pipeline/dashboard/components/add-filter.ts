import { each, html, type Html } from '../html.ts';

/** How a filter compares, in words; its name is what stands between field and value in `filter=`. */
const OPERATORS: Readonly<Record<string, string>> = {
  '=': 'is',
  '~': 'contains',
  '=*': 'is set',
  '=-': 'is not set',
  '>=': 'is at least',
  '<=': 'is at most',
};
const [FIELD, OPERATOR, VALUE] = ['add.field', 'add.operator', 'add.value'] as const;

/** What a filter may ask about, in groups as a select shows them. */
export type FilterFields = Readonly<Record<string, readonly (readonly [name: string, label: string])[]>>;

/** Fields that add one filter to those of the address; several values are parted by `|`. */
export function addFilter(groups: FilterFields): Html {
  return html`<div class="group" role="group" aria-labelledby="add-filter">
    <span id="add-filter">Add a filter</span>
    <div>
      <select name="${FIELD}" aria-label="Field of the filter" data-waits>
        <option value="">–</option>
        ${each(
          Object.entries(groups),
          ([label, fields]) =>
            html`<optgroup label="${label}">${each(fields, ([name, text]) => html`<option value="${name}">${text}</option>`)}</optgroup>`,
        )}
      </select>
      <select name="${OPERATOR}" aria-label="How it compares" data-waits>
        ${each(Object.entries(OPERATORS), ([name, label]) => html`<option value="${name}">${label}</option>`)}
      </select>
      <input name="${VALUE}" aria-label="Value of the filter" size="16" autocomplete="off" />
    </div>
  </div>`;
}

/** The parameters of the address with the filter that a form has added in its place; undefined where it has sent none. */
export function withAddedFilter(params: URLSearchParams): URLSearchParams | undefined {
  if (![FIELD, OPERATOR, VALUE].some((name) => params.has(name))) return undefined;
  const [field, operator, value] = [params.get(FIELD) ?? '', params.get(OPERATOR) ?? '=', (params.get(VALUE) ?? '').trim()];
  const next = new URLSearchParams(params);
  for (const name of [FIELD, OPERATOR, VALUE]) next.delete(name);
  const text = operator === '=*' ? `${field}=*` : operator === '=-' ? `${field}=` : `${field}${operator}${value}`;
  const isComplete = field !== '' && Object.hasOwn(OPERATORS, operator) && (operator === '=*' || operator === '=-' || value !== '');
  if (isComplete && !next.getAll('filter').includes(text)) next.append('filter', text);
  return next;
}
