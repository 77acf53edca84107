import { createHash } from 'node:crypto';
import { brotliCompressSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from '../browser.ts';
import { type SentEvent, startTrackerSite, trackerScript, type TrackerSite } from './tracker-site.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ADDRESS = 'Ada.Lovelace+demo@engine.example';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const ADDRESS_HASH = sha256('ada.lovelace+demo@engine.example');

const isPage = (event: SentEvent) => event.type === 'page';
const isSubmit = (event: SentEvent) => event.event === 'Form Submitted';
const isTrack = (name: string) => (event: SentEvent) => event.event === name;

/** The page's own global, as the tests call it. */
interface PageWindow {
  touchtrail: Record<'track' | 'identify' | 'page' | 'reset' | 'alias' | 'group', (...args: unknown[]) => void> & {
    getAnonymousId(): string;
  };
}

let browser: Browser;
let site: TrackerSite;
let context: BrowserContext;
let page: Page;
/** What went wrong on the pages of a test: uncaught errors and errors on the console. */
let complaints: string[];

beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), startTrackerSite()]);
});
afterAll(async () => {
  await browser.close();
  await site.stop();
});
beforeEach(async () => {
  await open();
});
afterEach(async () => {
  await context.close();
  site.clear();
});

/** A new visitor on a new page. */
async function open(): Promise<void> {
  context = await browser.newContext({ locale: 'en-GB' });
  complaints = [];
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('favicon')) complaints.push(message.text());
  });
  page = await context.newPage();
}

/** Puts a page on the site, the tracker in its head. */
function serve(path: string, body: string, tag = site.tag): void {
  site.pages.set(
    path,
    `<!doctype html><html><head><title>Page ${path}</title><link rel="icon" href="data:,">${tag}</head><body>${body}</body></html>`,
  );
}

async function cookie() {
  return (await context.cookies()).find(({ name }) => name === 'anonymous_id');
}

/** Sends the form of the page and looks at what the CRM got. */
async function post(button = 'button'): Promise<void> {
  await page.click(button);
  await page.waitForURL('**/thanks');
  expect(site.posted).toHaveLength(1);
  expect(site.posted[0]!.getAll('anonymous_id')).toEqual([(await cookie())!.value]);
  expect(complaints).toEqual([]);
}

