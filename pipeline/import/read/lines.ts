/** A line as it stands in a file, without its line break; `bytes` is undefined where it is too long to be one. */
export interface Line {
  /** From 1. */
  readonly line: number;
  readonly bytes: Buffer | undefined;
}

const LF = 0x0a;
const CR = 0x0d;
/** Far more than an event may have; longer ones are not kept in memory. */
export const LONGEST_LINE = 8 * 1024 * 1024;

/**
 * The lines of a file. Only LF and CRLF end a line: U+2028 and a lone CR may stand in JSON, and readers that break there tear it.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, longest = LONGEST_LINE): AsyncGenerator<Line> {
  let line = 1;
  let held: Buffer[] = [];
  let length = 0;
  const take = (bytes: Buffer): void => {
    length += bytes.length;
    // Of a line that is too long nothing is kept.
    if (length <= longest) held.push(bytes);
    else held = [];
  };
  const finish = (): Line => {
    const whole = held.length === 1 ? held[0]! : Buffer.concat(held);
    const finished = { line: line++, bytes: length > longest ? undefined : whole.at(-1) === CR ? whole.subarray(0, -1) : whole };
    held = [];
    length = 0;
    return finished;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      take(chunk.subarray(start, end));
      yield finish();
      start = end + 1;
    }
    if (start < chunk.length) take(chunk.subarray(start));
  }
  if (length > 0) yield finish();
}
