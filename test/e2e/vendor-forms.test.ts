import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { BrowserContext, Frame, Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ScriptSite } from './script-site.ts';
import type { SentEvent } from './sent-event.ts';
import { isErrorOfPage, useVisits } from './visitor.ts';

const ADDRESS = 'Ada.Lovelace@engine.example';
const ADDRESS_HASH = createHash('sha256').update('ada.lovelace@engine.example').digest('hex');
const FORM_ID = '4f8c2a10-0b7d-4c55-9a39-6f1f4f0a7c11';
const folder = new URL('vendors/', import.meta.url);

const isSubmit = (event: SentEvent) => event.event === 'Form Submitted';
const isDone = (event: SentEvent) => event.event === 'Done';

/** Looks again and again, on a busy machine for some time. */
const poll = <Value>(look: () => Value | Promise<Value>) => expect.poll(look, { timeout: 20_000 });

let site: ScriptSite;
let context: BrowserContext;
let page: Page;
/** The stand-ins for the vendors' scripts and pages, by file name. */
let vendors: ReadonlyMap<string, string>;

beforeAll(async () => {
  const names = await readdir(folder);
  vendors = new Map(await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')] as const)));
});
useVisits((visit) => ({ site, context, page } = visit), { counts: isErrorOfPage });
beforeEach(() => {
  for (const [name, body] of vendors) site.files.set(`/vendors/${name}`, { body });
  serve('/thanks', 'Thanks');
});

/** The script tag of the tracker. */
const tag = (attributes = '') => `<script async src="${site.edge}/t/t.js" data-write-key="wk" ${attributes}></script>`;
/** The script tag of a vendor, who is on another origin. */
const vendor = (host: string, name: string) => `<script src="${at(host)}/vendors/${name}"></script>`;
const at = (host: string) => site.url.replace('www.shop.example', host);

function serve(path: string, body: string, attributes?: string): void {
  site.files.set(path, {
    body: `<!doctype html><html><head><title>${path}</title><link rel="icon" href="data:,">${tag(attributes)}</head><body>${body}</body></html>`,
  });
}

/** Opens the page and returns the visitor id, which is the value of the cookie. */
async function open(path = '/'): Promise<string> {
  await page.goto(site.url + path);
  await site.events(1);
  return (await context.cookies()).find(({ name }) => name === 'anonymous_id')!.value;
}

async function call(method: string, ...args: unknown[]): Promise<void> {
  await page.evaluate(
    ([name, ...rest]) =>
      (window as unknown as { touchtrail: Record<string, (...args: unknown[]) => void> }).touchtrail[name as string]!(...rest),
    [method, ...args],
  );
}

/** The frame that shows a page whose address contains the text, as soon as it does. */
async function frameOf(part: string): Promise<Frame> {
  let found: Frame | undefined;
  await poll(() => (found = page.frames().find((frame) => frame.url().includes(part)))).toBeDefined();
  return found!;
}

async function fillAndSend(form: Page | Frame, email = '[type=email]'): Promise<void> {
  await form.fill(email, ADDRESS);
  await form.click('[type=submit]');
}

/** What the vendor got, once. */
async function lead(): Promise<Record<string, string>> {
  await poll(() => site.posted.length).toBe(1);
  return Object.fromEntries(site.posted[0]!);
}

/** What an event says of the form. Where its data went is said by the form, not by its vendor. */
function named({ properties }: SentEvent): Record<string, unknown> {
  const { form_action: _, ...others } = properties!;
  // What a form does not have is null.
  return Object.fromEntries(Object.entries(others).filter(([, value]) => value !== null));
}

/** The one event that tells of the submission; nothing went wrong on the page. `happened` shows that the vendor is done. */
async function expectOneReport(
  properties: Record<string, string>,
  hashes: readonly string[],
  happened: () => Promise<unknown>,
): Promise<void> {
  await happened();
  await site.events(1, isSubmit);
  await call('track', 'Done');
  await site.events(1, isDone);
  const submitted = await site.events(1, isSubmit);
  expect(submitted).toHaveLength(1);
  expect(named(submitted[0]!)).toEqual(properties);
  expect(submitted[0]!.context.emailHashes ?? []).toEqual(hashes.map((hash) => ({ hash, origin: 'form' })));
  expect(site.batches.join()).not.toMatch(/Lovelace/i);
}

/** A page with a legacy form of HubSpot. */
const legacy = (isRaw: boolean) =>
  `<div id="target"></div>${vendor('js.hsforms.example', 'hubspot-legacy.js')}<script>hbspt.forms.create({ portalId: '1', formId: '${FORM_ID}', target: '#target', isRaw: ${isRaw} })</script>`;

/** A page with a form of HubSpot's current editor. */
const current = (attributes = '', kind = 'frame') =>
  `<div class="hs-form-${kind}" data-region="na1" data-form-id="${FORM_ID}" data-portal-id="1" ${attributes}></div>${vendor('js.hsforms.example', 'hubspot-v4.js')}`;

/** Resolves with HubSpot's event of a successful submission. */
const success = () =>
  page.evaluate(() =>
    new Promise((resolve) => addEventListener('hs-form-event:on-submission:success', resolve, { once: true })).then(() => true),
  );

/** Resolves with Typeform's message of a submission. */
const answered = () =>
  page.evaluate(() => new Promise((resolve) => addEventListener('message', ({ data }) => data.type === 'form-submit' && resolve(true))));

/** Puts a page of thanks on the site that tells the page around it. */
const thanks = (message: string) =>
  site.files.set('/thanks', { body: `<!doctype html>Thanks<script>parent.postMessage(${message}, '${site.url}')</script>` });

/** A page with a form of Marketo. */
const marketo = () =>
  `<form id="mktoForm_1057"></form>${vendor('app-ab00.marketo.example', 'marketo-forms2.js')}<script>MktoForms2.loadForm('//app-ab00.marketo.com', '785-UHP-775', 1057)</script>`;

/** What Marketo would send. */
const marketoValues = () =>
  page.evaluate(() =>
    (window as unknown as { MktoForms2: { allForms(): { getValues(): object }[] } }).MktoForms2.allForms()[0]?.getValues(),
  );

describe('plain forms', () => {
  it('carry the id and the fields of the map to Salesforce web-to-lead, whose fields have numbers for names', async () => {
    serve(
      '/',
      `<form id="lead" name="Contact" method="post" action="${at('webto.salesforce.example')}/crm?encoding=UTF-8">
        <input type="hidden" name="oid" value="00D50000000abcd"><input type="hidden" name="00N5e00000AbCdE" value="">
        <input name="email" type="email"><button type="submit">Send</button></form>`,
      'data-field="00N5e00000AbCdE" data-fields="00N5e00000FgHiJ=utm_source"',
    );
    site.files.set('/thanks', { body: '' });
    const id = await open('/?utm_source=spring%20news');
    // The fields of the map come with a file of their own.
    await page.waitForSelector('[name="00N5e00000FgHiJ"]', { state: 'attached' });
    await fillAndSend(page);
    await page.waitForURL('**/thanks');
    expect(await lead()).toEqual({
      oid: '00D50000000abcd',
      '00N5e00000AbCdE': id,
      '00N5e00000FgHiJ': 'spring news',
      email: ADDRESS,
    });
    const submitted = await site.events(1, isSubmit);
    expect(submitted.map(named)).toEqual([{ form_id: 'lead', form_name: 'Contact' }]);
    expect(submitted[0]!.context.emailHashes).toEqual([{ hash: ADDRESS_HASH, origin: 'form' }]);
  });

  it('carry the id to a Gravity form that is drawn anew between its pages and sent by form.submit()', async () => {
    serve('/', `<div id="gform_wrapper_3"></div>${vendor('www.shop.example', 'gravity.js')}`, 'data-field="input_7"');
    const id = await open();
    await page.click('text=Next');
    await fillAndSend(page, '[name=input_1]');
    await page.waitForURL('**/thanks');
    expect(await lead()).toEqual({ input_7: id, input_2: 'Engine', input_1: ADDRESS });
    await expectOneReport({ form_id: 'gform_3' }, [ADDRESS_HASH], () => page.waitForFunction('window.touchtrail'));
  });

  it('carry the id to Contact Form 7, which empties the form after it was sent', async () => {
    serve(
      '/',
      `<div class="wpcf7"><form class="wpcf7-form" aria-label="Contact" novalidate><input name="your-email" type="email">
        <input name="your-name" value="Ada"><input name="anonymous_id" type="hidden" class="wpcf7-hidden"><button type="submit">Send</button></form></div>
        ${vendor('www.shop.example', 'contact-form-7.js')}`,
    );
    const id = await open();
    const sent = page.evaluate(() =>
      new Promise((resolve) => document.addEventListener('wpcf7mailsent', resolve, { once: true })).then(() => true),
    );
    await fillAndSend(page);
    expect(await lead()).toEqual({ 'your-email': ADDRESS, 'your-name': 'Ada', anonymous_id: id });
    await expectOneReport({}, [ADDRESS_HASH], () => sent);
    await poll(() => page.inputValue('[name=anonymous_id]')).toBe(id);
  });

  it('carry the id to Webflow, whose forms say method="get" and are sent by script', async () => {
    serve(
      '/',
      `<div class="w-form"><form id="email-form" name="email-form" data-name="Email Form" method="get"><input name="email" type="email">
        <div class="w-embed"><input type="hidden" name="anonymous_id" data-name="anonymous_id"></div><button type="submit">Send</button></form></div>
        ${vendor('www.shop.example', 'webflow.js')}`,
    );
    const id = await open();
    await fillAndSend(page);
    expect(await lead()).toEqual({ email: ADDRESS, anonymous_id: id });
    await expectOneReport({ form_id: 'email-form', form_name: 'email-form' }, [ADDRESS_HASH], () =>
      page.waitForSelector('form', { state: 'hidden' }),
    );
  });
});

describe('HubSpot', () => {
  it('gets the id of this visit from a legacy form, which came with what is stored of an earlier one', async () => {
    serve('/', legacy(true));
    const id = await open();
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('[name=firstname]')?.value === 'Ada');
    await fillAndSend(page);
    expect(await lead()).toEqual({ email: ADDRESS, firstname: 'Ada', anonymous_id: id });
    await expectOneReport({ form_id: `hsForm_${FORM_ID}` }, [ADDRESS_HASH], () => page.waitForSelector('text=Thanks for'));
  });

  it('gets it from a legacy form in an iframe that a script writes', async () => {
    serve('/', legacy(false));
    const id = await open();
    const frame = page.locator('.hs-form-iframe').contentFrame();
    await frame.locator('[name=anonymous_id]').waitFor({ state: 'attached' });
    await poll(() => frame.locator('[name=firstname]').inputValue()).toBe('Ada');
    await frame.locator('[type=email]').fill(ADDRESS);
    await frame.locator('[type=submit]').click();
    expect(await lead()).toEqual({ email: ADDRESS, firstname: 'Ada', anonymous_id: id });
    await expectOneReport({ form_id: `hsForm_${FORM_ID}` }, [ADDRESS_HASH], () => frame.locator('text=Thanks for').waitFor());
  });

  it('gets it from a form of the current editor, which lies in an iframe of another origin', async () => {
    serve('/', current());
    const id = await open();
    const frame = await frameOf('hubspot-v4-frame');
    await poll(() => frame.inputValue('[name="0-1/anonymous_id"]')).toBe(id);
    const succeeded = success();
    await fillAndSend(frame);
    expect(await lead()).toEqual({ '0-1/email': ADDRESS, '0-1/firstname': 'Ada', '0-1/anonymous_id': id });
    await expectOneReport({ form_id: FORM_ID, form_vendor: 'hubspot' }, [ADDRESS_HASH], () => succeeded);
  });

  it('gets it from a form of the current editor that lies in the page, where the submit is seen, too', async () => {
    serve('/', current('', 'html'));
    const id = await open();
    await poll(() => page.inputValue('[name="0-1/anonymous_id"]')).toBe(id);
    const succeeded = success();
    await fillAndSend(page);
    expect(await lead()).toEqual({ '0-1/email': ADDRESS, '0-1/firstname': 'Ada', '0-1/anonymous_id': id });
    await expectOneReport({}, [ADDRESS_HASH], () => succeeded);
  });

  it('is reported even where it leaves for another page before it tells what was entered', async () => {
    serve('/', current('data-next="/thanks"'));
    const id = await open();
    const frame = await frameOf('hubspot-v4-frame');
    await poll(() => frame.inputValue('[name="0-1/anonymous_id"]')).toBe(id);
    await fillAndSend(frame);
    await page.waitForURL('**/thanks');
    await page.waitForFunction('window.touchtrail');
    const [submitted] = await site.events(1, isSubmit);
    await call('track', 'Done');
    await site.events(1, isDone);
    expect(await site.events(1, isSubmit)).toHaveLength(1);
    expect(named(submitted!)).toEqual({ form_id: FORM_ID, form_vendor: 'hubspot' });
  });

  it('gets the new id after reset(), and an empty field once consent is withdrawn', async () => {
    serve('/', current());
    const id = await open();
    const frame = await frameOf('hubspot-v4-frame');
    const held = () => frame.inputValue('[name="0-1/anonymous_id"]');
    await poll(held).toBe(id);
    await call('reset');
    const next = (await context.cookies()).find(({ name }) => name === 'anonymous_id')!.value;
    expect(next).not.toBe(id);
    await poll(held).toBe(next);
    await call('consent', 'denied');
    await poll(held).toBe('');
    expect(await frame.inputValue('[name="0-1/firstname"]')).toBe('Ada');
  });
});

