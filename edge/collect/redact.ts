import { normalizeIp } from '../contract/ip.ts';
import { replaceEmails } from './email-shapes.ts';
import { LIMITS } from './limits.ts';

/** Members that hold an address of a visitor; their values are dropped wherever they stand. */
const ADDRESS_MEMBER = /^(?:ip|ip_?addr(?:ess)?|client_?ip|remote_?(?:addr(?:ess)?|ip)|x[-_]forwarded[-_]for)$/i;

/**
 * Tells from the JSON text of an event whether anything in it may need cleaning. Most events need none, and the test costs a
 * fraction of a walk. JSON.stringify writes lone surrogates, and only those, as `\ud…`.
 */
const SUSPECT =
  /[@＠﹫]|%(?:25)*40|%EF%BC%A0|\\u0040|&#|&commat;|\\ud[89a-f]|\\u0000|"(?:ip|client_?ip|remote_?(?:addr|ip)|x[-_]forwarded)/i;

/**
 * Cleans an event before anything of it is validated, kept or logged: e-mail-shaped texts become their hash (in keys, too),
 * addresses of visitors are dropped, and characters no store takes (lone surrogates, NUL) become U+FFFD.
 * @param text the event as JSON, by which untouched events are recognised.
 * @returns the event itself where nothing had to change. Its nesting must have been checked before.
 */
export function redact<Value>(value: Value, text: string): Value {
  return SUSPECT.test(text) ? (clean(value) as Value) : value;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  // fromEntries defines members instead of assigning them, so that "__proto__" is a member like any other.
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => !(ADDRESS_MEMBER.test(key) && typeof member === 'string' && holdsAddress(member)))
      .map(([key, member]) => [cleanText(key), clean(member)]),
  );
}

function holdsAddress(text: string): boolean {
  return text.split(',').some((part) => normalizeIp(part) !== undefined);
}

/** Characters no store takes: surrogates without their other half, and NUL. */
const UNSTORABLE = /\p{Surrogate}|\0/gu;

function cleanText(text: string): string {
  return replaceEmails(text.replace(UNSTORABLE, '\uFFFD'));
}

const ADDRESS_IN_TEXT = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi;
/** A cut may run through an address: the last word before it is dropped. */
const CUT_WORD = /[^\s"']{0,512}$/u;

/**
 * Cleans the text of a payload that could not be read or validated, and cuts it to what is kept. All addresses in it are
 * dropped, at the price of version numbers that look like one.
 */
export function redactPayload(payload: string): string {
  const longest = LIMITS.failedPayloadBytes;
  const cut = payload.length > 2 * longest ? payload.slice(0, 2 * longest).replace(CUT_WORD, '') : payload;
  const cleaned = cleanText(cut).replace(ADDRESS_IN_TEXT, '(address)');
  return cutToBytes(cleaned, longest);
}

function cutToBytes(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const encoded = new TextEncoder().encode(text);
  if (encoded.byteLength <= bytes) return text;
  // Not fatal: a character cut in two becomes U+FFFD, which is removed.
  return new TextDecoder().decode(encoded.subarray(0, bytes)).replace(/\uFFFD$/, '');
}
