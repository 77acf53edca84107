import type { EdgeProxyOptions } from './proxy.ts';

/** The edge's routes for browsers; those of RudderStack's and Jitsu's clients are other names for the same. */
const ROUTES: readonly { readonly methods: readonly string[]; readonly path: RegExp }[] = [
  { methods: ['GET', 'HEAD'], path: /^\/[\w.-]{1,100}\.js$/ },
  { methods: ['GET', 'HEAD'], path: /^\/internal-visitor$/ },
  { methods: ['GET', 'HEAD', 'OPTIONS'], path: /^(?:\/v1)?\/sourceConfig\/?$/ },
  { methods: ['GET', 'HEAD', 'OPTIONS'], path: /^\/(?:v1\/pixel|pixel\/v1)\/[\w.]{1,32}$/ },
  // History is imported by servers, with a secret key.
  { methods: ['POST', 'OPTIONS'], path: /^\/(?:v1|beacon\/v1|api\/s)\/(?!import$)[a-z]{1,16}$/ },
];

/** @param path as the edge knows it: without the path under which the site has it. */
export function isEdgeRoute(method: string, path: string): boolean {
  return ROUTES.some((route) => route.methods.includes(method) && route.path.test(path));
}

/** Headers of the visitor's that the edge reads. */
const TO_EDGE = [
  'accept-language',
  'access-control-request-headers',
  'access-control-request-method',
  'anonymousid',
  'authorization',
  'content-encoding',
  'content-type',
  'if-none-match',
  'origin',
  'referer',
  'sec-fetch-dest',
  'sentat',
  'user-agent',
  'x-retry-count',
  'x-write-key',
];

/** Headers of the edge's that the visitor's browser reads. The body arrives decompressed: its length and encoding are no longer true. */
const FROM_EDGE = [
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'access-control-max-age',
  'cache-control',
  'content-security-policy',
  'content-type',
  'cross-origin-resource-policy',
  'etag',
  'retry-after',
  'vary',
  'x-content-type-options',
];

/** @param cookies names of the cookies that the edge reads: no other of the site's leaves it. */
export function forwardedHeaders(header: (name: string) => string | undefined, cookies: readonly string[]): Headers {
  const headers = pick(TO_EDGE, header);
  const kept = (header('cookie') ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => cookies.includes(nameOf(pair)));
  if (kept.length > 0) headers.set('cookie', kept.join('; '));
  return headers;
}

/** @param cookies names of the cookies that the edge may set: it has not seen the others, and could write over one. */
export function answerHeaders(answer: Headers, cookies: readonly string[]): Headers {
  const headers = pick(FROM_EDGE, (name) => answer.get(name) ?? undefined);
  for (const cookie of answer.getSetCookie()) if (cookies.includes(nameOf(cookie))) headers.append('set-cookie', cookie);
  return headers;
}

function pick(names: readonly string[], header: (name: string) => string | undefined): Headers {
  const picked = new Headers();
  for (const name of names) {
    const value = header(name);
    if (value !== undefined) picked.set(name, value);
  }
  return picked;
}

const nameOf = (pair: string): string => pair.split('=', 1)[0]!.trim();

/** Characters; the edge's own is longer. */
const SHORTEST_SECRET = 32;
const PATH = /^(?:\/[\w.~-]+)+\/?$/;

/** Complains when the site starts rather than when its first visitor comes. @throws TypeError */
export function checkProxyOptions(options: EdgeProxyOptions): void {
  const { edge, secret, path = '/t', trustProxy = false, cookieName = 'anonymous_id', onError } = options;
  const url = URL.parse(edge);
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
    throw new TypeError(`edge ${JSON.stringify(edge)}: expected an address such as "https://collect.example.com"`);
  }
  if (typeof secret !== 'string' || secret.length < SHORTEST_SECRET) {
    throw new TypeError(`secret: expected the edge's PROXY_SECRET, at least ${SHORTEST_SECRET} characters`);
  }
  if (!PATH.test(path)) throw new TypeError(`path ${JSON.stringify(path)}: expected a path such as "/t"`);
  if (typeof trustProxy !== 'boolean' && !(Number.isSafeInteger(trustProxy) && trustProxy >= 0)) {
    throw new TypeError(`trustProxy ${String(trustProxy)}: expected true, false or a number of proxies`);
  }
  if (!/^[\w-]+$/.test(cookieName)) throw new TypeError(`cookieName ${JSON.stringify(cookieName)}: expected letters, digits, - and _`);
  if (onError !== undefined && typeof onError !== 'function') throw new TypeError('onError: expected a function');
}
