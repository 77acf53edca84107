import { emailHash, normalizeEmail } from '../contract/email.ts';
import { HIDES, reveal, WORD } from './hidden-text.ts';

/** The at sign as people and programs write it: plain, full width, percent-encoded once or more, escaped. */
export const AT = /@|＠|﹫|%(?:25)*40|%EF%BC%A0|\\u0040|&#64;|&#x40;|&commat;/giu;
const AT_IN_TEXT = new RegExp(AT.source, 'iu');

/** What may stand before the at sign. Wider than that it would swallow the words around it: `a=b@c.de` in a URL. */
const LOCAL_CHARACTER = /^[\p{L}\p{N}\p{M}._+~!$*^'`|-]$/u;
/** Percent-encoded characters that belong to an address; an encoded "=" or "/" ends it. */
const LOCAL_ENCODED = /%(?:25)*(?:2[bde]|5f|7e|27|21|24|2a|3\d|[46][1-9a-f]|[57][\da]|[89a-f][\da-f])$/i;
const ENCODED = /%(?:25)*[0-9a-f]{2}$/i;
/** Marks and quotes that stand around an address rather than in it. */
const LEADING_MARKS = /^['`.-]+/;
const QUOTED_LOCAL = /\\?"[^"@\\]{1,64}\\?"$/;
const LONGEST_LOCAL = 128;

/** An encoded letter, digit or hyphen. */
const LABEL_ENCODED = String.raw`%(?:25)*(?:2d|3\d|[46][1-9a-f]|[57][\da]|[89a-f][\da-f])`;
const LABEL = String.raw`(?:[\p{L}\p{N}\p{M}-]|${LABEL_ENCODED}){1,190}`;
const DOMAIN = new RegExp(String.raw`(?:${LABEL}(?:\.|%(?:25)*2e)){1,8}(?:xn--[a-z0-9-]{2,59}|\p{L}[\p{L}\p{M}]{1,62})`, 'iuy');

/** A text that is an address and nothing else; looser than the search in running text, because nothing delimits it. */
const WHOLE_EMAIL =
  /^[^\s@'"<>(),;:/\\?=&＠][^\s@"<>(),;:/\\?=&＠]{0,127}@[^\s@"<>(),;:/\\?=&＠]{1,190}\.[^\s@"'<>(),;:/\\?=&.＠\d]{2,63}$/u;

/** Whether a text is an e-mail address, apart from what is stripped before hashing. */
export function isEmail(text: string): boolean {
  return text.length < 400 && text.includes('@') && WHOLE_EMAIL.test(normalizeEmail(text));
}

/**
 * Replaces each e-mail-shaped part of a text by the hash of its address, also inside URLs, where the at sign may be
 * percent-encoded. What remains is never an address, and does not become one by decoding it.
 * No text takes more than linear time.
 * @param hash what becomes of an address; undefined cuts the text off before it.
 */
export function replaceEmails(text: string, hash: Hash = emailHash): string {
  if (AT_IN_TEXT.test(text) && isEmail(text)) return hash(text) ?? '';
  return replaceHiddenEmails(replaceVisibleEmails(text, hash), hash);
}

type Hash = (address: string) => string | undefined;

function replaceVisibleEmails(text: string, hash: Hash): string {
  if (!AT_IN_TEXT.test(text)) return text;
  let replaced = '';
  let done = 0;
  for (const { index, end, address } of addressesIn(text)) {
    const hashed = hash(address);
    replaced += text.slice(done, index) + (hashed ?? '');
    if (hashed === undefined) return replaced;
    done = end;
  }
  return replaced + text.slice(done);
}

/** Starts from the at signs and looks to both sides. */
function* addressesIn(text: string): Generator<{ index: number; end: number; address: string }> {
  let done = 0;
  for (const { index, 0: at } of text.matchAll(AT)) {
    if (index < done) continue;
    DOMAIN.lastIndex = index + at.length;
    const domain = DOMAIN.exec(text)?.[0];
    const local = domain && localPartBefore(text, done, index);
    if (!local) continue;
    done = index + at.length + domain.length;
    yield { index: index - local.length, end: done, address: decode(`${local}@${domain}`) };
  }
}

/** The characters directly before an at sign that belong to an address; empty where there are none. */
function localPartBefore(text: string, from: number, at: number): string {
  const quoted = QUOTED_LOCAL.exec(text.slice(Math.max(from, at - 70), at));
  if (quoted) return quoted[0];
  let start = at;
  while (start > from && at - start < LONGEST_LOCAL) {
    const length = localCharacterBefore(text.slice(Math.max(from, start - 9), start));
    if (length === 0) break;
    start -= length;
  }
  return text.slice(start, at).replace(LEADING_MARKS, '');
}

/** Length of the character at the end of a text, encoded or plain, where it may belong to an address; else 0. */
function localCharacterBefore(text: string): number {
  if (ENCODED.test(text)) return LOCAL_ENCODED.exec(text)?.[0].length ?? 0;
  const last = /[\uDC00-\uDFFF]$/.test(text) ? text.slice(-2) : text.slice(-1);
  return LOCAL_CHARACTER.test(last) ? last.length : 0;
}

function decode(address: string): string {
  const plain = address.replace(/\\?"/g, '"').replace(/%(?:25)+/g, '%');
  try {
    return decodeURIComponent(plain);
  } catch {
    // A lone "%", or half an encoded character: the characters stand for themselves.
    return plain;
  }
}

/**
 * Replaces each word that decodes to one with an address in it. The whole word, because where in it the address begins shows
 * only after decoding.
 */
function replaceHiddenEmails(text: string, hash: Hash): string {
  if (!HIDES.test(text)) return text;
  let replaced = '';
  let done = 0;
  for (const { index, 0: word } of text.matchAll(WORD)) {
    const revealed = HIDES.test(word) ? reveal(word) : word;
    if (revealed === word || !revealed.includes('@')) continue;
    const first = addressesIn(revealed).next();
    if (first.done) continue;
    const hashed = hash(first.value.address);
    replaced += text.slice(done, index) + (hashed ?? '');
    if (hashed === undefined) return replaced;
    done = index + word.length;
  }
  return replaced + text.slice(done);
}
