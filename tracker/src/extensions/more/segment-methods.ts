import type { LaterMethods } from '../../api.ts';
import { attempt } from '../../attempt.ts';
import type { Core } from '../../extension.ts';

/** The calls that `on` tells of, beside those of this file. */
const TOLD = ['track', 'page', 'identify', 'reset'] as const;

type Listener = (...args: unknown[]) => void;

/** A callback, and the page as Segment's stub has noted it. */
const isLast = (arg: unknown) => typeof arg === 'function' || (!!arg && typeof arg === 'object' && '__t' in arg);

/** Makes the methods that few pages call. A listener that fails keeps neither the event nor the next listener from its turn. */
export function segmentMethods({ options, touchtrail }: Core): LaterMethods {
  const listeners = new Map<string, Set<Listener>>();
  const told =
    (name: string, method: Listener): Listener =>
    (...args) => {
      for (const listener of listeners.get(name) ?? []) attempt(() => listener(...args));
      method(...args);
    };
  const { track, user, getAnonymousId } = touchtrail;
  for (const name of TOLD) touchtrail[name] = told(name, touchtrail[name]);

  const off: LaterMethods['off'] = (name, callback) => void (callback ? listeners.get(name)?.delete(callback) : listeners.delete(name));
  const on: LaterMethods['on'] = (name, callback) => {
    listeners.set(name, (listeners.get(name) ?? new Set()).add(callback));
  };

  /** Listens to elements, and leaves everything else about the event to the page. */
  const listenTo =
    (type: string): LaterMethods['trackLink'] =>
    (elements, event, properties) => {
      // A form has a length, too.
      const list = elements && 'nodeType' in elements ? [elements] : Array.from(elements ?? []);
      for (const element of list) {
        const of = (value: unknown): unknown => (typeof value === 'function' ? (value as (element: Element) => unknown)(element) : value);
        element.addEventListener(type, () => attempt(() => touchtrail.track(of(event), of(properties))), true);
      }
    };

  /** Sends another type of message as a track call is sent: options may say any member. Segment's arguments: see `Touchtrail`. */
  const sendAs = (type: string, membersOf: (...words: unknown[]) => object, dataName?: 'properties' | 'traits'): Listener =>
    told(type, (...args) => {
      const given = args.filter((arg) => !isLast(arg));
      const words = given.splice(0, given.slice(0, 2).filter((arg) => !arg || typeof arg !== 'object').length);
      const data = dataName ? given.shift() : {};
      const members = { type, event: undefined, ...(dataName === 'traits' && { traits: data }), ...membersOf(...words) };
      track('', dataName === 'properties' ? data : {}, { ...members, ...(given[0] as object) }, ...args.filter(isLast));
    });

  return {
    screen: sendAs('screen', (first, second) => (second ? { category: first, name: second } : { name: first }), 'properties'),
    group: sendAs('group', (groupId) => ({ groupId }), 'traits'),
    // Without the previous id it is the one known until now.
    alias: sendAs('alias', (userId, previousId = user().id() ?? getAnonymousId()) => ({ userId, previousId })),
    on,
    once(name, callback) {
      const once: Listener = (...args) => {
        off(name, once);
        callback(...args);
      };
      on(name, once);
    },
    off,
    trackLink: listenTo('click'),
    trackForm: listenTo('submit'),
    debug(isOn = true) {
      (options as { debug?: string }).debug = isOn ? 'true' : '';
    },
  };
}
