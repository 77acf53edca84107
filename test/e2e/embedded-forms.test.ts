import { createHash } from 'node:crypto';
import type { BrowserContext, Frame, Locator, Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ScriptSite } from './script-site.ts';
import type { SentEvent } from './sent-event.ts';
import { isErrorOfPage, useVisits } from './visitor.ts';

const ADDRESS = 'Ada@engine.example';
const ADDRESS_HASH = createHash('sha256').update('ada@engine.example').digest('hex');
/** A form that its page sends itself. */
const FORM =
  '<form id="contact" name="Contact" method="post" action="/crm"><input name="email" type="email"><button type="submit">Send</button></form>';

const isSubmit = (event: SentEvent) => event.event === 'Form Submitted';
const isDone = (event: SentEvent) => event.event === 'Done';

/** Looks again and again, on a busy machine for some time. */
const poll = <Value>(look: () => Value | Promise<Value>) => expect.poll(look, { timeout: 20_000 });

let site: ScriptSite;
let context: BrowserContext;
let page: Page;

useVisits((visit) => ({ site, context, page } = visit), { counts: isErrorOfPage });
beforeEach(() => {
  site.files.set('/thanks', { body: '<!doctype html>Thanks' });
});

const tag = () => `<script async src="${site.edge}/t/t.js" data-write-key="wk"></script>`;
const html = (body: string, head = '') =>
  `<!doctype html><html><head><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`;

/** Puts a page with the script on the site, and one without. */
const serve = (path: string, body: string) => site.files.set(path, { body: html(body, tag()) });
const serveBare = (path: string, body: string) => site.files.set(path, { body: html(body) });

/** Opens the page and returns the visitor id, which is the value of the cookie. */
async function open(): Promise<string> {
  await page.goto(site.url);
  await site.events(1);
  return cookie();
}

const cookie = async () => (await context.cookies()).find(({ name }) => name === 'anonymous_id')!.value;

async function call(method: string, ...args: unknown[]): Promise<void> {
  await page.evaluate(
    ([name, rest]) =>
      (window as unknown as { touchtrail: Record<string, (...args: unknown[]) => void> }).touchtrail[name as string]!(
        ...(rest as unknown[]),
      ),
    [method, args],
  );
}

/** The frame at the path, once it shows it. */
async function frameAt(path: string): Promise<Frame> {
  let found: Frame | undefined;
  await poll(() => (found = page.frames().find((frame) => new URL(frame.url(), site.url).pathname === path))).toBeDefined();
  return found!;
}

/** Fills in and sends a form that is to carry the id; the page shall receive it and report it once. */
async function expectSent(form: Page | Frame | Locator, id: string): Promise<void> {
  await poll(() =>
    form.locator('[name=anonymous_id]').evaluateAll((fields) => fields.map((field) => (field as HTMLInputElement).value)),
  ).toEqual([id]);
  await form.locator('[type=email]').fill(ADDRESS);
  await form.locator('[type=submit]').click();
  await poll(() => site.posted.map((body) => Object.fromEntries(body))).toEqual([{ email: ADDRESS, anonymous_id: id }]);
  await expectOneReport();
}

async function expectOneReport(): Promise<void> {
  await site.events(1, isSubmit);
  // A page that was left cannot report any more.
  if (new URL(page.url()).pathname === '/') {
    await call('track', 'Done');
    await site.events(1, isDone);
  }
  const submitted = await site.events(1, isSubmit);
  expect(submitted).toMatchObject([{ properties: { form_id: 'contact', form_name: 'Contact' } }]);
  expect(submitted[0]!.context.emailHashes).toEqual([{ hash: ADDRESS_HASH, origin: 'form' }]);
  expect(site.batches.join()).not.toMatch(/ada@/i);
}

describe('shadow roots', () => {
  it('have their forms filled and reported, also those within others', async () => {
    serve(
      '/',
      `<div id="outer"></div><iframe srcdoc="other"></iframe><script>
        const outer = document.querySelector('#outer').attachShadow({ mode: 'open' });
        outer.innerHTML = '<section></section>';
        outer.querySelector('section').attachShadow({ mode: 'open' }).innerHTML = ${JSON.stringify(FORM)};
      </script>`,
    );
    const id = await open();
    await expectSent(page, id);
  });

  it('are found where they are attached to an element that was there before, once the visitor is within', async () => {
    serve('/', '<my-form></my-form>');
    const id = await open();
    await page.evaluate((form) => {
      document.querySelector('my-form')!.attachShadow({ mode: 'open' }).innerHTML = form;
    }, FORM);
    await page.locator('[type=email]').focus();
    await expectSent(page, id);
  });

  it('are found where an iframe has them', async () => {
    serve('/', '<iframe src="/inside"></iframe>');
    serveBare(
      '/inside',
      `<div></div><script>document.querySelector('div').attachShadow({ mode: 'open' }).innerHTML = ${JSON.stringify(FORM)}</script>`,
    );
    const id = await open();
    await expectSent(await frameAt('/inside'), id);
  });

  it('stay alone where they are closed', async () => {
    serve(
      '/',
      `<div></div><iframe srcdoc="other"></iframe><script>
        const root = document.querySelector('div').attachShadow({ mode: 'closed' });
        root.innerHTML = ${JSON.stringify(FORM.replace('method="post"', 'onsubmit="return false"'))};
        window.send = () => root.querySelector('form').requestSubmit();
        window.fields = () => root.querySelectorAll('[name=anonymous_id]').length;
      </script>`,
    );
    await open();
    await page.evaluate('send()');
    await call('track', 'Done');
    await site.events(1, isDone);
    expect(await page.evaluate('fields()')).toBe(0);
    expect(site.batches.join()).not.toContain('Form Submitted');
  });
});