describe('anonymous id', () => {
  it('is one UUIDv4 cookie of 400 days for the widest domain, and stays the same from page to page and tab to tab', async () => {
    serve('/', '<a href="/next">next</a>');
    serve('/next', '');
    const before = Date.now() / 1000;
    await page.goto(site.url);
    const [first] = await site.events(1);
    const set = await cookie();
    expect(set).toMatchObject({ domain: '.shop.example', path: '/', sameSite: 'Lax', secure: false, httpOnly: false });
    expect(set!.value).toMatch(UUID);
    expect(Math.abs(set!.expires - before - 34_560_000)).toBeLessThan(120);
    expect(first!.anonymousId).toBe(set!.value);

    await page.click('a');
    await (await context.newPage()).goto(`${site.url.replace('www.', 'docs.')}/next`);
    const events = await site.events(3);
    expect(events.map(({ anonymousId }) => anonymousId)).toEqual(Array.from({ length: 3 }, () => set!.value));
    expect((await context.cookies()).filter(({ name }) => name === 'anonymous_id')).toEqual([set]);
  });

  it('leaves a cookie that exists alone, as a server would have set it', async () => {
    const value = '5d7c2c43-8a6b-4d77-9c4a-0d1f6d3f7a10';
    await context.addCookies([{ name: 'anonymous_id', value, domain: 'www.shop.example', path: '/', expires: Date.now() / 1000 + 1000 }]);
    await context.addInitScript(() => {
      const real = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie')!;
      const written: string[] = [];
      Object.defineProperty(document, 'cookie', {
        get: () => real.get!.call(document) as string,
        set: (text: string) => {
          written.push(text);
        },
      });
      Object.assign(window, { written });
    });
    serve('/', '');
    await page.goto(site.url);
    expect((await site.events(1))[0]!.anonymousId).toBe(value);
    expect(await page.evaluate(() => (window as unknown as { written: string[] }).written)).toEqual([]);
  });

  it('is secure on https', async () => {
    await page.route('https://www.shop.example/**', async (route) => {
      const { pathname, search } = new URL(route.request().url());
      await route.fulfill({ response: await route.fetch({ url: `${site.loopback}${pathname}${search}` }) });
    });
    serve('/', '', '<script async src="/t.js" data-write-key="wk"></script>');
    await page.goto('https://www.shop.example/');
    await site.events(1);
    expect(await cookie()).toMatchObject({ domain: '.shop.example', secure: true });
  });

  it('comes back from localStorage when the cookie was deleted', async () => {
    serve('/', '');
    await page.goto(site.url);
    const [{ anonymousId }] = (await site.events(1)) as [SentEvent];
    await context.clearCookies();
    await page.reload();
    await site.events(2);
    expect((await cookie())!.value).toBe(anonymousId);
  });

  it('works in memory, without an error, where cookies and storage are blocked', async () => {
    await context.addInitScript(() => {
      const error = new DOMException('blocked', 'SecurityError');
      const blocked = () => {
        throw error;
      };
      Object.defineProperty(document, 'cookie', { get: blocked, set: blocked });
      for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get: blocked });
    });
    serve('/', '<form method="post" action="/crm"><input name="email" value="a@b.example"><button>Send</button></form>');
    serve('/thanks', '');
    await page.goto(site.url);
    const [{ anonymousId }] = (await site.events(1)) as [SentEvent];
    await page.click('button');
    await page.waitForURL('**/thanks');
    const [submitted] = await site.events(1, isSubmit);
    expect(submitted!.anonymousId).toBe(anonymousId);
    expect(site.posted[0]!.get('anonymous_id')).toBe(anonymousId);
    expect(complaints).toEqual([]);
  });

  it('is renewed by reset(), together with the filled fields and the user id', async () => {
    serve('/', '<form><input name="x"></form>');
    await page.goto(site.url);
    const [first] = await site.events(1);
    await page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      touchtrail.identify('user-1');
      touchtrail.track('Before');
      touchtrail.reset();
      touchtrail.track('After');
    });
    const [, , before, after] = (await site.events(4)) as [SentEvent, SentEvent, SentEvent, SentEvent];
    expect([before.userId, after.userId]).toEqual(['user-1', undefined]);
    expect(after.anonymousId).toMatch(UUID);
    expect(after.anonymousId).not.toBe(first!.anonymousId);
    expect((await cookie())!.value).toBe(after.anonymousId);
    expect(await page.inputValue('[name=anonymous_id]')).toBe(after.anonymousId);
  });
});

describe('hidden field', () => {
  beforeEach(() => serve('/thanks', ''));

  it('is added to a form that has none', async () => {
    serve('/', '<form method="post" action="/crm"><input name="company" value="Engine"><button>Send</button></form>');
    await page.goto(site.url);
    await site.events(1);
    await post();
  });

  it("fills the site's own field, whatever it held", async () => {
    serve('/', '<form method="post" action="/crm"><input type="hidden" name="anonymous_id" value="stale"><button>Send</button></form>');
    await page.goto(site.url);
    await site.events(1);
    await post();
  });

  it('is in a form that appears later, and in one that is drawn anew', async () => {
    serve('/', '<main></main>');
    await page.goto(site.url);
    await site.events(1);
    for (let times = 0; times < 2; times++) {
      await page.evaluate(() => {
        document.querySelector('main')!.innerHTML = '<div><form method="post" action="/crm"><button>Send</button></form></div>';
      });
      await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    }
    await post();
  });

  it('survives a reset of the form, also as a text field', async () => {
    serve(
      '/',
      '<form method="post" action="/crm"><input name="anonymous_id" style="display:none"><button type="reset">Clear</button><button type="submit">Send</button></form>',
    );
    await page.goto(site.url);
    await site.events(1);
    await page.click('[type=reset]');
    await post('[type=submit]');
  });

  it('is in what is sent even where the field is emptied at the last moment, and in form.submit()', async () => {
    serve('/', '<form method="post" action="/crm"><input type="hidden" name="anonymous_id"><button type="button">Send</button></form>');
    await page.goto(site.url);
    await site.events(1);
    await page.evaluate(() => {
      document.querySelector('button')!.addEventListener('click', () => {
        const form = document.querySelector('form')!;
        form.querySelector('input')!.value = '';
        form.submit();
      });
    });
    await post();
  });

  it('is in the FormData of a form that is sent by script', async () => {
    serve('/', '<form><input name="company" value="Engine"><button>Send</button></form>');
    await page.goto(site.url);
    await site.events(1);
    await page.evaluate(() => {
      document.querySelector('form')!.addEventListener('submit', (event) => {
        event.preventDefault();
        const fields = new FormData(event.target as HTMLFormElement) as unknown as Record<string, string>;
        void fetch('/crm', { method: 'POST', body: new URLSearchParams(fields) }).then(() => (location.href = '/thanks'));
      });
    });
    await post();
    await site.events(1, isSubmit);
  });

  it('stays out of forms that are sent in the address', async () => {
    serve('/', '<form method="GET" action="/thanks"><input name="q" value="pumps"><button>Search</button></form>');
    await page.goto(site.url);
    await site.events(1);
    await page.click('button');
    await page.waitForURL(`${site.url}/thanks?q=pumps`);
  });

  it('survives forms whose fields are called like properties of a form', async () => {
    serve(
      '/',
      '<form id="signup" method="post" action="/crm"><input name="id" value="1"><input name="name" value="2"><input name="action" value="3"><input name="method" value="4"><button>Send</button></form>',
    );
    await page.goto(site.url);
    await site.events(1);
    await post();
    const [submitted] = await site.events(1, isSubmit);
    expect(submitted!.properties).toEqual({ form_id: 'signup', form_action: `${site.url}/crm`, page_path: '/' });
  });
});

