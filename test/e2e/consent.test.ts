import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ScriptSite } from './script-site.ts';
import type { SentEvent } from './sent-event.ts';
import { isErrorOfPage, useVisits } from './visitor.ts';

const DOCS = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'consent.md'), 'utf8');
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ADDRESS = 'ada@engine.example';
const ADDRESS_HASH = createHash('sha256').update(ADDRESS).digest('hex');
const LANDING = '/?utm_source=news&gclid=Click-1';

type Choice = 'all' | 'measure' | 'none';

/** A platform of `consent-platforms/`, as a page includes it. */
interface Setup {
  /** Scripts in the head, in front of the tracker, by path. */
  readonly head: readonly string[];
  /** Attributes of the tracker's script tag. */
  readonly attributes?: string;
}

/** The page's own global, as the tests call it. */
interface PageWindow {
  touchtrail: Record<'track' | 'identify', (...args: unknown[]) => void> & { consent(state?: string): string | undefined };
  touched: string[];
}

/** The code that the documentation prints, by the name behind its language. */
function recipe(name: string): string {
  const code = new RegExp(`^\`\`\`js ${name}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(DOCS)?.[1];
  if (!code) throw new Error(`docs/consent.md has no recipe "${name}"`);
  return code;
}

let site: ScriptSite;
let context: BrowserContext;
let page: Page;

useVisits((visit) => ({ site, context, page } = visit), { counts: isErrorOfPage, browserOptions: {} });
beforeEach(async () => {
  // Who reads or writes the browser's storage; the platforms of these tests do neither.
  await context.addInitScript(() => {
    const touched: string[] = [];
    Object.assign(window, { touched });
    const watch = (owner: object, name: string) => {
      const real = Object.getOwnPropertyDescriptor(owner, name)!;
      Object.defineProperty(owner, name, {
        ...real,
        get(this: unknown) {
          touched.push(`read ${name}`);
          return real.get!.call(this) as unknown;
        },
        ...(real.set && {
          set(this: unknown, value: unknown) {
            touched.push(`write ${name}`);
            real.set!.call(this, value);
          },
        }),
      });
    };
    watch(Document.prototype, 'cookie');
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) watch(window, name);
  });
});

/** Puts a page on the site: the platform, the tracker, the buttons of a banner, a form. */
function serve({ head, attributes = '' }: Setup, path = '/', headers = {}): void {
  for (const name of ['tcf', 'google', 'tag-manager', 'cookiebot', 'onetrust', 'usercentrics', 'usercentrics-2', 'own']) {
    site.files.set(`/${name}.js`, { body: readFileSync(join(import.meta.dirname, 'consent-platforms', `${name}.js`), 'utf8') });
    if (DOCS.includes(`\`\`\`js ${name}\n`)) site.files.set(`/recipe/${name}.js`, { body: recipe(name) });
  }
  const scripts = head.map((script) => (script.startsWith('/') ? `<script src="${script}"></script>` : `<script>${script}</script>`));
  site.files.set(path, {
    headers,
    body: `<!doctype html><html><head><title>Page ${path}</title><link rel="icon" href="data:,">${scripts.join('')}
      <script async src="${site.url}/t/t.js" data-write-key="wk" data-api-host="${site.edge}" ${attributes}></script></head><body>
      <button data-choice="all">Accept all</button><button data-choice="measure">Accept statistics</button>
      <button data-choice="none">Decline</button><form action="/crm" method="post"><input name="email"></form></body></html>`,
  });
}

const choose = (choice: Choice) => page.click(`[data-choice=${choice}]`);
const state = () => page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent());
const track = (name: string) => page.evaluate((event) => (window as unknown as PageWindow).touchtrail.track(event), name);
const started = () => page.waitForFunction(() => 'consent' in ((window as unknown as Partial<PageWindow>).touchtrail ?? []));
/** The extension has arrived and has asked the platforms. */
const followed = () =>
  page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name }) => name.includes('t.consent.js')));
const becomes = (wanted: string) => page.waitForFunction((text) => (window as unknown as PageWindow).touchtrail.consent() === text, wanted);
/** The page the visit began with, from which the edge reads campaign and click ids. */
const landing = ({ context }: SentEvent) => (context['landing'] as { url: string }).url;
const isTrack = (name: string) => (event: SentEvent) => event.event === name;
const isPage = (event: SentEvent) => event.type === 'page';
const ownCookie = async () => (await context.cookies()).find(({ name }) => name === 'anonymous_id');
const ownKeys = () => page.evaluate(() => Object.keys(localStorage).filter((key) => /touchtrail|anonymous_id/.test(key)));
const field = () => page.evaluate(() => document.querySelector<HTMLInputElement>('[name=anonymous_id]')?.value);

