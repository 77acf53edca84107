import { domainOf } from './domains.ts';
import { pageAt } from './page-at.ts';
import { editQuery } from './query.ts';
import { withoutTokens } from './token.ts';

/**
 * The address with a token (`_tt=…`) if it leads from the host `here` to another of the site's own domains; any other
 * address as it is.
 */
export function linkTo(address: string, base: string, here: Location | URL, domains: readonly string[], token: string | undefined): string {
  const target = pageAt(address, base, here.href);
  const domain = target && domainOf(target.hostname, domains);
  if (!domain || domain === domainOf(here.hostname, domains)) return address;
  // In the place of the one that an earlier click has left.
  return editQuery(withoutTokens(address), (parameters) => [...parameters, ...(token ? [token] : [])]);
}
