import type { RequestFacts } from './enrich.ts';
import { isHosting } from './hosting.ts';
import { redactHeader } from './redact.ts';

/** Cloudflare's codes for "unknown" and "Tor"; neither is a country. */
const NO_COUNTRY: ReadonlySet<unknown> = new Set(['XX', 'T1']);

/**
 * What the connection says about the visitor. The address comes from `CF-Connecting-IP` alone, which Cloudflare sets itself;
 * anyone can write an `X-Forwarded-For`.
 * @param cf the `request.cf` object; undefined where no Cloudflare stands before the Worker. Then anyone can write
 *   `CF-Connecting-IP`, too, and no address is taken: one that a client chose would join it to whom it likes.
 */
export function requestFacts(headers: Headers, cf: unknown): RequestFacts {
  const place = (typeof cf === 'object' && cf !== null ? cf : {}) as Record<string, unknown>;
  const userAgent = headers.get('user-agent');
  const text = (key: string) => (typeof place[key] === 'string' && place[key] !== '' ? redactHeader(place[key]) : null);
  return {
    ip: cf === undefined ? null : headers.get('cf-connecting-ip'),
    isHosting: isHosting(place),
    // Anyone can write anything into it: some crawlers and mail programs write the address of whom they work for.
    userAgent: userAgent === null ? null : redactHeader(userAgent),
    country: NO_COUNTRY.has(place['country']) ? null : text('country'),
    region: text('region'),
    city: text('city'),
    timezone: text('timezone'),
  };
}
