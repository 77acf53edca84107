import { options } from './options.ts';
import { isStorageOpen, readCookie, readLocal, update, writeCookie } from './storage.ts';
import { uuid } from './uuid.ts';

/** Default name of the cookie and of the form field that carries it. */
export const ANONYMOUS_ID = 'anonymous_id';
/** Segment's name; its id is taken over where a site changes from Segment. */
const ADOPTED = 'ajs_' + ANONYMOUS_ID;

/** The domain this script has set the cookie for. */
let domain: string | undefined;
/** The id of this page, where the browser keeps no cookie. */
let remembered: string | undefined;

/** The visitor id: the cookie's value, else the one held in memory; undefined before there is one. No side effects. */
export function getAnonymousId(): string | undefined {
  return cookieId() ?? remembered;
}

/**
 * Makes sure that there is a visitor id. A cookie that exists is left alone: rewriting it from script would take away
 * the longer life that Safari grants to cookies set by a server (WebKit marks it `SetInJavaScript`).
 */
export function keepAnonymousId(): void {
  // Segment writes its id in quotes, which a cookie may hold encoded.
  const adopted = (readLocal(ADOPTED) ?? readCookie(ADOPTED))?.replace(/"|%22/g, '');
  const state = update();
  domain = state.domain;
  remembered ??= cookieId() ?? valid(state.id) ?? valid(adopted) ?? uuid();
  update({ id: remembered });
  if (!isStorageOpen || cookieId() === remembered) return;
  // Browsers refuse public suffixes, so no list of them is needed.
  for (domain of domains()) {
    writeCookie(cookieText(remembered, domain));
    if (cookieId() === remembered) break;
  }
  update({ domain: domain! });
}

/** Continues as the visitor with this id, a UUID, or as a new one. */
export function setAnonymousId(id?: string): void {
  // Before consent nothing is touched; the cookie is written with it.
  if (isStorageOpen) forgetAnonymousId();
  remembered = valid(id) ?? uuid();
  keepAnonymousId();
}

/** Removes the cookie from wherever it may stand, and every copy of the id. */
export function forgetAnonymousId(): void {
  for (const domain of domains()) writeCookie(cookieText('', domain, 0));
  remembered = undefined;
  update({ id: null });
}

/**
 * The cookie in the words of `Set-Cookie`, for the edge to set it again, which Safari lets live longer; undefined where
 * there is none, or another than this script has set it.
 */
export function visitorCookie(): string | undefined {
  const id = cookieId();
  return id && domain !== undefined ? cookieText(id, domain) : undefined;
}

function cookieName(): string {
  return options.cookieName ?? ANONYMOUS_ID;
}

function cookieId(): string | undefined {
  return valid(readCookie(cookieName()));
}

/** Another script may use the name for something else; only a UUID is a visitor id. */
function valid(id: string | null | undefined): string | undefined {
  // As a text: an event comes here where reset() itself is what listens to it.
  return `${id}`.match(/^[\da-f-]{36}$/i)?.[0];
}

/** 400 days is the longest life that browsers grant a cookie (RFC 6265bis §5.5). */
function cookieText(value: string, domain: string, days: number | string = options.cookieDays ?? 400): string {
  return `${cookieName()}=${value};Max-Age=${+days * 86_400};Path=${options.cookiePath ?? '/'};SameSite=${options.cookieSameSite ?? 'Lax'}${
    domain && `;Domain=${domain}`
  }${location.protocol === 'https:' ? ';Secure' : ''}`;
}

/** For `a.shop.example.co.uk`: `co.uk`, `example.co.uk`, … and last the host itself, without a domain. */
function domains(): string[] {
  if (options.cookieDomain !== undefined) return [options.cookieDomain];
  const labels = location.hostname.split('.');
  return [...labels.slice(1).map((_, dropped) => labels.slice(-2 - dropped).join('.')), ''];
}
