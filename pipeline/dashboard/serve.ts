import type { AddressInfo } from 'node:net';
import { serve as serveNode } from '@hono/node-server';
import { UserError } from '../config/user-error.ts';
import { createReader, type Reader } from '../query/reader.ts';

/** What answers at /mcp, from the same publications. */
interface McpEndpoint {
  readonly fetch: (request: Request) => Promise<Response>;
  close(): Promise<void>;
}

export interface DashboardServerOptions {
  readonly dataFolder: string;
  /** Address to listen on. Beyond this machine only with a token. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where readers reach it, where that is not where it listens: through a proxy. Requests under other names are refused. */
  readonly publicUrl?: string | undefined;
  readonly token?: string | undefined;
  readonly log: (line: string) => void;
  readonly mcp?: ((reader: Reader) => Promise<McpEndpoint>) | undefined;
}

export interface DashboardServer {
  readonly url: string;
  /** Loads what the pages are made with: else the first request waits for it. */
  load(): Promise<void>;
  /** Answers what is in flight, and closes. */
  stop(): Promise<void>;
}

const LOOPBACK = ['127.0.0.1', 'localhost', '::1', '[::1]'];
/** A token that could be tried out. */
const SHORTEST_TOKEN = 16;

/**
 * Serves the dashboard of a data folder.
 * @throws UserError (exit code 2) where others could reach it without a token, and (1) where the port is taken.
 */
export async function serveDashboard(options: DashboardServerOptions): Promise<DashboardServer> {
  const { host, port, log } = options;
  checkAccess(options);
  let loading: Promise<Loaded> | undefined;
  const loaded = () => (loading ??= loadApp(options));
  const fetch = async (request: Request): Promise<Response> => {
    try {
      return await (await loaded()).fetch(request);
    } catch (error) {
      log(`dashboard: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return new Response('the dashboard cannot be started; its log says why\n', { status: 500 });
    }
  };
  const server = await new Promise<ReturnType<typeof serveNode>>((resolve, reject) => {
    const started = serveNode({ fetch, hostname: host.replace(/^\[(.*)\]$/, '$1'), port }, () => resolve(started));
    started.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
  });
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    async load() {
      await loaded();
    },
    async stop() {
      await new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        if ('closeIdleConnections' in server) server.closeIdleConnections();
      });
      await (await loading?.catch(() => undefined))?.close();
    },
  };
}

interface Loaded {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  close(): Promise<void>;
}

/** The pages and all they need, read when the first one is asked for: `touchtrail up` starts without. */
async function loadApp({ dataFolder, publicUrl, token, log, mcp }: DashboardServerOptions): Promise<Loaded> {
  const { createDashboard } = await import('./app.ts');
  const reader = createReader(dataFolder);
  const endpoint = await mcp?.(reader);
  const names = publicUrl === undefined ? LOOPBACK : [new URL(publicUrl).hostname.toLowerCase(), ...LOOPBACK];
  const hosts = token === undefined ? names : 'any';
  const app = createDashboard({ dataFolder, reader, now: () => new Date(), hosts, token, log, mcp: endpoint?.fetch });
  return {
    fetch: (request) => app.fetch(request),
    async close() {
      await endpoint?.close();
      await reader.close();
    },
  };
}

function checkAccess({ host, token, publicUrl }: DashboardServerOptions): void {
  if (!LOOPBACK.includes(host) && token === undefined) {
    throw new UserError(
      `the dashboard at ${host}: whoever reaches this address could read everything; set TOUCHTRAIL_DASHBOARD_TOKEN to a secret of ${SHORTEST_TOKEN} or more characters, or listen on 127.0.0.1 behind your company's login`,
      { exitCode: 2 },
    );
  }
  if (token !== undefined && token.length < SHORTEST_TOKEN) {
    throw new UserError(`TOUCHTRAIL_DASHBOARD_TOKEN: has ${token.length} characters; expected ${SHORTEST_TOKEN} or more`, { exitCode: 2 });
  }
  if (publicUrl !== undefined && !/^https?:$/.test(URL.parse(publicUrl)?.protocol ?? '')) {
    throw new UserError(
      `the address of the dashboard ${JSON.stringify(publicUrl)}: expected one such as "https://reports.fernhill.example"`,
      {
        exitCode: 2,
      },
    );
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new UserError(`port ${port} of ${host} is taken: choose another one for the dashboard`, { cause: error });
  if (error.code === 'EADDRNOTAVAIL') return new UserError(`${host} is no address of this machine`, { cause: error });
  return error;
}
