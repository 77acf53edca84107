import { emailHash } from '../../edge/contract/email.ts';
import { normalizeIp } from '../../edge/contract/ip.ts';

const EMAIL = /[^\s"'<>(),;:\\/?=&@%]+(?:@|＠|%(?:25)*40|\\u0040)[^\s"'<>(),;:\\/?=&@%]+\.\p{L}{2,}/giu;
const ADDRESS = /(?<![\w.:])(?:(?:\d{1,3}\.){3}\d{1,3}|[\da-f]{0,4}(?::[\da-f]{0,4}){2,7})(?![\w.:])/gi;
/** What is kept of one record. */
const LONGEST = 32 * 1024;

/**
 * A text of a source as it may be kept on disk: e-mail addresses as their hash, addresses of visitors left out, cut where it is long.
 * (The record itself is found by its file and line.)
 */
export function redacted(text: string): string {
  return text
    .slice(0, LONGEST)
    .replaceAll(EMAIL, (found) => emailHash(found.replace(/＠|%(?:25)*40|\\u0040/i, '@')))
    .replaceAll(ADDRESS, (found) => (normalizeIp(found) === undefined ? found : '(address)'));
}
