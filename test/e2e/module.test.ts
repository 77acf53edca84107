import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Project, projectWithTracker } from './module-package.ts';
import { type ScriptSite, startScriptSite } from './script-site.ts';
import { isErrorOrWarning, useVisits } from './visitor.ts';

const testModules = join(import.meta.dirname, '..', 'node_modules');

let project: Project;
let site: ScriptSite;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  project = await projectWithTracker();
});
afterAll(async () => {
  await project?.remove();
});
useVisits((visit) => ({ site, context, page } = visit), {
  start: async () => await startScriptSite(new Map()),
  counts: isErrorOrWarning,
  browserOptions: {},
});

/** Bundles code of the project, as an application's build does; file names by path, code split. */
async function bundle(code: string): Promise<Map<string, string>> {
  await project.write('app.tsx', code);
  const { outputFiles } = await build({
    entryPoints: [join(project.folder, 'app.tsx')],
    absWorkingDir: project.folder,
    nodePaths: [testModules],
    outdir: join(project.folder, 'out'),
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"', 'process.env.NEXT_PUBLIC_TOUCHTRAIL_KEY': '"wk"' },
    logLevel: 'silent',
  });
  return new Map(outputFiles.map(({ path, text }) => [path.slice(project.folder.length), text]));
}

async function serve(code: string, body = ''): Promise<Map<string, string>> {
  const files = await bundle(code);
  for (const [path, text] of files) site.files.set(path, { body: text });
  const html = `<!doctype html><title>Start</title><link rel="icon" href="data:,"><div id="root"></div>${body}<script type="module" src="/out/app.js"></script>`;
  for (const path of ['/', '/contact']) site.files.set(path, { body: html });
  return files;
}

const APP = (edge: string) => `
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { start } from 'touchtrail/tracker';

const tracker = () =>
  start({ writeKey: 'wk', apiHost: '${edge}/t', fields: { cf_source: 'utm_source' } });

function Contact() {
  const [isReady, setReady] = useState(false);
  const [isSent, setSent] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setReady(true), 20);
    return () => clearTimeout(timer);
  }, []);
  if (isSent) return <p>Thank you</p>;
  if (!isReady) return <p>One moment</p>;
  return (
    <form
      id="contact"
      onSubmit={(event) => {
        event.preventDefault();
        document.title = new FormData(event.currentTarget).get('anonymous_id');
        tracker().track('Contact Sent');
        setSent(true);
      }}
    >
      <input name="company" />
      <button>Send</button>
    </form>
  );
}

function App() {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    document.title = path === '/' ? 'Home' : 'Contact';
  }, [path]);
  useEffect(() => {
    window.instances = (window.instances ?? new Set()).add(tracker());
  }, []);
  return path === '/' ? (
    <a
      href="/contact"
      onClick={(event) => {
        event.preventDefault();
        history.pushState(null, '', '/contact');
        setPath('/contact');
      }}
    >
      Contact
    </a>
  ) : (
    <Contact />
  );
}

createRoot(document.getElementById('root')).render(<StrictMode><App /></StrictMode>);
`;

it('runs in a React application: one page view per route, a form that React renders later filled, its events sent', async () => {
  await serve(APP(site.edge));
  await page.goto(`${site.url}/?utm_source=news`);
  await page.click('a');
  await page.waitForSelector('#contact [name=anonymous_id]', { state: 'attached' });
  const { value: id } = (await context.cookies()).find(({ name }) => name === 'anonymous_id')!;
  expect(await page.inputValue('[name=anonymous_id]')).toBe(id);
  await page.waitForSelector('[name=cf_source]', { state: 'attached' });
  expect(await page.inputValue('[name=cf_source]')).toBe('news');
  await site.events(2, ({ type }) => type === 'page');
  await page.click('button');
  await page.waitForSelector('text=Thank you');
  // The form's data hold what a hidden field holds.
  expect(await page.title()).toBe(id);
  const events = (await site.events(4)).toSorted((a, b) => a.sequence - b.sequence);
  expect(events.filter(({ type }) => type === 'page').map(({ context: { page } }) => [new URL(page.url).pathname, page.title])).toEqual([
    ['/', 'Home'],
    ['/contact', 'Contact'],
  ]);
  expect(events.flatMap(({ event }) => event ?? []).toSorted()).toEqual(['Contact Sent', 'Form Submitted']);
  expect(new Set(events.map(({ anonymousId }) => anonymousId))).toEqual(new Set([id]));
  expect(await page.evaluate(() => (window as unknown as { instances: Set<unknown> }).instances.size)).toBe(1);
});

it.each(['React', 'Next.js'])('runs the components that docs/install.md shows for %s', async (chapter) => {
  const docs = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'install.md'), 'utf8');
  const text = docs.split(`\n## ${chapter}\n`)[1]!.split('\n## ')[0]!;
  const components = [...text.matchAll(/^```tsx\n([\s\S]*?)^```/gm)].map(([, code]) =>
    code!.replaceAll('https://www.example.com', site.edge).replaceAll('YOUR_KEY', 'wk'),
  );
  const names = components.map((code) => /export function (\w+)/.exec(code)![1]!);
  for (const [place, code] of components.entries()) await project.write(`shown${place}.tsx`, code);
  await serve(`
import { createRoot } from 'react-dom/client';
${names.map((name, place) => `import { ${name} } from './shown${place}.tsx';`).join('\n')}
createRoot(document.getElementById('root')).render(<>${names.map((name) => `<${name} />`).join('')}</>);
`);
  await page.goto(site.url);
  await site.events(1, ({ type }) => type === 'page');
  expect(names[0]).toBe('Touchtrail');
  if (names.includes('SignUp')) {
    await page.click('button');
    const [signedUp] = await site.events(1, ({ event }) => event === 'Signed Up');
    expect(signedUp!.properties).toEqual({ plan: 'team' });
  }
  expect((await site.events(1)).filter(({ type }) => type === 'page')).toHaveLength(1);
});

