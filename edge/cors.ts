import type { MiddlewareHandler } from 'hono';

/** Seconds for which a browser keeps the answer to a preflight; it caps them itself. */
const PREFLIGHT_SECONDS = '86400';

/** Lets the pages of any site send events with their cookies, and read what is answered (Fetch §3.3). */
export function corsHeaders(origin: string | null | undefined): Record<string, string> {
  return {
    ...(origin && { 'Access-Control-Allow-Origin': origin }),
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Expose-Headers': 'Retry-After',
    Vary: 'Origin',
  };
}

/** Origins remembered: an edge serves the pages of a few sites, but anyone can claim any. */
const REMEMBERED = 100;
const LONGEST_REMEMBERED = 200;
const known = new Map<string, Headers>();

/** The headers of an answer in JSON to a page of that origin; not to be changed, because others are given the same. */
export function answerHeaders(origin: string | null): Headers {
  const name = origin ?? '';
  let headers = known.get(name);
  if (!headers) {
    headers = new Headers({ ...corsHeaders(origin), 'Content-Type': 'application/json' });
    if (known.size >= REMEMBERED) known.clear();
    if (name.length <= LONGEST_REMEMBERED) known.set(name, headers);
  }
  return headers;
}

/** Says {@link corsHeaders} before the route answers, so that they stand in every answer; answers preflights itself. */
export const cors: MiddlewareHandler = async (c, next) => {
  for (const [name, value] of Object.entries(corsHeaders(c.req.header('Origin')))) c.header(name, value);
  if (c.req.method !== 'OPTIONS') return await next();
  const asked = c.req.header('Access-Control-Request-Headers');
  c.header('Access-Control-Max-Age', PREFLIGHT_SECONDS);
  c.header('Access-Control-Allow-Methods', 'GET,POST,OPTIONS');
  // Whatever is asked for: a client whose preflight fails would never get its retries through, and each marks them in its own way
  // (`X-Retry-Count`, `Rsa-Retry-Attempt` …).
  if (asked) {
    c.header('Access-Control-Allow-Headers', asked);
    c.header('Vary', 'Access-Control-Request-Headers', { append: true });
  }
  return c.body(null, 204);
};
