import { type AddressRange, isInRanges, parseCidr } from '../contract/cidr.ts';
import { INTERNAL_COOKIE } from '../contract/internal-visitor.ts';
import { log } from '../log.ts';

/**
 * The ranges of addresses that a variable of the Worker names. One that is none is told and ignored: it must not stop events from
 * being taken.
 * @param text CIDR, separated by commas.
 */
export function internalRanges(text: string | undefined): readonly AddressRange[] {
  return (text ?? '').split(',').flatMap((entry) => {
    const range = parseCidr(entry);
    if (!range && entry.trim() !== '') log('warn', 'internal_ips_ignored', { entry: entry.trim().slice(0, 50) });
    return range ?? [];
  });
}

/** Whether an event is the company's own: by the address of its visitor, or because the browser was told so. */
export function isInternal(address: string | null, ranges: readonly AddressRange[], cookies: string | null): boolean {
  return (address !== null && isInRanges(address, ranges)) || INTERNAL_PAIR.test(cookies ?? '');
}

const INTERNAL_PAIR = new RegExp(`(?:^|;) *${INTERNAL_COOKIE.name}=${INTERNAL_COOKIE.value} *(?:;|$)`);
