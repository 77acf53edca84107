import type { LaterMethods } from '../api.ts';
import { guarded } from '../attempt.ts';
import { hasConsentPlatform } from '../consent.ts';
import type { Core, Extension, ExtensionName, Loader } from '../extension.ts';
import { takeQueues } from './more/queues.ts';
import { segmentMethods } from './more/segment-methods.ts';

/** Elements for which an extension is needed; of the vendors HubSpot, Typeform, Marketo and Pardot. */
const SEEN: readonly (readonly [selector: string, ExtensionName])[] = [
  ['iframe', 'embedded'],
  ['[src*=hsforms],[src*=typeform],[src*=forms2],iframe[src*="/l/"]', 'vendors'],
  ['[data-touchtrail-source]', 'fields'],
];

/** Options that belong to an extension. */
const OPTIONS: readonly (readonly [option: string, ExtensionName])[] = [
  ['linker', 'links'],
  ['carry', 'carry'],
  ['fields', 'fields'],
  ['cookieless', 'privacy'],
];

/**
 * Sees which extensions the page needs, now and whenever it changes, and brings the methods of Segment that few pages call.
 * Resolves once what concerns the first event is there: a visitor id from the address, and privacy signals.
 */
export default async function more(core: Core, load: Loader): Promise<LaterMethods> {
  const { options, touchtrail } = core;
  const loaded = new Map<string, Promise<unknown>>();
  const loads: Promise<{ readonly default: Extension }>[] = [];
  // Those that the page begins with run in one go: where one changes the address, a page view would come before the others are there.
  const together = Promise.resolve().then(() => Promise.allSettled(loads));
  const use = (name: ExtensionName) => {
    if (loaded.has(name)) return;
    const loading = load(name);
    loads.push(loading);
    // One that cannot be loaded must not keep the others.
    loaded.set(
      name,
      Promise.all([loading, together])
        .then(([extension]) => extension.default(core, load))
        .catch((error: unknown) => {
          if (options.debug) console.warn(`touchtrail: ${name}:`, error);
          // What takes click ids and hashes out with care is missing: nothing of an address but its path goes, and no hash.
          if (name === 'privacy') core.outgoing.push((json) => json.replace(/\?[^"\\#\s]*/g, '').replace(/\b[\da-f]{64}\b/gi, ''));
        }),
    );
  };

  // They must not throw, whatever they are given.
  const methods = Object.fromEntries(
    Object.entries(segmentMethods(core)).map(([name, method]) => [name, guarded(method as () => void)]),
  ) as unknown as LaterMethods;
  Object.assign(touchtrail, methods);
  for (const [option, name] of OPTIONS) if (options[option]) use(name);
  for (const name of options.extensions?.split(',') ?? []) use(name.trim() as ExtensionName);
  if ((navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl) use('privacy');
  if (/[?&]ehash=/.test(location.search)) use('ehash');
  // An element of that id and a variable of the page stand in its place.
  if (!(window as { navigation?: { readonly currentEntry?: object } }).navigation?.currentEntry) use('history');
  await Promise.all(loaded.values());

  // Behind the changes that others make: what is told is what is sent.
  core.outgoing.push((json) => {
    if (options.debug) console.log('touchtrail', JSON.parse(json));
    return json;
  });

  let areTaken = false;
  core.onFill(() => {
    if (core.mayStore() && !areTaken) {
      areTaken = true;
      takeQueues(core.enqueue);
    }
    if (hasConsentPlatform()) use('consent');
    for (const [selector, name] of SEEN) if (document.querySelector(selector)) use(name);
  });
  // A shadow root shows when somebody is in it: `focusin` is told of the host instead of the element.
  const lookForShadow = (event: Event) => {
    if (event.composedPath()[0] !== event.target) use('embedded');
  };
  document.addEventListener('focusin', lookForShadow, true);
  if (document.activeElement?.shadowRoot) use('embedded');
  return methods;
}
