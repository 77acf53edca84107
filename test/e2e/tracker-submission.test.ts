import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { extended, isSubmit, useShop } from './shop.ts';
import { isPage, poll, untilNow } from './visitor.ts';

const ADDRESS = 'Ada.Lovelace+demo@engine.example';
const ADDRESS_HASH = createHash('sha256').update('ada.lovelace+demo@engine.example').digest('hex');

const shop = useShop();

const submitted = async () => (await shop.site.events(1, isSubmit))[0]!;

describe('Form Submitted', () => {
  it('arrives although the submit navigates away, with the hash of the address and nothing that was entered', async () => {
    shop.serve(
      '/demo',
      `<form id="demo" name="request" method="post" action="/crm">
         <input name="full_name" value="Ada Lovelace"><input type="email" name="work_email"><textarea name="message">call 555-0199</textarea><button>Send</button></form>`,
    );
    await shop.visit('/demo');
    await shop.page.fill('[type=email]', `  ${ADDRESS} `);
    await shop.post();
    expect(await submitted()).toMatchObject({
      type: 'track',
      properties: { form_id: 'demo', form_name: 'request', form_action: '/crm' },
      context: { emailHashes: [{ hash: ADDRESS_HASH, origin: 'form' }], page: { url: `${shop.site.url}/demo`, title: 'Page /demo' } },
    });
    await shop.site.events(2, isPage);
    for (const { body } of shop.site.deliveries) {
      for (const secret of ['Lovelace', 'engine.example', '555-0199']) expect(body.toLowerCase()).not.toContain(secret.toLowerCase());
    }
  });

  it('is not sent for what validation stopped, and stops no submit itself', async () => {
    shop.serve('/', '<form method="post" action="/crm"><input type="email" name="email" required><button>Send</button></form>');
    await shop.visit();
    await shop.page.click('button');
    expect((await untilNow(shop.site, shop.page)).filter(isSubmit)).toEqual([]);
    expect(shop.site.posted).toEqual([]);
  });

  it.each([
    ['requestSubmit()', 'document.forms[0].requestSubmit()'],
    ['a click on a button by script', 'document.forms[0].querySelector("button").click()'],
  ])('is sent once for %s, and so is the form', async (_, submit) => {
    shop.serve('/', '<form id="f" method="post" action="/crm"><input name="company" value="Engine"><button>Send</button></form>');
    await shop.visit();
    await shop.page.evaluate(submit);
    await shop.page.waitForURL('**/thanks');
    expect((await submitted()).properties).toMatchObject({ form_id: 'f' });
    expect((await untilNow(shop.site, shop.page)).filter(isSubmit)).toHaveLength(1);
    expect(shop.site.posted).toHaveLength(1);
  });

  it('is sent for a form whose submit the page takes over, and leaves that to the page', async () => {
    shop.serve(
      '/',
      `<form id="ajax"><input type="email" name="email" value="${ADDRESS}"><button>Send</button></form>
       <script>addEventListener('submit', (event) => { event.stopImmediatePropagation(); event.preventDefault(); }, true)</script>`,
    );
    await shop.visit();
    await shop.page.evaluate(() => document.addEventListener('submit', (event) => event.preventDefault()));
    await shop.page.click('button');
    // The page was first and stops everything else: nothing is known then, and nothing breaks.
    expect((await untilNow(shop.site, shop.page)).filter(isSubmit)).toEqual([]);
    expect(shop.page.url()).toBe(`${shop.site.url}/`);
  });

  it('is sent for a form that is sent by AJAX', async () => {
    shop.serve(
      '/',
      `<form id="ajax"><input type="email" name="email" value="${ADDRESS}"><button>Send</button></form>
       <script>document.querySelector('form').addEventListener('submit', (event) => { event.preventDefault(); event.stopPropagation(); })</script>`,
    );
    await shop.visit();
    await shop.page.click('button');
    expect(await submitted()).toMatchObject({
      properties: { form_id: 'ajax' },
      context: { emailHashes: [{ hash: ADDRESS_HASH, origin: 'form' }] },
    });
    expect(shop.page.url()).toBe(`${shop.site.url}/`);
  });

  it('names where the button sends the form, where that is somewhere else', async () => {
    shop.serve('/', '<form method="post" action="/elsewhere"><button formaction="/crm">Send</button></form>');
    await shop.visit();
    await shop.post();
    expect((await submitted()).properties).toMatchObject({ form_action: '/crm' });
  });

  it.each([
    ['an input by its type', '<input type="email" name="a" value="VALUE">'],
    ['an input by its name', '<input name="Work_Email" value="VALUE">'],
    ['an input by its id', '<input id="field-eMail" name="f7" value="VALUE">'],
    [
      'the first that holds one',
      '<input name="email_type" value="work"><input name="email" value="VALUE"><input name="email2" value="eve@x.example">',
    ],
  ])('takes the address from %s', async (_, inputs) => {
    shop.serve('/', `<form method="post" action="/crm">${inputs.replace('VALUE', ADDRESS)}<button>Send</button></form>`);
    await shop.visit();
    await shop.post();
    expect((await submitted()).context.emailHashes).toEqual([{ hash: ADDRESS_HASH, origin: 'form' }]);
  });

  it('takes no address from fields that ask for something else, nor from what is none', async () => {
    shop.serve(
      '/',
      `<form method="post" action="/crm"><input name="comment" value="${ADDRESS}"><input name="email" value="ada at engine"><button>Send</button></form>`,
    );
    await shop.visit();
    await shop.post();
    expect((await submitted()).context.emailHashes).toEqual([]);
  });
});

