import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeEach, expect } from 'vitest';
import type { ScriptSite } from './script-site.ts';
import type { SentEvent } from './sent-event.ts';
import { isPage, newVisitor, type PageWindow, servePage, tagOf, useGround, type Visitor } from './visitor.ts';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const isSubmit = (event: SentEvent) => event.event === 'Form Submitted';

/**
 * Resolves once the extensions that a page begins with are there, and what was called before of methods that come with them has
 * been done: a call behind those waits for the same. It leaves an alias message.
 */
export async function extended(page: Page): Promise<void> {
  await page.evaluate(() => new Promise<void>((resolve) => (window as unknown as PageWindow).touchtrail.alias('nobody', resolve)));
}

/** A website with an edge, and a visitor of it. */
export interface Shop {
  readonly browser: Browser;
  readonly site: ScriptSite;
  readonly context: BrowserContext;
  readonly page: Page;
  /** What went wrong on the pages so far; a test that ends with any fails. */
  readonly complaints: string[];
  /** Puts a page with the tracker on the site; `attributes` are for the script's tag. */
  serve(path: string, body?: string, attributes?: string): void;
  /** Goes to a page, and returns its page view as soon as it has arrived. */
  visit(path?: string, options?: Parameters<Page['goto']>[1]): Promise<SentEvent>;
  /** Goes on as another visitor. */
  change(): Promise<void>;
  /** The cookie with the visitor id. */
  cookie(name?: string): Promise<Awaited<ReturnType<BrowserContext['cookies']>>[number] | undefined>;
  /** Presses the button of a form that is posted to /crm, and returns what the CRM got. */
  post(button?: string): Promise<URLSearchParams>;
}

/** A shop for the tests of a file, with a new visitor and no pages for each; /thanks is what forms lead to. */
export function useShop(): Shop {
  const ground = useGround();
  let visitor: Visitor;

  beforeEach(async () => {
    visitor = await newVisitor(ground.browser);
    servePage(ground.site, '/thanks');
  });
  afterEach(async () => {
    await visitor.context.close();
    ground.site.clear();
    expect(visitor.complaints).toEqual([]);
  });

  const cookie = async (name = 'anonymous_id') => (await visitor.context.cookies()).find((one) => one.name === name);
  return {
    get browser() {
      return ground.browser;
    },
    get site() {
      return ground.site;
    },
    get context() {
      return visitor.context;
    },
    get page() {
      return visitor.page;
    },
    get complaints() {
      return visitor.complaints;
    },
    serve: (path, body, attributes) => servePage(ground.site, path, body, tagOf(ground.site, attributes)),
    async visit(path = '/', options) {
      const before = (await ground.site.events(0, isPage)).length;
      await visitor.page.goto(ground.site.url + path, options);
      return (await ground.site.events(before + 1, isPage)).at(-1)!;
    },
    async change() {
      await visitor.context.close();
      expect(visitor.complaints).toEqual([]);
      visitor = await newVisitor(ground.browser);
    },
    cookie,
    async post(button = 'button') {
      await visitor.page.click(button);
      await visitor.page.waitForURL('**/thanks');
      expect(ground.site.posted).toHaveLength(1);
      return ground.site.posted[0]!;
    },
  };
}
