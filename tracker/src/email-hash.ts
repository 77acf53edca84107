import { emailHash, isEmailHash } from '../../edge/contract/email.ts';
import { attempt } from './attempt.ts';

/** A hashed address and how it became known, as it is sent in `context.emailHashes`. */
export interface EmailHash {
  readonly hash: string;
  readonly origin: 'form' | 'identify' | 'url';
}

/**
 * An address in a text or a URL, where it may be percent-encoded, also twice, and the at sign escaped in other ways: the
 * edge replaces the same (`email-text-vectors.json`). An encoded character before it (`%3D` in
 * `email%3Dx`) is kept apart, so that the hash is of the address alone. The lengths are near those of RFC 5321 §4.5.3.1:
 * without them, a long text without an address would cost the square of its length.
 */
const ADDRESS =
  /((?:%(?:25)*[\da-f]{2})??[.'`-]{0,3})((?:[\p{L}\p{M}\p{N}._+~!$*^'`|-]|%(?:25)*(?:2[1ade47b]|5f|7e|[89a-f][\da-f])){1,128})(?:[@＠﹫]|%(?:25)*40|%EF%BC%A0|\\u0040|&(?:#64|#x40|commat);)((?:(?:[\p{L}\p{M}\p{N}-]|%[89a-f][\da-f]){1,190}\.)+(?:xn--[a-z\d-]+|\p{L}[\p{L}\p{M}]+))/giu;

/** The text with each e-mail address in it replaced by its hash, as the edge would do it. */
export function withoutAddresses(text: string): string {
  // With one of these each way of writing the at sign begins. Most texts hold none, and to see that takes a fraction of the search.
  if (!/[@＠﹫%\\&]/.test(text)) return text;
  return text.replace(ADDRESS, (_, before: string, local: string, domain: string) => before + emailHash(decode(`${local}@${domain}`)));
}

function decode(address: string): string {
  const plain = address.replace(/%(25)+/g, '%');
  // Half an encoded character has no decoded form and stands for itself.
  return attempt(() => decodeURIComponent(plain)) ?? plain;
}

/** The hash of a value that is an e-mail address, or already a hash, as a whole; else undefined. */
export function hashOfAddress(value: unknown): string | undefined {
  const hash = withoutAddresses(String(value).trim());
  return isEmailHash(hash) ? hash.toLowerCase() : undefined;
}

/**
 * JSON of a message in which no e-mail address is left: in no value, key, title or URL.
 * @throws TypeError where the value refers to itself or holds a BigInt.
 */
export function toCleanJson(message: object): string {
  return JSON.stringify(message, (_, value: unknown) => {
    if (typeof value === 'string') return withoutAddresses(value);
    if (!value || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [withoutAddresses(key), member]));
  });
}

/**
 * Takes `ehash`, with which mail tools mark the links of a recipient, out of the address bar and returns it.
 * Anything but 64 hex digits is no hash and is only removed.
 */
export function takeHashFromAddress(): string | undefined {
  let hash: string | undefined;
  // Cut out of the text: URLSearchParams would write the other parameters anew and change their encoding.
  const search = location.search.replace(/([?&])ehash=([^&]*)(&|$)/, (_, before: string, value: string, after: string) => {
    hash = value;
    return after && before;
  });
  if (hash === undefined) return undefined;
  attempt(() => history.replaceState(history.state, '', location.pathname + search + location.hash));
  return isEmailHash(hash) ? hash : undefined;
}
