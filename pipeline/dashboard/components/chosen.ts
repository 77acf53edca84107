import { MISSED, REACHED } from '../behind.ts';
import { each, html, type Html, NOTHING } from '../html.ts';
import { address, stepParameter } from '../state.ts';

/**
 * Filters, steps and stages of the address in words, each with a link that takes it away.
 * @param options `filtersOnly` where the page shows the steps itself; `label`: what a stage is called.
 */
export function chosen(
  path: string,
  params: URLSearchParams,
  { filtersOnly = false, label = (name) => name }: { readonly filtersOnly?: boolean; readonly label?: (name: string) => string } = {},
): Html {
  const prefix = stepParameter('');
  const all = [...params].flatMap(([name, value]): { text: string; without: Record<string, string[] | null> }[] => {
    if (name === 'filter' && value !== '')
      return [{ text: value, without: { filter: params.getAll('filter').filter((one) => one !== value) } }];
    if (name === REACHED || name === MISSED) {
      const without = { [name]: params.getAll(name).filter((one) => one !== value) };
      return [{ text: `${name === REACHED ? 'reached' : 'did not reach'} ${label(value)}`, without }];
    }
    if (filtersOnly || !name.startsWith(prefix)) return [];
    const dimension = name.slice(prefix.length).replaceAll('_', ' ');
    return [{ text: `${dimension}: ${value === '' ? '(not set)' : value}`, without: { [name]: null } }];
  });
  if (all.length === 0) return NOTHING;
  return html`<nav aria-label="Chosen">
    <ul class="tags">
      ${each(
        all,
        ({ text, without }) =>
          html`<li>
            ${text}
            <a href="${address(path, params, { ...without, page: null, after: null })}" aria-label="Without ${text}" title="Take away">×</a>
          </li>`,
      )}
    </ul>
  </nav>`;
}
