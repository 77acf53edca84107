const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/**
 * The form of an address that is hashed: IPv4 as it is, also where it is written as IPv4-mapped IPv6; IPv6 as its /64
 * (four groups, lower case), because the rest changes daily on one device.
 * @returns undefined where the text is not an address.
 */
export function normalizeIp(address: string): string | undefined {
  const text = address.trim().toLowerCase();
  if (IPV4.test(text)) return text;
  const groups = ipv6Groups(text.replace(/^\[|\]$/g, '').replace(/%.*$/, ''));
  if (!groups) return undefined;
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.');
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The 16 bytes of an address, IPv4 as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2); undefined where the text is none. */
export function ipBytes(address: string): number[] | undefined {
  const text = address.trim().toLowerCase();
  return ipv6Groups(IPV4.test(text) ? `::ffff:${text}` : text)?.flatMap((group) => [group >> 8, group & 255]);
}

/** The eight groups of an IPv6 address (RFC 4291 §2.2), or undefined. */
function ipv6Groups(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return undefined;
  const [head, tail] = halves.map(parseGroups);
  if (!head || (halves.length === 2 && !tail)) return undefined;
  const rest = tail ?? [];
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0), ...rest];
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  for (const [index, part] of text.split(':').entries()) {
    if (part.includes('.')) {
      const isLast = index === text.split(':').length - 1;
      if (!isLast || !IPV4.test(part)) return undefined;
      const bytes = part.split('.').map(Number) as [number, number, number, number];
      groups.push(bytes[0] * 256 + bytes[1], bytes[2] * 256 + bytes[3]);
    } else if (/^[0-9a-f]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/**
 * Addresses that are no place on the internet (RFC 6890): "this host", private, loopback, link-local and carrier-grade NAT ranges.
 * Of a normalised address; an IPv6 one has only its first four groups.
 */
const NOT_PUBLIC =
  /^(?:(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.|f[cd][\da-f]{2}:|fe[89ab][\da-f]:|0:0:0:0::)/;

/** Hashes addresses with one key. */
export interface IpHasher {
  /** Names the key, so that hashes of different keys are never compared. */
  readonly keyId: string;
  /**
   * HMAC-SHA256, hex, of the normalised address; null where the text is not an address, or one that strangers share: a private one,
   * which every office has, or the machine's own, which all visitors have behind a proxy that is not known.
   */
  hash(address: string): Promise<string | null>;
}

/** Addresses remembered per hasher: a batch often holds the same few. */
const REMEMBERED = 10_000;
/** An address may carry a zone of any length. */
const LONGEST_REMEMBERED = 64;

/**
 * An unkeyed hash of an IPv4 address is found by trying all of them within seconds; hence the key.
 * @param secret the key as text.
 */
export function createIpHasher(keyId: string, secret: string): IpHasher {
  const encoder = new TextEncoder();
  let key: Awaited<ReturnType<typeof crypto.subtle.importKey>> | undefined;
  const known = new Map<string, string>();
  return {
    keyId,
    async hash(address) {
      const remembered = known.get(address);
      if (remembered !== undefined) return remembered;
      const normal = normalizeIp(address);
      if (normal === undefined || NOT_PUBLIC.test(normal)) return null;
      // The key itself is kept, not the promise: in Workers one request must not wait for the work of another.
      key ??= await crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
      const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(normal)));
      const hex = Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('');
      if (known.size >= REMEMBERED) known.clear();
      if (address.length <= LONGEST_REMEMBERED) known.set(address, hex);
      return hex;
    },
  };
}
