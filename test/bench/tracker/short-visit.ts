import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { WRITE_KEY } from './edge.ts';
import type { Plan, Way, Witnessed } from './plan.ts';
import { html, type Reply } from './site.ts';
import { USER_AGENT } from './user-agent.ts';

/** The campaign of all these visits; each has its own utm_content. */
export const CAMPAIGN = 'short-visits';

/** What the page does to leave. A tab cannot close itself as its visitor can: the browser does that. */
const LEAVING: Readonly<Record<Way, (id: string) => string>> = {
  'navigate away': (id) => `location.href = '/elsewhere/${id}'`,
  'close the tab': () => '',
  reload: () => 'location.reload()',
  back: () => 'history.back()',
  forward: () => 'history.forward()',
};

/**
 * The page of a visit, which leaves by itself: a command from outside would come late on a busy machine. In one task it
 * says its last words, over the debugging channel, and leaves; so these cannot come apart.
 */
function offerPage({ id, way, dwell, tracksLeaving }: Plan): Reply {
  // The event `load` of a script is fired once it has run (HTML, "execute the script element"), whatever it did.
  return html(`<!doctype html><html lang="en"><head><title>Offer</title><script>
      setTimeout(function () {
        var hasRun = !!window.scriptHasRun;
        if (hasRun && ${tracksLeaving}) touchtrail.track('Left');
        tellLastWords({ hasRun: hasRun, lasted: performance.now() - performance.getEntriesByType('navigation')[0].responseStart });
        ${LEAVING[way](id)}
      }, ${dwell});
    </script>
    <script async src="/t/t.js" data-write-key="${WRITE_KEY}" onload="window.scriptHasRun = true; tellThatScriptRan()"></script></head>
    <body><h1>Offer</h1><form action="/crm" method="post"><input name="email"></form></body></html>`);
}

/** The pages of the site: the page of each visit, given out once, and pages without a tracker wherever its visitor goes next. */
export class VisitedPages {
  readonly #armed = new Map<string, Plan>();
  readonly #left = new Map<string, () => void>();

  /** Makes the next request for the visit's address get its page; the promise is kept when its visitor asks for another. */
  arm(plan: Plan): Promise<void> {
    this.#armed.set(plan.id, plan);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#left.set(plan.id, resolve);
    return promise;
  }

  page(path: string): Reply | undefined {
    const [, place, id] = /^\/(offer|elsewhere)\/([\w-]+)$/.exec(path) ?? [];
    if (id === undefined) return undefined;
    const plan = this.#armed.get(id);
    if (plan && place === 'offer') {
      this.#armed.delete(id);
      return offerPage(plan);
    }
    if (!plan) this.#left.get(id)?.();
    return html('<!doctype html><html lang="en"><head><title>Elsewhere</title></head><body>Elsewhere</body></html>');
  }
}

/** How long an abandoned context stays, so that the browser can finish what the page has handed over to it. */
const LINGER_MS = 3_000;
const LEAVE_WITHIN_MS = 30_000;

/** What a page says in the moment of leaving. */
interface LastWords {
  readonly hasRun: boolean;
  readonly lasted: number;
}

/**
 * Makes a visit as a visitor of its own and waits until its page is left. No page with a tracker is opened afterwards: what
 * arrives, the visit's own page has sent.
 *
 * That the script ran is told by the page through the browser's debugging channel, both at once and again in the task
 * in which it leaves; that channel does not depend on requests, which leaving may cut off.
 *
 * @returns the promise of what is known of it, kept when its context, which lingers, is closed.
 */
export async function makeVisit(browser: Browser, siteUrl: string, pages: VisitedPages, plan: Plan): Promise<() => Promise<Witnessed>> {
  const context = await browser.newContext({ userAgent: USER_AGENT });
  let scriptRan = false;
  const said = Promise.withResolvers<LastWords>();
  context.on('weberror', (error) => said.reject(error.error()));
  await context.exposeBinding('tellThatScriptRan', () => {
    scriptRan = true;
  });
  await context.exposeBinding('tellLastWords', (_, words: LastWords) => said.resolve(words));
  const page = await context.newPage();
  const [{ hasRun, lasted }] = await within(
    LEAVE_WITHIN_MS,
    `visit ${plan.id} (${plan.way})`,
    Promise.all([said.promise, visit(page, siteUrl, pages, plan, said.promise)]),
  );
  const end = linger(context);
  return async () => {
    await end;
    return { plan, scriptRan: scriptRan || hasRun, trackedLeaving: hasRun && plan.tracksLeaving, lasted };
  };
}

async function visit(page: Page, siteUrl: string, pages: VisitedPages, plan: Plan, lastWords: Promise<LastWords>): Promise<void> {
  const { id, way } = plan;
  const offer = `${siteUrl}/offer/${id}?utm_source=bench&utm_medium=cpc&utm_campaign=${CAMPAIGN}&utm_content=${id}`;
  const elsewhere = `${siteUrl}/elsewhere/${id}`;
  if (way === 'back') await page.goto(elsewhere);
  if (way === 'forward') {
    // To go forward, one must have come back.
    await page.goto(offer);
    await page.goto(elsewhere);
  }
  const left = pages.arm(plan);
  if (way === 'forward') await page.goBack({ waitUntil: 'commit' });
  else await page.goto(offer, { waitUntil: 'commit' });
  if (way !== 'close the tab') return await left;
  await lastWords;
  // As by the cross on the tab: with the events that a page gets then.
  await Promise.all([page.waitForEvent('close'), page.close({ runBeforeUnload: true })]);
}

async function linger(context: BrowserContext): Promise<void> {
  await sleep(LINGER_MS);
  await context.close();
}

/** @throws Error where a promise is not kept within some milliseconds. */
async function within<Result>(limit: number, what: string, work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} did not end within ${limit / 1000} s`)), limit);
  return await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
