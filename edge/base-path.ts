/**
 * The path of a request as the routes know it: without the path under which the site's host hands requests on to the edge. Only
 * some proxies strip it, so that the routes answer with and without it.
 * @param basePath such as `/t`; empty for none. Slashes at its ends do not matter.
 */
export function routePath(pathname: string, basePath: string | undefined): string {
  const base = (basePath ?? '').replace(/^\/+|\/+$/g, '');
  return base !== '' && pathname.startsWith(`/${base}/`) ? pathname.slice(base.length + 1) : pathname;
}
