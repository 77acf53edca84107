import type { Bucket, BucketObject, BucketPage } from '../platform.ts';
import { type CallFault, underFault } from './call-fault.ts';

/** How a fake is set up. */
export interface FakeBucketOptions {
  /** Chooses what goes wrong with a call. Default: nothing. */
  readonly fault?: (operation: 'put' | 'get' | 'delete' | 'list', key: string) => CallFault | undefined;
  /** Told of each thing that was done, in order: `put spill/…`, `deleted spill/…`. */
  readonly note?: (action: string) => void;
}

/** https://developers.cloudflare.com/r2/platform/limits/ */
const KEY_BYTES = 1_024;
const METADATA_BYTES = 8_192;
/** Objects of one page: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#r2listoptions */
const PAGE = 1_000;

const WORDS = 'internal error: We encountered an internal error. Please try again. (10001)';

/** A bucket of R2 in memory: objects are there once `put` has resolved, and listed in the order of their keys. */
export class FakeBucket implements Bucket {
  readonly #objects = new Map<string, BucketObject & { readonly text: string }>();
  readonly #options: FakeBucketOptions;

  constructor(options: FakeBucketOptions = {}) {
    this.#options = options;
  }

  /** What is stored, by key; faults do not apply. */
  contents(prefix = ''): ReadonlyMap<string, string> {
    const found = [...this.#objects.values()].filter(({ key }) => key.startsWith(prefix));
    return new Map(found.toSorted(byKey).map(({ key, text }) => [key, text]));
  }

  /** Stored by hand; faults do not apply. */
  hold(key: string, text: string, customMetadata?: Record<string, string>): void {
    const size = new TextEncoder().encode(text).byteLength;
    this.#objects.set(key, { key, size, uploaded: new Date(), text, ...(customMetadata && { customMetadata }) });
  }

  async put(key: string, value: string, { customMetadata }: { readonly customMetadata?: Record<string, string> } = {}): Promise<unknown> {
    const metadata = Object.entries(customMetadata ?? {}).flat();
    if (byteLength(key) > KEY_BYTES) throw new Error('put: The specified key is longer than 1024 bytes. (10025)');
    if (byteLength(metadata.join('')) > METADATA_BYTES) throw new Error('put: Your metadata headers exceed the maximum size. (10012)');
    return await underFault(this.#options.fault?.('put', key), `put: ${WORDS}`, () => {
      this.hold(key, value, customMetadata);
      this.#options.note?.(`put ${key}`);
      return {};
    });
  }

  async get(key: string): Promise<{ text(): Promise<string> } | null> {
    return await underFault(this.#options.fault?.('get', key), `get: ${WORDS}`, () => {
      const object = this.#objects.get(key);
      return object ? { text: async () => object.text } : null;
    });
  }

  async delete(keys: string | string[]): Promise<void> {
    const all = [keys].flat();
    await underFault(this.#options.fault?.('delete', all[0] ?? ''), `delete: ${WORDS}`, () => {
      for (const key of all) {
        if (this.#objects.delete(key)) this.#options.note?.(`deleted ${key}`);
      }
    });
  }

  async list({ prefix = '', cursor, limit = PAGE, include = [] }: Parameters<Bucket['list']>[0]): Promise<BucketPage> {
    if (limit < 1 || limit > PAGE) throw new Error(`list: MaxKeys params must be positive integer <= ${PAGE}. (10022)`);
    return await underFault(this.#options.fault?.('list', prefix), `list: ${WORDS}`, () => {
      const matching = [...this.#objects.values()].filter(({ key }) => key.startsWith(prefix) && (cursor === undefined || key > cursor));
      const page = matching.toSorted(byKey).slice(0, limit);
      const objects = page.map(({ key, size, uploaded, customMetadata }) => {
        // Metadata comes only where it is asked for.
        return { key, size, uploaded, ...(include.includes('customMetadata') && customMetadata && { customMetadata }) };
      });
      return matching.length > limit ? { objects, truncated: true, cursor: page.at(-1)!.key } : { objects, truncated: false };
    });
  }
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
