import { attempt } from '../../attempt.ts';
import { crc32 } from './crc32.ts';

/** The parameter of an address that brings the visitor id from another domain. */
export const PARAMETER = '_tt';

const IN_TEXT = RegExp(`([?&])${PARAMETER}=[^&#"]*(&?)`, 'g');
const MINUTE = 60_000;

/** What the tracker takes for a visitor id. */
const UUID = /^[\da-f-]{36}$/i;

/**
 * A text that says for two minutes, in one browser, which visitor comes: `1*<checksum>*aid*<visitor id in base64>`.
 * The format is that of AMP's linker (ampproject/amphtml, linker-id-receiving.md). `now` is in milliseconds since 1970.
 */
export function createToken(id: string, fingerprint: string, now: number): string {
  // The 36 characters of a UUID need no padding, and never give one of the two characters by which base64url differs.
  const pairs = `aid*${btoa(id)}`;
  return `1*${crc32(`${fingerprint}*${Math.floor(now / MINUTE)}*${pairs}`).toString(36)}*${pairs}`;
}

/** The visitor id of a token that is whole, from this browser, and of this minute or the two before; else undefined. */
export function readToken(token: string, fingerprint: string, now: number): string | undefined {
  const id = attempt(() => atob(token.split('*')[3]!));
  return id && UUID.test(id) && [0, 1, 2].some((age) => token === createToken(id, fingerprint, now - age * MINUTE)) ? id : undefined;
}

/** The text, addresses or JSON that holds some, without tokens. */
export function withoutTokens(text: string): string {
  return text.replace(IN_TEXT, (_, sign: string, after: string) => after && sign);
}
