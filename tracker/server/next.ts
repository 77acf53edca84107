import { parseVisitorCookie, type VisitorCookie, VISITOR_COOKIE } from '../../edge/contract/visitor-cookie.ts';
import { cacheControlBesideCookie } from './caching.ts';
import { visitorCookie, type VisitorOptions, withVisitorCookie } from './visitor.ts';

/** What `NextResponse.next`, `rewrite` and others take: the request headers that the page will see. */
export interface NextInit {
  readonly request: { readonly headers: Headers };
}

/** The cookies of a `NextResponse`. */
interface NextCookies {
  set(cookie: VisitorCookie): unknown;
}

/**
 * For `proxy.ts` of Next.js 16 and `middleware.ts` of earlier versions: sets the visitor cookie on the response that `respond`
 * makes. `respond` gets the request headers with the cookie in them; handed on to `NextResponse.next`, they let server
 * components and route handlers read a new visitor's id in the same request with `cookies()`.
 *
 * The cookie is set before Next.js knows how the page may be cached; so the response is marked `Cache-Control: private`
 * unless `respond` says something else.
 * @throws TypeError where an option cannot stand in a cookie.
 */
export async function nextVisitor<R extends Request, A extends Response>(
  request: R,
  respond: (init: NextInit) => A | Promise<A>,
  options: VisitorOptions<R> = {},
): Promise<Response> {
  const visitor = visitorCookie(request, options);
  const headers = new Headers(request.headers);
  if (visitor.isNew)
    headers.set('cookie', withNewId(headers.get('cookie') ?? '', options.cookieName ?? VISITOR_COOKIE.name, visitor.anonymousId!));
  const response = await respond({ request: { headers } });
  const cookies = (response as { readonly cookies?: NextCookies }).cookies;
  const cookie = visitor.setCookie === undefined ? undefined : parseVisitorCookie(visitor.setCookie);
  if (!cookies || !cookie) return withVisitorCookie(response, visitor);
  const cacheControl = cacheControlBesideCookie((name) => response.headers.get(name) ?? undefined);
  if (cacheControl === undefined) return response;
  response.headers.set('Cache-Control', cacheControl);
  // A NextResponse keeps its own list of cookies: one that is only in the header would be lost with the next one set.
  cookies.set(cookie);
  return response;
}

/** The `Cookie` header with the id, and without what another program keeps under that name: only one of them would be read. */
function withNewId(cookieHeader: string, name: string, id: string): string {
  const others = cookieHeader.split(';').filter((pair) => pair.trim() !== '' && pair.split('=')[0]!.trim() !== name);
  return [...others.map((pair) => pair.trim()), `${name}=${id}`].join('; ');
}