describe('iframes of the same origin', () => {
  it('have their forms filled and reported', async () => {
    serve('/', '<iframe src="/inside"></iframe>');
    serveBare('/inside', FORM);
    const id = await open();
    await expectSent(await frameAt('/inside'), id);
  });

  it('are watched within others, and on the pages they go on to', async () => {
    serve('/', '<iframe src="/outer"></iframe>');
    serveBare('/outer', '<iframe src="/first"></iframe>');
    serveBare('/first', '<a href="/second">next</a>');
    serveBare('/second', FORM);
    const id = await open();
    await (await frameAt('/first')).click('a');
    await expectSent(await frameAt('/second'), id);
  });

  it('are watched where they appear later, with a page that is in an attribute', async () => {
    serve('/', '');
    const id = await open();
    await page.evaluate((form) => {
      document.body.append(Object.assign(document.createElement('iframe'), { srcdoc: form }));
    }, FORM);
    await expectSent(page.frameLocator('iframe').locator('body'), id);
  });

  it('are watched where a script writes their page, and writes it once more', async () => {
    serve('/', '<iframe></iframe>');
    const id = await open();
    const write = (text: string) =>
      page.evaluate((written) => {
        const inside = document.querySelector('iframe')!.contentDocument!;
        inside.open();
        inside.write(written);
        inside.close();
      }, text);
    await write('<form><input name="first"></form>');
    await page.frameLocator('iframe').locator('[name=anonymous_id]').waitFor({ state: 'attached' });
    await write(FORM);
    await expectSent(page.frameLocator('iframe').locator('body'), id);
  });

  it('report no form a second time where their page has the script itself', async () => {
    serve('/', '<iframe src="/inside"></iframe>');
    serve('/inside', FORM);
    const id = await open();
    const frame = await frameAt('/inside');
    await frame.waitForFunction('window.touchtrail');
    await frame.locator('[name=anonymous_id]').waitFor({ state: 'attached' });
    await frame.locator('[type=email]').fill(ADDRESS);
    await frame.locator('[type=submit]').click();
    await frame.waitForURL('**/thanks');
    expect(site.posted.map((body) => body.getAll('anonymous_id'))).toEqual([[id]]);
    await call('track', 'Done');
    await site.events(1, isDone);
    const submitted = await site.events(1, isSubmit);
    expect(submitted.map(({ context }) => new URL(context.page.url).pathname)).toEqual(['/inside']);
  });

  it('lose the id with the consent, and have the new one after reset()', async () => {
    serve(
      '/',
      `<iframe src="/inside"></iframe><div></div><script>document.querySelector('div').attachShadow({ mode: 'open' }).innerHTML = ${JSON.stringify(FORM)}</script>`,
    );
    serveBare('/inside', FORM);
    const id = await open();
    const frame = await frameAt('/inside');
    const held = async () => [
      await frame.locator('[name=anonymous_id]').inputValue(),
      await page.locator('[name=anonymous_id]').inputValue(),
    ];
    await poll(held).toEqual([id, id]);
    await call('reset');
    const next = await cookie();
    expect(next).not.toBe(id);
    expect(await held()).toEqual([next, next]);
    await call('consent', 'denied');
    expect(await held()).toEqual(['', '']);
  });
});

describe('iframes that the browser keeps apart', () => {
  it('stay alone, without an error on the console', async () => {
    const elsewhere = site.url.replace('www.shop', 'www.other');
    serve(
      '/',
      `<iframe src="${elsewhere}/inside"></iframe><iframe sandbox="allow-forms" src="/sandboxed"></iframe><iframe src="/inside2"></iframe>`,
    );
    serveBare('/inside', FORM);
    serveBare('/sandboxed', FORM);
    serveBare('/inside2', FORM);
    await open();
    await (await frameAt('/inside2')).locator('[name=anonymous_id]').waitFor({ state: 'attached' });
    for (const path of ['/inside', '/sandboxed']) expect(await (await frameAt(path)).locator('[name=anonymous_id]').count()).toBe(0);
  });
});
