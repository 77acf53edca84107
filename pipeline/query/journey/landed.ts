import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { EventRow } from '../../../edge/contract/event-row.ts';
import { canonicalInstant } from '../../warehouse/instants.ts';
import { landingFolders, pendingSegments, segmentsIn } from '../../embedded/landing/folders.ts';

/** What makes two landed events copies of one. */
export const eventKey = ({ write_key_id, message_id }: Pick<EventRow, 'write_key_id' | 'message_id'>): string =>
  JSON.stringify([write_key_id, message_id]);

/**
 * The events that have landed and are in no publication yet, in no order; copies of an event can come more than once.
 * They lie in segments that no run has loaded, or that a run in progress has loaded already: those hold arrivals later
 * than the last one of the publication. Their times have the form that a warehouse gives, so that they compare as texts.
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
  for (const file of await loadedSegments(dataFolder)) {
    if (seen.has(path.basename(file)) || !(await changedAfter(file, publishedUpTo))) continue;
    for await (const event of eventsOf(file, dataFolder)) if (isAfter(event, publishedUpTo)) yield event;
  }
}

/**
 * Which of the events are in the publication already, as {@link eventKey}s: a tracker sends an event again where it did
 * not hear that it arrived, and that copy lands anew. Only segments written since the first of the events happened can
 * hold another copy of one.
 */
export async function processedAlready(
  dataFolder: string,
  publishedUpTo: string | null,
  events: readonly EventRow[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (publishedUpTo === null || events.length === 0) return found;
  const asked = new Set(events.map(eventKey));
  const ids = new Set(events.map(({ message_id }) => JSON.stringify(message_id)));
  const first = events.reduce((least, { occurred_at }) => (occurred_at < least ? occurred_at : least), events[0]!.occurred_at);
  // Parsing is what takes time, so that a line is looked at for its id before.
  const mayHold = (line: string) => ids.has(MESSAGE_ID.exec(line)?.[1] ?? '');
  for (const file of await loadedSegments(dataFolder)) {
    if (!(await changedAfter(file, first))) continue;
    for await (const event of eventsOf(file, dataFolder, mayHold)) {
      if (!isAfter(event, publishedUpTo) && asked.has(eventKey(event))) found.add(eventKey(event));
    }
  }
  return found;
}

const MESSAGE_ID = /"message_id":("(?:[^"\\]|\\.)*")/;

/** Segments whose events are in the warehouse; of a corrupt one its good lines are. */
async function loadedSegments(dataFolder: string): Promise<string[]> {
  const { loaded, corrupt } = landingFolders(dataFolder);
  return [...(await segmentsIn(loaded)), ...(await segmentsIn(corrupt))];
}

function isAfter(event: EventRow, publishedUpTo: string): boolean {
  return event.received_at > (canonicalInstant(publishedUpTo) ?? publishedUpTo);
}

/** Moving a file keeps the time of its last write; one second covers file systems with coarse times. */
async function changedAfter(file: string, instant: string): Promise<boolean> {
  return (await stat(file)).mtimeMs + 1000 >= Date.parse(instant);
}

async function* eventsOf(file: string, dataFolder: string, isWanted: (line: string) => boolean = () => true): AsyncGenerator<EventRow> {
  const found = await locate(file, dataFolder);
  if (!found) return;
  const lines = createInterface({ input: createReadStream(found), crlfDelay: Infinity });
  for await (const line of lines) {
    const event = isWanted(line) ? eventIn(line) : undefined;
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
    const { event } = JSON.parse(line) as { event?: Partial<EventRow> };
    if (typeof event?.message_id !== 'string') return undefined;
    const received_at = instantIn(event.received_at);
    const occurred_at = instantIn(event.occurred_at);
    return received_at !== undefined && occurred_at !== undefined ? ({ ...event, received_at, occurred_at } as EventRow) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const instantIn = (value: unknown) => (typeof value === 'string' ? canonicalInstant(value) : undefined);
