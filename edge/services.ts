import { createIpHasher, type IpHasher } from './contract/ip.ts';
import { GENERATION_ENTRY, type WriteKeyRecord } from './contract/write-key.ts';
import { type Authenticator, createAuthenticator } from './collect/auth.ts';
import { RequestRejected } from './collect/rejections.ts';
import { createLandingZone, type LandingService } from './delivery/landing-zone.ts';
import { Packer } from './delivery/packer.ts';

/** What is used of a KV namespace. */
interface KeyStore {
  get(name: string): Promise<string | null>;
  get<Value>(name: string, type: 'json'): Promise<Value | null>;
}

/** What the Worker is given by `wrangler.toml` or by the embedded runtime. */
export interface Environment {
  /** Records of the write keys, under the SHA-256 of the key. */
  readonly KEYS: KeyStore;
  /** Takes deliveries as NDJSON and answers 2xx once they are durable. */
  readonly LANDING: LandingService;
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
  readonly ipHasher: IpHasher | undefined;
  /** Whether what is said about the connection was said by Cloudflare. */
  readonly knowsConnection: boolean;
}

let services: Services | undefined;

/** The services of this isolate, made with the first request: before it, Workers allow no randomness. */
export function servicesOf(environment: Environment): Services {
  return (services ??= createServices(environment));
}

function createServices({ KEYS, LANDING, IP_HASH_KEY, IP_HASH_KEY_ID, KEY_STORE_GENERATION, CONNECTION }: Environment): Services {
  const lookup = async (keyHash: string) => {
    const record = await KEYS.get<WriteKeyRecord>(keyHash, 'json');
    if (record) return record;
    if (KEY_STORE_GENERATION !== undefined && (await KEYS.get(GENERATION_ENTRY)) !== KEY_STORE_GENERATION) {
      throw new RequestRejected('not_stored', { detail: 'the key store is still being loaded' });
    }
    return undefined;
  };
  return {
    keys: createAuthenticator(lookup),
    packer: new Packer(crypto.randomUUID(), createLandingZone(LANDING)),
    ipHasher: IP_HASH_KEY && IP_HASH_KEY_ID ? createIpHasher(IP_HASH_KEY_ID, IP_HASH_KEY) : undefined,
    knowsConnection: CONNECTION !== 'unknown',
  };
}
