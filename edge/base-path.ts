/**
 * The path of a request as the routes know it: without the path under which the site's host hands requests on to the edge. Only
 * some proxies strip it, so that the routes answer with and without it.
 * @param basePath such as `/t`; empty for none. Slashes at its ends do not matter.
 */
export function routePath(pathname: string, basePath: string | undefined): string {
  const base = (basePath ?? '').replace(/^\/+|\/+$/g, '');
  return base !== '' && pathname.startsWith(`/${base}/`) ? pathname.slice(base.length + 1) : pathname;
}

/** Where the clients of other products send the same calls: the beginning of their paths, and of the route that answers. */
const ALIASES: readonly (readonly [theirs: RegExp, ours: string])[] = [
  // RudderStack: as a page is left, from where no script runs, and before anything else.
  [/^\/beacon\/v1\//, '/v1/'],
  [/^\/pixel\/v1\//, '/v1/pixel/'],
  [/^\/sourceConfig\b/, '/v1/sourceConfig'],
  // Jitsu.
  [/^\/api\/s\//, '/v1/'],
];

/** The path of the route that answers where clients of other products ask by their own one; any other path as it is. */
export function ownPath(path: string): string {
  if (path.startsWith('/v1/')) return path;
  for (const [theirs, ours] of ALIASES) if (theirs.test(path)) return path.replace(theirs, ours);
  return path;
}
