import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type OutputOptions, type RollupOptions, rollup } from 'rollup';

/** A message of the tracker, as far as the tests look at it. */
export interface SentEvent {
  readonly type: string;
  readonly event?: string;
  readonly name?: string;
  readonly messageId: string;
  readonly anonymousId: string;
  readonly userId?: string;
  readonly previousId?: string;
  readonly timestamp: string;
  readonly sequence: number;
  readonly properties?: Record<string, unknown>;
  readonly traits?: Record<string, unknown>;
  readonly context: {
    readonly page: {
      readonly url: string;
      readonly path: string;
      readonly search: string;
      readonly title: string;
      readonly referrer: string;
    };
    readonly campaign?: Record<string, string>;
    readonly clickIds?: Record<string, string>;
    readonly emailHashes?: readonly { readonly hash: string; readonly origin: string }[];
    readonly gaClientId?: string;
    readonly library: { readonly name: string; readonly version: string };
  } & Record<string, unknown>;
}

/** One request to the edge. */
export interface Delivered {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly writeKey: string;
  readonly sentAt: string;
  readonly batch: readonly SentEvent[];
}

/** A website and an edge on one port, both recording what reaches them. */
export interface TrackerSite {
  /** `http://www.shop.example:<port>` */
  readonly url: string;
  /** `http://edge.shop.example:<port>` */
  readonly edge: string;
  /** The same site for a client that does not resolve example names. */
  readonly loopback: string;
  /** The script tag of the tracker. */
  readonly tag: string;
  /** HTML by path. */
  readonly pages: Map<string, string>;
  /** Bodies that forms posted to /crm. */
  readonly posted: URLSearchParams[];
  readonly delivered: Delivered[];
  /** Answers of the edge to its next requests; 200 when empty. `lost` drops the connection. */
  readonly answers: ({ readonly status: number; readonly retryAfter?: string } | 'lost')[];
  /** The accepted events that fit, once each, as soon as there are `count` of them. */
  events(count: number, fits?: (event: SentEvent) => boolean): Promise<SentEvent[]>;
  /** Forgets everything between tests. */
  clear(): void;
  stop(): Promise<void>;
}

/** The tracker as the build makes it. */
export async function trackerScript(): Promise<string> {
  const { tracker } = (await import(new URL('../../rollup.config.mjs', import.meta.url).href)) as {
    tracker: Omit<RollupOptions, 'output'> & { readonly output: OutputOptions };
  };
  const bundle = await rollup(tracker);
  const { output } = await bundle.generate(tracker.output);
  return output[0].code;
}

/** Starts the site on a port of the system's choosing; rejects on `stop` where a request failed inside. */
export async function startTrackerSite(): Promise<TrackerSite> {
  const script = await trackerScript();
  const pages = new Map<string, string>();
  const posted: URLSearchParams[] = [];
  const delivered: Delivered[] = [];
  const answers: TrackerSite['answers'] = [];
  const waiting = new Set<() => void>();

  const takeBatch = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const answer = answers.shift() ?? { status: 200 };
    if (answer === 'lost') {
      request.socket.destroy();
      return;
    }
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
    response.setHeader('access-control-allow-credentials', 'true');
    response.setHeader('access-control-expose-headers', 'Retry-After');
    if (answer.retryAfter) response.setHeader('retry-after', answer.retryAfter);
    response.writeHead(answer.status).end('{}');
    const { writeKey, sentAt, batch } = JSON.parse(body) as Pick<Delivered, 'writeKey' | 'sentAt' | 'batch'>;
    delivered.push({ status: answer.status, contentType: request.headers['content-type'] ?? '', body, writeKey, sentAt, batch });
    for (const look of waiting) look();
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url!, 'http://site');
    if (pathname.endsWith('/v1/batch')) await takeBatch(request, response);
    else if (pathname === '/t.js') response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' }).end(script);
    else if (pathname === '/crm') {
      posted.push(new URLSearchParams(await text(request)));
      response.writeHead(303, { location: '/thanks' }).end();
    } else if (pages.has(pathname)) response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(pages.get(pathname));
    else response.writeHead(404).end();
  };
  const failures: unknown[] = [];
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      failures.push(error);
      response.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const edge = `http://edge.shop.example:${port}`;

  return {
    url: `http://www.shop.example:${port}`,
    edge,
    loopback: `http://127.0.0.1:${port}`,
    tag: `<script async src="${edge}/t.js" data-write-key="wk"></script>`,
    pages,
    posted,
    delivered,
    answers,
    events: (count, fits = () => true) =>
      new Promise((resolve) => {
        const look = () => {
          const accepted = delivered.filter(({ status }) => status === 200).flatMap(({ batch }) => batch);
          const found = [...new Map(accepted.filter(fits).map((event) => [event.messageId, event])).values()];
          if (found.length < count) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    clear() {
      pages.clear();
      for (const list of [posted, delivered, answers]) list.length = 0;
      waiting.clear();
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      if (failures.length > 0) throw new AggregateError(failures, 'the site failed');
    },
  };
}
