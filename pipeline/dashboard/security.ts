import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';

/** The cookie that stands for the token after somebody has signed in with it. */
export const SESSION_COOKIE = 'touchtrail_session';

/** Where nobody can sign in yet. */
const OPEN_PATHS = /^\/(?:login$|health$|assets\/)/;

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every answer: nothing inline, nothing from elsewhere, no frames, and nothing kept by caches between. */
export function protectedAnswers(): MiddlewareHandler {
  return async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.set('content-security-policy', POLICY);
    headers.set('x-content-type-options', 'nosniff');
    headers.set('referrer-policy', 'same-origin');
    headers.set('cross-origin-opener-policy', 'same-origin');
    headers.set('cross-origin-resource-policy', 'same-origin');
    if (!headers.has('cache-control')) headers.set('cache-control', 'private, no-store');
  };
}

/**
 * Refuses requests under a name that is not the dashboard's own: a page on the internet could else have its name point here,
 * and read what the browser of an employee can read (DNS rebinding).
 * @param names hosts without a port, in small letters; `any`: a token protects the dashboard.
 */
export function knownHosts(names: readonly string[] | 'any'): MiddlewareHandler {
  return async (context, next) => {
    const host = hostOf(context.req.header('host') ?? new URL(context.req.url).host);
    if (names !== 'any' && !names.includes(host)) {
      return context.text(`this dashboard does not answer to the name ${JSON.stringify(host)}: open it by ${names[0]}\n`, 421);
    }
    return next();
  };
}

/** The name in a Host header: without the port, of IPv6 with its brackets. */
export function hostOf(header: string): string {
  return header.toLowerCase().replace(/:\d+$/, '');
}

/** Asks for the token: as `Authorization: Bearer`, or as the cookie that signing in sets. */
export function signedIn(token: string | undefined): MiddlewareHandler {
  return async (context, next) => {
    if (token === undefined || OPEN_PATHS.test(context.req.path)) return next();
    const bearer = /^Bearer (.+)$/.exec(context.req.header('authorization') ?? '')?.[1];
    if (bearer !== undefined && isSame(bearer, token)) return next();
    const cookie = getCookie(context, SESSION_COOKIE);
    if (cookie !== undefined && isSame(cookie, sessionOf(token))) return next();
    if (context.req.header('accept')?.includes('text/html')) {
      const url = new URL(context.req.url);
      return context.redirect(`/login?to=${encodeURIComponent(url.pathname + url.search)}`, 303);
    }
    context.header('www-authenticate', 'Bearer');
    return context.text('a token is needed: Authorization: Bearer …\n', 401);
  };
}

/** What the cookie holds: it opens this dashboard, and does not tell the token. */
export function sessionOf(token: string): string {
  return createHash('sha256').update(`touchtrail dashboard session\0${token}`).digest('base64url');
}

/** Compares without telling by time how much is right. */
export function isSame(left: string, right: string): boolean {
  return timingSafeEqual(hashOf(left), hashOf(right));
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
