import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

/** A line longer than this is no landing line: the edge caps a payload far below. */
const MAXIMUM_LINE_BYTES = 16 * 1024 * 1024;
const LINE_FEED = 0x0a;

export interface BadLine {
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

export interface Repair {
  readonly bad: readonly BadLine[];
  /** For each line of the readable copy, in order, its number in the original. */
  readonly originalLines: readonly number[];
  /** A last line without a line feed, as a killed process leaves it: it was never acknowledged. */
  readonly tornTail: boolean;
}

/**
 * Copies the lines of a segment that are JSON objects to another file and says what is wrong with the others.
 * The slow way, for segments the engine could not read as they are.
 */
export async function readableCopy(segment: string, copy: string): Promise<Repair> {
  const bad: BadLine[] = [];
  const originalLines: number[] = [];
  let tornTail = false;
  let number = 0;
  const output = await open(copy, 'w');
  try {
    for await (const { bytes, ended } of lines(segment)) {
      number++;
      if (!ended && isTornTail(bytes)) {
        tornTail = true;
        continue;
      }
      if (ended && bytes.length === 0) continue;
      const problem = lineProblem(bytes);
      if (problem === undefined && ended) {
        originalLines.push(number);
        await output.write(bytes);
        await output.write('\n');
      } else bad.push({ line: number, problem: problem ?? 'the line does not end' });
    }
  } finally {
    await output.close();
  }
  return { bad, originalLines, tornTail };
}

/** Whether a file ends in the middle of a line. */
export async function endsInsideLine(file: string, size: number): Promise<boolean> {
  if (size === 0) return false;
  const handle = await open(file, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== LINE_FEED;
  } finally {
    await handle.close();
  }
}

/** The beginning of a landing line, however short; anything else at the end of a file is damage, not a torn write. */
function isTornTail(bytes: Buffer): boolean {
  const start = bytes.subarray(0, 12).toString('latin1');
  return (
    ['{"delivery":', '{"event":', '{"failed":'].some((prefix) => prefix.startsWith(start) || start.startsWith(prefix)) && !bytes.includes(0)
  );
}

function lineProblem(bytes: Buffer): string | undefined {
  if (bytes.length > MAXIMUM_LINE_BYTES) return `longer than ${MAXIMUM_LINE_BYTES} bytes`;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return 'not UTF-8';
  }
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? undefined : 'not a JSON object';
  } catch {
    return 'not JSON';
  }
}

/** The lines of a file as bytes, without their line feed. An overlong line is cut, so that it cannot fill the memory. */
async function* lines(file: string): AsyncGenerator<{ bytes: Buffer; ended: boolean }> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const keep = (part: Buffer) => {
    if (pendingBytes <= MAXIMUM_LINE_BYTES) pending.push(part);
    pendingBytes += part.length;
  };
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      keep(chunk.subarray(start, end));
      yield { bytes: Buffer.concat(pending), ended: true };
      [pending, pendingBytes] = [[], 0];
      start = end + 1;
    }
    if (start < chunk.length) keep(chunk.subarray(start));
  }
  if (pendingBytes > 0) yield { bytes: Buffer.concat(pending), ended: false };
}
