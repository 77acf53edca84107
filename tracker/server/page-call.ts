import { headerOf, hostOf, isHttps, isPageVisit, type VisitorRequest } from './request.ts';

/** What the server knows of a page view beside the request. */
export interface PageCallOptions {
  /** The visitor id, as {@link visitorCookie} and the middlewares have it; without one there is no call. */
  readonly anonymousId: string | undefined;
  /** The visitor's own address; it is stored as a keyed hash. */
  readonly ip?: string | undefined;
  /** The site's own id of who is signed in. */
  readonly userId?: string | undefined;
  /** The title of the page, as the browser will show it. */
  readonly title?: string | undefined;
  /** Whether `X-Forwarded-Proto` and `X-Forwarded-Host` come from the site's own proxy. Default false. */
  readonly trustProxy?: boolean;
}

/** A request for a page. */
export interface PageRequest extends VisitorRequest {
  /** Of Express: the address before a router has taken off what is its own. */
  readonly originalUrl?: string | undefined;
}

/** A page call as the clients of the Segment API take it. */
export interface PageCall {
  /** For the page's script tag, too (`data-message-id`): its first view is then known to be this one. */
  readonly messageId: string;
  readonly anonymousId: string;
  readonly userId?: string;
  readonly context: {
    readonly ip?: string;
    readonly userAgent: string;
    readonly page: { readonly url: string; readonly referrer: string; readonly title?: string };
  };
}

/**
 * The page call of a request that is answered with a page, for the server to send with a server key.
 * @param newId makes a UUID.
 * @returns undefined where nobody is to see a page (assets, data, prefetches, bots), and without a visitor id, as where consent
 *   was refused.
 */
export function pageCall(
  request: PageRequest,
  { anonymousId, ip, userId, title, trustProxy = false }: PageCallOptions,
  newId: () => string = () => crypto.randomUUID(),
): PageCall | undefined {
  if (anonymousId === undefined || !isPageVisit(request)) return undefined;
  return {
    messageId: newId(),
    anonymousId,
    ...(userId !== undefined && { userId }),
    context: {
      ...(ip !== undefined && { ip }),
      userAgent: headerOf(request, 'user-agent') ?? '',
      page: {
        url: urlOf(request, trustProxy),
        referrer: headerOf(request, 'referer') ?? '',
        ...(title !== undefined && { title }),
      },
    },
  };
}

/** The address as the browser shows it, but for the fragment. */
function urlOf(request: PageRequest, trustProxy: boolean): string {
  const host = hostOf(request, trustProxy);
  const asked = headerOf(request, 'host') ?? '';
  const authority = asked.toLowerCase().replace(/:\d+$/, '') === host ? asked.toLowerCase() : host;
  const path = (request.originalUrl ?? request.url ?? '/').replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*/s, '');
  return `${isHttps(request, trustProxy) ? 'https' : 'http'}://${authority}${path.startsWith('/') ? '' : '/'}${path}`;
}
