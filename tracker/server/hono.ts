import { cacheControlBesideCookie } from './caching.ts';
import { checkOptions, visitorCookie, type VisitorOptions } from './visitor.ts';

/** The context of Hono. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  readonly res: Response;
  set(key: 'anonymousId', value: string | undefined): void;
  header(name: string, value: string, options?: { append?: boolean }): void;
}

/**
 * Middleware for Hono: sets the visitor cookie on pages, and puts the visitor id into `c.get('anonymousId')`.
 * @throws TypeError where an option cannot stand in a cookie.
 */
export function honoVisitor(options: VisitorOptions<Request> = {}): (context: HonoContext, next: () => Promise<void>) => Promise<void> {
  checkOptions(options);
  return async (context, next) => {
    const { anonymousId, setCookie } = visitorCookie(context.req.raw, options);
    context.set('anonymousId', anonymousId);
    await next();
    if (setCookie === undefined) return;
    const cacheControl = cacheControlBesideCookie((name) => context.res.headers.get(name) ?? undefined);
    if (cacheControl === undefined) return;
    context.header('Cache-Control', cacheControl);
    context.header('Set-Cookie', setCookie, { append: true });
  };
}
