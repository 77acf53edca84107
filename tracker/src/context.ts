import { type EmailHash, hashOfAddress } from './email-hash.ts';
import { session } from './session.ts';
import { readCookie } from './storage.ts';
import { VERSION } from './version.ts';

/** Hashes that became known since the last event; the next event carries them. */
let newHashes: EmailHash[] = [];

/** Hands the hash of an address (or a hash as it is) to the next event; says whether the value was one. */
export function noteAddress(value: unknown, origin: EmailHash['origin']): boolean {
  const hash = hashOfAddress(value);
  if (hash) newHashes.push({ hash, origin });
  return !!hash;
}

/** Segment's context at this moment, and what the edge reads beyond it. Takes the hashes noted before. */
export function takeContext(): object {
  const emailHashes = newHashes;
  newHashes = [];
  const { pathname: path, search, href: url } = location;
  return {
    page: { path, search, url, title: document.title, referrer: document.referrer },
    ...session.campaign,
    ...(emailHashes.length && { emailHashes }),
    // The last two parts of `GA1.1.<random>.<time>`.
    gaClientId: readCookie('_ga')?.split('.').slice(-2).join('.'),
    userAgent: navigator.userAgent,
    locale: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    library: { name: 'touchtrail.js', version: VERSION },
  };
}
