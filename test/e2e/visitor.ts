import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Touchtrail } from '../../tracker/src/api.ts';
import type { ScriptSite } from './script-site.ts';
import type { SentEvent } from './sent-event.ts';

/** What tests look at in a page: the tracker's global, and whatever the test itself puts there. */
export type PageWindow = { readonly touchtrail: Touchtrail } & Record<string, unknown>;

/** A visitor with an empty browser profile, and what goes wrong on the pages. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Uncaught errors, and errors and warnings on the console, of all pages and frames; not the browser's own reports of requests that failed. */
  readonly complaints: string[];
}

/** Opens the first tab of a new visitor. */
export async function newVisitor(browser: Browser): Promise<Visitor> {
  const context = await browser.newContext({ locale: 'en-GB' });
  const complaints: string[] = [];
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    const text = message.text();
    if (['error', 'warning'].includes(message.type()) && !text.startsWith('Failed to load resource')) complaints.push(text);
  });
  return { context, page: await context.newPage(), complaints };
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
