import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { builtScripts, type ScriptSite } from './script-site.ts';
import type { SentEvent } from './sent-event.ts';
import { isErrorOrWarning, useVisits } from './visitor.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const docs = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'install.md'), 'utf8');

let scripts: ReadonlyMap<string, string>;
let site: ScriptSite;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  scripts = await builtScripts();
});
useVisits((visit) => ({ site, context, page, complaints } = visit), { counts: isErrorOrWarning, browserOptions: {} });

/** The code blocks of one language in a chapter of docs/install.md, with the addresses and the key of the test. */
function snippets(chapter: string, language = 'html'): string[] {
  const start = docs.indexOf(`\n## ${chapter}\n`);
  if (start < 0) throw new Error(`docs/install.md has no chapter "${chapter}"`);
  const end = docs.indexOf('\n## ', start + 1);
  const found = [...docs.slice(start, end < 0 ? undefined : end).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))];
  return found.map(([, code]) => code!.replaceAll('https://www.example.com', site.edge).replaceAll('YOUR_KEY', 'wk'));
}

function serve(head: string, body = '', headers: Record<string, string> = {}): void {
  site.files.set('/', {
    body: `<!doctype html><html><head><title>Shop</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`,
    headers,
  });
}

const isTrack = (name: string) => (event: SentEvent) => event.event === name;
const cookie = async (name: string) => (await context.cookies()).find((one) => one.name === name)?.value;

describe('plain page', () => {
  it('sends a page view and fills the form', async () => {
    const [tag] = snippets('Plain page');
    serve(tag!, '<form><input name="company"></form>');
    await page.goto(site.url);
    const [view] = await site.events(1);
    expect(view).toMatchObject({ type: 'page', context: { page: { title: 'Shop' } } });
    expect(JSON.parse(site.batches[0]!)).toMatchObject({ writeKey: 'wk' });
    await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    expect(await page.inputValue('[name=anonymous_id]')).toBe(view!.anonymousId);
    expect(view!.anonymousId).toMatch(UUID);
  });

  it('makes up for calls from before the script was there, and takes later ones the same way', async () => {
    const [, withCalls] = snippets('Plain page');
    serve(withCalls!);
    await page.goto(site.url);
    await site.events(1, isTrack('Pricing Seen'));
    await page.evaluate(`touchtrail.push(['track', 'Pushed']); touchtrail.track('Called')`);
    await site.events(1, isTrack('Called'));
    const events = (await site.events(3, ({ type }) => type === 'track')).toSorted((a, b) => a.sequence - b.sequence);
    expect(events.map(({ event, properties }) => [event, properties])).toEqual([
      ['Pricing Seen', { plan: 'team' }],
      ['Pushed', {}],
      ['Called', {}],
    ]);
  });
});

describe('Google Tag Manager', () => {
  /**
   * What Tag Manager does with the scripts of a Custom HTML tag: it parses the HTML apart from the page and makes a script element
   * of its own for each, which gets the address, the id and the character set, and no other attribute.
   */
  const RUN_TAG = `(html) => {
    const holder = document.createElement('div');
    holder.innerHTML = html;
    for (const written of holder.querySelectorAll('script')) {
      const made = document.createElement('script');
      made.async = false;
      made.type = 'text/javascript';
      made.id = written.id;
      made.charset = written.charset;
      if (written.src) made.src = written.src;
      else made.text = written.text;
      document.body.insertBefore(made, null);
    }
  }`;

  it('runs from a Custom HTML tag, which drops all attributes, and fills the forms that have been visible for long', async () => {
    const [tag] = snippets('Google Tag Manager');
    site.files.set('/thanks', { body: '<link rel="icon" href="data:,">Thank you' });
    serve('', '<form action="/crm" method="post"><input name="company"><button>Send</button></form>');
    await page.goto(site.url, { waitUntil: 'load' });
    await page.fill('[name=company]', 'Fernhill');
    expect(await page.locator('[name=anonymous_id]').count()).toBe(0);
    expect(tag).toContain('&consent=pending');
    await page.evaluate(`(${RUN_TAG})(${JSON.stringify(tag!.replace('&consent=pending', ''))})`);
    await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    expect(await page.inputValue('[name=company]')).toBe('Fernhill');
    await page.click('button');
    await site.events(1, isTrack('Form Submitted'));
    await page.waitForURL('**/thanks');
    expect(site.posted.map((form) => Object.fromEntries(form))).toEqual([
      { company: 'Fernhill', anonymous_id: await cookie('anonymous_id') },
    ]);
    expect(await page.evaluate(() => document.querySelectorAll('script[data-write-key]').length)).toBe(0);
  });

  it('takes consent=pending and the data layer from the address: nothing is stored or sent before consent', async () => {
    const [tag] = snippets('Google Tag Manager');
    const address = tag!.replace('consent=pending', 'consent=pending&extensions=data-layer&dataLayerEvents=purchase');
    serve('<script>dataLayer = [{ event: "gtm.js" }, { event: "purchase", value: 5 }, { event: "scroll" }]</script>');
    await page.goto(site.url, { waitUntil: 'load' });
    const loaded = page.waitForResponse(/t\.data-layer\.js/);
    await page.evaluate(`(${RUN_TAG})(${JSON.stringify(address)})`);
    await loaded;
    expect(await context.cookies()).toEqual([]);
    expect(site.batches).toEqual([]);
    await page.evaluate(`touchtrail.consent('granted')`);
    const [purchase] = await site.events(1, isTrack('purchase'));
    expect(purchase!.properties).toEqual({ value: 5 });
    expect((await site.events(2)).map(({ event, type }) => event ?? type).toSorted()).toEqual(['page', 'purchase']);
  });
});

