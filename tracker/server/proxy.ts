import { addressBehindProxies, FORWARDING_HEADERS } from '../../edge/contract/forwarded-for.ts';
import { INTERNAL_COOKIE } from '../../edge/contract/internal-visitor.ts';
import { createVisitorSigner, VISITOR_HEADER } from '../../edge/contract/visitor-address.ts';
import { VISITOR_COOKIE } from '../../edge/contract/visitor-cookie.ts';
import { BodyTooLarge, BrokenOff, LONGEST_BODY, type NodeRequest, readNodeBody, readStream } from './proxy-body.ts';
import { createReporter } from './proxy-errors.ts';
import { answerHeaders, checkProxyOptions, forwardedHeaders, isEdgeRoute } from './proxy-rules.ts';
import { headerOf, hostOf, type VisitorRequest } from './request.ts';

/** What the proxy passes on, where, and whom it believes. */
export interface EdgeProxyOptions {
  /** Where the edge answers, such as `https://collect.example.com`, with its path where it has one. */
  readonly edge: string;
  /** The edge's `PROXY_SECRET`; of `touchtrail up`, the `proxy_secret` in `secrets.json` of its data folder. */
  readonly secret: string;
  /** Path of the site under which visitors reach the edge. Default `/t`. */
  readonly path?: string;
  /**
   * How many proxies of your own stand before this server, each of which adds to `X-Forwarded-For`; `true` is one. Default none: the
   * visitor's address is that of the connection. Express knows it from its own setting `trust proxy`.
   */
  readonly trustProxy?: boolean | number;
  /** The visitor cookie, where the script has another name for it. Default `anonymous_id`. */
  readonly cookieName?: string;
  /**
   * Called where a request could not be passed on, for whoever keeps the site running: the visitor's tracker hears 503 and sends again.
   * Default: the console, at most once a minute.
   */
  readonly onError?: (error: unknown) => void;
}

/** Passes what the tracker asks for on to the edge. */
export interface EdgeProxy {
  /**
   * For servers that answer a `Request`: 404 for what is no route of the edge.
   * @param visitor the visitor's address, where the runtime tells it in its own way. Default: what `trustProxy` says.
   */
  fetch(this: void, request: Request, visitor?: { readonly address?: string | undefined }): Promise<Response>;
  /** For Node and as middleware of Express: what is no route of the edge goes to `next`, or is answered with 404. */
  node(this: void, request: NodeRequest, response: NodeResponse, next?: () => void): void;
}

/** A response of Node, of Express 4 and 5, or of another framework on Node. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string | string[]>): unknown;
  end(body?: Uint8Array): unknown;
}

/** How long the edge may take; a tracker that hears nothing would send again by itself. */
const EDGE_MS = 10_000;

