import { getAnonymousId } from './anonymous-id.ts';
import { guarded } from './attempt.ts';
import { type Consent, consent } from './consent.ts';
import { noteAddress } from './context.ts';
import { more } from './extension.ts';
import { decide } from './gate.ts';
import { method, sendView } from './message.ts';
import { stopViews } from './page.ts';
import { renew, setUser, userId, userTraits } from './user.ts';

type Elements = Element | ArrayLike<Element> | null | undefined;
type Of<Value> = Value | ((element: Element) => Value);

/** The methods of `window.touchtrail`: Segment's, with its arguments; trailing ones may be left out, a callback may end them. */
export interface Touchtrail {
  /** track(event, properties, options) */
  track(this: void, ...args: unknown[]): void;
  /** page(name, properties, options) or page(category, name, properties, options) */
  page(this: void, ...args: unknown[]): void;
  /** screen(name, properties, options) or screen(category, name, properties, options) */
  screen(this: void, ...args: unknown[]): void;
  /** identify(userId, traits, options), or without the user id. Another user than before begins another anonymous id. */
  identify(this: void, ...args: unknown[]): void;
  /** group(groupId, traits, options) */
  group(this: void, ...args: unknown[]): void;
  /** alias(userId, previousId, options); the previous id is by default the one known until now. As with Segment, it does not change the user. */
  alias(this: void, ...args: unknown[]): void;
  /** Tracks clicks on links. Never stops or repeats a click: the event is on its way before the navigation. */
  trackLink(this: void, links: Elements, event: Of<string>, properties?: Of<object>): void;
  /** Tracks the submit of forms. Never stops or repeats a submit. */
  trackForm(this: void, forms: Elements, event: Of<string>, properties?: Of<object>): void;
  /** Forgets the user and begins a new anonymous id. */
  reset(this: void): void;
  /** Calls back once the tracker is ready, which it is. */
  ready(this: void, callback: () => void): void;
  /** Calls back with the arguments of each later call of a method, `on('track', (event, properties, options) => …)`. */
  on(this: void, method: string, callback: (...args: unknown[]) => void): void;
  /** As `on`, for the next call only. */
  once(this: void, method: string, callback: (...args: unknown[]) => void): void;
  /** Ends `on`; without a callback for all of the method. */
  off(this: void, method: string, callback?: (...args: unknown[]) => void): void;
  /** Writes events and complaints to the console, or no longer. */
  debug(this: void, on?: boolean): void;
  /** What is known of the current user. */
  user(this: void): { id(): string | null | undefined; anonymousId(): string | undefined; traits(): object };
  /** The visitor id that forms carry; undefined before there is one. Asking creates nothing. */
  getAnonymousId(this: void): string | undefined;
  /** Continues as the visitor with this id, a UUID. */
  setAnonymousId(this: void, id: string): void;
  /** Says what the visitor decided, and returns what is known of it. Has to be said on every page. */
  consent(this: void, state?: Consent): Consent;
  /** A call as the stub queue holds it: the name of a method, then its arguments. */
  push(this: void, call: readonly unknown[]): void;
  /** Lets Segment's stub hand over calls made through a stale reference. */
  readonly initialized: true;
}

/** Methods that not every page calls: the extension `more` brings them, and takes the calls from before it was there. */
export type LaterMethods = Pick<Touchtrail, 'group' | 'alias' | 'screen' | 'on' | 'once' | 'off' | 'trackLink' | 'trackForm' | 'debug'>;
const LATER = 'group once screen trackForm on debug alias off trackLink';
const laterMethods = Object.fromEntries(
  LATER.split(' ').map((name) => [
    name,
    (...args: []) => void more().then((methods) => methods?.[name as 'on'](...(args as unknown as Parameters<Touchtrail['on']>))),
  ]),
) as unknown as LaterMethods;

/** The methods. */
export const touchtrail: Touchtrail = {
  track: method('track', 1, 'properties', (event) => ({ event })),
  page(...args) {
    stopViews();
    sendView(...args);
  },
  identify: method('identify', 1, 'traits', (id, _, traits) => {
    noteAddress(id, 'identify');
    noteAddress(traits['email'], 'identify');
    setUser(id ?? userId(), traits);
    return {};
  }),
  ...laterMethods,
  // Not the function itself: browsers refuse to run it as a method of another object.
  // Bound, because a text instead of a function would be run as code.
  ready: guarded((callback) => setTimeout(callback.bind(null))),
  user: () => ({ id: userId, anonymousId: getAnonymousId, traits: () => userTraits }),
  getAnonymousId,
  setAnonymousId: renew,
  reset: renew,
  consent(state) {
    if (state) decide(state, 2);
    return consent;
  },
  push: guarded(([name, ...args]) => (touchtrail[name as 'track'] as Touchtrail['track'] | undefined)?.(...args)),
  initialized: true,
};
