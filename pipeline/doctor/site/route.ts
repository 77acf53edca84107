/** How browsers reach the edge from the page: what decides about the life of cookies. */
export type Route = 'same host' | 'subdomain' | 'third party';

/** What DNS says of a host. */
export interface HostAddress {
  /** Where the chain of CNAME records ends; undefined where there is none. */
  readonly alias?: string;
  /** IPv4 and IPv6. */
  readonly addresses: readonly string[];
}

export interface CookieFacts {
  readonly route: Route;
  /** Who has set the cookie by `Set-Cookie`; undefined: only the script has written it. */
  readonly setBy: 'edge' | 'page' | undefined;
  /** Undefined where DNS did not answer. */
  readonly site: HostAddress | undefined;
  readonly edge: HostAddress | undefined;
  /** Of the site, such as `example.com`. */
  readonly domain: string;
}

/** How long Safari keeps the cookie; undefined where that cannot be told. */
export interface CookieLife {
  readonly days: 400 | 7 | undefined;
  readonly why: string;
}

/** Whether two addresses are of one host with several ports, as on a machine to try things on. Cookies know no ports (RFC 6265 §8.5). */
export function isOtherPort(site: URL, edge: URL): boolean {
  return site.hostname === edge.hostname && site.host !== edge.host;
}

/** @param domain of the site, such as `example.com`. */
export function routeOf(siteHost: string, edgeHost: string, domain: string): Route {
  if (siteHost === edgeHost) return 'same host';
  return isWithin(siteHost, domain) && isWithin(edgeHost, domain) ? 'subdomain' : 'third party';
}

/**
 * The domain that the hosts of a site share: where the browser has kept a cookie for it, else by the shape of the name
 * (`shop.example.co.uk` → `example.co.uk`).
 */
export function domainOf(host: string, cookieDomain?: string): string {
  const kept = cookieDomain?.replace(/^\./, '');
  if (kept !== undefined && isWithin(host, kept)) return kept;
  const labels = host.split('.');
  const isAddress = host.includes(':') || /^\d+$/.test(labels.at(-1)!);
  if (isAddress || labels.length < 3) return host;
  const hasSecondLevel = labels.at(-1)!.length === 2 && labels.at(-2)!.length <= 3;
  return labels.slice(hasSecondLevel ? -3 : -2).join('.');
}

/**
 * What Safari does. A cookie that a script has written goes after 7 days of use without a click or key on the site. One that a
 * server has set stays, unless it comes with a sub-resource of a host that looks like somebody else's: its CNAME leads to another
 * domain, or it has none and its address differs from the page's in the first half of the network part.
 * Source: WebKit, NetworkTaskCocoa.mm (`setCookieTransformForFirstPartyRequest`) and webkit.org/tracking-prevention.
 */
export function cookieLife({ route, setBy, site, edge, domain }: CookieFacts): CookieLife {
  if (setBy === 'page') return { days: 400, why: 'the page itself comes with Set-Cookie' };
  if (setBy === undefined) {
    return { days: 7, why: 'only the script has written it: Safari deletes it after 7 days of use without a click or key on the site' };
  }
  if (route === 'same host') return { days: 400, why: 'the edge sets it, on the host of the page' };
  if (site === undefined || edge === undefined) return { days: undefined, why: 'the edge sets it on a subdomain, and DNS did not answer' };
  if (edge.alias !== undefined) {
    if (isWithin(edge.alias, domain) || edge.alias === site.alias)
      return { days: 400, why: 'the edge sets it, on a subdomain that leads to no other domain' };
    return { days: 7, why: `the subdomain of the edge is a CNAME to ${edge.alias}, another domain` };
  }
  return edge.addresses.every((address) => site.addresses.some((other) => looksRelated(address, other)))
    ? { days: 400, why: 'the edge sets it, on a subdomain with an address like that of the page' }
    : { days: 7, why: 'the address of the edge differs from that of the page in its first half' };
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

/** IPv4: the first 16 bits are equal; IPv6: the first 64. */
export function looksRelated(one: string, other: string): boolean {
  if (one.includes(':') !== other.includes(':')) return false;
  const start = one.includes(':') ? (text: string) => expand(text).slice(0, 4) : (text: string) => text.split('.').slice(0, 2);
  return start(one).join() === start(other).join();
}

/** The eight groups of an IPv6 address. */
function expand(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  return tail === undefined ? before : [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':').map((group) => group.replace(/^0+(?=.)/, ''));
}
