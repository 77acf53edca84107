import { mkdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { GENERATION_ENTRY, type WriteKeyRecord } from '../../edge/contract/write-key.ts';
import { UserError } from '../config/user-error.ts';
import { assetsHandler, edgeAssets } from './assets.ts';
import { writeAtomically } from './durable.ts';
import { readableLogLine } from './edge-log.ts';
import { type Front, startFront } from './front.ts';
import { listKeys } from './keys.ts';
import { SegmentWriter } from './landing/segment-writer.ts';
import { leashWorkerd } from './leash.ts';
import { RuntimeLog } from './runtime-log.ts';
import { loadSecrets, type Secrets } from './secrets.ts';

/** Where the embedded edge keeps its data, where it listens, and whom it tells what. */
export interface UpOptions {
  readonly dataFolder: string;
  /** Default: `127.0.0.1`, so that nobody outside of the machine can send events by accident. */
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Path under which a proxy hands requests on, such as `/t`; the routes answer without it, too. Default: none. */
  readonly basePath?: string;
  /** What the script is called, without `.js`. Default: `t`. */
  readonly scriptName?: string;
  /** Addresses of the company itself, as CIDR: their visits are marked as internal. Default: none. */
  readonly internalIps?: readonly string[];
  /** Proxies, as CIDR, that say truly whose request they pass on (`X-Forwarded-For`, `X-Forwarded-Host`). Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Token with which the edge answers `/metrics` and `/internal`. Default: none, and they do not exist. */
  readonly adminToken?: string;
  /** Told what has just been acknowledged as durable: the NDJSON of one delivery. Must neither throw nor take long. */
  readonly onStored?: (lines: string) => void;
  /** Takes one line about something the operator should know. */
  readonly log: (line: string) => void;
  /** Called where the edge has ended for good, with what to tell the operator. Default: the words are logged. */
  readonly onFailure?: (error: UserError) => void;
}

/** The embedded edge while it runs. */
export interface RunningEdge {
  /** Where the edge answers, without a slash at the end. */
  readonly url: string;
  /** Makes what has landed so far ready to be loaded. */
  seal(): Promise<void>;
  /** Makes the edge know the keys as `keys.json` has them now; a revoked one is refused from then on. */
  reloadKeys(): Promise<void>;
  /** Ends the runtime; everything acknowledged is on disk and sealed. */
  stop(): Promise<void>;
}

/** Which behaviour of the Workers runtime is wanted: the same as in wrangler.toml. */
export const COMPATIBILITY_DATE = '2026-11-01';

const LOOPBACK = '127.0.0.1';

/**
 * Starts the embedded edge: the front, which visitors reach; behind it the Worker in workerd; and behind that the landing segments
 * of the data folder. Resolves once it accepts traffic. Where workerd dies it is started again; until then the front says that
 * nothing was stored.
 * @throws UserError where the port is taken or another process writes to the data folder.
 */
export async function startUp(options: UpOptions): Promise<RunningEdge> {
  const {
    port,
    log,
    host = '127.0.0.1',
    basePath = '',
    scriptName = 't',
    internalIps = [],
    trustedProxies = [],
    adminToken = '',
    onStored = () => {},
  } = options;
  const dataFolder = resolve(options.dataFolder);
  const onFailure = options.onFailure ?? ((error: UserError) => log(error.message));
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const writer = await SegmentWriter.open(dataFolder);
  try {
    const secrets = await loadSecrets(dataFolder);
    const front = await openFront({ host, port, proxySecret: secrets.proxy_secret, trustedProxies, log });
    try {
      return await startRuntime(
        { dataFolder, host, basePath, scriptName, internalIps, adminToken, onStored, log, onFailure, secrets },
        front,
        writer,
      );
    } catch (error) {
      await front.stop();
      throw error;
    }
  } catch (error) {
    await writer.close();
    throw error;
  }
}

interface RuntimeOptions extends Required<Omit<UpOptions, 'port' | 'trustedProxies'>> {
  readonly secrets: Secrets;
}

async function startRuntime(options: RuntimeOptions, front: Front, writer: SegmentWriter): Promise<RunningEdge> {
  const { dataFolder, host, log, onFailure, secrets } = options;
  const { worker, scripts } = await edgeAssets();
  const runtimeEnvironment = leashWorkerd(dataFolder, log);
  const generation = crypto.randomUUID();
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      name: 'touchtrail',
      modules: true,
      script: worker,
      compatibilityDate: COMPATIBILITY_DATE,
      // For Miniflare's own use; requests come by the socket below, without its own proxy between.
      host: LOOPBACK,
      port: 0,
      unsafeDirectSockets: [{ host: LOOPBACK, port: 0 }],
      // An object, else Miniflare asks the network for one, or places every visitor in Texas.
      cf: {},
      logRequests: false,
      log: new RuntimeLog((error) => onFailure(runtimeEnded(error))),
      handleStructuredLogs: ({ level, message }) => {
        if (level === 'error' || level === 'warn') log(readableLogLine(message));
      },
      telemetry: { enabled: false },
      unsafeRuntimeEnv: runtimeEnvironment,
      kvNamespaces: ['KEYS'],
      bindings: {
        IP_HASH_KEY: secrets.ip_hash_key.key,
        IP_HASH_KEY_ID: secrets.ip_hash_key.id,
        KEY_STORE_GENERATION: generation,
        INTERNAL_IPS: options.internalIps.join(),
        // Only what the front has signed is believed: any program of this machine can reach workerd itself.
        CONNECTION: 'unknown',
        PROXY_SECRET: secrets.proxy_secret,
        ADMIN_TOKEN: options.adminToken,
        BASE_PATH: options.basePath,
        SCRIPT_NAME: options.scriptName,
      },
      serviceBindings: {
        ASSETS: { node: assetsHandler(scripts) },
        LANDING: { node: landingHandler(writer, log, options.onStored) },
      },
      unsafeHandleRuntimeRestart: async () => {
        log('edge: workerd ended unexpectedly and was started again');
        await fillKeyStore();
        front.forwardTo(await runtime.unsafeGetDirectURL());
      },
    }),
  );

  let loaded = new Set<string>();
  const fillKeyStore = async () => {
    const store = await runtime.getKVNamespace('KEYS');
    const keys = (await listKeys(dataFolder)).filter((key) => key.revoked_at === null);
    for (const key of keys) await store.put(key.key_hash, JSON.stringify(key satisfies WriteKeyRecord));
    const current = new Set(keys.map((key) => key.key_hash));
    for (const hash of loaded) if (!current.has(hash)) await store.delete(hash);
    loaded = current;
    // Last: from now on a key that is not in the store is unknown.
    await store.put(GENERATION_ENTRY, generation);
  };
  const reloadKeys = async () => {
    await fillKeyStore();
    const { status } = await runtime.dispatchFetch('http://edge/internal/keys-changed', {
      method: 'POST',
      headers: { authorization: `Bearer ${generation}` },
    });
    if (status !== 204) throw new Error(`the edge could not be told that the write keys have changed: it answered ${status}`);
  };

  const upFile = join(dataFolder, 'up.json');
  try {
    await runtime.ready;
    await fillKeyStore();
    front.forwardTo(await runtime.unsafeGetDirectURL());
    const url = `http://${reachableHost(host)}:${front.port}`;
    const state = { pid: process.pid, host, port: front.port, url, started_at: new Date().toISOString() };
    await writeAtomically(upFile, `${JSON.stringify(state, null, 2)}\n`, 0o600);
    return {
      url,
      seal: async () => await writer.seal(),
      reloadKeys,
      stop: async () => {
        // In the order in which events come, so that whatever is in flight is stored and answered.
        await front.stop();
        await runtime.dispose();
        await writer.close();
        await rm(upFile, { force: true });
      },
    };
  } catch (error) {
    await runtime.dispose();
    throw error;
  }
}

