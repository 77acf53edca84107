import { isUtf8 } from 'node:buffer';
import type { Found, JsonObject } from '../records.ts';
import { contentOf, DamagedFile } from './bytes.ts';
import { BrokenArray, elementsOf } from './json-array.ts';
import { linesOf } from './lines.ts';

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * The objects of a file: one a line (NDJSON), or the elements of one JSON array. A line that cannot be read costs only itself.
 */
export async function* jsonRecords(part: string, file: string, onBytes: (bytes: number) => void): AsyncGenerator<Found> {
  let line = 0;
  try {
    const content = await peeked(contentOf(file, onBytes));
    const records = content.isArray ? arrayRecords(part, content.chunks) : lineRecords(part, content.chunks);
    for await (const found of records) {
      line = found.line;
      yield found;
    }
  } catch (error) {
    if (error instanceof DamagedFile) yield { part, line: line + 1, problem: error.message, text: '', endsPart: true };
    else if (error instanceof BrokenArray) yield { part, line: error.line, problem: error.message, text: '', endsPart: true };
    else throw error;
  }
}

async function* lineRecords(part: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Found> {
  for await (const { line, bytes } of linesOf(chunks)) {
    if (bytes === undefined) {
      yield { part, line, problem: 'the line has more than 8 MB; expected one JSON object a line', text: '' };
    } else if (!isUtf8(bytes)) {
      yield { part, line, problem: 'the line is not UTF-8; expected a JSON object in UTF-8', text: '' };
    } else {
      const text = bytes.toString('utf8').replace(BYTE_ORDER_MARK, line === 1 ? '' : BYTE_ORDER_MARK);
      if (text.trim() !== '') yield recordOf(part, line, text);
    }
  }
}

async function* arrayRecords(part: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Found> {
  for await (const { line, text } of elementsOf(decoded(chunks))) yield recordOf(part, line, text);
}

function recordOf(part: string, line: number, text: string): Found {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own words quote the text, an address included.
    return { part, line, problem: 'this is no JSON; expected one JSON object', text };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
    return { part, line, problem: `expected a JSON object, found ${found}`, text };
  }
  return { part, line, value: value as JsonObject };
}

/** Looks at the beginning of a content, and gives it back whole. */
async function peeked(chunks: AsyncGenerator<Buffer>): Promise<{ isArray: boolean; chunks: AsyncIterable<Buffer> }> {
  const first = await chunks.next();
  const beginning = first.done ? '' : first.value.subarray(0, 4096).toString('utf8').replace(BYTE_ORDER_MARK, '').trimStart();
  async function* whole(): AsyncGenerator<Buffer> {
    if (first.done) return;
    yield first.value;
    yield* chunks;
  }
  return { isArray: beginning.startsWith('['), chunks: whole() };
}

/** @throws DamagedFile where the bytes are no UTF-8. */
export async function* decoded(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Buffer): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      throw new DamagedFile(
        'the text is not UTF-8 from about here on; expected UTF-8: save it as "CSV UTF-8" (Excel) or export it as UTF-8',
        {
          cause,
        },
      );
    }
  };
  for await (const chunk of chunks) yield decode(chunk);
  yield decode();
}
