import { emailHash } from '../contract/email.ts';
import { AT, replaceEmails } from './email-shapes.ts';
import { isAddressMember, withoutAddresses, withoutAddressParameters } from './ip-shapes.ts';
import { LIMITS } from './limits.ts';

/**
 * Tells from the JSON text of an event whether anything in it may need cleaning. Most events need none, and the test costs a
 * fraction of a walk. JSON.stringify writes lone surrogates and controls, and only those, as `\u…`.
 * Of escapes of any kind those are suspect that an at sign can come of, on whatever way; of addresses those before which the
 * cleaner lets stand what stands there. Both are looked for from the first dot or colon on, which are fewer than what stands before.
 */
const SUSPECT =
  /[@＠﹫％﹪＆﹠＼﹨]|%(?:25)*(?:40|26|5c|u|EF|[\da-f]?[%\x80-\uffff])|\\[ux]|\\\\[\x80-\uffff]|&(?:#|commat;|amp;)|(?<=(?:[^\w./]|(?<!\w)[./]|\\[nrtbf][./]?|%(?:25)*3d)\d{1,3})\.(?:\d{1,3}\.){2}\d|(?<=(?:[^\w:]|\\[nrtbf]|%(?:25)*(?:3d|5b))[\da-f]{0,4})(?::|%(?:25)*3a)[\da-f]{0,4}(?::|%(?:25)*3a)/i;

/** Signs of {@link SUSPECT} that need nothing around them. */
const SIGNS = ['@', '＠', '﹫', '％', '﹪', '＆', '﹠', '＼', '﹨'] as const;
/** What makes a sign suspect by following it; encoded delimiters and percent signs are left to {@link SUSPECT}. */
const ENCODED = /^(?:2[56]|40|3[ad]|5[bc]|u|ef|[\da-f]?[%\x80-\uffff])/i;
const ENTITY = /^(?:#|commat;|amp;)/i;
/** Any but the escapes of characters that mean nothing to {@link SUSPECT} but what they mean unescaped. */
const ESCAPE = /^[^"/bfnrt]/;
/** An IPv4 address from its first dot on. */
const IPV4 = /\.\d{1,3}\.\d{1,3}\.\d/;
/**
 * Two colons as close as in an IPv6 address, and not those of a time behind its date, of which every event has some. What stands
 * before is looked at behind the colon: before it, it would be looked at before every character.
 */
const COLONS = /:(?<!T\d\d:)[\da-fA-F]{0,4}:/g;
/** More characters than {@link COLONS} and what {@link IPV6} looks at before them take. */
const AROUND_COLONS = 16;
/** The two colons of {@link SUSPECT} with what stands before them. */
const IPV6 = /(?:(?<![\w:])|\\[nrtbf])[\da-f]{0,4}:[\da-f]{0,4}:$/i;

/**
 * Whether nothing in a JSON text needs cleaning, so that nothing in any of the events that are read from it does. False where
 * that is not certain: then each event is looked at. What {@link SUSPECT} finds in an event written as JSON, it finds here, however
 * the sender has written it; a test holds the two against each other.
 * @param json without lone surrogates, as every text is that was UTF-8.
 */
export function isCleanJson(json: string): boolean {
  return (
    !SIGNS.some((sign) => json.includes(sign)) &&
    !isFollowed(json, '\\', ESCAPE) &&
    !isFollowed(json, '%', ENCODED) &&
    !isFollowed(json, '&', ENTITY) &&
    !IPV4.test(json) &&
    !hasIpv6(json)
  );
}

/** Whether what stands somewhere behind a sign is what is looked for. */
function isFollowed(text: string, sign: string, by: RegExp): boolean {
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) if (by.test(text.slice(at + 1, at + 8))) return true;
  return false;
}

/** The colons are looked for first: they are fewer than what may stand before them. */
function hasIpv6(text: string): boolean {
  COLONS.lastIndex = 0;
  // Not with matchAll, which makes a regular expression of its own each time.
  while (COLONS.test(text)) {
    const end = COLONS.lastIndex;
    if (IPV6.test(text.slice(Math.max(0, end - AROUND_COLONS), end))) return true;
  }
  return false;
}

/**
 * Cleans an event before anything of it is validated, kept or logged: e-mail-shaped texts become their hash (in keys, too),
 * addresses of visitors (see `ip-shapes.ts`) are dropped, and characters no store takes (lone surrogates, NUL) become U+FFFD.
 * @param text the event as JSON, by which untouched events are recognised.
 * @param keepsEmails leaves the e-mail addresses, where the site allows them.
 * @returns the event itself where nothing had to change; undefined where it holds more e-mail addresses than an event may. Its
 *   nesting must have been checked before.
 */
export function redact<Value>(value: Value, text: string, keepsEmails = false): Value | undefined {
  if (!SUSPECT.test(text)) return value;
  const emails = new Emails();
  const cleaned = clean(value, '', keepsEmails ? withoutUnstorable : (part) => emails.clean(part)) as Value;
  return emails.count > LIMITS.emails ? undefined : cleaned;
}

function clean(value: unknown, name: string, cleanString: (text: string) => string): unknown {
  if (typeof value === 'string') return cleanString(value);
  if (Array.isArray(value)) return value.filter((item) => !isAddressMember(name, item)).map((item) => clean(item, name, cleanString));
  if (typeof value !== 'object' || value === null) return value;
  // fromEntries defines members instead of assigning them, so that "__proto__" is a member like any other.
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => !isAddressMember(key, member) && !isAddressMember('', key))
      .map(([key, member]) => [cleanString(key), clean(member, key, cleanString)]),
  );
}

