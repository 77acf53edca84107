import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { edgeAssets } from '../../pipeline/embedded/assets.ts';
import { startTestServer } from '../test-server.ts';
import type { SentEvent } from './sent-event.ts';

/** The script of a website and its extensions as the build makes them, by file name: `t.js`, `t.links.js` … */
export async function builtScripts(): Promise<ReadonlyMap<string, string>> {
  return (await edgeAssets()).scripts;
}

/** A page or script with the headers it is served with. */
export interface Served {
  readonly body: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** How the edge answers a request: with a status, by dropping the connection, or not at all. */
export type Answer = { readonly status: number; readonly retryAfter?: string } | 'lost' | 'silent';

/** One request to `/v1/batch` that was answered. */
export interface Delivery {
  readonly method: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly writeKey: string;
  readonly sentAt: string;
  readonly batch: readonly SentEvent[];
}

/** A website and an edge on one port: a site on which everything can be set, headers and the script's own name included. */
export interface ScriptSite {
  /** `http://www.shop.example:<port>`: the website */
  readonly url: string;
  /** `http://edge.shop.example:<port>`: the edge, another origin */
  readonly edge: string;
  /** What is served, by path. `.js` is served as a script, everything else as a page. */
  readonly files: Map<string, Served>;
  /** Bodies that were posted to /crm. */
  readonly posted: URLSearchParams[];
  /** Path and query of every request. */
  readonly requested: string[];
  /** Answers of the edge to its next requests; 200 when empty. */
  readonly answers: Answer[];
  /** Everything that reached `/v1/batch`, accepted or not. */
  readonly deliveries: Delivery[];
  /** The accepted events that fit, once each, as soon as there are `count` of them. */
  events(count: number, fits?: (event: SentEvent) => boolean): Promise<SentEvent[]>;
  /** Bodies that `/v1/batch` accepted, as they came. */
  readonly batches: string[];
  clear(): void;
  stop(): Promise<void>;
}

/** Starts the site on a port of the system's choosing, with the scripts under `/t/`; rejects on `stop` where a request failed inside. */
export async function startScriptSite(scripts: ReadonlyMap<string, string>): Promise<ScriptSite> {
  const files = new Map<string, Served>();
  const posted: URLSearchParams[] = [];
  const requested: string[] = [];
  const batches: string[] = [];
  const answers: Answer[] = [];
  const deliveries: Delivery[] = [];
  const waiting = new Set<() => void>();

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url!, 'http://site');
    requested.push(request.url!);
    if (pathname.endsWith('/v1/batch')) {
      const body = await text(request);
      const answer = answers.shift() ?? { status: 200 };
      if (answer === 'lost') request.socket.destroy();
      if (typeof answer === 'string') return;
      const { status, retryAfter } = answer;
      const { writeKey, sentAt, batch } = JSON.parse(body) as Pick<Delivery, 'writeKey' | 'sentAt' | 'batch'>;
      deliveries.push({
        method: request.method!,
        status,
        contentType: request.headers['content-type'] ?? '',
        body,
        writeKey,
        sentAt,
        batch,
      });
      if (status === 200) batches.push(body);
      response
        .writeHead(status, {
          'access-control-allow-origin': request.headers.origin ?? '*',
          'access-control-allow-credentials': 'true',
          'access-control-expose-headers': 'Retry-After',
          ...(retryAfter && { 'retry-after': retryAfter }),
        })
        .end('{}');
      for (const look of waiting) look();
    } else if (pathname === '/crm') {
      posted.push(new URLSearchParams(await text(request)));
      response.writeHead(303, { location: '/thanks' }).end();
    } else {
      const script = scripts.get(pathname.slice('/t/'.length));
      const file = files.get(pathname) ?? (script === undefined ? undefined : { body: script });
      if (!file) {
        response.writeHead(404).end();
        return;
      }
      const type = pathname.endsWith('.js') ? 'text/javascript' : 'text/html';
      response
        .writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'access-control-allow-origin': '*', ...file.headers })
        .end(file.body);
    }
  };
  const { port, close } = await startTestServer('the site', serve);

  return {
    url: `http://www.shop.example:${port}`,
    edge: `http://edge.shop.example:${port}`,
    files,
    posted,
    requested,
    batches,
    answers,
    deliveries,
    events: (count, fits = () => true) =>
      new Promise((resolve) => {
        const look = () => {
          const sent = batches.flatMap((body) => (JSON.parse(body) as { batch: SentEvent[] }).batch);
          const found = [...new Map(sent.filter(fits).map((event) => [event.messageId, event])).values()];
          if (found.length < count) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    clear() {
      files.clear();
      waiting.clear();
      for (const list of [posted, requested, batches, answers, deliveries]) list.length = 0;
    },
    stop: close,
  };
}