/** A request of either kind, as far as it is passed on. */
interface Incoming {
  readonly visitorRequest: VisitorRequest;
  readonly method: string;
  readonly route: string;
  readonly address: string | undefined;
  readonly body: () => Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/**
 * A proxy on a path of the site, so that script, events and cookie are the site's own. It signs the visitor's address for the edge,
 * which would else see this server's with every event, and passes on the edge's own routes and nothing else.
 * @throws TypeError where an option is wrong.
 */
export function createEdgeProxy(options: EdgeProxyOptions): EdgeProxy {
  checkProxyOptions(options);
  const edge = options.edge.replace(/\/+$/, '');
  const path = (options.path ?? '/t').replace(/\/+$/, '');
  const proxies = Number(options.trustProxy ?? 0);
  const cookies = [options.cookieName ?? VISITOR_COOKIE.name, INTERNAL_COOKIE.name];
  const sign = createVisitorSigner(options.secret);
  const report = createReporter(edge, options.onError);

  /** Path and query as the edge knows them; undefined for what is none of its routes. */
  const routeOf = (method: string, url: URL): string | undefined => {
    const route = url.pathname.startsWith(`${path}/`) ? url.pathname.slice(path.length) : '';
    return isEdgeRoute(method, route) ? route + url.search : undefined;
  };

  async function pass({ visitorRequest, method, route, address, body }: Incoming): Promise<Response> {
    try {
      const bytes = await body();
      const headers = forwardedHeaders((name) => headerOf(visitorRequest, name), cookies);
      headers.set(VISITOR_HEADER, await sign({ ip: address, host: hostOf(visitorRequest, proxies > 0) }));
      const answer = await fetch(edge + route, {
        method,
        headers,
        redirect: 'manual',
        signal: AbortSignal.timeout(EDGE_MS),
        ...(bytes && { body: bytes }),
      });
      if (answer.status < 400 && answer.status >= 300 && answer.status !== 304) {
        throw new Error(`it answered ${answer.status}, as the edge never does: is this its address?`);
      }
      // What the edge says is read whole, so that it is not cut off in the middle.
      const text = hasNoBody(answer.status) ? null : await answer.arrayBuffer();
      return new Response(text, { status: answer.status, headers: answerHeaders(answer.headers, cookies) });
    } catch (error) {
      if (error instanceof BodyTooLarge) {
        return refusal(413, 'body_too_large', `The body is too large: at most ${LONGEST_BODY} bytes. Send smaller batches.`);
      }
      // Where the visitor has left while sending, nothing is wrong, and nobody hears the answer.
      if (!(error instanceof BrokenOff)) report(error);
      return unreachable();
    }
  }

  return {
    async fetch(request, visitor) {
      const route = routeOf(request.method, new URL(request.url));
      if (route === undefined) return refusal(404, 'not_found', 'There is no such route here.');
      const told = visitor?.address === undefined ? undefined : addressBehindProxies(own(visitor.address), 0);
      const address = told ?? (proxies > 0 ? addressBehindProxies(peerOf(request, undefined), proxies) : undefined);
      return await pass({
        visitorRequest: request,
        method: request.method,
        route,
        address,
        body: async () => await readStream(request.body, request.headers.get('content-length')),
      });
    },

    node(request, response, next) {
      const method = request.method ?? 'GET';
      const url = URL.parse(request.originalUrl ?? request.url ?? '/', 'http://site');
      const route = url ? routeOf(method, url) : undefined;
      const answer =
        route === undefined
          ? undefined
          : pass({ visitorRequest: request, method, route, address: nodeAddress(request, proxies), body: () => readNodeBody(request) });
      if (!answer && next) next();
      else void write(answer ?? Promise.resolve(refusal(404, 'not_found', 'There is no such route here.')), response);
    },
  };
}

function peerOf(request: VisitorRequest, address: string | undefined) {
  return {
    address,
    forwardedFor: headerOf(request, 'x-forwarded-for'),
    isForwarded: FORWARDING_HEADERS.some((name) => headerOf(request, name) !== undefined),
  };
}

const own = (address: string) => ({ address, forwardedFor: undefined, isForwarded: false });

/** Express's `ip` is another than the connection's where its setting `trust proxy` says so; then it has decided already. */
function nodeAddress(request: NodeRequest, proxies: number): string | undefined {
  const connection = request.socket?.remoteAddress;
  if (proxies === 0 && request.ip !== undefined && request.ip !== connection) return request.ip;
  return addressBehindProxies(peerOf(request, connection), proxies);
}

async function write(answering: Promise<Response>, response: NodeResponse): Promise<void> {
  const answer = await answering;
  const headers: Record<string, string | string[]> = Object.fromEntries(answer.headers);
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  const body = new Uint8Array(await answer.arrayBuffer());
  response.writeHead(answer.status, headers);
  response.end(body.byteLength > 0 ? body : undefined);
}

/** Statuses whose answers have none: `new Response` refuses one with them. */
function hasNoBody(status: number): boolean {
  return status === 204 || status === 304;
}

function refusal(status: number, reason: string, message: string, headers: Record<string, string> = {}): Response {
  return Response.json({ success: false, reason, message }, { status, headers: { 'Cache-Control': 'no-store', ...headers } });
}

const unreachable = () =>
  refusal(503, 'not_stored', 'The edge does not answer just now. Send the same request again.', { 'Retry-After': '1' });
