import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DeliveryRow } from '../../../edge/contract/event-row.ts';
import { landingFolders, pendingSegments, segmentsIn } from '../../embedded/landing/folders.ts';

/** A delivery as it lies in a landing segment. */
export interface LandedDelivery {
  readonly header: DeliveryRow;
  /** Whole rows behind the header. */
  readonly rows: number;
  /** Nothing follows it in its segment: what is missing of it was being written when the writer ended, and was not acknowledged. */
  readonly isLast: boolean;
}

export interface LandedSegment {
  /** Name of the file, without its folder. */
  readonly name: string;
  readonly deliveries: readonly LandedDelivery[];
}

/** The segments that no run had loaded when they were listed. One that a run has loaded and moved in between may be missing. */
export async function landedSegments(dataFolder: string): Promise<LandedSegment[]> {
  const segments: LandedSegment[] = [];
  const { sealed } = landingFolders(dataFolder);
  for (const file of await pendingSegments(dataFolder)) {
    const name = path.basename(file);
    const deliveries = (await deliveriesIn(file)) ?? (await deliveriesIn(path.join(sealed, name)));
    if (deliveries) segments.push({ name, deliveries });
  }
  return segments;
}

/**
 * The deliveries at the end of loaded segments of which rows are missing. A killed writer cuts off what it was writing, which is
 * always the end of a segment.
 */
export async function cutOffDeliveries(dataFolder: string): Promise<LandedDelivery[]> {
  const { loaded, corrupt } = landingFolders(dataFolder);
  const cut: LandedDelivery[] = [];
  for (const file of [...(await segmentsIn(loaded)), ...(await segmentsIn(corrupt))]) {
    const last = (await deliveriesIn(file, await startOfLastDelivery(file)))?.at(-1);
    if (last && last.rows < last.header.count) cut.push(last);
  }
  return cut;
}

/** Undefined where there is no such file (any more). Lines that are none of the contract are passed over: the run reports them. */
async function deliveriesIn(file: string, start = 0): Promise<LandedDelivery[] | undefined> {
  const found: { header: DeliveryRow; rows: number }[] = [];
  try {
    for await (const line of wholeLines(file, start)) {
      const current = found.at(-1);
      if (line.startsWith('{"delivery":')) {
        const header = headerIn(line);
        if (header) found.push({ header, rows: 0 });
      } else if (current && /^\{"(?:event|failed)":.*\}$/s.test(line)) current.rows++;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return found.map((delivery, i) => ({ ...delivery, isLast: i === found.length - 1 }));
}

function headerIn(line: string): DeliveryRow | undefined {
  try {
    return (JSON.parse(line) as { delivery: DeliveryRow }).delivery;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The lines that end; what stands behind the last line feed was being written. */
async function* wholeLines(file: string, start: number): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8', start }) as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}

const HEADER_LINE = '\n{"delivery":';

/** Where the last header of a file begins, found from its end, because segments are large. */
async function startOfLastDelivery(file: string): Promise<number> {
  const { size } = await stat(file);
  const handle = await open(file, 'r');
  try {
    for (let bytes = 64 * 1024; ; bytes *= 8) {
      const start = Math.max(0, size - bytes);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
      const found = buffer.subarray(0, bytesRead).lastIndexOf(HEADER_LINE);
      if (found >= 0) return start + found + 1;
      if (start === 0) return 0;
    }
  } finally {
    await handle.close();
  }
}
