import type { AddressRange } from './contract/cidr.ts';
import { createIpHasher, type IpHasher } from './contract/ip.ts';
import { GENERATION_ENTRY, type WriteKeyRecord } from './contract/write-key.ts';
import { type Authenticator, createAuthenticator } from './collect/auth.ts';
import { type ConnectionReader, createConnectionReader } from './collect/connection.ts';
import { internalRanges } from './collect/internal-traffic.ts';
import { EventRates } from './collect/rate-limit.ts';
import { RequestRejected } from './collect/rejections.ts';
import { deliveryOf, eventLogOf } from './delivery/from-environment.ts';
import type { LandingService } from './delivery/landing-zone.ts';
import { Packer } from './delivery/packer.ts';
import type { PutBackPorts } from './delivery/put-back.ts';
import { createMetrics } from './metrics.ts';
import type { Assets } from './script-files.ts';
import type { Analytics, Bucket, QueueProducer, RateLimiter } from './platform.ts';
import { within } from './time-limit.ts';

/** A key store answers within a fraction of a second. One that hangs must not hold requests until their clients give up. */
const KEY_STORE_TIMEOUT_MS = 2_000;

/** What is used of a KV namespace. */
interface KeyStore {
  get(name: string): Promise<string | null>;
  get<Value>(name: string, type: 'json'): Promise<Value | null>;
  put(name: string, value: string): Promise<void>;
  list(options: { prefix?: string; cursor?: string }): Promise<{
    readonly keys: readonly { readonly name: string }[];
    readonly list_complete: boolean;
    readonly cursor?: string;
  }>;
}

/** What the Worker is given by `wrangler.toml` or by the embedded runtime. */
export interface Environment {
  /** Records of the write keys, under the SHA-256 of the key. */
  readonly KEYS: KeyStore;
  /** The scripts of the website. */
  readonly ASSETS?: Assets;
  /** Embedded: takes deliveries as NDJSON and answers 2xx once they are durable. */
  readonly LANDING?: LandingService;
  /** Production: takes packed deliveries, which the Worker's queue handler brings into the warehouse. */
  readonly QUEUE?: QueueProducer;
  /** Name of the queue of what was given up; without it, one that ends with `-dead`, or has `-dead-` in it. */
  readonly DEAD_QUEUE?: string;
  /** What could not be queued, what could not be delivered, and what the warehouse refused. */
  readonly ARCHIVE?: Bucket;
  /** Requests of one write key, counted at one location. */
  readonly RATE_LIMITER?: RateLimiter;
  /** Counts for dashboards: sampled, kept for three months, never for accounting. */
  readonly METRICS?: Analytics;
  readonly BIGQUERY_PROJECT?: string;
  readonly BIGQUERY_DATASET?: string;
  /** Secret: the key file of a service account, JSON, that may insert into the dataset. */
  readonly GOOGLE_SERVICE_ACCOUNT?: string;
  /** Secret with which the site's own server signs whose address it passes on. */
  readonly PROXY_SECRET?: string;
  /** Secret of the operator's routes; without it they do not exist. */
  readonly ADMIN_TOKEN?: string;
  /** Addresses of the company itself: CIDR, separated by commas. */
  readonly INTERNAL_IPS?: string;
  /** Secret with which addresses are hashed, and its name. Without it no trace of an address is kept. */
  readonly IP_HASH_KEY?: string;
  readonly IP_HASH_KEY_ID?: string;
  /**
   * Where set, the key store counts as loaded only when it holds this value under {@link GENERATION_ENTRY}. The embedded runtime
   * opens its port before it has filled the store, and a key that is merely not there yet must not be called unknown.
   */
  readonly KEY_STORE_GENERATION?: string;
  /**
   * `unknown` where no Cloudflare stands before the Worker: then anyone can write its headers, and neither an address nor a place
   * is taken from them. Miniflare sets `CF-Connecting-IP` only where the client has not, and takes `request.cf` from a header.
   */
  readonly CONNECTION?: 'unknown';
  /** Path under which the site's own host hands requests on, such as `/t`; the routes answer with and without it. */
  readonly BASE_PATH?: string;
  /** What the script is called, without `.js`: `app` for `/app.js` and `/app.<extension>.js`. Default: `t`. */
  readonly SCRIPT_NAME?: string;
}

/** What all requests of one isolate share. */
export interface Services {
  readonly keys: Authenticator;
  readonly packer: Packer;
  /** What brings queued events into the warehouse. */
  readonly delivery: PutBackPorts;
  readonly ipHasher: IpHasher | undefined;
  readonly internalRanges: readonly AddressRange[];
  readonly rates: EventRates;
  readonly rateLimiter: RateLimiter | undefined;
  readonly connectionOf: ConnectionReader;
  readonly metrics: ReturnType<typeof createMetrics>;
}

let services: Services | undefined;

/** The services of this isolate, made with the first request: before it, Workers allow no randomness. */
export function servicesOf(environment: Environment): Services {
  return (services ??= createServices(environment));
}

function createServices(environment: Environment): Services {
  const { KEYS, IP_HASH_KEY, IP_HASH_KEY_ID, KEY_STORE_GENERATION, CONNECTION } = environment;
  const find = async (keyHash: string) => {
    const record = await KEYS.get<WriteKeyRecord>(keyHash, 'json');
    if (record) return record;
    if (KEY_STORE_GENERATION !== undefined && (await KEYS.get(GENERATION_ENTRY)) !== KEY_STORE_GENERATION) {
      throw new RequestRejected('not_stored', { detail: 'the key store is still being loaded' });
    }
    return undefined;
  };
  const lookup = async (keyHash: string) => await within(KEY_STORE_TIMEOUT_MS, 'the key store', find(keyHash));
  const instance = crypto.randomUUID();
  const metrics = createMetrics(instance);
  return {
    keys: createAuthenticator(lookup),
    packer: new Packer(instance, eventLogOf(environment, metrics)),
    delivery: deliveryOf(environment, metrics),
    internalRanges: internalRanges(environment.INTERNAL_IPS),
    rates: new EventRates(),
    rateLimiter: environment.RATE_LIMITER,
    ipHasher: IP_HASH_KEY && IP_HASH_KEY_ID ? createIpHasher(IP_HASH_KEY_ID, IP_HASH_KEY) : undefined,
    connectionOf: createConnectionReader({ knowsConnection: CONNECTION !== 'unknown', proxySecret: environment.PROXY_SECRET }),
    metrics,
  };
}