/** What the policy of the page has refused. */
const violations = () => page.evaluate(() => (window as unknown as { violations: string[] }).violations);

describe('Content Security Policy', () => {
  const base = "default-src 'none'; img-src data:; form-action 'self'";

  beforeEach(async () => {
    await context.addInitScript(() => {
      const list: string[] = [];
      Object.assign(window, { violations: list });
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile }) =>
        list.push(`${effectiveDirective} ${blockedURI} ${sourceFile}`),
      );
    });
  });

  it.each([
    ['a nonce', 0, (edge: string) => `${base}; script-src 'nonce-RANDOM' 'strict-dynamic'; connect-src ${edge}`],
    ['the host of the edge', 1, (edge: string) => `${base}; script-src ${edge}; connect-src ${edge}`],
    [
      'trusted types',
      0,
      (edge: string) =>
        `${base}; script-src 'nonce-RANDOM' 'strict-dynamic'; connect-src ${edge}; require-trusted-types-for 'script'; trusted-types 'none'`,
    ],
  ])('holds with %s, also for what is loaded on demand', async (_, documented, policy) => {
    const [tag] = snippets('Content Security Policy');
    // The documented policy is the strict one of the test without its surroundings.
    const [, wanted] = /^Content-Security-Policy: (.*)$/m.exec(snippets('Content Security Policy', 'http')[documented]!)!;
    expect(policy(site.edge)).toContain(wanted);
    const extensions = 'data-extensions="data-layer,google,mixpanel,query" data-linker="other.example"';
    serve(
      tag!.replace('data-write-key', `${extensions} data-write-key`),
      '<form action="/crm" method="post"><button>Send</button></form><a href="http://other.example/">x</a>',
      { 'content-security-policy': policy(site.edge) },
    );
    await page.goto(`${site.url}/?ajs_event=Linked&utm_source=news`);
    await site.events(1, isTrack('Linked'));
    await page.waitForFunction(() => ['dataLayer', 'gtag', 'ga', 'mixpanel'].every((name) => name in window));
    await page.evaluate(() => {
      const page = window as unknown as { dataLayer: unknown[]; mixpanel: { track(name: string): void } };
      page.dataLayer.push({ event: 'Layered' });
      page.mixpanel.track('Mixed');
    });
    await site.events(2, ({ event }) => event === 'Layered' || event === 'Mixed');
    await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    expect(await violations()).toEqual([]);
  });

  it('would be seen to fail, if it did', async () => {
    serve('<script>window.inline = true</script>', '', { 'content-security-policy': base });
    await page.goto(site.url);
    await page.waitForFunction(() => (window as unknown as { violations: string[] }).violations.length > 0);
    expect((await violations())[0]).toMatch(/^script-src-elem inline/);
    complaints.length = 0;
  });
});