describe('Marketo', () => {
  interface Forms {
    MktoForms2: { getForm(id: number): { render(): void; submit(): void; setValues(values: object): void } };
  }

  it('gets the id among the fields that it knows of, and is reported once although it sends by script', async () => {
    serve('/', marketo());
    const id = await open();
    await page.waitForSelector('[name=Email]');
    await fillAndSend(page);
    await page.waitForURL('**/thanks');
    expect(await lead()).toEqual({ Email: ADDRESS, FirstName: 'Ada', anonymous_id: id });
    await expectOneReport({ form_id: 'mktoForm_1057' }, [ADDRESS_HASH], () => page.waitForFunction('window.touchtrail'));
  });

  it('has one field of the name, also after it was drawn anew, and is reported where the page calls submit()', async () => {
    serve('/', marketo());
    const id = await open();
    await poll(() =>
      page.locator('[name=anonymous_id]').evaluateAll((fields) => fields.map((field) => (field as HTMLInputElement).value)),
    ).toEqual([id]);
    await poll(marketoValues).toEqual({ Email: '', FirstName: 'Ada', anonymous_id: id });
    await page.evaluate((Email) => {
      const instance = (window as unknown as Forms).MktoForms2.getForm(1057);
      instance.render();
      instance.setValues({ Email });
    }, ADDRESS);
    await page.evaluate(() => {
      (window as unknown as Forms).MktoForms2.getForm(1057).submit();
    });
    await page.waitForURL('**/thanks');
    expect(await lead()).toEqual({ Email: ADDRESS, FirstName: 'Ada', anonymous_id: id });
    await expectOneReport({ form_id: 'mktoForm_1057', form_vendor: 'marketo' }, [ADDRESS_HASH], () =>
      page.waitForFunction('window.touchtrail'),
    );
  });

  it('gets the new id after reset(), and an empty field once consent is withdrawn', async () => {
    serve('/', marketo());
    const id = await open();
    await poll(marketoValues).toEqual({ Email: '', FirstName: 'Ada', anonymous_id: id });
    await call('reset');
    const next = (await context.cookies()).find(({ name }) => name === 'anonymous_id')!.value;
    await poll(marketoValues).toEqual({ Email: '', FirstName: 'Ada', anonymous_id: next });
    await call('consent', 'denied');
    await poll(marketoValues).toEqual({ Email: '', FirstName: 'Ada', anonymous_id: '' });
  });
});

