import { idOrNull } from '../contract/message.ts';
import { isVisitorId, type SameSite, serializeVisitorCookie, VISITOR_COOKIE, type VisitorCookie } from '../contract/visitor-cookie.ts';

/** What decides about the cookie besides the request for it. */
export interface CookieSurroundings {
  /** The `Origin` header: where the page lies whose script asks. */
  readonly origin: string | null;
  /** The host under which the browser reached the edge. */
  readonly edgeHost: string;
  /** The `Cookie` header. */
  readonly cookies: string | null;
}

/**
 * The `Set-Cookie` with which a browser keeps the visitor id for longer than it keeps what a script has written.
 *
 * A server can do what the page's script cannot (write over cookies that are hidden from scripts), and the request comes from a
 * script that anyone may have written: so it is granted only to a page of the edge's own site, for a UUID, within the page's own
 * domain.
 * @param asked what the script would assign to `document.cookie`.
 * @returns undefined where anything is wrong with it.
 */
export function visitorCookieHeader(asked: unknown, { origin, edgeHost, cookies }: CookieSurroundings): string | undefined {
  if (typeof asked !== 'string' || asked.length > LONGEST_ASSIGNMENT) return undefined;
  const end = asked.indexOf(';');
  const [name, said] = splitPair(asked.slice(0, end < 0 ? undefined : end).trim());
  if (!isVisitorId(said) || idOrNull(said) === null) return undefined;
  const granted = grantedAttributes(name, end < 0 ? '' : asked.slice(end), origin, edgeHost);
  const value = granted === undefined ? undefined : valueToKeep(name, said, cookies);
  return value === undefined ? undefined : `${name}=${value}${granted}`;
}

const LONGEST_ASSIGNMENT = 1_024;
const NAME = /^[\w-]{1,64}$/;
const PATH = /^\/[\x21-\x3A\x3C-\x7E]*$/;
const SAME_SITE: readonly SameSite[] = ['Strict', 'Lax', 'None'];

/** Answers of {@link grantedAttributes}: all visitors of a site ask for the same, but for the value. */
const known = new Map<string, string | undefined>();
const REMEMBERED = 100;

/**
 * What stands behind the value in the `Set-Cookie`; undefined where the cookie is not granted, whatever its value is.
 * @param attributes from the first `;` on.
 */
function grantedAttributes(name: string, attributes: string, origin: string | null, edgeHost: string): string | undefined {
  const asked = [name, attributes, origin, edgeHost].join('\n');
  let granted = known.get(asked);
  if (granted === undefined && !known.has(asked)) {
    const cookie = parseAttributes(name, attributes);
    const pageHost = hostOf(origin);
    if (cookie && pageHost !== undefined && isFirstParty(cookie.domain, pageHost, edgeHost) && keepsPrefix(cookie)) {
      granted = serializeVisitorCookie(cookie).slice(name.length + '='.length);
    }
    if (known.size >= REMEMBERED) known.clear();
    known.set(asked, granted);
  }
  return granted;
}

/** Reads `;Attribute=…`, with each attribute at most once and no others than these. The cookie has no value. */
function parseAttributes(name: string, text: string): VisitorCookie | undefined {
  const [, ...attributes] = text.split(';').map((part) => part.trim());
  const said = new Map<string, string>();
  for (const attribute of attributes) {
    const [key, setting] = splitPair(attribute);
    if (said.has(key.toLowerCase())) return undefined;
    said.set(key.toLowerCase(), setting);
  }
  const take = (key: string): string | undefined => {
    const setting = said.get(key);
    said.delete(key);
    return setting;
  };
  const maxAge = Number(/^[1-9]\d{0,7}$/.exec(take('max-age') ?? '')?.[0]);
  const path = take('path') ?? '';
  const sameSiteSaid = take('samesite')?.toLowerCase();
  const sameSite = SAME_SITE.find((known) => known.toLowerCase() === sameSiteSaid);
  // RFC 6265 §5.2.3: a leading dot means nothing.
  const domain = take('domain')?.toLowerCase().replace(/^\./, '');
  const secureSaid = take('secure');
  const secure = secureSaid === '';
  const isSound =
    said.size === 0 &&
    NAME.test(name) &&
    maxAge <= VISITOR_COOKIE.maxAge &&
    // Of other cookies, only those can be looked after that the edge is sent.
    (path === '/' || (name === VISITOR_COOKIE.name && PATH.test(path))) &&
    (secureSaid === undefined || secure) &&
    (domain === undefined || DOMAIN.test(domain));
  if (!isSound || sameSite === undefined || (sameSite === 'None' && !secure)) return undefined;
  return { name, value: '', maxAge, path, sameSite, secure, ...(domain !== undefined && { domain }) };
}

function splitPair(text: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

function hostOf(origin: string | null): string | undefined {
  const url = URL.parse(origin ?? '');
  return url && /^https?:$/.test(url.protocol) ? url.hostname : undefined;
}

/** At least two labels, the last of which is no number: neither a top-level domain nor an address. */
const DOMAIN = /^(?:(?!-)[a-z\d-]{1,63}\.)+(?!\d+$)[a-z\d-]{2,63}$/;

/** Whether page and edge may share the cookie. Of public suffixes (`co.uk`) the browser keeps none. */
function isFirstParty(domain: string | undefined, pageHost: string, edgeHost: string): boolean {
  if (domain === undefined) return pageHost === edgeHost;
  return [pageHost, edgeHost].every((host) => host === domain || host.endsWith(`.${domain}`));
}

/** RFC 6265bis §4.1.3: what the beginning of a name promises. Browsers compare it without regard to case. */
function keepsPrefix({ name, domain, path, secure }: VisitorCookie): boolean {
  if (/^__host-/i.test(name)) return secure && domain === undefined && path === '/';
  return secure || !/^__secure-/i.test(name);
}

/**
 * What the browser holds already counts more than what the script says. Under the name that is the visitor id's by default it is
 * refreshed. A cookie of any other name may be something else, a session that no script may read: it is neither repeated to a
 * script that does not know it, nor written over.
 */
function valueToKeep(name: string, value: string, cookies: string | null): string | undefined {
  if (cookies === null) return value;
  const held = cookies
    .split(';')
    .map((pair) => splitPair(pair.trim()))
    .flatMap(([key, setting]) => (key === name ? [setting] : []));
  if (name === VISITOR_COOKIE.name) return held.find(isVisitorId) ?? value;
  return held.every((setting) => setting === value) ? value : undefined;
}
