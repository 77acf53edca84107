import { mkdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { GENERATION_ENTRY, type WriteKeyRecord } from '../../edge/contract/write-key.ts';
import { UserError } from '../config/user-error.ts';
import { edgeAssets } from './assets.ts';
import { writeAtomically } from './durable.ts';
import { listKeys } from './keys.ts';
import { SegmentWriter } from './landing/segment-writer.ts';
import { leashWorkerd, mayStillRun } from './leash.ts';
import { RuntimeLog } from './runtime-log.ts';
import { loadSecrets } from './secrets.ts';

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

/**
 * Starts the embedded edge: the Worker in workerd, and behind it the landing segments of the data folder. Resolves once it
 * accepts traffic. Where workerd dies it is started again on the same port.
 * @throws UserError where the port is taken or another process writes to the data folder.
 */
export async function startUp(options: UpOptions): Promise<RunningEdge> {
  const { port, log, host = '127.0.0.1', basePath = '', scriptName = 't' } = options;
  const dataFolder = resolve(options.dataFolder);
  const onFailure = options.onFailure ?? ((error: UserError) => log(error.message));
  await mkdir(dataFolder, { recursive: true });
  const writer = await SegmentWriter.open(dataFolder);
  try {
    if (port !== 0) await waitForPort(host, port, dataFolder);
    return await startRuntime({ dataFolder, host, port, basePath, scriptName, log, onFailure }, writer);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

async function startRuntime(options: Required<UpOptions>, writer: SegmentWriter): Promise<RunningEdge> {
  const { dataFolder, host, port, log, onFailure } = options;
  const [{ worker }, secrets] = await Promise.all([edgeAssets(), loadSecrets(dataFolder)]);
  const runtimeEnvironment = leashWorkerd(dataFolder, log);
  const generation = crypto.randomUUID();
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      name: 'touchtrail',
      modules: true,
      script: worker,
      compatibilityDate: COMPATIBILITY_DATE,
      host,
      port,
      // An object, else Miniflare asks the network for one, or places every visitor in Texas.
      cf: {},
      logRequests: false,
      log: new RuntimeLog((error) => onFailure(runtimeEnded(error))),
      handleStructuredLogs: ({ level, message }) => {
        if (level === 'error' || level === 'warn') log(`edge: ${message}`);
      },
      telemetry: { enabled: false },
      unsafeRuntimeEnv: runtimeEnvironment,
      kvNamespaces: ['KEYS'],
      bindings: {
        IP_HASH_KEY: secrets.ip_hash_key.key,
        IP_HASH_KEY_ID: secrets.ip_hash_key.id,
        KEY_STORE_GENERATION: generation,
        CONNECTION: 'unknown',
        BASE_PATH: options.basePath,
        SCRIPT_NAME: options.scriptName,
      },
      serviceBindings: { LANDING: { node: landingHandler(writer, log) } },
      unsafeHandleRuntimeRestart: async () => {
        log('edge: workerd ended unexpectedly and was started again');
        await fillKeyStore();
      },
    }),
  );

  let loaded = new Set<string>();
  const fillKeyStore = async () => {
    const store = await runtime.getKVNamespace('KEYS');
    const keys = (await listKeys(dataFolder)).filter((key) => key.revoked_at === null);
    for (const { id, kind, name, key_hash: hash } of keys) {
      await store.put(hash, JSON.stringify({ id, kind, name } satisfies WriteKeyRecord));
    }
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
    const url = (await runtime.ready).origin;
    await fillKeyStore();
    const state = { pid: process.pid, host, port: Number(new URL(url).port), url, started_at: new Date().toISOString() };
    await writeAtomically(upFile, `${JSON.stringify(state, null, 2)}\n`, 0o600);
    return {
      url,
      seal: async () => await writer.seal(),
      reloadKeys,
      stop: async () => {
        // First the runtime, so that nothing more arrives; what it was still sending is not acknowledged.
        await runtime.dispose();
        await writer.close();
        await rm(upFile, { force: true });
      },
    };
  } catch (error) {
    await runtime.dispose();
    if (isAddressInUse(error)) throw portInUse(host, port, error);
    throw error;
  }
}

/** Receives what the Worker posts to its landing zone: 204 means on disk. */
function landingHandler(writer: SegmentWriter, log: UpOptions['log']) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const chunks: Buffer[] = [];
      // A connection that breaks off ends this loop with an error, so that half a delivery is never appended.
      for await (const chunk of request) chunks.push(chunk as Buffer);
      await writer.append(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(204).end();
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      log(`events could not be stored: ${words}`);
      if (!response.destroyed) response.writeHead(500).end(words);
    }
  };
}

/** A workerd whose parent was killed holds the port for up to a second (see leash.ts). */
const PORT_RETRIES = 20;
const PORT_RETRY_MS = 250;

async function waitForPort(host: string, port: number, dataFolder: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    // Asked first: a workerd that ends between the two questions is no reason to give up.
    const isLeftover = mayStillRun(dataFolder);
    const error = await tryPort(host, port);
    if (!error) return;
    if (error.code !== 'EADDRINUSE') {
      throw new UserError(`The edge cannot listen on ${host} port ${port}: ${error.message}. Choose another with --port or --host.`, {
        cause: error,
      });
    }
    if (attempt >= PORT_RETRIES || !isLeftover) throw portInUse(host, port, error);
    await sleep(PORT_RETRY_MS);
  }
}

async function tryPort(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

function runtimeEnded(cause: Error): UserError {
  return new UserError(
    `The edge has ended and could not be started again: ${cause.message} Start "touchtrail up" again; nothing that was acknowledged is lost.`,
    {
      cause,
    },
  );
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_ADDRESS_IN_USE';
}

function portInUse(host: string, port: number, cause: unknown): UserError {
  return new UserError(
    `Port ${port} on ${host} is already in use by another program. Stop that program, or choose another port with --port.`,
    {
      cause,
    },
  );
}