describe('Typeform', () => {
  beforeEach(() => site.files.set('/to/moe6aa', { body: vendors.get('typeform-frame.html')! }));

  it('gets the id beside the hidden fields of the page, where its iframe is made later', async () => {
    serve(
      '/',
      `<button data-tf-popup="moe6aa" data-tf-hidden="plan=small\\, yearly,company=Engine">Open</button>${vendor('embed.typeform.example', 'typeform.js')}`,
    );
    const id = await open();
    await poll(() => page.getAttribute('button', 'data-tf-hidden')).toBe(`plan=small\\, yearly,company=Engine,anonymous_id=${id}`);
    await page.click('button');
    const frame = await frameOf(id);
    const done = answered();
    await fillAndSend(frame);
    expect(await lead()).toEqual({ plan: 'small, yearly', company: 'Engine', anonymous_id: id, email: ADDRESS });
    await expectOneReport({ form_id: 'moe6aa', form_vendor: 'typeform' }, [], () => done);
  });

  it('gets it also where its iframe was there first, and a campaign with a comma', async () => {
    serve(
      '/',
      `<div data-tf-widget="moe6aa" data-tf-hidden="company=Engine"></div>${vendor('embed.typeform.example', 'typeform.js')}`,
      'data-fields="utm_campaign"',
    );
    const id = await open('/?utm_campaign=spring,%20new&utm_source=x');
    const frame = await frameOf(id);
    await frame.waitForSelector('[data-loaded]');
    const done = answered();
    await fillAndSend(frame);
    expect(await lead()).toEqual({ company: 'Engine', anonymous_id: id, utm_campaign: 'spring, new', email: ADDRESS });
    await expectOneReport({ form_id: 'moe6aa', form_vendor: 'typeform' }, [], () => done);
    expect(await page.evaluate(() => history.length)).toBe(2);
  });

  it('keeps what a visitor has begun to enter: the iframe is not loaded anew', async () => {
    serve(
      '/',
      `<div data-tf-widget="moe6aa"></div>${vendor('embed.typeform.example', 'typeform.js')}<button id="other">other</button>`,
      'data-consent="pending"',
    );
    await page.goto(site.url);
    await page.waitForFunction('window.touchtrail');
    const frame = await frameOf('/to/moe6aa');
    // By this it is known that the iframe was looked at.
    await poll(() => page.getAttribute('[data-tf-widget]', 'data-tf-hidden')).toBe('');
    await frame.click('[type=email]');
    await frame.fill('[type=email]', 'begun');
    await page.click('#other');
    await call('consent', 'granted');
    await site.events(1);
    await poll(() => page.getAttribute('[data-tf-widget]', 'data-tf-hidden')).toMatch(/^anonymous_id=/);
    expect(await frame.inputValue('[type=email]')).toBe('begun');
  });
});

