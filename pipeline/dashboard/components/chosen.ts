import { each, html, type Html, NOTHING } from '../html.ts';
import { address, stepParameter } from '../state.ts';

/**
 * Filters and steps of the address in words, each with a link that takes it away.
 * @param filtersOnly where the page shows the steps itself.
 */
export function chosen(path: string, params: URLSearchParams, filtersOnly = false): Html {
  const prefix = stepParameter('');
  const all = [...params].flatMap(([name, value]): { text: string; without: Record<string, string[] | null> }[] => {
    if (name === 'filter' && value !== '')
      return [{ text: value, without: { filter: params.getAll('filter').filter((one) => one !== value) } }];
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
