import { attempt, guarded, warn } from './attempt.ts';
import { takeContext } from './context.ts';
import { send } from './gate.ts';
import { userId } from './user.ts';
import { uuid } from './uuid.ts';
import { touchVisit } from './visit.ts';

type Data = Readonly<Record<string, unknown>>;
type Word = string | number | null | undefined;

/** Segment's options: members of the message such as `integrations` or `timestamp`, and additions to its context. */
export type MessageOptions = { readonly context?: object } & Record<string, unknown>;

/** The member by which Segment's stub marks what it has noted. */
const NOTED = '__t';

/** The page as Segment's snippet notes it at the time of a call: the last argument of a call from before the script was there. */
interface NotedPage {
  readonly [NOTED]: 'bpc';
  readonly u: string;
  readonly t: string;
  readonly r: string;
}

/** Counts events: the order of those of the same millisecond. */
let sequence = 0;

/**
 * A method of Segment: at most `count` words, then an object of data, then options, then a callback.
 * `fieldsOf` makes members of the message from the words, `dataName` is where the data goes. Data, time, order and context are
 * those of the moment of the call.
 */
export function method(type: string, count: number, dataName: string, fieldsOf: (first: Word, second: Word, data: Data) => object) {
  // A call must not throw, whatever it is given.
  return guarded((...args: unknown[]) => {
    const noted = (args[args.length - 1] as Partial<NotedPage> | null)?.[NOTED] && (args.pop() as NotedPage);
    if (typeof args[args.length - 1] === 'function') setTimeout(args.pop() as () => void);
    const [first, second] = args.splice(0, args.slice(0, count).filter((arg) => !arg || typeof arg !== 'object').length) as Word[];
    const data = (args[0] ?? {}) as Data;
    const { context, ...options } = (args[1] ?? {}) as MessageOptions;
    const now = +new Date(options['timestamp'] as string) || Date.now();
    const message = {
      type,
      messageId: uuid(),
      sequence: ++sequence,
      ...fieldsOf(first, second, data),
      // Asked now: another tab may have said who the user is, and this call may.
      userId: userId(),
      ...options,
      timestamp: new Date(now),
      context: {
        ...takeContext(touchVisit(now)),
        ...(noted && { page: { url: noted.u, title: noted.t, referrer: noted.r } }),
        ...context,
      },
    };
    send(
      attempt(() => JSON.stringify({ ...message, [dataName]: data })) ??
        // What the page gave has no JSON form, because it refers to itself, say: the event itself is still true.
        (warn(`${type}: no JSON`), JSON.stringify(message)),
    );
  });
}

/** Sends a page view. */
export const sendView = method('page', 2, 'properties', (first, second) => (second ? { category: first, name: second } : { name: first }));
