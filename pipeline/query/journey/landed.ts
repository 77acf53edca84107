import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
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
    const { mtimeMs, size } = await stat(file);
    const version = JSON.stringify([mtimeMs, size, publishedUpTo]);
    if (published.get(file) === version) continue;
    let isPublished = true;
    for await (const event of eventsOf(file, dataFolder, mayBeAfter(publishedUpTo))) {
      if (!isAfter(event, publishedUpTo)) continue;
      isPublished = false;
      yield event;
    }
    if (isPublished) remember(file, version);
  }
}

/**
 * Loaded segments that were read to their end and hold nothing that came after a publication, by their path: what they were
 * then, and the publication. A loaded segment changes no more; whoever serves journeys need not read it for each.
 */
const published = new Map<string, string>();
const MOST_REMEMBERED = 1000;

function remember(file: string, version: string): void {
  if (published.size >= MOST_REMEMBERED) published.clear();
  published.set(file, version);
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

const RECEIVED_AT = '"received_at":"';

/**
 * Whether a line may hold an event after an instant. The last segment of a publication is full of events that are in it, and
 * parsing them is what takes time. Whatever else of an event is called received_at, one match is its own.
 */
function mayBeAfter(publishedUpTo: string): (line: string) => boolean {
  const last = canonicalInstant(publishedUpTo) ?? publishedUpTo;
  // The events of a delivery were received together.
  let [before, wasAfter] = ['', true];
  const isAfterLast = (time: string) => {
    if (time !== before) {
      const instant = canonicalInstant(time);
      [before, wasAfter] = [time, instant === undefined || instant > last];
    }
    return wasAfter;
  };
  return (line) => {
    let at = line.indexOf(RECEIVED_AT);
    if (at < 0) return true;
    for (; at >= 0; at = line.indexOf(RECEIVED_AT, at + 1)) {
      const start = at + RECEIVED_AT.length;
      if (isAfterLast(line.slice(start, line.indexOf('"', start)))) return true;
    }
    return false;
  };
}

/** Moving a file keeps the time of its last write; one second covers file systems with coarse times. */
async function changedAfter(file: string, instant: string): Promise<boolean> {
  return (await stat(file)).mtimeMs + 1000 >= Date.parse(instant);
}

async function* eventsOf(file: string, dataFolder: string, isWanted: (line: string) => boolean = () => true): AsyncGenerator<EventRow> {
  const found = await locate(file, dataFolder);
  if (!found) return;
  for await (const lines of linesOf(found)) {
    for (const line of lines) {
      const event = isWanted(line) ? eventIn(line) : undefined;
      if (event) yield event;
    }
  }
}

/** How much of a segment is looked at in one go, in bytes. */
const CHUNK = 1 << 20;

/** The lines of a file, many at a time: to wait for each of them takes longer than to read it. */
async function* linesOf(file: string): AsyncGenerator<string[]> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: CHUNK }) as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield lines;
  }
  if (rest !== '') yield [rest];
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
