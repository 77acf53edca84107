import type { Frame, Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ScriptSite } from './script-site.ts';
import { isPage, isTrack, type PageWindow, servePage, tagOf, useVisits, type Visit } from './visitor.ts';

const FORM = '<form id="contact" method="post" action="/crm"><input name="company" value="Engine"><button>Send</button></form>';

let site: ScriptSite;
let visitor: Visit;
let page: Page;

useVisits((visit) => ({ site, page } = visitor = visit), {
  // What the page itself throws says so.
  excuses: (complaint) => complaint.includes('by the page'),
});
beforeEach(() => servePage(site, '/thanks', '', ''));

/** Serves a page that runs a script of its own before the tracker; its `fail` throws. */
function serveHostile(script: string): void {
  servePage(site, '/', FORM, `<script>const fail = () => { throw new Error('by the page'); };\n${script}</script>${tagOf(site)}`);
}

/** Sends the form, and returns the visitor id that the CRM got. */
async function submit(frame: Page | Frame = page): Promise<string> {
  await frame.click('#contact button');
  await frame.waitForURL('**/thanks');
  expect(site.posted).toHaveLength(1);
  expect(site.posted[0]!.get('company')).toBe('Engine');
  expect([...site.posted[0]!.keys()].toSorted()).toEqual(['anonymous_id', 'company']);
  return site.posted[0]!.get('anonymous_id')!;
}

/** The page view and the submission have arrived, and the CRM has the same visitor id. */
async function expectAll(id: string): Promise<void> {
  const [view] = await site.events(1, isPage);
  const [submitted] = await site.events(1, isTrack('Form Submitted'));
  expect(submitted!.properties).toMatchObject({ form_id: 'contact' });
  expect([view!.anonymousId, submitted!.anonymousId]).toEqual([id, id]);
}

