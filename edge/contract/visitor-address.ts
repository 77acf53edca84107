import { ipBytes } from './ip.ts';

/**
 * The header with which a server that stands between the visitor and the edge says whose request it passes on:
 * `v1;t=<Unix seconds>;ip=<address>;host=<host>;s=<HMAC-SHA256 of all before it, base64url>`. An empty `ip` says that the server does
 * not know it.
 */
export const VISITOR_HEADER = 'x-touchtrail-visitor';

/** How far the clocks of the two servers may differ, and for how long a copied header is good. */
export const CLOCK_TOLERANCE_SECONDS = 300;

/** Whose request a server passes on. */
export interface ForwardedVisitor {
  /** The visitor's address; undefined where the server does not know it. */
  readonly ip?: string | undefined;
  /** The host the visitor's browser asked for, without port; undefined where the server does not know it. */
  readonly host?: string | undefined;
}

/** Signs whose request is passed on: the value of {@link VISITOR_HEADER}. What is no address or host is left out. */
export type VisitorSigner = (visitor: ForwardedVisitor) => Promise<string>;

/** Reads the value of {@link VISITOR_HEADER}; undefined where it is malformed, of another secret, or too old or too new. */
export type VisitorVerifier = (value: string) => Promise<ForwardedVisitor | undefined>;

const HOST = /^(?:[a-z\d._-]{1,253}|\[[a-f\d:.]{2,45}\])$/;
const VALUE = /^(v1;t=(\d{1,12});ip=([\da-f.:]{0,45});host=([a-z\d._:[\]-]{0,253}));s=([\w-]{43})$/;

const secondsOf = (now: () => number): number => Math.floor(now() / 1_000);

/**
 * Signatures are kept for as long as their time is the same: a visitor's requests come in a row, and a tenth of the tolerance is
 * near enough to the truth.
 */
const SAME_TIME_SECONDS = CLOCK_TOLERANCE_SECONDS / 10;
const REMEMBERED = 10_000;

/**
 * @param secret what both servers know and nobody else.
 * @param now milliseconds since 1970.
 */
export function createVisitorSigner(secret: string, now: () => number = Date.now): VisitorSigner {
  const known = new Map<string, string>();
  let knownAt = 0;
  let key: HmacKey | undefined;
  return async ({ ip, host }) => {
    const seconds = secondsOf(now);
    const time = seconds - (seconds % SAME_TIME_SECONDS);
    if (time !== knownAt || known.size >= REMEMBERED) known.clear();
    knownAt = time;
    const text = `v1;t=${time};ip=${addressOrNothing(ip)};host=${hostOrNothing(host)}`;
    const remembered = known.get(text);
    if (remembered !== undefined) return remembered;
    key ??= await importKey(secret);
    const value = `${text};s=${toBase64Url(await crypto.subtle.sign('HMAC', key, encode(text)))}`;
    if (time === knownAt) known.set(text, value);
    return value;
  };
}

/**
 * The signature is compared by WebCrypto, in constant time.
 * @param now milliseconds since 1970.
 */
export function createVisitorVerifier(secret: string, now: () => number = Date.now): VisitorVerifier {
  let key: HmacKey | undefined;
  return async (value) => {
    const [, text, time, ip, host, signature] = VALUE.exec(value) ?? [];
    if (text === undefined || Math.abs(secondsOf(now) - Number(time)) > CLOCK_TOLERANCE_SECONDS) return undefined;
    // The key itself is kept, not the promise: in Workers one request must not wait for the work of another.
    key ??= await importKey(secret);
    if (!(await crypto.subtle.verify('HMAC', key, fromBase64Url(signature!), encode(text)))) return undefined;
    return { ip: addressOrNothing(ip) || undefined, host: hostOrNothing(host) || undefined };
  };
}

type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

async function importKey(secret: string): Promise<HmacKey> {
  return await crypto.subtle.importKey('raw', encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

/** Without the zone that systems append to link-local addresses. */
function addressOrNothing(ip = ''): string {
  const address = ip.replace(/%.*$/, '').toLowerCase();
  return ipBytes(address) ? address : '';
}

function hostOrNothing(host = ''): string {
  const name = host.toLowerCase();
  return HOST.test(name) ? name : '';
}

const encode = (text: string) => new TextEncoder().encode(text);

function toBase64Url(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}
