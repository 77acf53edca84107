import { isEmailHash } from '../../../edge/contract/email.ts';
import { attempt } from '../attempt.ts';
import type { Core } from '../extension.ts';

/**
 * Takes `ehash`, with which mail tools mark the links of a recipient, out of the address bar, unless it may stay, and hands it
 * to the next event. Anything but 64 hex digits is no hash and is only removed: a link could bring anything else along.
 */
export default function ehash({ options, noteAddress }: Core): void {
  const found: string[] = [];
  // Cut out of the text: URLSearchParams would write the other parameters anew and change their encoding.
  const others = location.search
    .slice(1)
    .split('&')
    .filter((parameter) => !parameter.startsWith('ehash=') || !found.push(parameter.slice('ehash='.length)))
    .join('&');
  if (!found.length) return;
  const search = others && `?${others}`;
  if (options.ehash !== 'keep') attempt(() => history.replaceState(history.state, '', location.pathname + search + location.hash));
  const hash = found.find(isEmailHash);
  if (hash) noteAddress(hash, 'url');
}