describe('Form Submitted', () => {
  beforeEach(() => serve('/thanks', ''));

  it('arrives although the submit navigates away, with the hash of the address and nothing that was entered', async () => {
    serve(
      '/demo',
      `<form id="demo" name="request" method="post" action="/crm">
         <input name="full_name" value="Ada Lovelace"><input type="email" name="work_email"><textarea name="message">call 555-0199</textarea><button>Send</button></form>`,
    );
    await page.goto(`${site.url}/demo`);
    await site.events(1);
    await page.fill('[type=email]', `  ${ADDRESS} `);
    await page.click('button');
    await page.waitForURL('**/thanks');
    const [submitted] = await site.events(1, isSubmit);
    expect(submitted).toMatchObject({
      type: 'track',
      properties: { form_id: 'demo', form_name: 'request', form_action: `${site.url}/crm`, page_path: '/demo' },
      context: { emailHashes: [{ hash: ADDRESS_HASH, origin: 'form' }], page: { path: '/demo', title: 'Page /demo' } },
    });
    await site.events(2, isPage);
    for (const { body } of site.delivered) {
      for (const secret of ['Lovelace', 'engine.example', '555-0199']) expect(body.toLowerCase()).not.toContain(secret.toLowerCase());
    }
  });

  it('is not sent for what validation stopped, and stops no submit itself', async () => {
    serve('/', '<form method="post" action="/crm"><input type="email" name="email" required><button>Send</button></form>');
    await page.goto(site.url);
    await site.events(1);
    await page.click('button');
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Marker'));
    await site.events(1, isTrack('Marker'));
    expect(site.delivered.flatMap(({ batch }) => batch).filter(isSubmit)).toEqual([]);
    expect(site.posted).toEqual([]);
  });
});

