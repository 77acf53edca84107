import type { AuthenticatedKey } from './auth.ts';

/**
 * Whether a page may use a browser key. A request without `Origin` comes from no page of another site and is accepted; `null`,
 * which sandboxed frames and local files send, is nobody's. What is no browser can claim any origin: the list keeps honest sites
 * apart, such as a copy of the page, and is no proof.
 * Source: https://fetch.spec.whatwg.org/#origin-header
 */
export function mayUse({ record }: AuthenticatedKey, origin: string | null): boolean {
  const allowed = record?.kind === 'browser' ? record.origins : undefined;
  return origin === null || !allowed?.length || allowed.some((pattern) => matches(origin, pattern));
}

/** `https://*.example.com` stands for all hosts below, not for `https://example.com` itself. */
function matches(origin: string, pattern: string): boolean {
  const [scheme, rest] = pattern.split('*') as [string, string?];
  if (rest === undefined) return origin === pattern;
  return origin.startsWith(scheme) && origin.endsWith(rest) && /^[\w.-]+$/.test(origin.slice(scheme.length, -rest.length));
}
