import { attempt } from './attempt.ts';
import { options } from './options.ts';

/** What the visitor decided; undefined where nobody asks. */
export type Consent = 'granted' | 'denied' | 'pending' | undefined;

/** Whose word it is: a platform's default, the visitor's through a platform, the page's own. The page's is not overruled. */
export type ConsentRank = 0 | 1 | 2;

export let consent: Consent;
let rank: ConsentRank = 0;

/** Whether the page has a consent platform, whose word is to be waited for. */
export function hasConsentPlatform(): boolean | undefined {
  const page = window as { dataLayer?: readonly { readonly [index: number]: unknown }[] };
  return (
    // IAB TCF, Cookiebot, OneTrust, Usercentrics v2 and v3.
    '__tcfapi' in page ||
    'Cookiebot' in page ||
    'OneTrust' in page ||
    'UC_UI' in page ||
    '__ucCmp' in page ||
    // Google consent mode is a list of calls in the data layer, `['consent', 'default', {…}]`.
    attempt(() => page.dataLayer?.some((call) => call[0] === 'consent'))
  );
}

/** Takes the state the page begins with. */
export function startConsent(): void {
  consent = (options.consent as Consent) || (hasConsentPlatform() ? 'pending' : undefined);
}

/** Changes the state, unless the page itself has said otherwise. */
export function changeConsent(to: Consent, by: ConsentRank): void {
  if (by < 2 && rank > 1) return;
  rank = by;
  consent = to;
}

/** Whether visitors may be recognised: by the browser's storage, and by forms that carry the id. A word nobody knows is no yes. */
export function mayIdentify(): boolean {
  return !consent || consent === 'granted';
}

/** Whether events may be sent. */
export function mayTrack(): boolean {
  return mayIdentify() || (consent === 'denied' && options.cookieless === 'denied');
}

/** Whether the visitor has said yes: that counts more than Global Privacy Control. */
export function hasChosen(): boolean {
  return !!rank && consent === 'granted';
}
