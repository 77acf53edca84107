import { consent } from './consent.ts';
import { type EmailHash, hashOfAddress } from './email-hash.ts';
import { readCookie, type State } from './storage.ts';
import { VERSION } from './version.ts';

/** Segment's `context.page`, as far as the edge does not take it from the address. */
export interface Page {
  readonly url: string;
  readonly title: string;
  readonly referrer: string;
}

/** The page as it is at this moment. */
export function currentPage(): Page {
  return { url: location.href, title: document.title, referrer: document.referrer };
}

/** Hashes that became known since the last event; the next event carries them. */
let emailHashes: EmailHash[] = [];

/** Hands the hash of an address (or a hash as it is) to the next event; says whether the value was one. */
export function noteAddress(value: unknown, origin: EmailHash['origin']): boolean {
  const hash = hashOfAddress(value);
  return !!hash && !!emailHashes.push({ hash, origin });
}

/** Segment's context at this moment, and what the edge reads beyond it. Takes the hashes noted before. */
export function takeContext({ landing, referrer }: State): object {
  return {
    page: currentPage(),
    // The edge reads the campaign and the click ids of the visit from its landing page.
    landing: { url: landing, referrer },
    emailHashes: emailHashes.splice(0),
    // The last two parts of `GA1.1.<random>.<time>`.
    gaClientId: readCookie('_ga')?.match(/\d+\.\d+$/)?.[0],
    // What the tags of LinkedIn and Meta remember of an earlier click: for exports, not a click of this visit.
    adIds: { li_fat_id: readCookie('li_fat_id'), fbc: readCookie('_fbc'), fbp: readCookie('_fbp') },
    // The edge takes no hash and no click id from such an event, should the extension `privacy` not have been there.
    gpc: (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl,
    // What waits is sent only once it is granted.
    consent: consent === 'pending' ? 'granted' : consent,
    library: { name: 'touchtrail.js', version: VERSION },
  };
}
