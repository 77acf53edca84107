import { attempt } from './attempt.ts';
import { readCookie, readLocal, writeLocal } from './storage.ts';
import { uuid } from './uuid.ts';

/** Name of the cookie, of its copy in localStorage, and of the form field that carries it. */
export const ANONYMOUS_ID = 'anonymous_id';

/** 400 days: the longest life browsers grant a cookie (RFC 6265bis §5.5). */
const MAX_AGE = 34_560_000;

/** The id of this page where the browser keeps no cookie. */
let remembered: string | undefined;

/** The visitor id: the cookie's value, else the one held in memory; undefined before {@link keepAnonymousId}. No side effects. */
export function getAnonymousId(): string | undefined {
  return valid(readCookie(ANONYMOUS_ID)) ?? remembered;
}

/**
 * Makes sure that there is a visitor id. A cookie that exists is left alone: rewriting it from script would take away
 * the longer life that Safari grants to cookies set by a server (WebKit marks it `SetInJavaScript`).
 */
export function keepAnonymousId(): void {
  const existing = valid(readCookie(ANONYMOUS_ID));
  remembered = existing ?? valid(readLocal(ANONYMOUS_ID)) ?? uuid();
  if (!existing) writeCookie(remembered, MAX_AGE);
  writeLocal(ANONYMOUS_ID, remembered);
}

/** Forgets the visitor and begins a new one. */
export function renewAnonymousId(): void {
  for (const domain of domains()) setCookie('', 0, domain);
  writeLocal(ANONYMOUS_ID, undefined);
  keepAnonymousId();
}

/** Another script may use the name for something else; only a UUID is a visitor id. */
function valid(id: string | undefined): string | undefined {
  return id && /^[\da-f-]{36}$/i.test(id) ? id : undefined;
}

/** Writes to the widest domain that the browser accepts: it refuses public suffixes, so no list of them is needed. */
function writeCookie(value: string, maxAge: number): void {
  for (const domain of domains()) {
    setCookie(value, maxAge, domain);
    if (readCookie(ANONYMOUS_ID) === value) break;
  }
}

/** For `a.shop.example.co.uk`: `co.uk`, `example.co.uk`, … and last the host itself, without a domain. */
function domains(): string[] {
  const labels = location.hostname.split('.');
  return [...labels.slice(1).map((_, dropped) => labels.slice(-2 - dropped).join('.')), ''];
}

function setCookie(value: string, maxAge: number, domain: string): void {
  attempt(() => {
    document.cookie =
      `${ANONYMOUS_ID}=${value};Max-Age=${maxAge};Path=/;SameSite=Lax` +
      (domain && `;Domain=${domain}`) +
      (location.protocol === 'https:' ? ';Secure' : '');
  });
}
