import type { RequestFacts } from './enrich.ts';

/** Cloudflare's codes for "unknown" and "Tor"; neither is a country. */
const NO_COUNTRY: ReadonlySet<unknown> = new Set(['XX', 'T1']);

/**
 * What the connection says about the visitor. The address comes from `CF-Connecting-IP` alone, which Cloudflare sets itself;
 * anyone can write an `X-Forwarded-For`.
 * @param cf the `request.cf` object; empty in the embedded runtime, which knows no places.
 */
export function requestFacts(headers: Headers, cf: unknown): RequestFacts {
  const place = (typeof cf === 'object' && cf !== null ? cf : {}) as Record<string, unknown>;
  const text = (key: string) => (typeof place[key] === 'string' && place[key] !== '' ? place[key] : null);
  return {
    ip: headers.get('cf-connecting-ip'),
    userAgent: headers.get('user-agent'),
    country: NO_COUNTRY.has(place['country']) ? null : text('country'),
    region: text('region'),
    city: text('city'),
    timezone: text('timezone'),
  };
}