it('loads an extension as a file of its own, only where it is asked for', async () => {
  const app = (extensions: string) => `
import { start } from 'touchtrail/tracker';
window.dataLayer = [{ event: 'early' }];
start({ writeKey: 'wk', apiHost: '${site.edge}/t/', page: false, ${extensions} }).track('Marker');
`;
  const files = await serve(app('extensions: []'));
  const extension = [...files].find(([, text]) => text.includes('google_tag_manager'))![0];
  expect(extension).not.toBe('/out/app.js');
  await page.goto(site.url);
  await site.events(1, ({ event }) => event === 'Marker');
  await page.waitForLoadState('networkidle');
  expect(site.requested).not.toContain(extension);

  await serve(app(`extensions: ['data-layer'], dataLayerEvents: ['early']`));
  await page.goto(site.url);
  await site.events(1, ({ event }) => event === 'early');
});

it('leaves nothing in a bundle that imports it and does not use it', async () => {
  const files = await bundle(`import { start } from 'touchtrail/tracker';\nexport const answer = 42;\n`);
  expect([...files.keys()]).toEqual(['/out/app.js']);
  expect(files.get('/out/app.js')).not.toContain('touchtrail');
});

it('says what is wrong with the options', async () => {
  await serve(`
import { start } from 'touchtrail/tracker';
const given = [{}, { writeKey: 'wk' }, { writeKey: 'wk', apiHost: '/t/', linkers: [] }, { writeKey: 'wk', apiHost: '/t/', linker: 'a.example' },
  { writeKey: 'wk', apiHost: '/t/', cookieDays: '30' }];
window.errors = given.map((options) => { try { start(options); return ''; } catch (error) { return error.name + ': ' + error.message; } });
`);
  await page.goto(site.url);
  const errors = await page.waitForFunction(() => (window as unknown as { errors?: string[] }).errors);
  const [noKey, noHost, unknown, notAList, notANumber] = (await errors.jsonValue())!;
  expect(noKey).toBe('TypeError: touchtrail: start() needs writeKey, a browser key of your project (npx touchtrail keys create)');
  expect(noHost).toBe('TypeError: touchtrail: start() needs apiHost, the address of the edge, such as https://www.example.com/t/');
  expect(unknown).toMatch(/^TypeError: touchtrail: start\(\) knows no option linkers; it knows .*\blinker\b/);
  expect(notAList).toBe('TypeError: touchtrail: the option linker of start() is "a.example"; expected an array of strings');
  expect(notANumber).toBe('TypeError: touchtrail: the option cookieDays of start() is "30"; expected a number');
});

it('does nothing on a server: not when it is imported, and not when it is started', async () => {
  await project.write(
    'server.js',
    `import { start } from 'touchtrail/tracker';
const before = Object.keys(globalThis).length;
const touchtrail = start({ writeKey: 'wk', apiHost: '/t/', linker: ['shop.example'] });
touchtrail.track('Rendered');
touchtrail.ready(() => console.log('never'));
console.log(JSON.stringify([touchtrail.getAnonymousId() ?? null, touchtrail.user().traits(), Object.keys(globalThis).length - before, await touchtrail === touchtrail]));
`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, ['server.js'], { cwd: project.folder });
  expect(stdout).toBe('[null,{},0,true]\n');
});

const TYPED = `
import { start, type Touchtrail, type TrackerOptions } from 'touchtrail/tracker';

const options: TrackerOptions = {
  writeKey: 'wk', apiHost: '/t/', page: 'hash', cookieDays: 90, cookieSameSite: 'Lax', fields: { cf_source: 'utm_source' },
  linker: ['shop.example'], extensions: ['data-layer', 'query'], queryUid: /\\d+/, consent: 'pending', cookieless: 'denied',
};
const touchtrail: Touchtrail = start(options);
touchtrail.track('Signed Up', { plan: 'team' });
const id: string | undefined = touchtrail.getAnonymousId();
touchtrail.identify(id);
// @ts-expect-error no such option
start({ writeKey: 'wk', apiHost: '/t/', linkers: [] });
// @ts-expect-error the write key is missing
start({ apiHost: '/t/' });
// @ts-expect-error no such extension
start({ writeKey: 'wk', apiHost: '/t/', extensions: ['segment'] });
// @ts-expect-error not one of the words
start({ writeKey: 'wk', apiHost: '/t/', consent: 'yes' });
`;

it.each([
  ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  ['nodenext', ['--module', 'nodenext']],
])('has types that hold under module resolution %s', async (_, resolution) => {
  await project.write('typed.ts', TYPED);
  expect(await project.typeCheck(...resolution, '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', 'typed.ts')).toBe('');
});
