import { attempt } from '../attempt.ts';
import type { Core } from '../extension.ts';
import { domainOf, parseDomains } from './links/domains.ts';
import { decorateForm } from './links/forms.ts';
import { linkTo } from './links/linker.ts';
import { watchOpen } from './links/open.ts';
import { createToken, PARAMETER, readToken, withoutTokens } from './links/token.ts';
import { changeLink, watchUse } from './links/use.ts';

declare module '../api.ts' {
  interface Touchtrail {
    /** `_tt=…`, for an address on another of the site's domains; undefined without consent. Valid for two minutes. Only with `data-linker`. */
    getLinkerParam?(this: void): string | undefined;
    /** The address as a link of this page would have it when clicked. Only with `data-linker` or `data-carry`. */
    decorate?(this: void, address: string): string;
  }
}

/** Lets the visitor id go over to the site's other domains, which `data-linker` lists: by links, forms and windows that are opened. */
export default function links({ options, touchtrail, outgoing }: Core): void {
  // Each page has a visitor id of its own then, which ends with it.
  if (options.cookieless === 'true') return;
  const domains = parseDomains(options.linker);
  // What the browsers of two visitors seldom have in common: whoever opens an address that a visitor copied does not become
  // that visitor. It is neither stored nor sent; only a checksum depends on it.
  const fingerprint = [navigator.userAgent, new Date().getTimezoneOffset(), navigator.language].join('*');
  const mayIdentify = () => (touchtrail.consent() ?? 'granted') === 'granted';

  const token = new URL(location.href).searchParams.get(PARAMETER);
  if (token !== null) {
    attempt(() => history.replaceState(history.state, '', withoutTokens(location.href)));
    const id = readToken(token, fingerprint, Date.now());
    const from = document.referrer && new URL(document.referrer).hostname;
    if (id && (!from || domainOf(from, domains))) continueAs(id, touchtrail, mayIdentify() && (options.cookieName ?? 'anonymous_id'));
    else if (options.debug)
      console.warn(`touchtrail: ${PARAMETER} is ignored: ${id ? `${from} is not in data-linker` : 'too old, or from another browser'}`);
  }

  // Addresses of forms, and of a page that does not allow its address to be changed.
  outgoing.push(withoutTokens);

  const getLinkerParam = () => {
    const id = touchtrail.getAnonymousId();
    return id && mayIdentify() ? `${PARAMETER}=${createToken(id, fingerprint, Date.now())}` : undefined;
  };
  const link = (address: string, base = document.baseURI) => linkTo(address, base, location, domains, getLinkerParam());
  touchtrail.getLinkerParam = getLinkerParam;
  const { decorate = (address: string) => address } = touchtrail;
  touchtrail.decorate = (address) => link(decorate(address));
  watchUse(
    (element) => changeLink(element, link),
    (form, button) => decorateForm(form, button, link),
  );
  watchOpen(link);
}

/** Where this site knew the visitor by another id, an event `Visitor Linked` holds that one as its previous id, as an alias does. */
function continueAs(id: string, { getAnonymousId, setAnonymousId, track }: Core['touchtrail'], cookie: string | false): void {
  // The tracker itself reads the cookie only after this.
  const previousId = getAnonymousId() ?? (cookie && attempt(() => `; ${document.cookie}`.split(`; ${cookie}=`)[1]?.split(';')[0]));
  if (previousId === id) return;
  setAnonymousId(id);
  if (previousId) track('Visitor Linked', {}, { previousId });
}
