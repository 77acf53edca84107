import type { MiddlewareHandler } from 'hono';

/** Seconds for which a browser keeps the answer to a preflight; it caps them itself. */
const PREFLIGHT_SECONDS = '86400';

/**
 * Lets the pages of any site send events with their cookies, and read what is answered (Fetch §3.3). The headers are said before
 * the route answers, so that they stand in every answer, and that it is made once.
 */
export const cors: MiddlewareHandler = async (c, next) => {
  const origin = c.req.header('Origin');
  if (origin) c.header('Access-Control-Allow-Origin', origin);
  c.header('Access-Control-Allow-Credentials', 'true');
  c.header('Access-Control-Expose-Headers', 'Retry-After');
  c.header('Vary', 'Origin');
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
