import { Agent, createServer, type IncomingMessage, request as requestUpstream, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { createVisitorSigner, VISITOR_HEADER } from '../../edge/contract/visitor-address.ts';
import { answeredHeaders, forwardedHeaders } from './front-headers.ts';
import { createVisitReader, type VisitorOptions } from './front-visitor.ts';

/** Where the front listens, and whom it believes. */
export interface FrontOptions extends VisitorOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** Where workerd listens: a `URL` is one. */
export interface Upstream {
  readonly hostname: string;
  readonly port: number | string;
}

/** The server that visitors reach. */
export interface Front {
  readonly port: number;
  /** Passes requests on from now on; before, they are answered with 503. */
  forwardTo(upstream: Upstream): void;
  /** Takes no more connections, and resolves when every request in flight is answered, or after 10 seconds. */
  stop(): Promise<void>;
}

/** Host and port, RFC 9110 §7.2. workerd makes the URL of a request of them, and takes what stands behind them for a path. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
/** Bytes. A URL may be 16 KB long at Cloudflare; the site's cookies come beside it. */
const LONGEST_HEADERS = 48 * 1024;
/** How long a client may take for its headers, and for its whole request. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
/** How often the two are looked at. */
const CHECK_MS = 2_000;
/** How long nothing may move on a connection: longer than nginx and others keep theirs, which would else write into a closed one. */
const IDLE_MS = 75_000;
/** workerd closes a connection after 5 idle seconds; a request must not meet one that is just being closed. */
const UPSTREAM_IDLE_MS = 3_000;
const STOP_MS = 10_000;

/**
 * The server before workerd, which cannot tell an address from what a client claims. Here it is known: it is that of the
 * connection, or what a trusted proxy or the site's own server says. It is signed for the Worker, and every header that claims
 * another is taken away.
 * @throws NodeJS.ErrnoException where it cannot listen.
 */
export async function startFront(options: FrontOptions): Promise<Front> {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 128, timeout: UPSTREAM_IDLE_MS });
  const visitOf = createVisitReader(options);
  const sign = createVisitorSigner(options.proxySecret);
  let upstream: Upstream | undefined;
  /** Connections without a request in flight, also those that browsers open in advance: Node counts these as busy. */
  const idle = new Set<Socket>();
  let isStopping = false;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { visitor, host } = await visitOf(request);
    if (host && !HOST.test(host)) {
      const message = 'The header Host is none: expected a name or an address, with or without a port.';
      return answer(request, response, 400, { success: false, reason: 'invalid_host', message });
    }
    const signed = await sign(visitor);
    if (!upstream) return refuse(request, response, 'The edge is being started.');
    const headers = forwardedHeaders(request.rawHeaders, hasBody(request));
    headers.push('Host', host || 'localhost', VISITOR_HEADER, signed);
    pass(request, response, { agent, hostname: upstream.hostname, port: upstream.port, path: originForm(request.url!), headers });
  };
  const server = createServer(
    {
      maxHeaderSize: LONGEST_HEADERS,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: CHECK_MS,
    },
    (request, response) => {
      idle.delete(request.socket);
      response.once('close', () => {
        if (isStopping) request.socket.destroySoon();
        else if (!request.socket.destroyed) idle.add(request.socket);
      });
      handle(request, response).catch((error: unknown) => {
        options.log(`a request could not be passed on: ${error instanceof Error ? error.message : String(error)}`);
        refuse(request, response);
      });
    },
  );
  server.setTimeout(IDLE_MS);
  server.on('connection', (socket) => {
    idle.add(socket);
    socket.once('close', () => idle.delete(socket));
  });
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    forwardTo: (to) => void (upstream = to),
    stop: async () => {
      isStopping = true;
      const limit = setTimeout(() => server.closeAllConnections(), STOP_MS);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of idle) socket.destroy();
      await closed;
      clearTimeout(limit);
      agent.destroy();
    },
  };
}

async function listen(server: Server, { host, port }: FrontOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * Node's client frames a body for these methods alone: of another it would reach workerd as the beginning of the next request. No
 * route of the edge takes a body with another.
 */
function hasBody({ method }: IncomingMessage): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

/** A client of a proxy may ask for a whole address: RFC 9112 §3.2.2. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const url = URL.parse(target);
  return url ? url.pathname + url.search : '/';
}

interface PassedRequest {
  readonly agent: Agent;
  readonly hostname: string;
  readonly port: number | string;
  readonly path: string;
  readonly headers: readonly string[];
}

/** Streams the request there and the answer back; each side ends where the other breaks off. */
function pass(request: IncomingMessage, response: ServerResponse, passed: PassedRequest): void {
  let answered: IncomingMessage | undefined;
  /** An answer may come before the whole body is sent. Then workerd reads no more of it, but the client must get it off its hands. */
  const abandonUpload = (): void => {
    if (upstream.writableFinished) return;
    request.unpipe(upstream);
    request.resume();
    upstream.destroy();
  };
  const upstream = requestUpstream({ ...passed, method: request.method, setHost: false }, (incoming) => {
    answered = incoming;
    response.writeHead(incoming.statusCode!, incoming.statusMessage, answeredHeaders(incoming.rawHeaders));
    incoming.once('end', abandonUpload);
    // Where either breaks off the other is destroyed: an answer that is cut off must not look whole.
    pipeline(incoming, response, () => {});
  });
  upstream.on('error', () => {
    if (!answered) refuse(request, response);
    else if (!answered.complete) response.destroy();
  });
  response.once('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
  if (hasBody(request)) request.pipe(upstream);
  else {
    upstream.end();
    request.resume();
  }
}

/** The answer while workerd does not answer: that of the Worker where it could not store, so that clients send again. */
function refuse(request: IncomingMessage, response: ServerResponse, why = 'The edge does not answer just now.'): void {
  const body = { success: false, reason: 'not_stored', message: `${why} Send the same request again.` };
  answer(request, response, 503, body, { 'Retry-After': '1', 'Access-Control-Expose-Headers': 'Retry-After' });
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { origin } = request.headers;
  // Who is still sending does not hear the answer.
  request.unpipe();
  request.resume();
  response
    .writeHead(status, {
      'Content-Type': 'application/json',
      ...headers,
      ...(origin !== undefined && { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true', Vary: 'Origin' }),
    })
    .end(JSON.stringify(body));
}