/** What is sent of a form with these fields as the source that the visitor says. */
const source = async (fields: string, fill?: () => Promise<unknown>): Promise<unknown> => {
  shop.serve('/', `<form id="f" method="post" action="/crm">${fields}<button>Send</button></form>`, 'data-extensions="fields"');
  await shop.visit();
  await extended(shop.page);
  await fill?.();
  await shop.post();
  const { properties } = await submitted();
  expect(properties).toMatchObject({ form_id: 'f', form_action: '/crm' });
  return properties!['self_reported_source'];
};

describe('what visitors say of where they heard of the site', () => {
  it('is noticed by the marked field alone, also where that appears later', async () => {
    shop.serve('/', '<main></main>');
    await shop.visit();
    await shop.page.evaluate(() => {
      document.addEventListener('submit', (event) => event.preventDefault());
      document.querySelector('main')!.innerHTML = '<form><input name="s" data-touchtrail-source value="fair"></form>';
    });
    await poll(async () => {
      await shop.page.evaluate(() => document.forms[0]!.requestSubmit());
      return (await shop.site.events(1, isSubmit)).at(-1)!.properties!['self_reported_source'];
    }).toBe('fair');
  });

  it('is sent as said in a list', async () => {
    const list =
      '<select name="s" data-touchtrail-source><option value="">Choose</option><option value="podcast">A podcast</option></select>';
    expect(await source(list, () => shop.page.selectOption('select', 'podcast'))).toBe('podcast');
  });

  it('is sent as said in words, without white space around and addresses in them', async () => {
    const text = '<textarea name="s" data-touchtrail-source></textarea>';
    expect(await source(text, () => shop.page.fill('textarea', `  a friend, ${ADDRESS}\n`))).toBe(`a friend, ${ADDRESS_HASH}`);
  });

  it('is sent as chosen among buttons', async () => {
    const radios = ['ad', 'friend', 'fair']
      .map((value) => `<input type="radio" name="s" value="${value}" data-touchtrail-source>`)
      .join('');
    expect(await source(radios, () => shop.page.check('[value=friend]'))).toBe('friend');
  });

  it.each([
    ['no button is chosen', '<input type="radio" name="s" value="ad" data-touchtrail-source>'],
    ['the field is empty', '<input name="s" data-touchtrail-source value=" ">'],
  ])('is left out where %s', async (_, fields) => {
    expect(await source(fields)).toBeUndefined();
  });

  it('is of the form it was said in', async () => {
    shop.serve(
      '/',
      `<form id="one"><input name="s" data-touchtrail-source value="radio"><button id="a">Send</button></form>
       <form id="two"><input name="t"><button id="b">Send</button></form>`,
      'data-extensions="fields"',
    );
    await shop.visit();
    await extended(shop.page);
    await shop.page.evaluate(() => document.addEventListener('submit', (event) => event.preventDefault()));
    await shop.page.click('#a');
    await shop.page.click('#b');
    const events = (await shop.site.events(2, isSubmit)).toSorted((one, other) => one.sequence - other.sequence);
    expect(events.map(({ properties }) => [properties!['form_id'], properties!['self_reported_source']])).toEqual([
      ['one', 'radio'],
      ['two', undefined],
    ]);
  });
});
