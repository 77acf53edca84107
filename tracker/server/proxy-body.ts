import { headerOf, type VisitorRequest } from './request.ts';

/** Bytes. What the edge takes in one request of a visitor. */
export const LONGEST_BODY = 500 * 1024;

const FORM = /^\s*(?:application\/x-www-form-urlencoded|multipart\/form-data)/i;

/** A body is longer than {@link LONGEST_BODY}. */
export class BodyTooLarge extends Error {}

/** The client has left before it had sent all of its body. */
export class BrokenOff extends Error {}

/** Something before the proxy has read the body and left none that can be passed on. */
export class BodyGone extends Error {}

/** A request of Node, of Express 4 and 5, or of another framework on Node. */
export interface NodeRequest extends VisitorRequest, AsyncIterable<Uint8Array> {
  /** Express: the path before it is mounted. */
  readonly originalUrl?: string | undefined;
  /** Express: the visitor's address, as its setting `trust proxy` says. */
  readonly ip?: string | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
  /** What a body parser has left, where one stood before. */
  readonly body?: unknown;
  readonly readableDidRead?: boolean | undefined;
}

/**
 * The body of a request of Node; undefined where it has none. Where a body parser has read it, it is what the parser made of it.
 * @throws BodyTooLarge
 * @throws BrokenOff
 * @throws BodyGone
 */
export async function readNodeBody(request: NodeRequest): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (request.method !== 'POST') return undefined;
  if (!request.readableDidRead) return await readAll(request, request.headers);
  const { body } = request;
  // Parsed as a form, what the tracker sends compressed is lost.
  if (
    body === undefined ||
    (typeof body === 'object' && !(body instanceof Uint8Array) && FORM.test(headerOf(request, 'content-type') ?? ''))
  ) {
    throw new BodyGone('a body parser stands before the proxy and has read the body of a request: mount the proxy before it');
  }
  const bytes =
    body instanceof Uint8Array
      ? new Uint8Array(body)
      : new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
  if (bytes.byteLength > LONGEST_BODY) throw new BodyTooLarge();
  return bytes;
}

/**
 * The body of a `Request`; undefined where it has none.
 * @param length its header `Content-Length`.
 * @throws BodyTooLarge
 * @throws BrokenOff
 */
export async function readStream(
  stream: ReadableStream<Uint8Array> | null,
  length: string | null,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return stream ? await readAll(chunksOf(stream), { 'content-length': length ?? undefined }) : undefined;
}

/**
 * How much of a body that is too long is read and thrown away: who is still sending does not hear the answer. What is said to be longer
 * is not read at all: its sender does not hear of it either way.
 */
const LONGEST_WASTE = 10 * LONGEST_BODY;

/**
 * Counts while it reads: what a client says of the length is not always there, and not always true.
 * @throws BodyTooLarge
 * @throws BrokenOff
 */
async function readAll(chunks: AsyncIterable<Uint8Array>, headers: VisitorRequest['headers']): Promise<Uint8Array<ArrayBuffer>> {
  const said = (headers as Readonly<Record<string, string | undefined>>)['content-length'];
  if (Number(said ?? 0) > LONGEST_WASTE) throw new BodyTooLarge();
  const read: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of chunks) {
      length += chunk.byteLength;
      if (length > LONGEST_WASTE) break;
      if (length > LONGEST_BODY) read.length = 0;
      else read.push(chunk);
    }
  } catch (cause) {
    throw new BrokenOff('the request broke off', { cause });
  }
  if (length > LONGEST_BODY) throw new BodyTooLarge();
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of read) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // Where the rest is not wanted, the sender need not go on.
    await reader.cancel().catch(() => {});
  }
}