/** Nothing is stored, nothing was read, nothing was sent: also not by a page that is left. */
async function expectNothing(): Promise<void> {
  expect(await page.evaluate(() => (window as unknown as PageWindow).touched)).toEqual([]);
  expect(await field()).toBeUndefined();
  await expectNothingKept();
}

/** Nothing is stored and nothing was sent: also not by a page that is left. */
async function expectNothingKept(): Promise<void> {
  await page.goto(`${site.url}/left`);
  expect(await context.cookies()).toEqual([]);
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
  await page.evaluate(() => fetch('/afterwards').then((response) => response.status));
  expect(site.batches).toEqual([]);
}

const PLATFORMS: readonly (readonly [name: string, setup: Setup])[] = [
  ['IAB TCF', { head: ['/tcf.js'] }],
  ['Google consent mode', { head: ['/google.js'] }],
  [
    'a consent template of Google Tag Manager',
    { head: ['/tag-manager.js'], attributes: 'data-consent="pending" data-extensions="consent"' },
  ],
  ['Cookiebot', { head: ['/cookiebot.js'], attributes: 'data-consent="pending"' }],
  ['OneTrust', { head: ['/onetrust.js'] }],
  ['Usercentrics 3', { head: ['/usercentrics.js'] }],
  ...['cookiebot', 'onetrust', 'usercentrics', 'usercentrics-2', 'own'].map(
    (name) => [`the recipe for ${name}`, { head: [recipe(name), `/${name}.js`], attributes: 'data-consent="pending"' }] as const,
  ),
];

describe.each(PLATFORMS)('%s', (_, setup) => {
  beforeEach(() => {
    serve(setup);
    serve({ head: [] }, '/thanks');
    for (const path of ['/left', '/afterwards']) site.files.set(path, { body: '<!doctype html><link rel="icon" href="data:,">' });
  });

  it('keeps everything in memory while the visitor has not decided', async () => {
    await page.goto(`${site.url}${LANDING}`);
    await started();
    if (setup.head[0] !== recipe('own')) await followed();
    await track('Held');
    expect(await state()).toBe('pending');
    await expectNothing();
  });

  it('sends nothing and stores nothing where the visitor declines', async () => {
    await page.goto(`${site.url}${LANDING}`);
    await started();
    await track('Held');
    await choose('none');
    await becomes('denied');
    await track('Later');
    await expectNothingKept();
    await page.goto(`${site.url}/`);
    await started();
    await becomes('denied');
    await track('On the next page');
    await expectNothingKept();
  });

  it('sends what was held, as it was at the time, once the visitor accepts', async () => {
    await page.goto(`${site.url}${LANDING}`);
    await started();
    await page.evaluate(() => {
      (window as unknown as PageWindow).touchtrail.track('Held');
      history.pushState(null, '', '/second');
    });
    const before = Date.now();
    await choose('all');
    await becomes('granted');
    await track('Later');
    const [first, held] = await site.events(2);
    expect([first!.type, held!.event]).toEqual(['page', 'Held']);
    const [later] = await site.events(1, isTrack('Later'));
    for (const event of [first!, held!]) {
      expect(Date.parse(event.timestamp)).toBeLessThanOrEqual(before);
      expect(event.context.page.url).toBe(`${site.url}${LANDING}`);
      expect(landing(event)).toBe(`${site.url}${LANDING}`);
    }
    expect([first!.sequence, held!.sequence]).toEqual([1, 2]);
    expect(later!.sequence).toBeGreaterThan(2);
    const cookie = await ownCookie();
    expect(cookie).toMatchObject({ domain: '.shop.example', value: expect.stringMatching(UUID) as string });
    for (const event of [first!, held!, later!]) expect(event.anonymousId).toBe(cookie!.value);
    expect(await field()).toBe(cookie!.value);
  });

  it('forgets the visitor who withdraws, and knows nobody when the visitor accepts again', async () => {
    await page.goto(`${site.url}${LANDING}`);
    await started();
    await choose('all');
    await becomes('granted');
    await site.events(1, isPage);
    const first = (await ownCookie())!.value;
    expect(await ownKeys()).not.toEqual([]);

    await choose('none');
    await becomes('denied');
    expect(await ownCookie()).toBeUndefined();
    expect(await ownKeys()).toEqual([]);
    expect(await field()).toBe('');
    await track('Without consent');

    await choose('all');
    await becomes('granted');
    await track('Accepted again');
    const [again] = await site.events(1, isTrack('Accepted again'));
    const second = (await ownCookie())!.value;
    expect(second).not.toBe(first);
    expect(again!.anonymousId).toBe(second);
    expect(await field()).toBe(second);
    expect(await site.events(0, isTrack('Without consent'))).toEqual([]);
  });

  it('knows the choice of an earlier page', async () => {
    await page.goto(`${site.url}/`);
    await started();
    await choose('all');
    await becomes('granted');
    const { value } = (await ownCookie())!;
    await page.goto(`${site.url}/?second`);
    const [event] = await site.events(1, ({ type, context }) => type === 'page' && context.page.url.endsWith('?second'));
    expect(event!.anonymousId).toBe(value);
  });
});

