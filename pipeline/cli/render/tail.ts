import type { TailEntry } from '../../models/events/tail.ts';
import { pad, terminalText } from './text.ts';

/** Fits the longest type of event. */
const TYPE_WIDTH = 8;
const ID_WIDTH = 8;

/**
 * One event as one line: time, type, visitor, write key, then what it was, where, and where the visitor came from.
 * @param nameOf what a write key is called.
 */
export function renderTailEntry(entry: TailEntry, timeZone: string, nameOf: (writeKeyId: string) => string): string {
  const { type, event, page, source, anonymous_id, write_key_id, reason, path, detail } = entry;
  const what =
    type === 'rejected'
      ? [`${reason ?? ''}${path === null ? '' : ` at ${path}`}${detail === null ? '' : `: ${detail}`}`]
      : [...(event === null ? [] : [`"${event}"`]), ...(page === null ? [] : [page]), ...(source === null ? [] : [`← ${source}`])];
  const cells = [
    clock(entry.received_at, timeZone),
    pad(type, TYPE_WIDTH, 'left'),
    pad(anonymous_id ?? '—', ID_WIDTH, 'left'),
    write_key_id === null ? '—' : nameOf(write_key_id),
    ...what,
  ];
  return `${terminalText(cells.join('  ')).trimEnd()}\n`;
}

function clock(instant: string, timeZone: string): string {
  return new Date(instant).toLocaleTimeString('en-GB', { timeZone, hourCycle: 'h23' });
}
