import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { EventRow } from '../../../edge/contract/event-row.ts';
import { landingFolders, pendingSegments, segmentsIn } from '../../embedded/landing/folders.ts';

/**
 * The events that have landed and are in no publication yet, in no order; copies of an event can come more than once.
 * They lie in segments that no run has loaded, or that a run in progress has loaded already: those hold arrivals later
 * than the last one of the publication.
 *
 * Torn and corrupt lines are passed over: the run reports them, a reader shows what it can.
 */
export async function* landedEvents(dataFolder: string, publishedUpTo: string | null): AsyncGenerator<EventRow> {
  const seen = new Set<string>();
  for (const file of await pendingSegments(dataFolder)) {
    seen.add(path.basename(file));
    yield* eventsOf(file, dataFolder);
  }
  if (publishedUpTo === null) return;
  for (const file of await segmentsIn(landingFolders(dataFolder).loaded)) {
    if (seen.has(path.basename(file)) || !(await changedAfter(file, publishedUpTo))) continue;
    for await (const event of eventsOf(file, dataFolder)) if (event.received_at > publishedUpTo) yield event;
  }
}

/** Moving a file keeps the time of its last write; one second covers file systems with coarse times. */
async function changedAfter(file: string, instant: string): Promise<boolean> {
  return (await stat(file)).mtimeMs + 1000 >= Date.parse(instant);
}

async function* eventsOf(file: string, dataFolder: string): AsyncGenerator<EventRow> {
  const found = await locate(file, dataFolder);
  if (!found) return;
  const lines = createInterface({ input: createReadStream(found), crlfDelay: Infinity });
  for await (const line of lines) {
    const event = eventIn(line);
    if (event) yield event;
  }
}

/** The file, or where a run has moved it since it was listed. */
async function locate(file: string, dataFolder: string): Promise<string | undefined> {
  const { sealed, loaded, corrupt } = landingFolders(dataFolder);
  for (const candidate of [file, ...[sealed, loaded, corrupt].map((folder) => path.join(folder, path.basename(file)))]) {
    const found = await stat(candidate).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found) return candidate;
  }
  return undefined;
}

function eventIn(line: string): EventRow | undefined {
  if (!line.startsWith('{"event"')) return undefined;
  try {
    const { event } = JSON.parse(line) as { event?: EventRow };
    return typeof event?.message_id === 'string' && typeof event.received_at === 'string' ? event : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
