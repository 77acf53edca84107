import { getAnonymousId, renewAnonymousId } from './anonymous-id.ts';
import { noteAddress, takeContext } from './context.ts';
import { attempt } from './attempt.ts';
import { toCleanJson, withoutAddresses } from './email-hash.ts';
import { fillForms } from './forms/hidden-field.ts';
import { saveSession, session, touchSession } from './session.ts';
import { readLocal, writeLocal } from './storage.ts';
import { uuid } from './uuid.ts';

/** Segment's options: members of the message such as `integrations` or `timestamp`, and additions to its context. */
type Options = { readonly context?: object } & Record<string, unknown>;
type Data = Readonly<Record<string, unknown>>;
type Word = string | number | undefined;

/** The methods of `window.touchtrail`: Segment's, with its arguments; trailing ones may be left out, a callback may end them. */
export interface Touchtrail {
  /** track(event, properties, options) */
  track(this: void, ...args: unknown[]): void;
  /** page(name, properties, options) or page(category, name, properties, options) */
  page(...args: unknown[]): void;
  /** identify(userId, traits, options), or without the user id */
  identify(...args: unknown[]): void;
  /** group(groupId, traits, options) */
  group(...args: unknown[]): void;
  /** alias(userId, previousId, options); the previous id is by default the one known until now. */
  alias(...args: unknown[]): void;
  /** Forgets the user and begins a new anonymous id. */
  reset(): void;
  /** Calls back once the tracker is ready, which it is. */
  ready(callback: () => void): void;
  /** The visitor id that forms carry; undefined before there is one. Asking creates nothing. */
  getAnonymousId(): string | undefined;
  /** A call as the stub queue holds it: the name of a method, then its arguments. */
  push(call: readonly unknown[]): void;
}

const USER_ID = 'touchtrail_user_id';

/** Makes the methods; `send` takes each finished message as JSON. */
export function createApi(send: (json: string) => void): Touchtrail {
  let userId = readLocal(USER_ID);

  /**
   * A method of Segment: at most `count` words, then an object of data, then options, then a callback.
   * `fieldsOf` makes members of the message from the words, `dataName` is where the data goes. Time, order and context of
   * the event are fixed at the moment of the call.
   */
  const method =
    (type: string, count: number, dataName: string, fieldsOf: (first: Word, second: Word, data: Data) => object) =>
    (...args: unknown[]) => {
      if (typeof args[args.length - 1] === 'function') setTimeout(args.pop() as () => void);
      const [first, second] = args.splice(0, args.slice(0, count).filter((arg) => !arg || typeof arg !== 'object').length) as Word[];
      const data = (args[0] ?? {}) as Data;
      const { context, ...options } = (args[1] ?? {}) as Options;
      const now = new Date();
      touchSession(now.getTime());
      session.sequence++;
      saveSession();
      const message = {
        type,
        messageId: uuid(),
        anonymousId: getAnonymousId(),
        userId,
        timestamp: now.toISOString(),
        sequence: session.sequence,
        ...fieldsOf(first, second, data),
        context: takeContext(),
      };
      send(
        attempt(() => toCleanJson({ ...message, ...options, [dataName]: data, context: { ...message.context, ...context } })) ??
          // What the page gave has no JSON form, because it refers to itself, say: the event itself is still true.
          toCleanJson(message),
      );
    };

  const setUserId = (id: Word) => {
    userId = id === undefined ? id : withoutAddresses(String(id));
    writeLocal(USER_ID, userId);
    return { userId };
  };

  const api: Touchtrail = {
    track: method('track', 1, 'properties', (event) => ({ event })),
    page: method('page', 2, 'properties', (first, second) => (second ? { category: first, name: second } : { name: first })),
    identify: method('identify', 1, 'traits', (id, _, traits) => {
      noteAddress(id, 'identify');
      noteAddress(traits['email'], 'identify');
      return setUserId(id ?? userId);
    }),
    group: method('group', 1, 'traits', (groupId) => ({ groupId })),
    alias: method('alias', 2, 'properties', (id, previousId = userId ?? getAnonymousId()) => {
      return { ...setUserId(id), previousId };
    }),
    reset() {
      setUserId(undefined);
      renewAnonymousId();
      fillForms();
    },
    // Not the function itself: browsers refuse to run it as a method of another object.
    ready: (callback) => void setTimeout(callback),
    getAnonymousId,
    push: ([name, ...args]) => (api[name as 'track'] as Touchtrail['track'] | undefined)?.(...args),
  };
  return api;
}
