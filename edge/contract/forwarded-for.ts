import { type AddressRange, isInRanges } from './cidr.ts';
import { ipBytes } from './ip.ts';

/** What a server sees of where a request comes from. */
export interface Peer {
  /** The address at the other end of the connection. */
  readonly address: string | undefined;
  /** The header `X-Forwarded-For`: to its right end each proxy adds whom it got the request from. */
  readonly forwardedFor: string | undefined;
  /** Whether any other header says that the request came through a proxy. */
  readonly isForwarded: boolean;
}

/** Headers that proxies write, beside `X-Forwarded-For`. */
export const FORWARDING_HEADERS = ['forwarded', 'via', 'x-real-ip', 'x-forwarded-host', 'x-forwarded-proto'] as const;

/** What connects from the machine itself: a proxy that nobody has told of, or a developer; never a visitor. */
const SAME_MACHINE: ReadonlySet<string | undefined> = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/**
 * The visitor's address, as far as it can be known. Only trusted proxies are believed: the visitor is the last of
 * `X-Forwarded-For` that is none of them. A proxy's own address is never taken: it would make one of all visitors.
 * @param trusted the proxies.
 * @returns undefined where it cannot be known.
 */
export function addressBehindRanges({ address, forwardedFor, isForwarded }: Peer, trusted: readonly AddressRange[]): string | undefined {
  if (address === undefined || !isInRanges(address, trusted)) {
    return isForwarded || forwardedFor !== undefined || SAME_MACHINE.has(address) ? undefined : address;
  }
  return hopsOf(forwardedFor).findLast((hop) => hop === undefined || !isInRanges(hop, trusted));
}

/**
 * The visitor's address behind a known number of proxies, each of which adds to `X-Forwarded-For`.
 * @param proxies 0: the connection is the visitor's own.
 * @returns undefined where it cannot be known.
 */
export function addressBehindProxies(peer: Peer, proxies: number): string | undefined {
  return proxies === 0 ? addressBehindRanges(peer, []) : hopsOf(peer.forwardedFor).at(-proxies);
}

/** The addresses of the header, undefined for what is none. Some proxies add the port. */
function hopsOf(forwardedFor: string | undefined): (string | undefined)[] {
  return (forwardedFor ?? '').split(',').map((part) => {
    const text = part.trim();
    const [, inBrackets, beforePort] = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text) ?? [];
    const address = inBrackets ?? beforePort ?? text;
    return ipBytes(address) ? address : undefined;
  });
}
