import { once } from 'node:events';
import { type IncomingMessage, request as connect, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { startTestServer } from '../test-server.ts';

/** What goes wrong with one request that brings events. */
export interface Fault {
  readonly status: number;
  /** Seconds. */
  readonly retryAfter?: number;
  /** Whether the edge had stored the events before; its answer is what gets lost. */
  readonly isStored: boolean;
}

/** One request that brought events. */
export interface Passage {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What the client was told. */
  readonly status: number;
}

/** A proxy in front of the edge that spoils the answers to some of the requests that bring events. */
export interface Gate {
  /** Under any host name. */
  readonly port: number;
  readonly url: string;
  /** What happens to the next requests, one after the other; the later ones pass. */
  readonly faults: Fault[];
  /** The requests that brought events, preflights left out. */
  readonly passages: Passage[];
  /** Waits until what has come so far is answered and among the passages; the edge may have stored it long before. */
  settled(): Promise<void>;
  clear(): void;
  close(): Promise<void>;
}

/** Opens a gate before the edge at `edgeUrl`, on a port of the system's choosing. */
export async function openGate(edgeUrl: string): Promise<Gate> {
  const faults: Fault[] = [];
  const passages: Passage[] = [];
  const underWay = new Set<Promise<void>>();

  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request);
    const brings = request.method === 'POST';
    const fault = brings ? faults.shift() : undefined;
    const at = Date.now();
    const answer = fault && !fault.isStored ? undefined : await ask(edgeUrl, request, body);
    if (answer && answer.status >= 500) throw new Error(`the edge answered ${answer.status}: ${answer.body.toString()}`);
    const status = fault?.status ?? answer!.status;
    if (brings) passages.push({ path: request.url!, headers: request.headers, at, status });
    if (!fault) {
      response.writeHead(status, answer!.headers).end(answer!.body);
      return;
    }
    const origin = request.headers.origin;
    response
      .writeHead(status, {
        ...(origin && {
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          'access-control-expose-headers': 'Retry-After',
        }),
        ...(fault.retryAfter !== undefined && { 'retry-after': String(fault.retryAfter) }),
      })
      .end('{"success":false}');
  };
  const { port, close } = await startTestServer('the gate', (request, response) => {
    const passing = pass(request, response).finally(() => void underWay.delete(passing));
    underWay.add(passing);
    return passing;
  });
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    faults,
    passages,
    async settled() {
      await Promise.allSettled(underWay);
    },
    clear() {
      faults.length = 0;
      passages.length = 0;
    },
    close,
  };
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Asks the edge the same; the host stays what the client asked for, because the cookie depends on it. */
async function ask(edgeUrl: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answered> {
  const asked = connect(new URL(url!, edgeUrl), { method: method!, headers });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode!, headers: response.headers, body: await buffer(response) };
}
