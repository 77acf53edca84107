import type { LandingLine } from '../../edge/contract/delivery.ts';
import { storedEvent } from '../../edge/contract/event-row.ts';
import { isWanted, tailEvent, tailFailed, type TailEntry, type TailFilter } from '../models/events/tail.ts';
import type { ControlConnection } from './control.ts';

/** What whoever follows is told: an event, or how many were left out because they were not read fast enough. */
export type TailLine = { readonly entry: TailEntry } | { readonly dropped: number };

/** The events of a running edge, for those who watch. */
export interface Tail {
  /** Hands on what has just been stored, as NDJSON. Costs nothing while nobody watches; never waits for anybody, and never throws. */
  publish(lines: string): void;
  /** Tells what passes until the connection is closed. */
  follow(filter: TailFilter, tell: (line: TailLine) => void, connection: ControlConnection): Promise<void>;
}

/** What may wait for one reader, in bytes: about a thousand events. Beyond it events are left out, and counted. */
const MOST_BUFFERED = 512 * 1024;

export function createTail(): Tail {
  const followers = new Set<(entries: readonly TailEntry[]) => void>();
  return {
    publish(lines) {
      if (followers.size === 0) return;
      const entries = entriesOf(lines);
      for (const follower of followers) follower(entries);
    },
    async follow(filter, tell, { closed, buffered }) {
      if (closed.aborted) return;
      let dropped = 0;
      const follower = (entries: readonly TailEntry[]) => {
        for (const entry of entries) {
          if (!isWanted(entry, filter)) continue;
          if (buffered() > MOST_BUFFERED) {
            dropped++;
            continue;
          }
          if (dropped > 0) tell({ dropped });
          dropped = 0;
          tell({ entry });
        }
      };
      followers.add(follower);
      await new Promise<void>((resolve) => closed.addEventListener('abort', () => resolve(), { once: true }));
      followers.delete(follower);
    },
  };
}

const entriesOf = (lines: string): TailEntry[] => lines.split('\n').flatMap(entryOf);

function entryOf(text: string): TailEntry[] {
  if (text === '') return [];
  try {
    const line = JSON.parse(text) as LandingLine;
    if ('event' in line) return [tailEvent(storedEvent(line.event))];
    return 'failed' in line ? [tailFailed(line.failed)] : [];
  } catch {
    // What cannot be read is reported by the run that loads it; here it must not get in the way of the others.
    return [];
  }
}
