import { replaceEmails } from './email-shapes.ts';
import { isAddressMember, withoutAddresses, withoutAddressParameters } from './ip-shapes.ts';
import { LIMITS } from './limits.ts';

/**
 * Tells from the JSON text of an event whether anything in it may need cleaning. Most events need none, and the test costs a
 * fraction of a walk. JSON.stringify writes lone surrogates, and only those, as `\ud…`.
 */
const SUSPECT =
  /[@＠﹫]|%(?:25)*(?:40|3[04]|u|EF)|\\\\[ux]|&#|&commat;|\\ud[89a-f]|\\u0000|(?:["=,[ \u00a0]|\\[nrtbf]|%(?:25)*3d)(?:(?:\d{1,3}\.){3}\d|\[?[\da-f]{0,4}(?::|%(?:25)*3a)[\da-f]{0,4}(?::|%(?:25)*3a))/i;

/**
 * Cleans an event before anything of it is validated, kept or logged: e-mail-shaped texts become their hash (in keys, too),
 * addresses of visitors (see `ip-shapes.ts`) are dropped, and characters no store takes (lone surrogates, NUL) become U+FFFD.
 * @param text the event as JSON, by which untouched events are recognised.
 * @returns the event itself where nothing had to change. Its nesting must have been checked before.
 */
export function redact<Value>(value: Value, text: string): Value {
  return SUSPECT.test(text) ? (clean(value, '') as Value) : value;
}

function clean(value: unknown, name: string): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.filter((item) => !isAddressMember(name, item)).map((item) => clean(item, name));
  if (typeof value !== 'object' || value === null) return value;
  // fromEntries defines members instead of assigning them, so that "__proto__" is a member like any other.
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => !isAddressMember(key, member) && !isAddressMember('', key))
      .map(([key, member]) => [cleanText(key), clean(member, key)]),
  );
}

/** Characters no store takes: surrogates without their other half, and NUL. */
const UNSTORABLE = /\p{Surrogate}|\0/gu;

function cleanText(text: string): string {
  return replaceEmails(withoutAddressParameters(text.replace(UNSTORABLE, '\uFFFD')));
}

/**
 * Cleans the text of a header that is stored. All addresses in it are dropped; what stands behind a product's name and a slash is
 * its version.
 */
export function redactHeader(text: string): string {
  return withoutAddresses(cleanText(text));
}

/** A cut may run through an address: the last word before it is dropped. */
const CUT_WORD = /[^\s"']{0,512}$/u;

/**
 * Cleans the text of a payload that could not be read or validated, and cuts it to what is kept. All addresses in it are
 * dropped, at the price of version numbers that look like one.
 */
export function redactPayload(payload: string): string {
  const longest = LIMITS.failedPayloadBytes;
  const cut = payload.length > 2 * longest ? payload.slice(0, 2 * longest).replace(CUT_WORD, '') : payload;
  const cleaned = withoutAddresses(cleanText(cut));
  return cutToBytes(cleaned, longest);
}

function cutToBytes(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const encoded = new TextEncoder().encode(text);
  if (encoded.byteLength <= bytes) return text;
  // Not fatal: a character cut in two becomes U+FFFD, which is removed.
  return new TextDecoder().decode(encoded.subarray(0, bytes)).replace(/\uFFFD$/, '');
}
