import { attempt } from '../../attempt.ts';
import { QUEUE_PREFIX } from '../../storage.ts';

/** A queue that another page has not touched for this many milliseconds is taken over: that page is gone. */
const ORPHANED_AFTER = 60_000;

/** Takes over what earlier pages could not send, as delivery.ts has written it: when it was touched last, then a message a line. */
export function takeQueues(enqueue: (...messages: string[]) => void): void {
  for (const key of attempt(() => Object.keys(localStorage)) ?? []) {
    if (!key.startsWith(QUEUE_PREFIX)) continue;
    const [touched, ...messages] = (attempt(() => localStorage.getItem(key)) ?? '').split('\n');
    if (Date.now() - Number(touched) < ORPHANED_AFTER) continue;
    attempt(() => localStorage.removeItem(key));
    enqueue(...messages);
  }
}
