import { ipBytes } from './ip.ts';

/** A range of addresses: those whose first `bits` bits are those of `bytes`. */
export interface AddressRange {
  /** 16 bytes; IPv4 as IPv4-mapped IPv6. */
  readonly bytes: readonly number[];
  readonly bits: number;
}

/**
 * Reads a range in CIDR notation (RFC 4632, RFC 4291 §2.3); a single address is a range of one.
 * @returns undefined where the text is none.
 */
export function parseCidr(text: string): AddressRange | undefined {
  const match = /^([^/]+?)(?:\/(\d{1,3}))?$/.exec(text.trim());
  const bytes = match && ipBytes(match[1]!);
  if (!bytes) return undefined;
  const length = match[1]!.includes(':') ? 128 : 32;
  const bits = match[2] === undefined ? length : Number(match[2]);
  return bits <= length ? { bytes, bits: bits + 128 - length } : undefined;
}

/** Whether an address lies in one of the ranges; what is no address lies in none. */
export function isInRanges(address: string, ranges: readonly AddressRange[]): boolean {
  const bytes = ranges.length > 0 ? ipBytes(address) : undefined;
  return bytes !== undefined && ranges.some((range) => isInRange(bytes, range));
}

function isInRange(bytes: readonly number[], { bytes: start, bits }: AddressRange): boolean {
  return bytes.every((byte, index) => {
    const counted = Math.min(8, Math.max(0, bits - index * 8));
    return ((byte ^ start[index]!) & (0xff00 >> counted) & 0xff) === 0;
  });
}
