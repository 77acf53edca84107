import { emailHash, isEmailHash } from '../../edge/contract/email.ts';
import { attempt } from './attempt.ts';

/** A hashed address and how it became known, as it is sent in `context.emailHashes`. */
export interface EmailHash {
  readonly hash: string;
  readonly origin: 'form' | 'identify' | 'url';
}

/**
 * An address in a text or a URL. The `@` and the plus sign may be percent-encoded, also twice; an encoded character
 * before it (`%3D` in `email%3Dx`) is kept apart, so that the hash is of the address alone. The lengths are those of
 * RFC 5321 §4.5.3.1: without them, a long text without an address would cost the square of its length.
 */
const ADDRESS =
  /((?:%[\da-f]{2})?)((?:[\p{L}\p{N}_+~!$*^|]|%(?:25)*2b)(?:[\p{L}\p{M}\p{N}._+~!$*^'`|-]|%(?:25)*2b){0,63})(?:@|%(?:25)*40)((?:[\p{L}\p{M}\p{N}-]{1,63}\.)+(?:xn--[a-z\d-]+|\p{L}[\p{L}\p{M}]+))/giu;

/** The text with each e-mail address in it replaced by its hash. */
export function withoutAddresses(text: string): string {
  // Most texts hold no at sign, and to see that takes a fraction of the search.
  if (!/@|%(25)*40/.test(text)) return text;
  return text.replace(
    ADDRESS,
    (_, before: string, local: string, domain: string) => before + emailHash(`${local.replace(/%(25)*2b/gi, '+')}@${domain}`),
  );
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