describe('a page with a platform', () => {
  beforeEach(() => {
    for (const path of ['/left', '/afterwards']) site.files.set(path, { body: '<!doctype html><link rel="icon" href="data:,">' });
  });

  it.each(['tcf', 'google', 'tag-manager', 'cookiebot', 'onetrust', 'usercentrics'])(
    'waits for it with data-consent="pending", and follows it when it comes after the tracker: %s',
    async (name) => {
      serve({ head: [], attributes: 'data-consent="pending" data-extensions="consent"' });
      await page.goto(`${site.url}/`);
      await started();
      await followed();
      expect(await state()).toBe('pending');
      await page.addScriptTag({ url: `/${name}.js` });
      await choose('all');
      await becomes('granted');
      await site.events(1, isPage);
      await choose('none');
      await becomes('denied');
      expect(await ownCookie()).toBeUndefined();
    },
  );

  it('loads what follows it when it has drawn its dialog', async () => {
    serve({ head: [], attributes: 'data-consent="pending"' });
    await page.goto(`${site.url}/`);
    await started();
    await page.addScriptTag({ url: '/tcf.js' });
    await page.evaluate(() => document.body.append(document.createElement('dialog')));
    await followed();
    await choose('all');
    await becomes('granted');
  });

  it('loses nothing where the platform loads the page anew after the choice', async () => {
    for (const name of ['tcf', 'google', 'cookiebot', 'onetrust']) {
      serve({ head: [`/${name}.js`, "addEventListener('click', () => { location.search = '?anew'; })"] }, `/${name}`);
      await page.goto(`${site.url}/${name}`);
      await started();
      await followed();
      await page.evaluate(() => (window.name = ''));
      await choose('all');
      await page.waitForURL('**?anew');
      const events = await site.events(2, ({ type, context }) => type === 'page' && context.page.url.includes(`/${name}`));
      expect(new Set(events.map(({ context }) => new URL(context.page.url).search))).toEqual(new Set(['', '?anew']));
      await page.evaluate(() => (window.name = ''));
    }
  });

  it('can overrule it, once and for all', async () => {
    serve({ head: ['/tcf.js'] });
    await page.goto(`${site.url}/`);
    await started();
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent('denied'));
    await followed();
    await choose('all');
    // The platform has told everyone by now.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    expect(await state()).toBe('denied');
    expect(await ownCookie()).toBeUndefined();
  });

  it('follows the strictest of several, and Google consent mode only where there is no other', async () => {
    const granted = "dataLayer=[['consent','default',{analytics_storage:'granted'}]];";
    serve({ head: [granted] });
    await page.goto(`${site.url}/`);
    await started();
    await becomes('granted');
    expect(await ownCookie()).toBeDefined();
    await context.clearCookies();

    serve({ head: [granted, '/tcf.js', '/onetrust.js'] });
    await page.goto(`${site.url}/`);
    await started();
    await followed();
    expect(await state()).toBe('pending');
    // TCF is accepted by this button; OneTrust is made to say that its group is not.
    await page.evaluate(() => void Object.defineProperty(window, 'OnetrustActiveGroups', { value: ',C0001,', writable: false }));
    await choose('all');
    await becomes('denied');
    expect(await ownCookie()).toBeUndefined();
  });

  it('keeps its data layer whole, whoever wraps it later', async () => {
    serve({ head: ['/google.js'] });
    await page.goto(`${site.url}/`);
    await started();
    await followed();
    await page.addScriptTag({ url: '/tag-manager.js' });
    const lengths = await page.evaluate(() => {
      const { dataLayer } = window as unknown as { dataLayer: unknown[] };
      const before = dataLayer.length;
      return [dataLayer.push({ event: 'one' }, { event: 'two' }) - before, dataLayer.length - before];
    });
    expect(lengths).toEqual([2, 2]);
    await choose('all');
    await becomes('granted');
    await choose('none');
    await becomes('denied');
  });

  it('can begin with consent, which the platform may take back', async () => {
    serve({ head: ['/tcf.js'], attributes: 'data-consent="granted"' });
    await page.goto(`${site.url}/`);
    await site.events(1, isPage);
    await followed();
    expect(await state()).toBe('granted');
    await choose('none');
    await becomes('denied');
    expect(await ownCookie()).toBeUndefined();
  });

  it('can begin without consent, which the platform may report', async () => {
    serve({ head: ['/tcf.js'], attributes: 'data-consent="denied"' });
    await page.goto(`${site.url}/`);
    await started();
    await followed();
    await track('Before');
    await choose('all');
    await becomes('granted');
    await track('After');
    await site.events(1, isTrack('After'));
    expect(await site.events(0, isTrack('Before'))).toEqual([]);
  });
});