describe('addresses', () => {
  it('takes ehash out of the address bar and sends it with the origin url', async () => {
    serve('/', '');
    await page.goto(`${site.url}/?a=1%202&ehash=${ADDRESS_HASH.toUpperCase()}&b=%C3%A4#top`);
    const [first] = await site.events(1);
    expect(first!.context.emailHashes).toEqual([{ hash: ADDRESS_HASH, origin: 'url' }]);
    expect(page.url()).toBe(`${site.url}/?a=1%202&b=%C3%A4#top`);
    expect(first!.context.page.url).toBe(page.url());
  });

  it('accepts nothing but 64 hex digits as ehash', async () => {
    serve('/', '');
    await page.goto(`${site.url}/?ehash=${ADDRESS_HASH}00`);
    const [first] = await site.events(1);
    expect(first!.context.emailHashes).toBeUndefined();
    expect(page.url()).toBe(`${site.url}/`);
  });

  it('replaces addresses by their hash in whatever is sent', async () => {
    serve('/', '');
    await page.goto(`${site.url}/?user=${encodeURIComponent(ADDRESS)}&utm_content=${ADDRESS}`);
    await site.events(1);
    await page.evaluate((address) => {
      const { touchtrail } = window as unknown as PageWindow;
      document.title = `Account of ${address}`;
      touchtrail.identify(address, { email: address, team: [{ lead: address }] });
      touchtrail.track('Invited', { [address]: true, text: `write to <${address}>, please` });
      touchtrail.group(address, { contact: address });
      touchtrail.alias('new', address);
    }, ADDRESS);
    const [first, identified, invited, grouped, aliased] = (await site.events(5)) as [
      SentEvent,
      SentEvent,
      SentEvent,
      SentEvent,
      SentEvent,
    ];
    expect(first.context.page.search).toBe(`?user=${ADDRESS_HASH}&utm_content=${ADDRESS_HASH}`);
    // A plus sign in a query means a space, so what the campaign's link says is an address of its own.
    expect(first.context.campaign).toEqual({ content: `Ada.Lovelace ${sha256('demo@engine.example')}` });
    expect(identified).toMatchObject({
      userId: ADDRESS_HASH,
      traits: { email: ADDRESS_HASH, team: [{ lead: ADDRESS_HASH }] },
      context: { page: { title: `Account of ${ADDRESS_HASH}` } },
    });
    expect(identified.context.emailHashes).toContainEqual({ hash: ADDRESS_HASH, origin: 'identify' });
    expect(invited.properties).toEqual({ [ADDRESS_HASH]: true, text: `write to <${ADDRESS_HASH}>, please` });
    expect(invited.context.emailHashes).toBeUndefined();
    expect(grouped.traits).toEqual({ contact: ADDRESS_HASH });
    expect(aliased).toMatchObject({ userId: 'new', previousId: ADDRESS_HASH });
    for (const { body } of site.delivered) expect(body).not.toContain('engine.example');
  });
});

describe('campaign', () => {
  it('stays with every event of the visit until another takes its place', async () => {
    serve('/', '<a href="/pricing">pricing</a>');
    serve('/pricing', '');
    await page.goto(
      `${site.url}/?utm_source=Google&utm_medium=cpc&utm_campaign=Spring%20Sale&utm_term=crew&utm_content=b&utm_id=42&gclid=Ab-C_d&ScCid=XyZ`,
    );
    await site.events(1);
    await page.click('a');
    await site.events(2);
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Looked'));
    const events = await site.events(3);
    for (const { context } of events) {
      expect(context.campaign).toEqual({ source: 'Google', medium: 'cpc', name: 'Spring Sale', term: 'crew', content: 'b', id: '42' });
      expect(context.clickIds).toEqual({ gclid: 'Ab-C_d', sccid: 'XyZ' });
    }
    await page.goto(`${site.url}/?utm_source=newsletter`);
    const last = (await site.events(4)).at(-1)!;
    expect(last.context.campaign).toEqual({ source: 'newsletter' });
    expect(last.context.clickIds).toEqual({});
  });

  it('ends with the visit, after half an hour without an event', async () => {
    serve('/', '');
    await page.clock.install();
    await page.goto(`${site.url}/?gclid=abc`);
    await site.events(1);
    await page.clock.fastForward('31:00');
    await page.goto(`${site.url}/`);
    expect((await site.events(2)).map(({ context }) => context.clickIds)).toEqual([{ gclid: 'abc' }, undefined]);
  });
});

