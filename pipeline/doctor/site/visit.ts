import type { Browser, Frame, Page, Request, Response } from 'playwright-core';
import { INTERNAL_COOKIE } from '../../../edge/contract/internal-visitor.ts';
import { VISITOR_COOKIE } from '../../../edge/contract/visitor-cookie.ts';
import { findTags, hasGlobal, hasRefusedConnection, noteRefusals, readForms, readRefusals } from './in-page.ts';
import { domainOf } from './route.ts';

/** A script tag of the tracker, as the page has it. Options stand in attributes or in the query of the address. */
export interface ScriptTag {
  readonly src: string;
  readonly options: Readonly<Record<string, string>>;
}

/** An answer, or none. */
export interface Exchange {
  readonly url: string;
  /** Undefined where there was no answer. */
  readonly status: number | undefined;
  /** The browser's words where there was no answer. */
  readonly failure: string | undefined;
  /** Names of the cookies that came with it. */
  readonly cookies: readonly string[];
  readonly viaCloudflare: boolean;
  /** The beginning of the body of an answer that is an error. */
  readonly body: string;
}

export interface PageForm {
  /** Address of the frame; undefined: the page itself. */
  readonly frame: string | undefined;
  readonly isInShadow: boolean;
  readonly id: string;
  readonly name: string;
  readonly action: string;
  /** Whether the script gives it a field: not where everybody would see it in the address, nor where the site says no. */
  readonly takesField: boolean;
  /** Value of the field for the visitor id; undefined: there is none. */
  readonly value: string | undefined;
}

/** What a browser saw of one page. */
export interface Visit {
  /** Where it ended, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly tags: readonly ScriptTag[];
  /** Of the first tag, as far as the browser asked for it. */
  readonly script: Exchange | undefined;
  /** Whether the script has started. */
  readonly isRunning: boolean;
  /** The first request with events. */
  readonly delivery: Exchange | undefined;
  /** Set-Cookie of the page itself. */
  readonly documentCookies: readonly string[];
  /** What the Content Security Policy of the page refused. */
  readonly refusals: readonly { readonly directive: string; readonly url: string }[];
  readonly cookie: { readonly name: string; readonly value: string; readonly domain: string } | undefined;
  readonly forms: readonly PageForm[];
  /** Addresses of frames of other origins: nobody can look into them. */
  readonly foreignFrames: readonly string[];
}

/** Longest waits, in milliseconds: for the page, for the script to start, for events to be answered, for fields. */
const PATIENCE = { page: 30_000, script: 8_000, delivery: 10_000, fields: 2_000 };
const DELIVERY = /\/v1\/(?:batch|b|track|t|page|p|identify|i)(?:\?|$)/;

/**
 * Loads a page as a visitor of the company: the visit is marked as internal. No form is touched.
 * @throws Error where the page cannot be loaded.
 */
export async function visit(browser: Browser, url: URL): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-US' });
  try {
    const domains = new Set([url.hostname, domainOf(url.hostname)]);
    await context.addCookies(
      [...domains].map((domain) => ({ ...INTERNAL_COOKIE, path: '/', domain: domain === url.hostname ? domain : `.${domain}` })),
    );
    await context.addInitScript(noteRefusals);
    const page = await context.newPage();
    const exchanges = listen(page);
    const answer = await page.goto(url.href, { timeout: PATIENCE.page, waitUntil: 'load' });
    const tags = await page.evaluate(findTags);
    const tag = tags[0];
    const isRunning = tag !== undefined && (await hasStarted(page, tag, exchanges));
    const mayStore = !['pending', 'denied'].includes(tag?.options['consent'] ?? '');
    // Without a tag, the script may be part of the site's own.
    const delivery = await exchanges.delivery(tag === undefined ? 1_000 : isRunning && mayStore ? PATIENCE.delivery : 0);
    const cookieName = tag?.options['cookieName'] ?? VISITOR_COOKIE.name;
    const cookie = (await context.cookies(page.url())).find(({ name }) => name === cookieName);
    const field = tag?.options['field'] ?? VISITOR_COOKIE.name;
    const filter = tag?.options['forms'] ?? '';
    return {
      url: page.url(),
      status: answer?.status() ?? 0,
      tags,
      script: tag && (await exchanges.of(tag.src)),
      isRunning,
      delivery,
      documentCookies: answer ? await cookieNames(answer) : [],
      refusals: await page.evaluate(readRefusals),
      cookie,
      forms: await filledForms(page, { field, filter }, cookie?.value),
      foreignFrames: page
        .frames()
        .filter((frame) => frame !== page.mainFrame() && !isReadable(frame, page))
        .map((frame) => frame.url())
        .filter((address) => /^https?:/.test(address)),
    };
  } finally {
    await context.close();
  }
}

