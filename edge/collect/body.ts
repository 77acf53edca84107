import { LIMITS } from './limits.ts';
import { RequestRejected } from './rejections.ts';

/** The parts of a request that matter here. */
export interface IncomingBody {
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  /** The whole body at once. */
  arrayBuffer?(): Promise<ArrayBuffer>;
}

/**
 * Reads a body as text, decompressing gzip. What decides is the content: RudderStack's client sends gzip labelled as a form,
 * and some proxies decompress but leave the label.
 * Bytes are counted while they arrive, on the wire and decompressed: 200 KB of gzip can unfold to 200 MB.
 * @param limit most bytes on the wire and decompressed.
 * @throws RequestRejected body_too_large, unsupported_encoding, invalid_gzip or invalid_utf8.
 */
export async function readBody(request: IncomingBody, limit: number): Promise<string> {
  const { headers } = request;
  // A body of a known length is read at once, for much less than even to ask for its stream costs. Counted all the same.
  const wire = isLengthKnown(request, limit)
    ? new Uint8Array(await request.arrayBuffer())
    : await readUpTo(request.body?.getReader(), limit);
  if (wire.byteLength > limit) throw new RequestRejected('body_too_large', { payload: readable(wire) });
  if (wire[0] === 0x1f && wire[1] === 0x8b) return decodeUtf8(await gunzip(wire, limit));
  const encoding = (headers.get('content-encoding') ?? '').trim().toLowerCase();
  if (!['', 'identity', 'gzip', 'x-gzip'].includes(encoding)) throw new RequestRejected('unsupported_encoding', { detail: encoding });
  return decodeUtf8(wire);
}

/**
 * Parses a body.
 * @throws RequestRejected invalid_json, holding the text, or invalid_utf8.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    // JSON in UTF-8 holds no NUL (RFC 8259 §7): this is UTF-16 or UTF-32, which is valid UTF-8 as long as it is ASCII.
    if (text.includes('\0')) throw new RequestRejected('invalid_utf8', { payload: unreadable(text.length), cause });
    const position = positionIn(cause);
    throw new RequestRejected('invalid_json', { payload: text, ...(position !== undefined && { detail: position }), cause });
  }
}

/** Where parsing failed. The engine's own words may quote the text, an address included, and are never passed on. */
function positionIn(error: unknown): string | undefined {
  const position = / at position (\d{1,9})(?: \(line \d+ column \d+\))?$/.exec(error instanceof Error ? error.message : '')?.[1];
  return position && `at character ${position}`;
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>, limit: number): Promise<Uint8Array> {
  try {
    return await readUpTo(unpack(bytes), limit);
  } catch (cause) {
    if (cause instanceof RequestRejected) throw cause;
    throw new RequestRejected('invalid_gzip', { cause });
  }
}

/** Whatever can be read part by part. */
type Source = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>;

/** What is unpacked at a time. It becomes at most 1,032 times as long. */
const PART_BYTES = 2_048;
const nextTurn = async (): Promise<undefined> => await new Promise((resolve) => setTimeout(resolve, 0, undefined));

/**
 * Unpacks gzip part by part: the next one when nothing of the last is left to be read. workerd unpacks whatever it is given at once
 * and keeps it, which of a whole body may be more than an isolate's memory.
 */
function unpack(bytes: Uint8Array<ArrayBuffer>): Source {
  const { writable, readable } = new DecompressionStream('gzip');
  const [writer, reader] = [writable.getWriter(), readable.getReader()];
  let fed = 0;
  let written: Promise<void>;
  let pending: ReturnType<typeof reader.read> | undefined;
  const feed = () => {
    written = writer.write(bytes.subarray(fed, (fed += PART_BYTES)));
    // Who reads learns of what fails.
    written.catch(() => {});
    if (fed >= bytes.byteLength) writer.close().catch(() => {});
  };
  feed();
  return {
    async read() {
      pending ??= reader.read();
      let result: Awaited<typeof pending> | undefined;
      while (fed < bytes.byteLength && !(result = await Promise.race([pending, written.then(nextTurn)]))) feed();
      result ??= await pending;
      pending = undefined;
      return result;
    },
    cancel: async () => await reader.cancel(),
  };
}

/** A request whose body can be read at once. */
type WholeBody = Required<Pick<IncomingBody, 'arrayBuffer'>>;

/**
 * Whether a body has a length that is known and within the limit: HTTP ends it there, and servers drop a length that stands beside a
 * transfer encoding (RFC 9112 §6.2, §6.3).
 */
function isLengthKnown(request: IncomingBody, limit: number): request is IncomingBody & WholeBody {
  const said = request.headers.get('content-length');
  return said !== null && !!request.arrayBuffer && /^\d+$/.test(said) && Number(said) <= limit && !request.headers.has('transfer-encoding');
}

async function readUpTo(reader: Source | undefined, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  if (!reader) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > limit) {
      await reader.cancel();
      throw new RequestRejected('body_too_large', { payload: readable(join([...chunks, value], Math.min(length, KEPT_BYTES)), length) });
    }
    chunks.push(value);
  }
  return join(chunks, length);
}

/** As many of the first bytes of parts as are wanted. */
function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    if (offset >= length) break;
    whole.set(chunk.subarray(0, length - offset), offset);
    offset += chunk.byteLength;
  }
  return whole;
}

/**
 * Strict, because the lenient decoder replaces bad bytes silently; it also strips the byte order mark, on which JSON fails.
 * @throws RequestRejected invalid_utf8, holding the text as far as it can be read.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    decoder = createDecoder();
    throw new RequestRejected('invalid_utf8', { payload: readable(bytes), cause });
  }
}

const createDecoder = () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
/** One for all, but not after a failure. */
let decoder = createDecoder();

/** More bytes than are kept of a payload after it is cleaned. */
const KEPT_BYTES = 8 * LIMITS.failedPayloadBytes;

/**
 * The text of what is no clean UTF-8, for the failure row: its beginning. Text in another encoding could not be cleaned and is left
 * out.
 * @param length of the whole.
 */
function readable(bytes: Uint8Array, length = bytes.byteLength): string {
  const kept = bytes.subarray(0, KEPT_BYTES);
  return kept.includes(0) ? unreadable(length) : new TextDecoder().decode(kept);
}
const unreadable = (bytes: number) => `(${bytes} bytes that are not UTF-8)`;
