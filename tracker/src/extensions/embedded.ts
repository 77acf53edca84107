import type { Core } from '../extension.ts';

/** Least milliseconds between two searches, for pages that never stop changing: one takes some 2 ms with 10,000 elements. */
const PAUSE = 1_000;
/** An event by which a root says that it is watched. */
const ARE_YOU_WATCHED = 'touchtrail:watched';

/**
 * Watches forms that the page's own document does not show: in open shadow roots, also nested ones, and in iframes of the
 * same origin, also later pages of theirs. What the browser keeps apart (closed roots, other origins, sandboxes) stays so,
 * without an error.
 */
export default function embedded(core: Core): void {
  const frames = new WeakSet<Element>();
  let isWatched = false;

  const watch = (root: Document | ShadowRoot) => {
    // Asked of the root itself: document.open(), with which scripts fill an iframe, takes all listeners from a document.
    isWatched = false;
    root.dispatchEvent(new Event(ARE_YOU_WATCHED));
    if (!isWatched) {
      root.addEventListener(ARE_YOU_WATCHED, () => (isWatched = true));
      root.addEventListener('focusin', watchShadowsOf);
      core.watch(root);
    }
    search(root);
  };

  /** The roots on an event's way: no mutation tells of a root that is attached to an element that was there before. */
  const watchShadowsOf = (event: Event) => {
    for (const target of event.composedPath()) {
      // By its type: one within an iframe is an instance of that window's class.
      if ((target as Node).nodeType === Node.DOCUMENT_FRAGMENT_NODE) watch(target as ShadowRoot);
    }
  };

  const look = (frame: HTMLIFrameElement) => {
    if (!frames.has(frame)) {
      frames.add(frame);
      frame.addEventListener('load', () => look(frame));
    }
    const inside = frame.contentDocument;
    // Every iframe starts as an empty page, and one with an address does not stay so.
    if (inside && (inside.URL !== 'about:blank' || !/^(?!about:|javascript:)./.test(frame.src)) && !hasTracker(inside)) watch(inside);
  };

  /** A page of the same site in an iframe may have the script, too, and reports its forms itself. */
  const hasTracker = ({ defaultView, scripts }: Document) =>
    (core.options.global ?? 'touchtrail') in (defaultView ?? {}) ||
    // The module has no global.
    Symbol.for('touchtrail') in (defaultView ?? {}) ||
    [...scripts].some(({ src, dataset }) => src === core.options.script || 'writeKey' in dataset);

  const search = (root: Document | ShadowRoot) => {
    root.querySelectorAll('iframe').forEach(look);
    root.querySelectorAll('*').forEach(({ shadowRoot }) => shadowRoot && watch(shadowRoot));
  };

  let isPlanned = false;
  let searchedAt = -Infinity;
  const searchSoon = () => {
    if (isPlanned) return;
    isPlanned = true;
    setTimeout(searchNow, Math.max(0, searchedAt + PAUSE - performance.now()));
  };
  const searchNow = () => {
    search(document);
    // Not before: to be watched counts as a change.
    isPlanned = false;
    searchedAt = performance.now();
  };

  document.addEventListener('focusin', watchShadowsOf);
  // The visitor may have gone into an iframe, whose page may not have finished loading.
  addEventListener('blur', searchSoon);
  core.onFill(searchSoon);
}