describe('delivery', () => {
  it('sends Segment batches as text, each event with its own id and the order it happened in', async () => {
    serve('/', '');
    await context.addCookies([{ name: '_ga', value: 'GA1.1.1234567890.1699999999', url: site.url }]);
    await page.goto(site.url, { referer: 'http://search.example/' });
    await site.events(1);
    await page.evaluate(() => {
      for (const name of ['A', 'B', 'C'])
        (window as unknown as PageWindow).touchtrail.track(
          name,
          { on: name },
          { integrations: { All: false }, context: { consent: 'granted' } },
        );
    });
    const events = await site.events(4);
    expect(events.map(({ type, event }) => event ?? type)).toEqual(['page', 'A', 'B', 'C']);
    expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(4);
    for (const { messageId, timestamp } of events) {
      expect(messageId).toMatch(UUID);
      expect(new Date(timestamp).toISOString()).toBe(timestamp);
    }
    expect(events[0]!.context).toMatchObject({
      page: { url: `${site.url}/`, path: '/', search: '', title: 'Page /', referrer: 'http://search.example/' },
      gaClientId: '1234567890.1699999999',
      library: { name: 'touchtrail.js' },
      locale: 'en-GB',
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      userAgent: await page.evaluate(() => navigator.userAgent),
    });
    expect(events[1]).toMatchObject({ properties: { on: 'A' }, integrations: { All: false }, context: { consent: 'granted' } });
    for (const { contentType, writeKey } of site.delivered)
      expect({ contentType, writeKey }).toEqual({ contentType: 'text/plain;charset=UTF-8', writeKey: 'wk' });
  });

  it('loses no event of pages that are left at once', async () => {
    serve('/', '<a href="/2">2</a>');
    serve('/2', '<a href="/3">3</a>');
    serve('/3', '');
    await context.addInitScript(() => {
      // Leaves as soon as the tracker has started, as fast as a page can.
      addEventListener('DOMContentLoaded', () => {
        const timer = setInterval(() => {
          const { touchtrail } = window as unknown as Partial<PageWindow>;
          if (!touchtrail) return;
          clearInterval(timer);
          touchtrail.track('Left', { path: location.pathname });
          document.querySelector('a')?.click();
        }, 1);
      });
    });
    await page.goto(site.url);
    await page.waitForURL('**/3');
    const events = await site.events(6);
    expect(
      events
        .filter(isPage)
        .map(({ context }) => context.page.path)
        .toSorted(),
    ).toEqual(['/', '/2', '/3']);
    expect(
      events
        .filter(isTrack('Left'))
        .map(({ properties }) => String(properties!['path']))
        .toSorted(),
    ).toEqual(['/', '/2', '/3']);
  });

  it('loses no event of a tab that is closed', async () => {
    serve('/', '');
    await page.goto(site.url);
    await site.events(1);
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Last'));
    await page.close({ runBeforeUnload: true });
    await site.events(1, isTrack('Last'));
  });

  it('tries again after 503 and after a lost connection, the same message with a new time of sending', async () => {
    serve('/', '');
    site.answers.push({ status: 503, retryAfter: '1' }, 'lost', { status: 429 });
    await page.goto(site.url);
    const [first] = await site.events(1);
    const tries = site.delivered.map(({ status, batch, sentAt }) => ({ status, id: batch[0]!.messageId, sentAt }));
    expect(tries.map(({ status, id }) => ({ status, id }))).toEqual([503, 429, 200].map((status) => ({ status, id: first!.messageId })));
    expect(new Set(tries.map(({ sentAt }) => sentAt)).size).toBe(3);
    expect(site.delivered.map(({ batch }) => batch[0]!.timestamp)).toEqual(Array.from({ length: 3 }, () => first!.timestamp));
  });

  it('does not repeat what the edge refuses for good', async () => {
    serve('/', '');
    site.answers.push({ status: 401 });
    await page.goto(site.url);
    await page.waitForFunction(() => 'touchtrail' in window);
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Next'));
    await site.events(1, isTrack('Next'));
    expect(site.delivered.flatMap(({ batch }) => batch).filter(isPage)).toHaveLength(1);
  });

  it('keeps what could not be sent for the next page', async () => {
    serve('/', '<a href="/next">next</a>');
    serve('/next', '');
    site.answers.push({ status: 503, retryAfter: '300' });
    const refused = page.waitForResponse((response) => response.status() === 503);
    await page.goto(site.url);
    await refused;
    await page.click('a');
    expect((await site.events(2, isPage)).map(({ context }) => context.page.path)).toEqual(['/', '/next']);
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Marker'));
    await site.events(1, isTrack('Marker'));
    await page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.startsWith('touchtrail_queue_')));
  });

  it('splits what exceeds one keepalive request, and sends an oversized event by itself', async () => {
    await context.addInitScript(() => {
      const real = window.fetch;
      Object.assign(window, { refused: 0 });
      window.fetch = (...args) =>
        real(...args).catch((error: unknown) => {
          (window as unknown as { refused: number }).refused++;
          throw error;
        });
    });
    serve('/', '');
    await page.goto(site.url);
    await site.events(1);
    await page.evaluate(() => {
      const { touchtrail } = window as unknown as PageWindow;
      touchtrail.track('Huge', { text: 'ü'.repeat(100_000) });
      for (let i = 0; i < 30; i++) touchtrail.track('Large', { text: '語'.repeat(5_000) });
    });
    await site.events(31, (event) => event.type === 'track');
    const sizes = site.delivered.filter(({ batch }) => batch[0]!.event === 'Large').map(({ body }) => Buffer.byteLength(body));
    expect(Math.max(...sizes)).toBeLessThan(64 * 1024);
    // The browser refuses a request while the one before still counts against its quota.
    expect(await page.evaluate(() => (window as unknown as { refused: number }).refused)).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe('script', () => {
  it('makes up for calls from before it was there; a page() among them takes the place of the automatic one', async () => {
    serve('/', '', `<script>touchtrail=[['page','Home'],['track','Early',{n:1}],['nonsense']]</script>${site.tag}`);
    await page.goto(site.url);
    const events = await site.events(2);
    expect(events.map(({ type, name, event }) => [type, name ?? event])).toEqual([
      ['page', 'Home'],
      ['track', 'Early'],
    ]);
    expect(complaints).toEqual([]);
  });

  it('calls back who waits for it, by ready() and by the queue from before it was there', async () => {
    serve('/', '', `<script>called=[];touchtrail=[['ready',()=>called.push('queued')]]</script>${site.tag}`);
    await page.goto(site.url);
    await site.events(1);
    await page.evaluate(() => {
      const { touchtrail, called } = window as unknown as { touchtrail: { ready(callback: () => void): void }; called: string[] };
      touchtrail.ready(() => called.push('direct'));
    });
    await page.waitForFunction(() => (window as unknown as { called: string[] }).called.length === 2);
    expect(await page.evaluate(() => (window as unknown as { called: string[] }).called)).toEqual(['queued', 'direct']);
    expect(complaints).toEqual([]);
  });

  it('fills the forms and takes the other calls, whatever stands among the calls from before it was there', async () => {
    const bad = `null,7,[],['ready'],['ready',null],['push',null],['identify',{email:Object.create(null)}]`;
    serve('/', '<form><input name="x"></form>', `<script>touchtrail=[${bad},['track','Early']]</script>${site.tag}`);
    await page.goto(site.url);
    await site.events(1, isTrack('Early'));
    await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    expect(await page.inputValue('[name=anonymous_id]')).toBe((await cookie())!.value);
    expect(complaints).toEqual([]);
  });

  it('weighs at most 3,700 bytes of brotli', async () => {
    expect(brotliCompressSync(await trackerScript()).byteLength).toBeLessThanOrEqual(3_700);
  });

  it('runs once, however often the page includes it', async () => {
    serve('/', '', site.tag + site.tag);
    await page.goto(site.url);
    await page.waitForLoadState('load');
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Marker'));
    await site.events(1, isTrack('Marker'));
    expect((await site.events(1)).filter(isPage)).toHaveLength(1);
  });

  it('takes its options from the address of the script where attributes are stripped', async () => {
    serve(
      '/',
      '',
      `<script async src="${site.url}/t.js?write-key=other&page=false&api-host=${encodeURIComponent(`${site.edge}/e`)}"></script>`,
    );
    await page.goto(site.url);
    await page.waitForFunction(() => 'touchtrail' in window);
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.track('Only'));
    expect((await site.events(1)).map(({ event }) => event)).toEqual(['Only']);
    expect(site.delivered[0]!.writeKey).toBe('other');
  });

  it('takes calls in all of their short forms, and sends an event whose data has no JSON form without them', async () => {
    serve('/', '');
    await page.goto(site.url);
    await site.events(1);
    const calledBack = await page.evaluate(
      () =>
        new Promise<boolean>((resolve) => {
          const { touchtrail } = window as unknown as PageWindow;
          touchtrail.page('Docs', 'Start');
          touchtrail.identify({ plan: 'team' });
          touchtrail.identify(7, null, null);
          const endless: Record<string, unknown> = {};
          endless['self'] = endless;
          touchtrail.track('Endless', endless);
          touchtrail.track('Called', () => resolve(true));
        }),
    );
    expect(calledBack).toBe(true);
    const [, named, traits, user, endless] = (await site.events(6)) as [SentEvent, SentEvent, SentEvent, SentEvent, SentEvent];
    expect(named).toMatchObject({ type: 'page', category: 'Docs', name: 'Start' });
    expect(traits).toMatchObject({ type: 'identify', traits: { plan: 'team' } });
    expect(traits.userId).toBeUndefined();
    expect(user).toMatchObject({ type: 'identify', userId: '7' });
    expect(endless).toMatchObject({ event: 'Endless', userId: '7' });
    expect(endless.properties).toBeUndefined();
  });
});