describe('coming from Segment', () => {
  /** What Segment's snippet leaves behind, by its published behaviour: a list with methods that queue, each with the page at the call. */
  const STUB = `
    window.analytics = window.analytics || [];
    analytics.invoked = true;
    const note = () => ({ __t: 'bpc', p: location.pathname, u: location.href, s: location.search, t: document.title, r: document.referrer });
    for (const method of ['trackSubmit', 'trackClick', 'trackLink', 'trackForm', 'pageview', 'identify', 'reset', 'group', 'track', 'ready', 'alias',
      'debug', 'page', 'screen', 'once', 'off', 'on', 'setAnonymousId']) {
      const stub = window.analytics;
      analytics[method] = (...args) => {
        if (window.analytics.initialized) return window.analytics[method](...args);
        if (['track', 'screen', 'alias', 'group', 'page', 'identify'].includes(method)) args.push(note());
        stub.push([method, ...args]);
        return stub;
      };
    }`;

  it('makes up for the calls of its stub with the page at the time of the call, and takes those of kept references', async () => {
    const [tag] = snippets('Coming from Segment');
    // The tag comes last: the page has moved on by then.
    serve(
      `<script>${STUB}
        kept = analytics;
        localStorage.setItem('ajs_anonymous_id', '"5d7c2c43-8a6b-4d77-9c4a-0d1f6d3f7a10"');
        analytics.page('First');
        analytics.identify('u-1', { plan: 'team' });
        analytics.ready(() => (window.isReady = true));
        history.replaceState(null, '', '/second?x=1');
        document.title = 'Second';
        analytics.track('Queued', { n: 1 });
      </script>${tag}`,
    );
    await page.goto(site.url);
    await site.events(1, isTrack('Queued'));
    await page.evaluate(`kept.track('Kept'); kept.page('Later'); analytics.track('Direct')`);
    await site.events(1, isTrack('Direct'));
    const events = (await site.events(6)).toSorted((a, b) => a.sequence - b.sequence);
    expect(
      events.map(({ type, event, name, context: { page } }) => [event ?? name ?? type, page.url.slice(site.url.length), page.title]),
    ).toEqual([
      ['First', '/', 'Shop'],
      ['identify', '/', 'Shop'],
      ['Queued', '/second?x=1', 'Second'],
      ['Kept', '/second?x=1', 'Second'],
      ['Later', '/second?x=1', 'Second'],
      ['Direct', '/second?x=1', 'Second'],
    ]);
    expect(events[2]).toMatchObject({ userId: 'u-1', anonymousId: '5d7c2c43-8a6b-4d77-9c4a-0d1f6d3f7a10', properties: { n: 1 } });
    expect(await cookie('anonymous_id')).toBe('5d7c2c43-8a6b-4d77-9c4a-0d1f6d3f7a10');
    expect(await page.evaluate(() => (window as unknown as { isReady: boolean }).isReady)).toBe(true);
    expect(await page.evaluate(() => 'touchtrail' in window)).toBe(false);
  });
});

describe('names of your own', () => {
  it('names the script, what it loads, the cookie and the global as the site wants', async () => {
    const [tag] = snippets('Ad blockers and names of your own');
    for (const [name, body] of scripts) site.files.set(`/site/${name.replace(/^t\./, 'app.')}`, { body });
    serve(tag!.replace('data-write-key', 'data-extensions="data-layer" data-write-key'), '<form></form>');
    await page.goto(site.url);
    await page.waitForFunction(() => 'gtag' in window);
    await page.evaluate(`gtag('event', 'Named'); shop.track('Called')`);
    const [called] = await site.events(1, isTrack('Called'));
    await site.events(1, isTrack('Named'));
    expect(await cookie('shop_id')).toBe(called!.anonymousId);
    expect(await cookie('anonymous_id')).toBeUndefined();
    expect(await page.inputValue('[name=anonymous_id]')).toBe(called!.anonymousId);
    expect(await page.evaluate(() => 'touchtrail' in window)).toBe(false);
    const asked = site.requested.filter((path) => path !== '/');
    expect(asked.filter((path) => !path.startsWith('/site/'))).toEqual([]);
    expect(asked.join(' ')).not.toMatch(/touchtrail|track|analytics|collect|pixel/i);
  });
});
