import { touchtrail, type Touchtrail } from './api.ts';
import { hasChosen, hasConsentPlatform, startConsent } from './consent.ts';
import { noteAddress } from './context.ts';
import { enqueue, handOver, resume } from './delivery.ts';
import { watchActivity } from './engagement.ts';
import { type Core, type Loader, loadWith, more } from './extension.ts';
import { fillForms, formValues, onFill } from './forms/fill.ts';
import { watchForms } from './forms/watch.ts';
import { decide, openGate, outgoing } from './gate.ts';
import { type Options, options, useOptions } from './options.ts';
import { lookAtPage, stopViews, tellEngagement } from './page.ts';
import { isStorageOpen } from './storage.ts';

/** What only extensions can deal with: frames, scripts of form systems, and fields that ask where a visitor has heard of the site. */
const MORE = 'iframe,[src*=form],[data-touchtrail-source]';
/** What mail tools, other domains and Segment leave in the address: who the visitor is. */
const ARRIVAL = /[?&#](ehash|_tt|ajs_\w+)=/;

/**
 * Starts everything on this page and returns the methods. `calls` were made while the script was loading; `load` brings
 * what only some pages need.
 */
export function start(given: Options, calls: (readonly unknown[])[], load: Loader): Touchtrail {
  useOptions(given);
  startConsent();
  // A page that calls page() itself has its own view of what a page view is.
  if (options.page === 'false') stopViews();

  loadWith(load, core);
  const begin = () => {
    openGate();
    // Each once. One bad call must not keep the others, and the forms below, from their turn.
    calls.splice(0).forEach(touchtrail.push);
    lookAtPage();
  };
  // What is sent before the visitor id of a link is known would be another visitor's, and before a privacy signal is heard, too much.
  if (ARRIVAL.test(location.href) || (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl || options.cookieless) {
    // Should it never come, the events go when the page does.
    void more().then(begin);
  } else begin();
  // An element of that id or a variable of the page may stand in its place.
  const { navigation } = window as { navigation?: Partial<EventTarget> & { readonly currentEntry?: object } };
  if (!navigation?.currentEntry || (options.extensions ?? options.linker ?? options.carry ?? options.fields ?? options.debug)) void more();

  const leave = () => {
    begin();
    tellEngagement();
    handOver();
  };
  navigation?.addEventListener?.('currententrychange', () => setTimeout(lookAtPage));
  addEventListener('pageshow', (event) => event.persisted && lookAtPage(true));
  addEventListener('pagehide', leave);
  addEventListener('online', resume);
  document.addEventListener('DOMContentLoaded', fillForms);
  document.addEventListener('visibilitychange', () => document.hidden && leave());
  watchActivity(window);
  onFill(() => {
    if (hasConsentPlatform() || document.querySelector(MORE)) void more();
  });
  watchForms(document);
  return touchtrail;
}

const core: Core = {
  look: lookAtPage,
  noteAddress,
  decide,
  hasChosen,
  options,
  enqueue,
  formValues,
  onFill,
  watch: watchForms,
  outgoing,
  mayStore: () => isStorageOpen,
  touchtrail,
};
