import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as ask, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** A browser's request, whole. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Aborted where the browser has given the request up. */
  readonly cancelled: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer | string;
}

export interface Site {
  /** `http://www.shop.example:<port>`, a name that only the bench's browser resolves. */
  readonly url: string;
  /** @throws AggregateError where requests failed inside. */
  stop(): Promise<void>;
}

/** A website on a port of the system's choosing. An undefined answer is 404. */
export async function startSite(answer: (asked: Asked) => Reply | undefined | Promise<Reply | undefined>): Promise<Site> {
  const failed: unknown[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const target = request.url!;
    const cancelled = new AbortController();
    response.once('close', () => response.writableFinished || cancelled.abort());
    const asked = {
      method: request.method!,
      path: target.replace(/\?.*/s, ''),
      target,
      headers: request.headers,
      body: await buffer(request),
      cancelled: cancelled.signal,
    };
    const { status, headers, body } = (await answer(asked)) ?? { status: 404, headers: {}, body: '' };
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
    response.writeHead(status).end(body);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      // A page that went away before it had sent its request is no fault of the site.
      if (!request.destroyed || request.complete) failed.push(error);
      response.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://www.shop.example:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      if (failed.length > 0) throw new AggregateError(failed, 'the site of the bench failed');
    },
  };
}

export const html = (body: string): Reply => ({
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  body,
});
export const script = (body: Buffer | string): Reply => ({
  status: 200,
  headers: { 'content-type': 'text/javascript; charset=utf-8' },
  body,
});
export const json = (content: unknown): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(content),
});

/** Names of connection headers, which concern one hop only (RFC 9110 §7.6.1). */
const OF_ONE_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/** The edge compresses for who asks for it; the bench looks at what is inside. */
const NOT_PASSED_ON = new Set([...OF_ONE_HOP, 'accept-encoding']);

/**
 * The edge on a path of the site's own host, the place the documentation recommends: `/t/x` is the edge's `/x`. A request
 * that the browser gives up on its way there has never arrived: the answer is undefined.
 * @param delay milliseconds a request takes to the edge, and an answer back.
 */
export async function passToEdge(edgeUrl: string, asked: Asked, delay = 0): Promise<Reply | undefined> {
  const { method, target, headers, body, cancelled } = asked;
  await sleep(delay);
  if (cancelled.aborted) return undefined;
  const onward = Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.has(name)));
  const request = ask(`${edgeUrl}${target.slice('/t'.length)}`, { method, headers: { ...onward, 'content-length': body.length } });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const answer = await buffer(response);
  await sleep(delay);
  const back = Object.fromEntries(Object.entries(response.headers).filter(([name]) => !OF_ONE_HOP.has(name)));
  return { status: response.statusCode!, headers: back, body: answer };
}
