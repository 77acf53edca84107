import { sha256Hex } from './sha256.ts';

/** Unicode white space, controls and the byte order mark: what copying an address out of a mail or a sheet brings along. */
const EDGES = /^[\p{Z}\p{Cc}\uFEFF]+|[\p{Z}\p{Cc}\uFEFF]+$/gu;

/**
 * The form of an address that is hashed: white space, controls and BOM stripped at both ends, ASCII letters lower-cased.
 * Only ASCII, because lower-casing of other letters differs between engines and locales.
 */
export function normalizeEmail(address: string): string {
  return address.replace(EDGES, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** SHA-256, hex, of the normalised address: the join key between forms, mail links and CRM. */
export function emailHash(address: string): string {
  return sha256Hex(normalizeEmail(address));
}

/** A hash as it may stand in a link or a CRM column: 64 hex digits. */
export function isEmailHash(value: string): boolean {
  return /^[\da-f]{64}$/i.test(value);
}
