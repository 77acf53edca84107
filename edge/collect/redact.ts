import { replaceEmails } from './email-shapes.ts';
import { isAddressMember, withoutAddresses, withoutAddressParameters } from './ip-shapes.ts';
import { LIMITS } from './limits.ts';

/**
 * Tells from the JSON text of an event whether anything in it may need cleaning. Most events need none, and the test costs a
 * fraction of a walk. JSON.stringify writes lone surrogates, and only those, as `\ud…`.
 */
const SUSPECT =
  /[@＠﹫]|%(?:25)*(?:40|3[04]|u|EF)|\\\\[ux]|&#|&commat;|\\ud[89a-f]|\\u0000|(?:["=,[ \u00a0]|\\[nrtbf]|%(?:25)*3d)(?:(?:\d{1,3}\.){3}\d|\[?[\da-f]{0,4}(?::|%(?:25)*3a)[\da-f]{0,4}(?::|%(?:25)*3a))/i;

/** Signs of {@link SUSPECT} that need nothing around them. */
const SIGNS = ['@', '＠', '﹫'] as const;
/** What makes a sign suspect by following it; encoded delimiters and percent signs are left to {@link SUSPECT}. */
const ENCODED = /^(?:25|40|3[04ad]|u|ef)/i;
const ENTITY = /^(?:#|commat;)/i;
/** Any but the escapes of characters that mean nothing to {@link SUSPECT} but what they mean unescaped. */
const ESCAPE = /^[^"/bfnrt]/;
/** An IPv4 address from before its first dot on. */
const IPV4 = /^\d(?:\.\d{1,3}){2}\.\d/;
/** The two colons of {@link SUSPECT} with what stands before them. */
const IPV6 = /(?:["=,[ \u00a0]|\\[nrtbf])\[?[\da-f]{0,4}:[\da-f]{0,4}:/i;

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
    !hasTwo(json, '.', IPV4, 1) &&
    !hasTwo(json, ':', IPV6, 7)
  );
}

/** Whether what stands somewhere behind a sign is what is looked for. */
function isFollowed(text: string, sign: string, by: RegExp): boolean {
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) if (by.test(text.slice(at + 1, at + 8))) return true;
  return false;
}

/** Whether two signs stand as close to each other as in an address, with what is looked for around them, from `before` characters on. */
function hasTwo(text: string, sign: string, around: RegExp, before: number): boolean {
  let at = text.indexOf(sign);
  for (let next = 0; at >= 0; at = next) {
    next = text.indexOf(sign, at + 1);
    if (next > 0 && next - at <= 5 && around.test(text.slice(Math.max(0, at - before), next + 6))) return true;
  }
  return false;
}

/**
 * Cleans an event before anything of it is validated, kept or logged: e-mail-shaped texts become their hash (in keys, too),
 * addresses of visitors (see `ip-shapes.ts`) are dropped, and characters no store takes (lone surrogates, NUL) become U+FFFD.
 * @param text the event as JSON, by which untouched events are recognised.
 * @param cleanString what becomes of each text; {@link withoutUnstorable} leaves the e-mail addresses where the site allows them.
 * @returns the event itself where nothing had to change. Its nesting must have been checked before.
 */
export function redact<Value>(value: Value, text: string, cleanString = cleanText): Value {
  return SUSPECT.test(text) ? (clean(value, '', cleanString) as Value) : value;
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
export function withoutUnstorable(text: string): string {
  return withoutAddressParameters(text.replace(UNSTORABLE, '\uFFFD'));
}

function cleanText(text: string): string {
  return replaceEmails(withoutUnstorable(text));
}

/**
 * Cleans the text of a header that is stored. All addresses in it are dropped; what stands behind a product's name and a slash is
 * its version.
 */
export function redactHeader(text: string): string {
  let cleaned = headers.get(text);
  if (cleaned === undefined) {
    cleaned = withoutAddresses(cleanText(text));
    if (headers.size >= REMEMBERED) headers.clear();
    if (text.length <= LONGEST_REMEMBERED) headers.set(text, cleaned);
  }
  return cleaned;
}

/** Cleaned headers by what was sent: all requests of a visitor, and of many visitors, have the same. */
const headers = new Map<string, string>();
const REMEMBERED = 2_000;
const LONGEST_REMEMBERED = 512;

/** A cut may run through an address: the last word before it is dropped. */
const CUT_WORD = /[^\s"']{0,512}$/u;

/** What was cut off when it came may end within an address: whole ones are hashes by now. */
const CUT_ADDRESS = /(?<=^|[\s"'])[^\s"'@]{0,128}@[^\s"']{0,190}$/;

/**
 * Cleans the text of a payload that could not be read or validated, and cuts it to what is kept. All addresses in it are
 * dropped, at the price of version numbers that look like one.
 */
export function redactPayload(payload: string): string {
  const longest = LIMITS.failedPayloadBytes;
  const cut = payload.length > 2 * longest ? payload.slice(0, 2 * longest).replace(CUT_WORD, '') : payload;
  const cleaned = withoutAddresses(cleanText(cut)).replace(CUT_ADDRESS, '');
  return cutToBytes(cleaned, longest);
}

function cutToBytes(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const encoded = new TextEncoder().encode(text);
  if (encoded.byteLength <= bytes) return text;
  // Not fatal: a character cut in two becomes U+FFFD, which is removed.
  return new TextDecoder().decode(encoded.subarray(0, bytes)).replace(/\uFFFD$/, '');
}