describe('the page view, the submission and the visitor id arrive from a page that', () => {
  it.each([
    [
      'throws in every listener',
      `for (const target of [window, document])
         for (const type of ['load', 'pageshow', 'pagehide', 'DOMContentLoaded', 'visibilitychange', 'submit', 'formdata', 'input', 'change', 'click'])
           target.addEventListener(type, fail, true);
       new MutationObserver(fail).observe(document, { childList: true, subtree: true });`,
    ],
    ['replaced XMLHttpRequest and sendBeacon', 'XMLHttpRequest = fail; navigator.sendBeacon = fail;'],
    ['replaced fetch', 'fetch = fail;'],
    ['replaced Promise', 'Promise = function () { fail(); };'],
    [
      'gives arrays the methods of Prototype.js, toJSON among them',
      `Object.assign(Array.prototype, {
         toJSON() { return '[' + this.map((member) => JSON.stringify(member)).join(', ') + ']'; },
         each() {},
         first() { return this[0]; },
       });`,
    ],
    ['gives every object enumerable members', `Object.assign(Object.prototype, { extend() {}, source: 'polluted', each: 1 });`],
    [
      'froze the prototypes and the history',
      `for (const { prototype } of [Object, Array, Function, Promise, EventTarget, Node, Element, HTMLFormElement, History, Storage])
         Object.freeze(prototype);
       for (const object of [history, navigator, JSON, Math]) Object.freeze(object);
       delete window.navigation;`,
    ],
    [
      'blocks cookies and storage',
      `Object.defineProperty(document, 'cookie', { get: fail, set: fail });
       for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) Object.defineProperty(window, name, { get: fail });`,
    ],
    ['holds the name of the global for itself', `Object.defineProperty(window, 'touchtrail', { value: 1 });`],
    [
      'changes all the time',
      `setInterval(() => {
         for (let count = 0; count < 100; count++) document.body?.append(document.createElement('i'));
         for (const element of document.querySelectorAll('i')) element.remove();
       }, 1);`,
    ],
  ])('%s', async (_, hostile) => {
    serveHostile(hostile);
    await page.goto(site.url);
    await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    await expectAll(await submit());
  });

  it.each([
    ['has elements with the names of its globals', '<a id="touchtrail"></a><p id="dataLayer"></p><nav id="navigation"></nav>'],
    ['has another base address', '<base href="http://nowhere.example/elsewhere/">'],
  ])('%s', async (_, body) => {
    servePage(site, '/', body + FORM.replace('/crm', `${site.url}/crm`));
    await page.goto(site.url);
    await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    await expectAll(await submit());
  });

  // Fields with the names of members of a form stand in their place. The last three hide what the tracker asks a form for: that
  // form is not filled, or not reported, and nothing else suffers.
  it.each([
    ...['id', 'name', 'action', 'method', 'submit', 'elements', 'length', 'target', 'querySelector', 'append', 'addEventListener'].map(
      (name) => ({ name, isFilled: true, isReported: true }),
    ),
    { name: 'matches', isFilled: false, isReported: true },
    { name: 'querySelectorAll', isFilled: true, isReported: false },
    { name: 'getAttribute', isFilled: true, isReported: false },
  ])('has a form with a field named "$name" before another form', async ({ name, isFilled, isReported }) => {
    servePage(site, '/', `<form id="clobbered" method="post" action="/crm"><input name="${name}"></form>${FORM}`);
    await page.goto(site.url);
    await page.waitForSelector('#contact [name=anonymous_id]', { state: 'attached' });
    const id = await submit();
    await expectAll(id);

    await page.goto(site.url);
    await site.events(2, isPage);
    await page.evaluate(() => HTMLFormElement.prototype.requestSubmit.call(document.forms[0]));
    await page.waitForURL('**/thanks');
    expect(site.posted[1]!.get('anonymous_id')).toBe(isFilled ? id : null);
    if (!isReported) return;
    const [, own] = await site.events(2, isTrack('Form Submitted'));
    expect(own!.properties).toMatchObject({ form_id: 'clobbered', form_action: '/crm' });
  });

  it('allows nothing but this script, by a strict policy with trusted types', async () => {
    servePage(site, '/', FORM, tagOf(site, 'nonce="abc" data-linker="shop.example"'));
    const policy = `default-src 'none'; script-src 'nonce-abc'; connect-src ${site.edge}; img-src data:; form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
    site.files.set('/', { ...site.files.get('/')!, headers: { 'content-security-policy': policy } });
    await page.goto(site.url);
    await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    await page.evaluate(() => (window as unknown as PageWindow).touchtrail.ready(() => {}));
    await expectAll(await submit());
    expect(site.requested.some((path) => path.startsWith('/t/t.more.js'))).toBe(true);
  });

  it('writes itself anew after it has loaded, but for the submission', async () => {
    servePage(site, '/', '');
    await page.goto(site.url);
    const [view] = await site.events(1, isPage);
    await page.evaluate((html) => {
      document.open();
      document.write(html);
      document.close();
    }, `<!doctype html><body>${FORM}</body>`);
    await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    expect(await submit()).toBe(view!.anonymousId);
  });

  it.each([
    ['lies in a frame of another site', 'allow-scripts allow-forms allow-same-origin'],
    ['lies in a frame without an origin of its own', 'allow-scripts allow-forms'],
  ])('%s', async (_, sandbox) => {
    servePage(site, '/framed', FORM);
    servePage(site, '/thanks', '', '');
    const framed = `${site.url.replace('www.shop', 'framed')}/framed`;
    servePage(site, '/', `<iframe sandbox="${sandbox}" src="${framed}"></iframe>`, '');
    await page.goto(site.url);
    const frame = page.frame({ url: framed })!;
    await frame.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    await expectAll(await submit(frame));
  });

  it('was opened by another, which it can reach', async () => {
    servePage(site, '/', FORM);
    servePage(site, '/opener', '', '');
    await page.goto(`${site.url}/opener`);
    const opened = page.waitForEvent('popup');
    await page.evaluate(() => void window.open('/'));
    const popup = await opened;
    await popup.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    await expectAll(await submit(popup));
  });
});

it('fills the form and stays silent where nothing can be said, because JSON does not work', async () => {
  serveHostile('JSON.stringify = fail;');
  await page.goto(site.url);
  await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
  expect(await submit()).toMatch(/^[\da-f-]{36}$/);
  // The error is thrown by the page, but the tracker has to catch it.
  expect(visitor.complaints).toEqual([]);
});

it('fills the form where no edge answers, and keeps the events until one does', async () => {
  servePage(site, '/', FORM, tagOf(site, 'data-api-host="http://127.0.0.1:1/"'));
  await page.goto(site.url);
  await page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
  const id = await submit();
  servePage(site, '/again', '');
  await page.goto(`${site.url}/again`);
  await expectAll(id);
});
