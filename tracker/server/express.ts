import { cacheControlBesideCookie } from './caching.ts';
import type { VisitorRequest } from './request.ts';
import { checkOptions, visitorCookie, type VisitorOptions } from './visitor.ts';

/** A response of Express 4 and 5, or another that is Node's. */
export interface ExpressResponse {
  readonly locals: Record<string, unknown>;
  getHeader(name: string): number | string | readonly string[] | undefined;
  setHeader(name: string, value: string): unknown;
  appendHeader(name: string, value: string): unknown;
  removeHeader(name: string): void;
  writeHead(status: number, reason?: string): unknown;
}

/** What Node's `writeHead` takes after the status and an optional reason. */
type GivenHeaders =
  | Readonly<Record<string, HeaderValue | undefined>>
  | readonly HeaderValue[]
  | readonly (readonly [string, HeaderValue])[];
type HeaderValue = number | string | readonly string[];

/**
 * Middleware for Express: sets the visitor cookie on pages, and puts the visitor id into `res.locals.anonymousId`, where
 * templates see it, too. `X-Forwarded-Proto` is trusted as Express's setting `trust proxy` says.
 * @throws TypeError where an option cannot stand in a cookie.
 */
export function expressVisitor<R extends VisitorRequest>(
  options: VisitorOptions<R> = {},
): (request: R, response: ExpressResponse, next: () => void) => void {
  checkOptions(options);
  return (request, response, next) => {
    const { anonymousId, setCookie } = visitorCookie(request, options);
    response.locals['anonymousId'] = anonymousId;
    if (setCookie !== undefined) beforeHeaders(response, () => addCookie(response, setCookie));
    next();
  };
}

function addCookie(response: ExpressResponse, setCookie: string): void {
  const cacheControl = cacheControlBesideCookie((name) => response.getHeader(name)?.toString());
  if (cacheControl === undefined) return;
  response.setHeader('Cache-Control', cacheControl);
  response.appendHeader('Set-Cookie', setCookie);
}

/** Calls once, when all headers are known: Node writes them in `writeHead`, whoever causes it. */
function beforeHeaders(response: ExpressResponse, act: () => void): void {
  const writeHead = response.writeHead.bind(response);
  const instead = (status: number, ...rest: readonly (string | GivenHeaders | undefined)[]) => {
    Object.assign(response, { writeHead });
    const reason = typeof rest[0] === 'string' ? rest[0] : undefined;
    const given = rest.find((one) => typeof one === 'object');
    // Headers given here would replace those set before, and with them the cookie.
    if (given) setAll(response, given);
    act();
    return reason === undefined ? writeHead(status) : writeHead(status, reason);
  };
  Object.assign(response, { writeHead: instead });
}

function setAll(response: ExpressResponse, given: GivenHeaders): void {
  const pairs = pairsOf(given);
  for (const [name] of pairs) response.removeHeader(name);
  for (const [name, value] of pairs) {
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value]) response.appendHeader(name, String(one));
  }
}

function pairsOf(given: GivenHeaders): (readonly [string, HeaderValue])[] {
  if (!Array.isArray(given)) return Object.entries(given).filter((pair): pair is [string, HeaderValue] => pair[1] !== undefined);
  if (Array.isArray(given[0])) return [...(given as readonly (readonly [string, HeaderValue])[])];
  const flat = given as readonly HeaderValue[];
  return flat.flatMap((name, i) => (i % 2 === 0 ? [[String(name), flat[i + 1]!] as const] : []));
}