/** Characters no store takes: surrogates without their other half, and NUL. */
const UNSTORABLE = /\p{Surrogate}|\0/gu;

/** A text without what no store takes and without addresses of visitors, its e-mail addresses as they are. */
function withoutUnstorable(text: string): string {
  return withoutAddressParameters(text.replace(UNSTORABLE, '\uFFFD'));
}

/** Replaces the e-mail addresses of one event, and cuts it off behind as many as it may hold: to find and hash one takes a while. */
class Emails {
  count = 0;

  clean(text: string): string {
    return replaceEmails(withoutUnstorable(text), (address) => (++this.count > LIMITS.emails ? undefined : hashOf(address)));
  }
}

/** Of the addresses of an event, and of the events of a visitor, most are the same. */
function hashOf(address: string): string {
  let hash = hashes.get(address);
  if (hash === undefined) {
    hash = emailHash(address);
    if (hashes.size >= REMEMBERED) hashes.clear();
    if (address.length <= LONGEST_REMEMBERED) hashes.set(address, hash);
  }
  return hash;
}

/**
 * Cleans the text of a header that is stored. All addresses in it are dropped; what stands behind a product's name and a slash is
 * its version.
 */
export function redactHeader(text: string): string {
  let cleaned = headers.get(text);
  if (cleaned === undefined) {
    cleaned = withoutAddresses(new Emails().clean(text));
    if (headers.size >= REMEMBERED) headers.clear();
    if (text.length <= LONGEST_REMEMBERED) headers.set(text, cleaned);
  }
  return cleaned;
}

const hashes = new Map<string, string>();
/** Cleaned headers by what was sent: all requests of a visitor, and of many visitors, have the same. */
const headers = new Map<string, string>();
const REMEMBERED = 2_000;
const LONGEST_REMEMBERED = 512;

/** A cut may run through an address, which is at most as long. */
const LONGEST_ADDRESS = 512;
const LONGEST_LOCAL = 128;

/** Where the last word of a text begins, as far as an address is long. */
function lastWord(text: string): number {
  const from = Math.max(0, text.length - LONGEST_ADDRESS);
  return from + (/^[^]*[\s"']/.exec(text.slice(from))?.[0].length ?? 0);
}

/** What was cut off when it came may end within an address: whole ones are hashes by now. */
function withoutCutAddress(text: string): string {
  const from = lastWord(text);
  const at = text.slice(from).search(AT);
  return at < 0 ? text : text.slice(0, from + Math.max(0, at - LONGEST_LOCAL));
}

/**
 * Cleans the text of a payload that could not be read or validated, and cuts it to what is kept. All addresses in it are
 * dropped, at the price of version numbers that look like one.
 */
export function redactPayload(payload: string): string {
  const longest = LIMITS.failedPayloadBytes;
  const start = payload.slice(0, 2 * longest);
  const cut = start === payload ? payload : start.slice(0, lastWord(start));
  return cutToBytes(withoutCutAddress(withoutAddresses(new Emails().clean(cut))), longest);
}

/** Cuts a text to so many bytes as a JSON text, without its quotes: a row is larger than its texts by what has to be escaped. */
function cutToBytes(text: string, bytes: number): string {
  if (text.length * 6 <= bytes) return text;
  const encoded = new TextEncoder().encode(JSON.stringify(text).slice(1, -1));
  if (encoded.byteLength <= bytes) return text;
  // Not fatal: a character cut in two becomes U+FFFD, which is removed. An escape that is cut is no JSON.
  let cut = new TextDecoder().decode(encoded.subarray(0, bytes)).replace(/\uFFFD$/, '');
  while (/\\u?[\da-f]{0,3}$/.test(cut) && !isJson(`"${cut}"`)) cut = cut.slice(0, -1);
  return JSON.parse(`"${cut}"`) as string;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
