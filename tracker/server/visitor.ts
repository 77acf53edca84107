import { readVisitorId, type SameSite, serializeVisitorCookie, VISITOR_COOKIE } from '../../edge/contract/visitor-cookie.ts';
import { cacheControlBesideCookie } from './caching.ts';
import { hostOf, headerOf, isHttps, isPageVisit, type VisitorRequest } from './request.ts';

/** Those that the script has, too, must be the same in both places. */
export interface VisitorOptions<R extends VisitorRequest = VisitorRequest> {
  /** Default `anonymous_id`. */
  readonly cookieName?: string;
  /** The domain that all hosts of the site share, such as `example.com`. Default: the host that answers, alone. */
  readonly cookieDomain?: string;
  /** Default `/`. */
  readonly cookiePath?: string;
  /** Days until the cookie ends; each visit of a page renews them. Default 400, which is also the most that browsers grant. */
  readonly cookieDays?: number;
  /** Default `Lax`. */
  readonly cookieSameSite?: SameSite;
  /** Whether the visitor allows it. Where it says false, nothing is set and no id is read. */
  readonly consent?: (request: R) => boolean;
  /** Whether `X-Forwarded-Proto` and `X-Forwarded-Host` come from the site's own proxy. Default false. */
  readonly trustProxy?: boolean;
}

/** Who visits, and what the response has to say about it. */
export interface Visitor {
  /** The visitor id; undefined without consent, and where a new visitor's request is no visit of a page. */
  readonly anonymousId: string | undefined;
  /** Whether the id was made for this request. */
  readonly isNew: boolean;
  /** The `Set-Cookie` header that keeps or renews the id; undefined where none is to be sent. */
  readonly setCookie: string | undefined;
}

const NOBODY: Visitor = { anonymousId: undefined, isNew: false, setCookie: undefined };
const DAY = 86_400;

/**
 * Reads the visitor id of a request, or makes one, and says which cookie to set. The cookie is set or renewed on visits of
 * pages only: not on assets, data, prefetches and bots. Use {@link withVisitorCookie} to set it: it keeps ids out of caches.
 * @param newId makes a UUID.
 * @throws TypeError where an option cannot stand in a cookie.
 */
export function visitorCookie<R extends VisitorRequest>(
  request: R,
  options: VisitorOptions<R> = {},
  newId: () => string = () => crypto.randomUUID(),
): Visitor {
  const { cookieName = VISITOR_COOKIE.name, trustProxy = false } = options;
  if (options.consent?.(request) === false) return NOBODY;
  const existing = readVisitorId(headerOf(request, 'cookie'), cookieName);
  if (!isPageVisit(request)) return { ...NOBODY, anonymousId: existing };
  const anonymousId = existing ?? newId();
  const setCookie = setCookieOf(anonymousId, options, isHttps(request, trustProxy), hostOf(request, trustProxy));
  return { anonymousId, isNew: existing === undefined, setCookie };
}

/** Complains when the site starts rather than when its first visitor comes. @throws TypeError like {@link visitorCookie}. */
export function checkOptions(options: VisitorOptions<never>): void {
  setCookieOf('', options, true, options.cookieDomain ?? '');
}

function setCookieOf(value: string, options: VisitorOptions<never>, https: boolean, host: string): string {
  const { cookieName, cookiePath, cookieSameSite = VISITOR_COOKIE.sameSite, cookieDays = VISITOR_COOKIE.maxAge / DAY } = options;
  if (!(cookieDays > 0)) throw new TypeError(`cookieDays ${cookieDays}: expected a number of days above 0`);
  const domain = options.cookieDomain?.replace(/^\./, '').toLowerCase();
  return serializeVisitorCookie({
    name: cookieName ?? VISITOR_COOKIE.name,
    value,
    maxAge: Math.round(cookieDays * DAY),
    path: cookiePath ?? VISITOR_COOKIE.path,
    sameSite: cookieSameSite,
    // Browsers take SameSite=None with Secure only, and on localhost they take that without https.
    secure: https || cookieSameSite === 'None',
    // On another host, say a preview or localhost, a browser would refuse the cookie as a whole.
    ...(domain !== undefined && (host === domain || host.endsWith(`.${domain}`)) ? { domain } : {}),
  });
}

/**
 * The response with the visitor's cookie, where one is due and no shared cache will keep the response; a response that says
 * nothing about caching becomes `Cache-Control: private`.
 */
export function withVisitorCookie(response: Response, { setCookie }: Visitor): Response {
  if (setCookie === undefined) return response;
  const cacheControl = cacheControlBesideCookie((name) => response.headers.get(name) ?? undefined);
  if (cacheControl === undefined) return response;
  // The headers of a redirect or of a fetched response cannot be changed.
  const changed = new Response(response.body, response);
  changed.headers.set('Cache-Control', cacheControl);
  changed.headers.append('Set-Cookie', setCookie);
  return changed;
}
