import { method, sendView } from './message.ts';
import { currentPage, type Page } from './context.ts';
import { takeEngagement } from './engagement.ts';
import { options } from './options.ts';
import { uuid } from './uuid.ts';
import { withoutCampaign } from './visit.ts';

/** Milliseconds after a change of the address at which a page has its title: frameworks set it a moment later. */
const TITLE_AFTER = 500;

const sendEngagement = method('track', 0, 'properties', () => ({ event: 'Page Engaged' }));

let isAutomatic = true;
let address: string | undefined;
let page: Page;
/** The view that waits for its title. */
let waiting: (() => void) | undefined;

/** Leaves page views to the page, which has called `page()` itself. */
export function stopViews(): void {
  isAutomatic = false;
  waiting = undefined;
}

/** Tells what was done on the page: at its end, or when it may be. */
export function tellEngagement(isEnd?: boolean): void {
  waiting?.();
  const [properties, timestamp] = takeEngagement(isEnd);
  if (timestamp) sendEngagement(properties, { timestamp, context: { page } });
}

/**
 * To be called whenever the address may have changed. Sends a page view for each page that is shown: the one that was
 * loaded, each change of path or query by a single-page application, and a page that comes back from the back/forward cache.
 */
export function lookAtPage(isRestored?: boolean): void {
  // A site may take the campaign out of the address, or carry it along: that is no other page. No address holds a space.
  const now = withoutCampaign(location.href.split(options.page === 'hash' ? ' ' : '#')[0]!);
  if (now === address && !isRestored) return;
  // The referrer of a document is for its first page; each other comes from the one before.
  const former = address && !isRestored && { referrer: page.url };
  if (former) tellEngagement(true);
  // The server that has rendered the page may have sent its first view, too: the same id makes one event of both.
  const messageId = (!address && options.messageId) || uuid();
  address = now;
  page = { ...currentPage(), ...former };
  if (!isAutomatic) return;
  const timestamp = new Date();
  const view = (waiting = () => {
    if (waiting !== view) return;
    waiting = undefined;
    sendView({}, { timestamp, messageId, context: { page: { ...page, title: document.title } } });
  });
  if (former) setTimeout(view, TITLE_AFTER);
  else view();
}