interface Exchanges {
  of(url: string): Promise<Exchange | undefined>;
  /** Waits for the first request with events to be answered or to fail. */
  delivery(milliseconds: number): Promise<Exchange | undefined>;
}

/** Remembers how each request ended. */
function listen(page: Page): Exchanges {
  const ended = new Map<string, Request>();
  const first = Promise.withResolvers<Request>();
  const note = (request: Request) => {
    ended.set(request.url(), request);
    if (request.method() === 'POST' && DELIVERY.test(request.url())) first.resolve(request);
  };
  page.on('requestfinished', note);
  page.on('requestfailed', note);
  return {
    of: async (url) => {
      const request = ended.get(url);
      return request && (await exchangeOf(request));
    },
    delivery: async (milliseconds) => {
      // A request that the policy of the page refuses is none: nothing is waited for that will not come.
      const refused = page.waitForFunction(hasRefusedConnection, undefined, { timeout: milliseconds + 1 }).then(nothing, nothing);
      const request = await Promise.race([first.promise, refused]);
      return request && (await exchangeOf(request));
    },
  };
}

function nothing(): undefined {}

async function exchangeOf(request: Request): Promise<Exchange> {
  const response = await request.response().catch(() => null);
  const status = response?.status();
  const isError = status !== undefined && status >= 400;
  return {
    url: request.url(),
    status,
    failure: request.failure()?.errorText,
    cookies: response ? await cookieNames(response) : [],
    viaCloudflare: response?.headers()['cf-ray'] !== undefined,
    // A body that is gone by now says nothing that the status does not.
    body: isError ? (await response!.text().catch(() => '')).slice(0, 300) : '',
  };
}

async function cookieNames(response: Response): Promise<string[]> {
  const headers = await response.headerValues('set-cookie').catch(() => []);
  return headers.flatMap((header) => header.split('\n')).map((header) => header.split('=')[0]!.trim());
}

async function hasStarted(page: Page, tag: ScriptTag, exchanges: Exchanges): Promise<boolean> {
  const failed = await exchanges.of(tag.src);
  if (failed && (failed.status === undefined || failed.status >= 400)) return false;
  // What a policy or blocker refuses never starts, and nothing says when to stop waiting.
  return await page.waitForFunction(hasGlobal, tag.options['global'] ?? 'touchtrail', { timeout: PATIENCE.script }).then(
    () => true,
    () => false,
  );
}

interface FormOptions {
  readonly field: string;
  readonly filter: string;
}

/** The forms, as soon as each has what it is to have, or when the patience is over. */
async function filledForms(page: Page, options: FormOptions, value: string | undefined): Promise<PageForm[]> {
  const deadline = performance.now() + PATIENCE.fields;
  for (;;) {
    const forms = await formsOf(page, options);
    const isDone = value === undefined || forms.every((form) => !form.takesField || form.value === value);
    if (isDone || performance.now() > deadline) return forms;
    await page.waitForTimeout(100);
  }
}

async function formsOf(page: Page, options: FormOptions): Promise<PageForm[]> {
  const frames = page.frames().filter((frame) => isReadable(frame, page));
  const found = await Promise.all(
    frames.map(async (frame) => {
      const forms = await frame.evaluate(readForms, options);
      return forms.map((form) => ({
        ...form,
        frame: frame === page.mainFrame() ? undefined : frame.url(),
        value: form.value ?? undefined,
      }));
    }),
  );
  return found.flat();
}

/** Whether the page's script can look into the frame, as it can where both are of one origin. */
function isReadable(frame: Frame, page: Page): boolean {
  return frame === page.mainFrame() || ['about:blank', 'about:srcdoc'].includes(frame.url()) || originOf(frame) === originOf(page);
}

function originOf(frame: Frame | Page): string | undefined {
  return URL.parse(frame.url())?.origin;
}
