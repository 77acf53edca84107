import type { Browser, BrowserContext, ConsoleMessage, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Touchtrail } from '../../tracker/src/api.ts';
import { launchBrowser } from '../browser.ts';
import { builtScripts, type ScriptSite, startScriptSite } from './script-site.ts';
import type { SentEvent } from './sent-event.ts';

/** What tests look at in a page: the tracker's global, and whatever the test itself puts there. */
export type PageWindow = { readonly touchtrail: Touchtrail } & Record<string, unknown>;

/** What the tests of a file share. */
export interface Ground {
  readonly browser: Browser;
  readonly site: ScriptSite;
}

/** Starts a browser and a website with an edge before the tests of a file, and ends them after. `start` makes another site. */
export function useGround(start = async (): Promise<ScriptSite> => startScriptSite(await builtScripts())): Ground {
  let browser: Browser | undefined;
  let site: ScriptSite | undefined;
  beforeAll(async () => {
    [browser, site] = await Promise.all([launchBrowser(), start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });
  return {
    get browser() {
      return browser!;
    },
    get site() {
      return site!;
    },
  };
}

/** A visitor with an empty browser profile, and what goes wrong on the pages. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Uncaught errors, and what counts as a complaint on the console, of all pages and frames. */
  readonly complaints: string[];
}

type Judge = (message: ConsoleMessage) => boolean;

/** Errors and warnings; not the browser's own reports of requests that failed, which a test may have made fail. */
const isComplaint: Judge = (message) => isErrorOrWarning(message) && !message.text().startsWith('Failed to load resource');
/** Errors on the console. */
export const isError: Judge = (message) => message.type() === 'error';
/** Errors, but for the icon that browsers ask for by themselves. */
export const isErrorOfPage: Judge = (message) => isError(message) && !message.text().includes('favicon');
/** Errors and warnings. */
export const isErrorOrWarning: Judge = (message) => ['error', 'warning'].includes(message.type());

/** Opens the first tab of a new visitor; `counts` says what on the console is a complaint. */
export async function newVisitor(
  browser: Browser,
  counts = isComplaint,
  options: Parameters<Browser['newContext']>[0] = { locale: 'en-GB' },
): Promise<Visitor> {
  const context = await browser.newContext(options);
  const complaints: string[] = [];
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (counts(message)) complaints.push(message.text());
  });
  return { context, page: await context.newPage(), complaints };
}

/** What a test of a website works with: the site, and a visitor of its own. */
export interface Visit extends Ground, Visitor {}

/** How the visits of a file differ from others. */
export interface VisitOptions {
  /** Makes another site. */
  readonly start?: () => Promise<ScriptSite>;
  /** What on the console is a complaint. */
  readonly counts?: Judge;
  readonly browserOptions?: Parameters<Browser['newContext']>[0];
  /** A complaint that the test itself has caused. */
  readonly excuses?: (complaint: string) => boolean;
  /** Looks at what a test has left, before it is cleared away. */
  readonly leave?: (visit: Visit) => void;
}

/**
 * Gives each test of a file a new visitor to a site with an edge. After it the visitor leaves and the site is empty; where
 * anything was complained of on the pages, the test fails.
 * @param begin is told of the visit before each test.
 */
export function useVisits(begin: (visit: Visit) => unknown, options: VisitOptions = {}): void {
  const ground = useGround(options.start);
  let visit: Visit;
  beforeEach(async () => {
    const { browser, site } = ground;
    visit = { browser, site, ...(await newVisitor(browser, options.counts, options.browserOptions)) };
    await begin(visit);
  });
  afterEach(async () => {
    await visit.context.close();
    try {
      options.leave?.(visit);
    } finally {
      visit.site.clear();
    }
    expect(visit.complaints.filter((complaint) => !options.excuses?.(complaint))).toEqual([]);
  });
}

/** The tag of the tracker, with attributes besides the write key. */
export function tagOf(site: ScriptSite, attributes = ''): string {
  return `<script async src="${site.edge}/t/t.js" data-write-key="wk" ${attributes}></script>`;
}

/** Puts a page with the tracker on the site; its title is `Page` and the path. */
export function servePage(site: ScriptSite, path: string, body = '', head = tagOf(site)): void {
  site.files.set(path, {
    body: `<!doctype html><html><head><title>Page ${path}</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`,
  });
}

export const isPage = (event: SentEvent) => event.type === 'page';
export const isTrack = (name: string) => (event: SentEvent) => event.event === name;

/**
 * Everything the edge has accepted so far, once each, in the order it happened. The page says something last, so that what has
 * not come by then will not come.
 */
export async function untilNow(site: ScriptSite, page: Page): Promise<SentEvent[]> {
  const marker = `Marker ${Math.random()}`;
  await page.evaluate((name) => (window as unknown as PageWindow).touchtrail.track(name), marker);
  await site.events(1, isTrack(marker));
  return (await site.events(1)).filter(({ event }) => !String(event).startsWith('Marker'));
}

/** Looks again and again, on a busy machine for some time. */
export const poll = <Value>(look: () => Value | Promise<Value>) => expect.poll(look, { timeout: 20_000, interval: 20 });
