import { attempt } from '../../attempt.ts';

/**
 * The page that an address leads to, as a URL; undefined where it leads to no page (`mailto:`, `javascript:`), or only to
 * another place on the page it stands on.
 */
export function pageAt(address: string, base: string, here: string): URL | undefined {
  // Whatever is added to an empty address would take the place of the base's own parameters.
  const url = /^\s*(#|$)/.test(address) ? undefined : attempt(() => new URL(address, base));
  return url && /^https?:/.test(url.href) && url.href.split('#')[0] !== here.split('#')[0] ? url : undefined;
}
