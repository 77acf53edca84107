import { attempt } from '../attempt.ts';
import type { Core } from '../extension.ts';
import { isRestricted } from '../restricted.ts';
import { hasCampaign } from '../visit.ts';
import { fieldValue, type Touch, type Touches } from './fields/values.ts';

const KEY = 'touchtrail_touches';
const MARKED = '[data-touchtrail-source]';

/**
 * Further form fields, as `data-fields` lists them: `cf_source=first_utm_source,gclid`; and what a field marked with
 * `data-touchtrail-source` says, as `self_reported_source` of `Form Submitted`.
 */
export default function fields({ options, formValues, onFill, mayStore, touchtrail, hasChosen }: Core): void {
  const mapping = (options.fields ?? '')
    .split(',')
    .map((entry) => entry.split('=').map((part) => part.trim()))
    .flatMap(([field, source]) => (field ? [[field, source || field] as const] : []));

  const read = (key: string): unknown => (mayStore() ? attempt(() => JSON.parse(localStorage.getItem(key)!)) : undefined);
  /** The first visit, and the last with a campaign. */
  const touches = (): Touches => {
    const visit = read('touchtrail') as Partial<Touch> | null | undefined;
    const current = visit?.landing
      ? { landing: visit.landing, referrer: visit.referrer ?? '' }
      : { landing: location.href, referrer: document.referrer };
    const known = read(KEY) as Touches | null | undefined;
    const first = known?.first ?? current;
    const found = { first, last: hasCampaign(current.landing) ? current : (known?.last ?? first) };
    if (mayStore()) attempt(() => localStorage.setItem(KEY, JSON.stringify(found)));
    return found;
  };

  onFill(() => {
    if (!mapping.length) return;
    // The field of the visitor id is empty where there is no consent; the others follow it.
    const isAllowed = !!formValues[options.field ?? 'anonymous_id'];
    const known = isAllowed ? touches() : undefined;
    // What the site has put into a field itself stays where nothing is known.
    for (const [field, source] of mapping)
      formValues[field] = known ? fieldValue(source, known, isRestricted({ options, touchtrail, hasChosen })) || undefined : '';
  });

  let said: string | undefined;
  addEventListener(
    'submit',
    ({ target }) => {
      const form = target as Element;
      // Of radio buttons the one that is checked.
      const field =
        form.querySelector<HTMLInputElement>(`${MARKED}:checked`) ??
        form.querySelector<HTMLInputElement>(`${MARKED}:not([type=radio],[type=checkbox])`);
      said = field?.value.trim();
    },
    true,
  );
  const { track } = touchtrail;
  touchtrail.track = (event, properties, ...rest) => {
    const source = event === 'Form Submitted' && said;
    track(event, source ? { ...(properties as object), self_reported_source: source } : properties, ...rest);
  };
}
