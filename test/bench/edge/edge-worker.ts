import { createApp } from '../../../edge/app.ts';
import type { WriteKeyRecord } from '../../../edge/contract/write-key.ts';
import type { Environment } from '../../../edge/services.ts';

const app = createApp();
const record: WriteKeyRecord = { id: 'wk_bench', kind: 'browser', name: 'bench' };
/** What Cloudflare says of a connection; the runtime says nothing of one that comes directly. */
const CF = { country: 'DE', region: 'Land Berlin', city: 'Berlin', timezone: 'Europe/Berlin' };

/** Made once: what stands in for Cloudflare must cost the edge nothing. */
let complete: Environment | undefined;

/** The edge as it is, with the key of the bench. The store of the keys is asked once a minute, and not measured. */
export default {
  async fetch(request: Request, environment: Environment): Promise<Response> {
    Object.defineProperty(request, 'cf', { value: CF });
    return await app.fetch(request, (complete ??= { ...environment, KEYS }));
  },
};

const KEYS = { get: async () => record, put: unused, list: unused } as unknown as Environment['KEYS'];
async function unused(): Promise<never> {
  throw new Error('the bench writes no keys');
}
