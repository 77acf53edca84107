import type { Core } from '../extension.ts';
import { frames } from './vendors/frames.ts';
import { hubspot } from './vendors/hubspot.ts';
import { marketo } from './vendors/marketo.ts';
import { startVendors } from './vendors/vendor.ts';

/**
 * Fills and reports the forms of systems that keep their values to themselves or show their forms in iframes of another
 * origin: each by what its vendor documents, and nothing else.
 */
export default function vendors(core: Core): void {
  startVendors(core, [hubspot, marketo, frames]);
}