describe('the recipes', () => {
  it.each(['cookiebot', 'onetrust', 'usercentrics', 'usercentrics-2', 'own'])(
    'work as a file of the site, under a policy without inline code: %s',
    async (name) => {
      serve({ head: [`/recipe/${name}.js`, `/${name}.js`], attributes: 'data-consent="pending"' }, '/', {
        'content-security-policy': `default-src 'none'; img-src data:; script-src 'self'; connect-src ${site.edge}`,
      });
      await page.goto(`${site.url}/`);
      await started();
      await choose('all');
      await becomes('granted');
      await site.events(1, isPage);
      await choose('none');
      await becomes('denied');
      expect(await ownCookie()).toBeUndefined();
    },
  );
});

const grant = () => page.evaluate(() => (window as unknown as PageWindow).touchtrail.consent('granted'));
async function accept(choice: Choice): Promise<void> {
  await choose(choice);
  await becomes('granted');
}

describe('Global Privacy Control', () => {
  beforeEach(async () => {
    await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }));
  });

  /** The page view and an event that carries an address, of a visit after a click on an ad. */
  async function visit(setup: Setup, decide?: () => Promise<unknown>): Promise<SentEvent[]> {
    serve(setup);
    await page.goto(`${site.url}${LANDING}`);
    await started();
    await decide?.();
    await page.evaluate((email) => (window as unknown as PageWindow).touchtrail.identify('u1', { email }), ADDRESS);
    return site.events(2, ({ type }) => type === 'page' || type === 'identify');
  }

  it.each<[string, Setup, (() => Promise<unknown>)?]>([
    ['nobody asks', { head: [] }],
    ['the site grants by default', { head: ["dataLayer=[['consent','default',{analytics_storage:'granted'}]]"] }],
    ['the script tag grants', { head: [], attributes: 'data-consent="granted"' }],
    ...['tcf', 'google', 'cookiebot', 'onetrust', 'usercentrics'].map(
      (name) =>
        [`the visitor accepted statistics only: ${name}`, { head: [`/${name}.js`] }, () => accept('measure')] as [
          string,
          Setup,
          () => Promise<void>,
        ],
    ),
  ])('takes hashes and click ids from what is measured where %s', async (_, setup, decide) => {
    const events = await visit(setup, decide);
    for (const event of events) {
      expect(event.context.emailHashes ?? []).toEqual([]);
      expect(landing(event)).toBe(`${site.url}/?utm_source=news`);
    }
    for (const text of site.batches) {
      expect(text).not.toContain('Click-1');
      expect(text).not.toContain(ADDRESS_HASH);
    }
    expect(events[0]!.context.page.url).toBe(`${site.url}/?utm_source=news`);
    expect(await field()).toBe((await ownCookie())!.value);
  });

  it('sends no click ids, not even where what takes them out with care cannot be loaded', async () => {
    await page.route('**/t/t.privacy.js*', (route) => route.fulfill({ status: 200, contentType: 'text/javascript', body: 'throw 0' }));
    serve({ head: [] });
    await page.goto(`${site.url}${LANDING}`);
    const [view] = await site.events(1);
    expect(view!.context.page.url).toBe(`${site.url}/`);
    for (const text of site.batches) expect(text).not.toContain('Click-1');
  });

  it('tells the edge to drop them where the page is left before that is there', async () => {
    await page.route('**/t/t.privacy.js*', () => {});
    serve({ head: [] });
    await page.goto(`${site.url}${LANDING}`);
    await page.evaluate(() => dispatchEvent(new Event('pagehide')));
    const [view] = await site.events(1);
    expect(view!.context).toMatchObject({ gpc: true });
  });

  it.each<[string, Setup, (() => Promise<unknown>)?]>([
    ['the page reports a consent', { head: [] }, grant],
    ['it is to be ignored', { head: [], attributes: 'data-gpc="ignore"' }],
    ...['tcf', 'google', 'cookiebot', 'onetrust', 'usercentrics'].map(
      (name) =>
        [`the visitor accepted advertising, too: ${name}`, { head: [`/${name}.js`] }, () => accept('all')] as [
          string,
          Setup,
          () => Promise<void>,
        ],
    ),
  ])('counts less where %s', async (_, setup, decide) => {
    const events = await visit(setup, decide);
    const identified = events.find(({ type }) => type === 'identify')!;
    expect(landing(identified)).toBe(`${site.url}${LANDING}`);
    expect(identified.context.emailHashes).toEqual([{ hash: ADDRESS_HASH, origin: 'identify' }]);
  });
});