describe('forms in iframes of another origin that are filled by their address', () => {
  const address = '/l/12345/2026-01-02/abc12';

  it('get the id from Account Engagement’s address, and report by the line of its thank-you code', async () => {
    site.files.set(address, { body: vendors.get('pardot-frame.html')! });
    thanks(`{ type: 'form-submit', formId: 'demo', formName: 'Request a demo' }`);
    serve('/', `<iframe src="${at('go.pardot.example')}${address}?company=Analytical%20Engine" width="500"></iframe>`);
    const id = await open();
    const frame = await frameOf(id);
    await poll(() => frame.inputValue('[name=anonymous_id]')).toBe(id);
    await fillAndSend(frame);
    expect(await lead()).toEqual({ email: ADDRESS, company: 'Analytical Engine', anonymous_id: id });
    await expectOneReport({ form_id: 'demo', form_name: 'Request a demo', form_vendor: 'pardot' }, [], () => frame.waitForURL('**/thanks'));
    expect(await page.evaluate(() => history.length)).toBe(3);
  });

  it('leave other iframes alone, and do not listen to them', async () => {
    site.files.set('/video', {
      body: `<!doctype html><script>parent.postMessage({ type: 'form-submit', formId: 'forged' }, '*')</script>`,
    });
    site.files.set(address, { body: vendors.get('pardot-frame.html')! });
    serve(
      '/',
      `<iframe id="video" src="${at('video.other.example')}/video"></iframe><iframe src="${at('go.pardot.example')}${address}"></iframe>`,
    );
    const id = await open();
    await frameOf(id);
    await page.evaluate(() =>
      document
        .querySelector<HTMLIFrameElement>('#video')!
        .contentWindow!.location.replace(document.querySelector<HTMLIFrameElement>('#video')!.src),
    );
    await frameOf('/video');
    await call('track', 'Done');
    await site.events(1, isDone);
    expect(site.requested.filter((path) => path.startsWith('/video'))).toEqual(['/video', '/video']);
    expect(site.batches.join()).not.toContain('Form Submitted');
  });

  it('lose the id again once consent is withdrawn', async () => {
    site.files.set(address, { body: vendors.get('pardot-frame.html')! });
    serve('/', `<iframe src="${at('go.pardot.example')}${address}?company=Engine"></iframe>`);
    const id = await open();
    await frameOf(id);
    await call('consent', 'denied');
    await poll(() => page.getAttribute('iframe', 'src')).toBe(`${at('go.pardot.example')}${address}?company=Engine`);
  });
});
