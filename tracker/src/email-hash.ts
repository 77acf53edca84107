import { isEmailHash } from '../../edge/contract/email.ts';
import { sha256Hex } from '../../edge/contract/sha256.ts';
import { attempt } from './attempt.ts';

/** A hashed address and how it became known, as it is sent in `context.emailHashes`. */
export interface EmailHash {
  readonly hash: string;
  readonly origin: 'form' | 'identify' | 'url';
}

/** The text, or JSON, with each e-mail address in it replaced by its hash. */
export function withoutAddresses(text: string): string {
  // Most texts hold no at sign, and to see that takes a fraction of the search.
  if (!/@|%(25)*40/.test(text)) return text;
  return text.replace(
    /*
     * An address in a text or a URL, where it may be percent-encoded, also twice. An encoded character before it (`%3D` in
     * `email%3Dx`) is kept apart, so that the hash is of the address alone; `\n` and the like as JSON writes them, too. The
     * lengths are near those of RFC 5321 §4.5.3.1: without them, a long text without an address would cost the square of its
     * length. The edge replaces further disguises. Written here, because a pattern with `\p{L}` takes a millisecond to make:
     * only texts that may hold an address pay for it.
     */
    /((?:\\(?:u....|[bfnrt])|%(?:25)*\w\w)??[.'`-]{0,3})((?:[^\s"#%&(),/:;<=>?@[\\\]{}]|%(?:25)*(?:2[1ade47b]|[5-9a-f]\w)){1,128})(?:@|%(?:25)*40)((?:(?:[^\s!-,./:-@[-`{-~]|%[89a-f]\w){1,190}\.)+\p{L}[\p{L}\d-]+)/giu,
    (_, before: string, local: string, domain: string) => {
      const address = `${local}@${domain}`.replace(/%(25)+/g, '%');
      // Half an encoded character has no decoded form and stands for itself. Only ASCII letters change (see contract/email.ts).
      return (
        before + sha256Hex((attempt(() => decodeURIComponent(address)) ?? address).replace(/[A-Z]/g, (letter) => letter.toLowerCase()))
      );
    },
  );
}

/** The hash of a value that is an e-mail address, or already a hash, as a whole; else undefined. */
export function hashOfAddress(value: unknown): string | undefined {
  const hash = withoutAddresses(String(value).trim());
  return isEmailHash(hash) ? hash.toLowerCase() : undefined;
}
