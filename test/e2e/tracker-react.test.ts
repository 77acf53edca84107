import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { isSubmit, useShop } from './shop.ts';
import { type PageWindow } from './visitor.ts';

const shop = useShop();

/** A form whose fields React controls: what is sent is what the component knows, not what the page holds. */
const APP = `
import { createElement as h, useState } from 'react';
import { createRoot } from 'react-dom/client';

function Form() {
  const [id, setId] = useState('');
  const [company, setCompany] = useState('');
  window.known = id;
  return h('form', { onSubmit: (event) => { event.preventDefault(); window.sent = { company, id, data: Object.fromEntries(new FormData(event.target)) }; } },
    h('input', { name: 'company', value: company, onChange: (event) => setCompany(event.target.value) }),
    h('input', { name: 'anonymous_id', TYPE, value: id, onChange: (event) => setId(event.target.value) }),
    h('button', null, 'Send'));
}
createRoot(document.querySelector('main')).render(h(Form));
`;

const bundles = new Map<string, string>();
beforeAll(async () => {
  const react = createRequire(import.meta.url);
  for (const [name, attributes] of [
    ['text', "type: 'text', style: { display: 'none' }"],
    ['hidden', "type: 'hidden'"],
  ] as const) {
    const { outputFiles } = await build({
      stdin: { contents: APP.replace('TYPE', attributes), resolveDir: react.resolve('react/package.json').replace(/package\.json$/, '') },
      bundle: true,
      write: false,
      format: 'iife',
      define: { 'process.env.NODE_ENV': '"production"' },
    });
    bundles.set(name, outputFiles[0]!.text);
  }
});

const serve = (name: string) => {
  shop.site.files.set('/app.js', { body: bundles.get(name)! });
  shop.serve('/', '<main></main><script src="/app.js"></script>');
};
const state = (name: string) => shop.page.evaluate((wanted) => (window as unknown as PageWindow)[wanted], name);

it('tells a field that React controls, so that the component knows the id and sends it', async () => {
  serve('text');
  await shop.visit();
  const { value } = (await shop.cookie())!;
  await shop.page.waitForFunction((id) => (window as unknown as PageWindow)['known'] === id, value);
  await shop.page.fill('[name=company]', 'Engine');
  await shop.page.click('button');
  await shop.site.events(1, isSubmit);
  expect(await state('sent')).toEqual({ company: 'Engine', id: value, data: { company: 'Engine', anonymous_id: value } });
});

it('fills a hidden field that React controls, and again when React has drawn it anew', async () => {
  serve('hidden');
  await shop.visit();
  const { value } = (await shop.cookie())!;
  await shop.page.waitForFunction((id) => document.querySelector<HTMLInputElement>('[name=anonymous_id]')?.value === id, value);
  // Each key draws the form anew.
  await shop.page.locator('[name=company]').pressSequentially('Engine');
  await shop.page.click('button');
  await shop.site.events(1, isSubmit);
  expect(await state('sent')).toMatchObject({ company: 'Engine', data: { company: 'Engine', anonymous_id: value } });
});

it('tells React of another visitor, too', async () => {
  serve('text');
  const { anonymousId } = await shop.visit();
  await shop.page.waitForFunction((id) => (window as unknown as PageWindow)['known'] === id, anonymousId);
  await shop.page.evaluate(() => (window as unknown as PageWindow).touchtrail.reset());
  const { value } = (await shop.cookie())!;
  expect(value).not.toBe(anonymousId);
  expect(await shop.page.inputValue('[name=anonymous_id]')).toBe(value);
  await shop.page.waitForFunction((id) => (window as unknown as PageWindow)['known'] === id, value);
});
