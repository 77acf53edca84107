import { attempt } from '../attempt.ts';
import type { Core } from '../extension.ts';
import { ecommerceProperties } from '../shims/ecommerce.ts';
import { createObserver, unlessThere, wrapGlobal } from '../shims/globals.ts';
import { plain } from '../shims/plain.ts';

type Data = Readonly<Record<string, unknown>>;

/** Members of an event that are not about what happened: callbacks, routing, and what Google is told about the person. */
const NOT_PROPERTIES =
  /^(?:gtm\.|_clear$|(?:event|ecommerce|send_to|event_?(?:callback|timeout|model)|user_data|enhanced_conversion_data|user_provided_data)$)/i;

/**
 * Tracks the events of the page's data layer under their names: what the page pushed before and pushes later, for Tag Manager
 * or by `gtag('event', …)`. `data-data-layer-events` names the events to take; without it all are taken. `user_id` and user
 * properties that gtag is told identify. Where the page has no `gtag`, there is one from now on.
 * Source: developers.google.com/tag-platform/tag-manager/datalayer, developers.google.com/tag-platform/gtagjs/reference
 */
export default function dataLayer({ options, touchtrail }: Core): void {
  const page = window as unknown as Record<string, unknown>;
  const global = options.dataLayer ?? 'dataLayer';
  // Loaded for the other extension, only `gtag` counts.
  const isWhole = options.extensions?.includes('data-layer');
  const wanted = options['dataLayerEvents']?.split(',').map((name) => name.trim());
  /** The parameters of all events, by `gtag('set', …)`. */
  let common: Data = {};

  const learn = ({ user_id: userId, user_properties: traits, ...rest }: Data) => {
    if (userId || traits) touchtrail.identify(userId, plain(traits));
    return rest;
  };

  const trackEvent = (event: unknown, members: Data) => {
    const { ecommerce } = members as { ecommerce?: Data };
    // Universal Analytics measured a purchase without an event, together with the page view.
    const name = event ?? (ecommerce?.['purchase'] && 'purchase');
    if (typeof name !== 'string' || name.startsWith('gtm.') || (wanted && !wanted.includes(name))) return;
    const parameters = Object.fromEntries(Object.entries(members).filter(([member]) => !NOT_PROPERTIES.test(member)));
    const properties = plain({ ...parameters, ...(ecommerce && ecommerceProperties(ecommerce)) });
    if (name !== 'page_view') touchtrail.track(name, properties);
    // Else the tracker has its own.
    else if (options.page === 'false') touchtrail.page(properties);
  };

  const note = (entry: unknown) => {
    // The call that `gtag(…)` left.
    if (Object.prototype.toString.call(entry) === '[object Arguments]') {
      const [command, target, parameters] = entry as [string, unknown, Data | undefined];
      if (command === 'config') learn(parameters ?? {});
      // Both `set(parameters)` and `set(name, parameters)`.
      if (command === 'set') common = { ...common, ...learn(typeof target === 'string' ? { [target]: parameters } : (target as Data)) };
      if (command === 'event') {
        trackEvent(target, { ...common, ...parameters });
        unlessThere(() => page['google_tag_manager'], parameters?.['event_callback']);
      }
    } else if (isWhole && entry && typeof entry === 'object') trackEvent((entry as Data)['event'], entry as Data);
  };

  // Tag Manager replaces `push` by a function of its own, before or after.
  const observe = createObserver((entries) => entries.forEach(note));
  wrapGlobal(global, (value) => {
    const layer = Array.isArray(value) ? (value as unknown[]) : [];
    layer.slice().forEach((entry) => attempt(() => note(entry)));
    let push = observe(layer.push);
    const take = (replaced: typeof push) => (push = replaced === push ? push : observe(replaced));
    Object.defineProperty(layer, 'push', { configurable: true, get: () => push, set: take });
    return layer;
  });
  page['gtag'] ??= function gtag(): void {
    // An arguments object is what Google's scripts take for a call; an array is something else to them.
    // oxlint-disable-next-line prefer-rest-params
    (page[global] as unknown[]).push(arguments);
  };
}
