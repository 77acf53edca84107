import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { COMPATIBILITY_DATE } from '../../../pipeline/embedded/up.ts';

/** The Workers that are measured, each at an address of its own, all in one workerd. */
export const WORKERS = {
  /** The edge, with an event log that is durable at once. */
  edge: { file: 'edge/edge-worker.ts', plugins: [instantLog()], bindings: { LANDING: 'instant' }, hasQueue: false },
  /** The edge with a queue. */
  queued: { file: 'edge/edge-worker.ts', plugins: [], bindings: {}, hasQueue: true },
  collect: { file: 'edge/collect-worker.ts', plugins: [], bindings: {}, hasQueue: false },
  parseRoute: { file: 'reference/parse-route.ts', plugins: [], bindings: {}, hasQueue: false },
  queueRoute: { file: 'reference/queue-route.ts', plugins: [], bindings: {}, hasQueue: true },
} as const;
export type WorkerName = keyof typeof WORKERS;

/** What runs, and how it ends. */
export interface RunningWorkers {
  readonly urls: Readonly<Record<WorkerName, URL>>;
  stop(): Promise<void>;
}

/** Starts workerd with all Workers. Requests reach them directly: a router before them would cost more than some of them do. */
export async function startWorkers(): Promise<RunningWorkers> {
  const shared = { modules: true, compatibilityDate: COMPATIBILITY_DATE } as const;
  const workers = await Promise.all(
    Object.entries(WORKERS).map(async ([name, { file, plugins, bindings, hasQueue }]) => ({
      ...shared,
      name,
      script: await bundle(file, plugins),
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      bindings: { ...bindings, IP_HASH_KEY: 'a secret of some length, for the bench', IP_HASH_KEY_ID: 'k1' },
      ...(hasQueue && { queueProducers: { QUEUE: 'touchtrail-events' } }),
    })),
  );
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: {},
      logRequests: false,
      telemetry: { enabled: false },
      workers: [{ ...shared, name: 'nobody', script: 'export default { fetch: () => new Response(null, { status: 404 }) }' }, ...workers],
    }),
  );
  try {
    await runtime.ready;
    const urls = await Promise.all(workers.map(async ({ name }) => [name, await runtime.unsafeGetDirectURL(name)] as const));
    return { urls: Object.fromEntries(urls) as Record<WorkerName, URL>, stop: async () => await runtime.dispose() };
  } catch (error) {
    await runtime.dispose();
    throw error;
  }
}

/** As the Worker that is deployed is bundled. */
async function bundle(file: string, plugins: readonly Plugin[]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '..', file)],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker'],
    plugins: [...plugins],
    write: false,
  });
  return outputFiles[0]!.text;
}

function instantLog(): Plugin {
  return {
    name: 'instant-log',
    setup: (bundler) => bundler.onResolve({ filter: /\/landing-zone\.ts$/ }, () => ({ path: join(import.meta.dirname, 'instant-log.ts') })),
  };
}
