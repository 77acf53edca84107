import { connect, type Socket } from 'node:net';

/** What one round of load gave. */
export interface Load {
  readonly perSecond: number;
  /** Milliseconds from the first byte of a request to the last of its answer, ascending. */
  readonly latencies: readonly number[];
}

/** One request, as it goes over the wire, many times. */
export interface Posting {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The bytes of a request (RFC 9112 §3), made before the clock starts. A general HTTP client costs as much processor time as the
 * server it asks, and with as many processors as two would measure itself; so this one only writes and counts.
 */
export function wireBytes(host: string, { path, headers, body }: Posting): Buffer {
  const lines = Object.entries({ host, ...headers, 'content-length': `${Buffer.byteLength(body)}` }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

/**
 * Sends `count` requests, one after the other on each of some connections that stay open.
 * @param requests are sent in turn.
 * @throws Error where an answer is not a 200, a connection ends, or all of it takes longer than a minute.
 */
export async function load(url: URL, requests: readonly Buffer[], count: number, connections: number): Promise<Load> {
  const sockets = await Promise.all(Array.from({ length: connections }, async () => await open(url)));
  const latencies: number[] = [];
  let sent = 0;
  const deadline = AbortSignal.timeout(LONGEST_MS);
  try {
    const began = performance.now();
    await Promise.all(
      sockets.map(async (socket) => {
        for (const answer = new Answers(socket, deadline); sent < count;) {
          const asked = performance.now();
          await answer.to(requests[sent++ % requests.length]!);
          latencies.push(performance.now() - asked);
        }
      }),
    );
    return { perSecond: (count / (performance.now() - began)) * 1000, latencies: latencies.toSorted((a, b) => a - b) };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

const LONGEST_MS = 60_000;

async function open({ hostname, port }: URL): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(socket.off('error', reject)));
    socket.once('error', reject);
  });
}

/** The answers on one connection. */
class Answers {
  readonly #socket: Socket;
  #received = '';
  #waiting: PromiseWithResolvers<void> | undefined;

  constructor(socket: Socket, deadline: AbortSignal) {
    this.#socket = socket;
    const fail = (error: Error) => this.#waiting?.reject(error);
    socket.setEncoding('latin1').on('data', (text: string) => this.#take(text));
    socket.on('error', fail).on('close', () => fail(new Error('the server closed the connection')));
    deadline.addEventListener('abort', () => fail(new Error(`no answer within the ${LONGEST_MS / 1000} s of the round`)));
  }

  async to(request: Buffer): Promise<void> {
    this.#waiting = Promise.withResolvers();
    this.#socket.write(request);
    await this.#waiting.promise;
  }

  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
    if (!head.startsWith('HTTP/1.1 200 ')) return this.#waiting?.reject(new Error(`the server answered ${this.#received.slice(0, 500)}`));
    if (Number.isNaN(length)) return this.#waiting?.reject(new Error(`an answer without its length: ${head}`));
    if (this.#received.length < end + 4 + length) return;
    this.#received = '';
    this.#waiting?.resolve();
  }
}
