import { each, html, type Html, NOTHING } from '../html.ts';

/** A field of a form that chooses one of some names. @param labels what each name is called, in their order. */
export function select(label: string, name: string, labels: readonly (readonly [name: string, label: string])[], selected: string): Html {
  return html`<label
    >${label}<select name="${name}">
      ${each(labels, ([value, text]) => html`<option value="${value}" ${value === selected ? html` selected` : NOTHING}>${text}</option>`)}
    </select></label
  >`;
}
