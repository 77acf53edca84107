import { describe, expect, it } from 'vitest';
import { isSubmit, useShop } from './shop.ts';
import { type PageWindow } from './visitor.ts';

const shop = useShop();

const FORM = '<form method="post" action="/crm"><input name="company" value="Engine"><button>Send</button></form>';

/** What the CRM gets as the visitor id when the form is sent, the cookie's value beside it. */
async function sentId(button?: string): Promise<{ sent: string[]; cookie: string }> {
  return { sent: (await shop.post(button)).getAll('anonymous_id'), cookie: (await shop.cookie())!.value };
}
async function expectSent(button?: string): Promise<void> {
  const { sent, cookie } = await sentId(button);
  expect(sent).toEqual([cookie]);
}

const fields = (selector = '[name=anonymous_id]') =>
  shop.page.evaluate(
    (wanted) => [...document.querySelectorAll<HTMLInputElement>(wanted)].map(({ type, value }) => [type, value]),
    selector,
  );

describe('the hidden field', () => {
  it('is added to a form that has none', async () => {
    shop.serve('/', FORM);
    await shop.visit();
    await shop.page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    expect(await fields()).toEqual([['hidden', (await shop.cookie())!.value]]);
    await expectSent();
  });

  it("fills the site's own field, whatever it held, and adds no second one", async () => {
    shop.serve(
      '/',
      '<form method="post" action="/crm"><input type="hidden" name="anonymous_id" value="stale"><button>Send</button></form>',
    );
    await shop.visit();
    await expectSent();
  });

  it('is called as the site wants', async () => {
    shop.serve('/', FORM, 'data-field="cf[visitor id]"');
    await shop.visit();
    const posted = await shop.post();
    expect(posted.get('cf[visitor id]')).toBe((await shop.cookie())!.value);
    expect(posted.has('anonymous_id')).toBe(false);
  });

  it('is in a form that appears later, and in one that is drawn anew', async () => {
    shop.serve('/', '<main></main>');
    await shop.visit();
    for (let times = 0; times < 2; times++) {
      await shop.page.evaluate((form) => {
        document.querySelector('main')!.innerHTML = `<div>${form}</div>`;
      }, FORM);
      await shop.page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    }
    await expectSent();
  });

  it('is in a form that appears and is sent at once', async () => {
    shop.serve('/');
    await shop.visit();
    await shop.page.evaluate((form) => {
      document.body.innerHTML = form;
      document.querySelector('form')!.requestSubmit();
    }, FORM);
    await shop.page.waitForURL('**/thanks');
    expect(shop.site.posted.map((posted) => posted.getAll('anonymous_id'))).toEqual([[(await shop.cookie())!.value]]);
    await shop.site.events(1, isSubmit);
  });

  it('comes back where the page takes it away', async () => {
    shop.serve('/', FORM);
    await shop.visit();
    await shop.page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    await shop.page.evaluate(() => document.querySelector('[name=anonymous_id]')!.remove());
    await shop.page.waitForSelector('[name=anonymous_id]', { state: 'attached' });
    await expectSent();
  });

  it('survives a reset of the form, also as a text field', async () => {
    shop.serve(
      '/',
      '<form method="post" action="/crm"><input name="anonymous_id" style="display:none"><button type="reset">Clear</button><button type="submit">Send</button></form>',
    );
    await shop.visit();
    await shop.page.waitForFunction(() => document.querySelector<HTMLInputElement>('[name=anonymous_id]')!.value);
    await shop.page.click('[type=reset]');
    expect(await fields()).toEqual([['text', (await shop.cookie())!.value]]);
    await expectSent('[type=submit]');
  });

  it('is in what is sent even where the field is emptied at the last moment, and in form.submit()', async () => {
    shop.serve(
      '/',
      '<form method="post" action="/crm"><input type="hidden" name="anonymous_id"><button type="button">Send</button></form>',
    );
    await shop.visit();
    await shop.page.evaluate(() => {
      document.querySelector('button')!.addEventListener('click', () => {
        const form = document.querySelector('form')!;
        form.querySelector('input')!.value = '';
        form.submit();
      });
    });
    await expectSent();
  });

  it('is in the FormData of a form that is sent by script', async () => {
    shop.serve('/', '<form><input name="company" value="Engine"><button>Send</button></form>');
    await shop.visit();
    await shop.page.evaluate(() => {
      document.querySelector('form')!.addEventListener('submit', (event) => {
        event.preventDefault();
        const data = new FormData(event.target as HTMLFormElement) as unknown as Record<string, string>;
        void fetch('/crm', { method: 'POST', body: new URLSearchParams(data) }).then(() => (location.href = '/thanks'));
      });
    });
    await expectSent();
    await shop.site.events(1, isSubmit);
  });

  it('is in the FormData of a form that was never submitted, and that has just appeared', async () => {
    shop.serve('/');
    await shop.visit();
    const data = await shop.page.evaluate(() => {
      document.body.innerHTML = '<form><input name="company" value="Engine"></form>';
      return [...new FormData(document.querySelector('form')!)];
    });
    expect(data).toEqual([
      ['company', 'Engine'],
      ['anonymous_id', (await shop.cookie())!.value],
    ]);
  });

  it('stays out of forms that are sent in the address, of searches, and of forms that are marked so', async () => {
    shop.serve(
      '/',
      `<form method="GET" action="/thanks"><input name="q" value="pumps"><button>Search</button></form>
       <form role="search" method="post" action="/crm"><input name="s"></form>
       <form data-touchtrail="off" method="post" action="/crm"><input name="t"></form>
       <form id="last" method="post" action="/crm"></form>`,
    );
    await shop.visit();
    await shop.page.waitForSelector('#last [name=anonymous_id]', { state: 'attached' });
    expect(await fields()).toHaveLength(1);
    expect(await shop.page.evaluate(() => [...document.forms].map((form) => [...new FormData(form).keys()]))).toEqual([
      ['q'],
      ['s'],
      ['t'],
      ['anonymous_id'],
    ]);
    await shop.page.click('button');
    await shop.page.waitForURL(`${shop.site.url}/thanks?q=pumps`);
  });

  it('is in the chosen forms only, and fills what the site has placed elsewhere', async () => {
    shop.serve(
      '/',
      `<form id="other"><input name="x"></form>
       <form id="own"><input name="anonymous_id"></form>
       <form class="lead"><input name="y"></form>
       <form class="lead" method="get"><input name="z"></form>`,
      'data-forms=".lead"',
    );
    await shop.visit();
    await shop.page.waitForSelector('.lead [name=anonymous_id]', { state: 'attached' });
    const { value } = (await shop.cookie())!;
    expect(await shop.page.evaluate(() => [...document.forms].map((form) => Object.fromEntries(new FormData(form))))).toEqual([
      { x: '' },
      { anonymous_id: value },
      { y: '', anonymous_id: value },
      { z: '' },
    ]);
  });

  it('is added to no form where the site wants none', async () => {
    shop.serve('/', `${FORM}<form id="own"><input name="anonymous_id"></form>`, 'data-forms="none"');
    await shop.visit();
    await shop.page.waitForFunction(() => document.querySelector<HTMLInputElement>('#own input')!.value);
    expect(await fields()).toHaveLength(1);
    expect((await shop.post()).has('anonymous_id')).toBe(false);
  });

  it('survives forms whose fields are called like properties of a form', async () => {
    shop.serve(
      '/',
      '<form id="signup" method="post" action="/crm"><input name="id" value="1"><input name="name" value="2"><input name="action" value="3"><input name="method" value="4"><input name="elements" value="5"><button>Send</button></form>',
    );
    await shop.visit();
    await expectSent();
    const [submitted] = await shop.site.events(1, isSubmit);
    expect(submitted!.properties).toMatchObject({ form_id: 'signup', form_action: '/crm' });
    expect(submitted!.properties!['form_name'] ?? null).toBeNull();
  });

  it('tells those who keep the values of fields to themselves, by events that bubble', async () => {
    shop.serve(
      '/',
      `<form><input type="hidden" name="anonymous_id"></form>
       <script>heard = []; for (const type of ['input', 'change']) document.addEventListener(type, ({ target }) => heard.push(type + ' ' + target.value))</script>`,
    );
    await shop.visit();
    await shop.page.waitForFunction(() => ((window as unknown as PageWindow)['heard'] as string[]).length > 1);
    const { value } = (await shop.cookie())!;
    expect(await shop.page.evaluate(() => (window as unknown as PageWindow)['heard'])).toEqual([`input ${value}`, `change ${value}`]);
  });
});
