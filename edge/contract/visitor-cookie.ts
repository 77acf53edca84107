/** When a browser sends the cookie along with requests that another site causes: RFC 6265bis §5.6.7. */
export type SameSite = 'Strict' | 'Lax' | 'None';

/** The cookie that carries the visitor id, as it stands in `Set-Cookie`. */
export interface VisitorCookie {
  readonly name: string;
  readonly value: string;
  /** Seconds; 0 deletes the cookie. */
  readonly maxAge: number;
  /** Without it the cookie belongs to the one host that set it. */
  readonly domain?: string;
  readonly path: string;
  readonly sameSite: SameSite;
  readonly secure: boolean;
}

/**
 * What the cookie is unless the site says otherwise. 400 days is the longest life browsers grant (RFC 6265bis §5.5).
 * It is never HttpOnly: the script must put the id into forms.
 */
export const VISITOR_COOKIE = { name: 'anonymous_id', maxAge: 34_560_000, path: '/', sameSite: 'Lax' } as const;

/** RFC 9110 §5.6.2: what the name of a cookie consists of. */
const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
/** RFC 6265 §4.1.1 `cookie-octet`. */
const VALUE = /^[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*$/;
const DOMAIN = /^[\dA-Za-z](?:[\dA-Za-z.-]*[\dA-Za-z])?$/;
/** RFC 6265 §4.1.1 `path-value`, without spaces, which parsers trim at the ends. */
const PATH = /^\/[\x21-\x3A\x3C-\x7E]*$/;
const SET_COOKIE =
  /^(?<name>[^=;]+)=(?<value>[^;]*); Max-Age=(?<maxAge>0|[1-9]\d{0,14}); Path=(?<path>[^;]+)(?:; Domain=(?<domain>[^;]+))?; SameSite=(?<sameSite>Strict|Lax|None)(?<secure>; Secure)?$/;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * The value of a `Set-Cookie` header, or what is assigned to `document.cookie`.
 * @throws TypeError where a part would end early or be read as another attribute.
 */
export function serializeVisitorCookie(cookie: VisitorCookie): string {
  const fault = faultOf(cookie);
  if (fault) throw new TypeError(fault);
  const { name, value, maxAge, domain, path, sameSite, secure } = cookie;
  return (
    `${name}=${value}; Max-Age=${maxAge}; Path=${path}` +
    (domain === undefined ? '' : `; Domain=${domain}`) +
    `; SameSite=${sameSite}` +
    (secure ? '; Secure' : '')
  );
}

/** The inverse of {@link serializeVisitorCookie}: undefined for whatever that would not have written. */
export function parseVisitorCookie(text: string): VisitorCookie | undefined {
  const parts = SET_COOKIE.exec(text)?.groups;
  if (!parts) return undefined;
  const cookie: VisitorCookie = {
    name: parts['name']!,
    value: parts['value']!,
    maxAge: Number(parts['maxAge']),
    ...(parts['domain'] === undefined ? {} : { domain: parts['domain'] }),
    path: parts['path']!,
    sameSite: parts['sameSite'] as SameSite,
    secure: parts['secure'] !== undefined,
  };
  return faultOf(cookie) ? undefined : cookie;
}

/** Whether a text can be a visitor id: a UUID of any version, because ids of other trackers are adopted. */
export function isVisitorId(text: string): boolean {
  return UUID.test(text);
}

/**
 * The visitor id in a `Cookie` header (or in `document.cookie`), exactly as it stands there.
 * Another program may use the name for something else, and a parent domain may hold a second cookie of that name:
 * the first value that is a UUID counts.
 */
export function readVisitorId(cookieHeader: string | null | undefined, name: string = VISITOR_COOKIE.name): string | undefined {
  for (const pair of (cookieHeader ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    if (isVisitorId(value)) return value;
  }
  return undefined;
}

function faultOf({ name, value, maxAge, domain, path, sameSite, secure }: VisitorCookie): string | undefined {
  if (!TOKEN.test(name)) return `cookie name ${JSON.stringify(name)}: expected letters, digits and marks like _ and -`;
  if (!VALUE.test(value)) return `cookie value ${JSON.stringify(value)}: expected visible ASCII without " , ; and \\`;
  if (!Number.isSafeInteger(maxAge) || maxAge < 0 || maxAge >= 1e15) return `cookie Max-Age ${maxAge}: expected whole seconds, 0 or more`;
  if (domain !== undefined && !DOMAIN.test(domain)) return `cookie domain ${JSON.stringify(domain)}: expected a host like example.com`;
  if (!PATH.test(path)) return `cookie path ${JSON.stringify(path)}: expected visible ASCII that begins with / and holds no ;`;
  // Browsers refuse it: RFC 6265bis §5.7.
  if (sameSite === 'None' && !secure) return 'cookie SameSite=None: expected Secure beside it';
  return undefined;
}
