import { RequestRejected } from './rejections.ts';

/** The parts of a request that matter here. */
export interface IncomingBody {
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
}

/**
 * Reads a body as text, decompressing gzip. What decides is the content: RudderStack's client sends gzip labelled as a form,
 * and some proxies decompress but leave the label.
 * Bytes are counted while they arrive, on the wire and decompressed: a length header may lie, and 200 KB of gzip can unfold
 * to 200 MB.
 * @param limit most bytes on the wire and decompressed.
 * @throws RequestRejected body_too_large, unsupported_encoding, invalid_gzip or invalid_utf8.
 */
export async function readBody({ headers, body }: IncomingBody, limit: number): Promise<string> {
  if (!body) return '';
  const wire = await readUpTo(body, limit);
  if (wire[0] === 0x1f && wire[1] === 0x8b) return decodeUtf8(await gunzip(wire, limit));
  const encoding = (headers.get('content-encoding') ?? '').trim().toLowerCase();
  if (!['', 'identity', 'gzip', 'x-gzip'].includes(encoding)) throw new RequestRejected('unsupported_encoding', { detail: encoding });
  return decodeUtf8(wire);
}

/**
 * Parses a body.
 * @throws RequestRejected invalid_json, holding the text.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
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
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  try {
    return await readUpTo(unpacked, limit);
  } catch (cause) {
    if (cause instanceof RequestRejected) throw cause;
    throw new RequestRejected('invalid_gzip', { cause });
  }
}

async function readUpTo(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > limit) {
      await reader.cancel();
      throw new RequestRejected('body_too_large', { payload: readable(join([...chunks, value], length)) });
    }
    chunks.push(value);
  }
  return join(chunks, length);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

/**
 * Strict, because the lenient decoder replaces bad bytes silently; it also strips the byte order mark, on which JSON fails.
 * @throws RequestRejected invalid_utf8, holding the text as far as it can be read.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  // JSON in UTF-8 holds no NUL (RFC 8259 §7): this is UTF-16 or UTF-32, which is valid UTF-8 as long as it is ASCII.
  if (bytes.includes(0)) throw new RequestRejected('invalid_utf8', { payload: readable(bytes) });
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw new RequestRejected('invalid_utf8', { payload: readable(bytes), cause });
  }
}

/** The text of what is no clean UTF-8, for the failure row. Text in another encoding could not be cleaned and is left out. */
function readable(bytes: Uint8Array): string {
  return bytes.includes(0) ? `(${bytes.byteLength} bytes that are not UTF-8)` : new TextDecoder().decode(bytes);
}
