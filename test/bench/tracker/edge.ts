import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LandingLine } from '../../../edge/contract/delivery.ts';
import { storedEvent } from '../../../edge/contract/event-row.ts';
import type { EventRow } from '../../../edge/contract/event-row.ts';
import { createKey } from '../../../pipeline/embedded/keys.ts';
import { pendingSegments } from '../../../pipeline/embedded/landing/folders.ts';
import { startUp } from '../../../pipeline/embedded/up.ts';

/** The embedded edge in a data folder of its own. */
export interface BenchEdge {
  readonly url: string;
  readonly dataFolder: string;
  seal(): Promise<void>;
  /** Every event that has landed and is not loaded yet, copies included. */
  landed(): Promise<EventRow[]>;
  close(): Promise<void>;
}

export const WRITE_KEY = 'bench';

export async function openEdge(): Promise<BenchEdge> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'touchtrail-bench-'));
  try {
    await createKey(dataFolder, { kind: 'browser', name: 'bench', key: WRITE_KEY });
    const edge = await startUp({ dataFolder, port: 0, log: (line) => process.stderr.write(`${line}\n`) });
    return {
      url: edge.url,
      dataFolder,
      seal: async () => await edge.seal(),
      async landed() {
        await edge.seal();
        const segments = await Promise.all((await pendingSegments(dataFolder)).map((file) => readFile(file, 'utf8')));
        const lines = segments.flatMap((text) => text.split('\n').filter(Boolean));
        return lines.map((line) => JSON.parse(line) as LandingLine).flatMap((line) => ('event' in line ? [storedEvent(line.event)] : []));
      },
      async close() {
        await edge.stop();
        await rm(dataFolder, { recursive: true });
      },
    };
  } catch (error) {
    await rm(dataFolder, { recursive: true });
    throw error;
  }
}