describe('cookieless', () => {
  it('measures and stores nothing with data-cookieless="true"', async () => {
    serve({ head: [], attributes: 'data-cookieless="true"' });
    await page.goto(`${site.url}${LANDING}`);
    await started();
    await track('Counted');
    const events = await site.events(2);
    expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1);
    expect(events[0]!.anonymousId).toMatch(UUID);
    expect(await page.evaluate(() => [...(window as unknown as PageWindow).touched])).toEqual([]);
    expect(await context.cookies()).toEqual([]);
    expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);

    await page.reload();
    await started();
    const again = (await site.events(3)).at(-1)!;
    expect(again.anonymousId).not.toBe(events[0]!.anonymousId);
  });

  it('counts without storage and without what leads to a person where consent was denied, with data-cookieless="denied"', async () => {
    serve({ head: ['/tcf.js'], attributes: 'data-cookieless="denied"' });
    await page.goto(`${site.url}${LANDING}`);
    await started();
    await choose('none');
    await becomes('denied');
    await page.evaluate((email) => (window as unknown as PageWindow).touchtrail.identify('u1', { email }), ADDRESS);
    await track('Counted');
    const [counted] = await site.events(1, isTrack('Counted'));
    expect(landing(counted!)).toBe(`${site.url}/?utm_source=news`);
    for (const text of site.batches) {
      expect(text).not.toContain('Click-1');
      expect(text).not.toContain(ADDRESS_HASH);
    }
    expect(await context.cookies()).toEqual([]);
    expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
    expect((await field()) ?? '').toBe('');
  });

  it('counts so from the first event where the page begins without consent, with data-cookieless="denied"', async () => {
    serve({ head: [], attributes: 'data-consent="denied" data-cookieless="denied"' });
    await page.goto(`${site.url}${LANDING}`);
    await started();
    await page.evaluate((email) => (window as unknown as PageWindow).touchtrail.identify('u1', { email }), ADDRESS);
    await site.events(2);
    for (const text of site.batches) {
      expect(text).not.toContain('Click-1');
      expect(text).not.toContain(ADDRESS_HASH);
    }
    expect(await context.cookies()).toEqual([]);
  });

  it('is as any other visit where consent was given, with data-cookieless="denied"', async () => {
    serve({ head: ['/tcf.js'], attributes: 'data-cookieless="denied"' });
    await page.goto(`${site.url}${LANDING}`);
    await started();
    await choose('all');
    const [event] = await site.events(1, isPage);
    expect(landing(event!)).toBe(`${site.url}${LANDING}`);
    expect((await ownCookie())!.value).toBe(event!.anonymousId);
  });
});