/** Receives what the Worker posts to its landing zone: 204 means on disk. */
function landingHandler(writer: SegmentWriter, log: UpOptions['log'], onStored: (lines: string) => void) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const chunks: Buffer[] = [];
      // A connection that breaks off ends this loop with an error, so that half a delivery is never appended.
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const lines = Buffer.concat(chunks).toString('utf8');
      await writer.append(lines);
      response.writeHead(204).end();
      onStored(lines);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      log(`events could not be stored: ${words}`);
      if (!response.destroyed) response.writeHead(500).end(words);
    }
  };
}

async function openFront(options: Parameters<typeof startFront>[0]): Promise<Front> {
  const { host, port } = options;
  try {
    return await startFront(options);
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    if (cause.code === 'EADDRINUSE') {
      throw new UserError(
        `Port ${port} on ${host} is already in use by another program. Stop that program, or choose another port with --port.`,
        { cause },
      );
    }
    throw new UserError(`The edge cannot listen on ${host} port ${port}: ${cause.message}. Choose another with --port or --host.`, {
      cause,
    });
  }
}

/** Where this machine reaches what listens on a host, as it stands in a URL. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return LOOPBACK;
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function runtimeEnded(cause: Error): UserError {
  return new UserError(
    `The edge has ended and could not be started again: ${cause.message} Start "touchtrail up" again; nothing that was acknowledged is lost.`,
    {
      cause,
    },
  );
}
