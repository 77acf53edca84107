import { attempt } from '../../attempt.ts';

/** How a visit began. */
export interface Touch {
  readonly landing: string;
  readonly referrer: string;
}

/** The first visit, and the last with a campaign. */
export interface Touches {
  readonly first: Touch;
  readonly last: Touch;
}

/**
 * What a field carries: `utm_source`, …, a click id by its name, `landing_page` or `referrer`, of the last visit with a campaign or, as
 * `first_…`, of the very first. Empty where there is none. A restricted visitor's (see privacy.ts) holds no click id.
 */
export function fieldValue(source: string, { first, last }: Touches, isRestricted: boolean): string {
  const [, which, name] = /^(?:(first|last)_)?(.*)$/.exec(source) as unknown as [string, string | undefined, string];
  const { landing, referrer } = which === 'first' ? first : last;
  if (name === 'referrer') return withoutQuery(referrer, isRestricted);
  if (name === 'landing_page') return withoutQuery(landing, isRestricted);
  if (isRestricted && !name.startsWith('utm_')) return '';
  // Names match in any letter case (Snapchat writes both `ScCid` and `sccid`), values keep theirs: Meta's are case-sensitive.
  for (const [parameter, value] of attempt(() => new URL(landing))?.searchParams ?? [])
    if (value && parameter.toLowerCase() === name.toLowerCase()) return value;
  return '';
}

/** Parameters with an address or hash of a person stay out of the CRM's field; restricted, all but UTM parameters do. */
function withoutQuery(address: string, isRestricted: boolean): string {
  const url = attempt(() => new URL(address));
  if (!url) return '';
  for (const [name, value] of Array.from(url.searchParams)) {
    if (/^(ehash|_tt|ajs_.*)$/.test(name) || value.includes('@') || (isRestricted && !name.startsWith('utm_')))
      url.searchParams.delete(name);
  }
  return url.href;
}
