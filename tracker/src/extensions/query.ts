import { attempt } from '../attempt.ts';
import type { Core } from '../extension.ts';

/** Longer values are left out as a whole: a cut id would be another person's. */
const LONGEST_ID = 256;
const LONGEST_VALUE = 1_024;
const MOST_MEMBERS = 50;

/**
 * Obeys Segment's query string: `ajs_aid` becomes the visitor id, `ajs_uid` with `ajs_trait_…` is identified, `ajs_event`
 * with `ajs_prop_…` is tracked. The parameters are taken out of the address bar: a reload would repeat them, and a copied
 * address would make the next visitor the same person. `data-query-uid` and `data-query-aid` are patterns that an id has
 * to fit as a whole.
 * Source: segment.com/docs/connections/sources/catalog/libraries/website/javascript/querystring
 */
export default function query({ options, touchtrail }: Core): void {
  const parameters = new URLSearchParams(location.search);
  const refuse = (name: string, why: string) => options.debug && console.warn(`touchtrail: ${name} in the address is left out: ${why}`);

  const value = (name: string, longest: number, pattern?: string): string | undefined => {
    const text = parameters.get(name);
    if (!text) return undefined;
    if (text.length > longest) refuse(name, `longer than ${longest} characters`);
    else if (pattern && !attempt(() => RegExp(`^(?:${pattern})$`).test(text))) refuse(name, `does not fit ${pattern}`);
    else return text;
    return undefined;
  };
  const members = (prefix: string) =>
    Object.fromEntries(
      [...parameters.keys()]
        .filter((name) => name.startsWith(prefix) && name.length > prefix.length && name.length < 100)
        .slice(0, MOST_MEMBERS)
        .map((name) => [name.slice(prefix.length), value(name, LONGEST_VALUE)]),
    );

  // Cut out of the text: URLSearchParams would write the other parameters anew and change their encoding.
  const rest = location.search
    .slice(1)
    .split('&')
    .filter((parameter) => !/^ajs_(?:uid|aid|event|trait_|prop_)/.test(parameter))
    .join('&');
  const search = rest && `?${rest}`;
  if (search !== location.search) attempt(() => history.replaceState(history.state, '', location.pathname + search + location.hash));

  const aid = value('ajs_aid', 36, options['queryAid']);
  if (aid && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(aid)) touchtrail.setAnonymousId(aid);
  else if (aid) refuse('ajs_aid', 'not a UUID');
  const uid = value('ajs_uid', LONGEST_ID, options['queryUid']);
  if (uid) touchtrail.identify(uid, members('ajs_trait_'));
  const event = value('ajs_event', LONGEST_ID);
  if (event) touchtrail.track(event, members('ajs_prop_'));
}
