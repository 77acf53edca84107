import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../browser.ts';
import { touchtrailJson } from '../cli.ts';
import { blockOf, codeBlocks } from '../docs/markdown.ts';
import { useEdge } from './ground.ts';
import { tablesAfterNight, type WarehouseEvent } from './night.ts';

const root = join(import.meta.dirname, '..', '..');
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36';
const blocks = await codeBlocks('server-side.md');

const ground = useEdge();
let folder: string;
let browser: Browser;
let site: ChildProcess;
let home: string;

/** The site of the documentation's example on Express, as a project that has installed what the page says. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-pages-'));
  const packages = join(folder, 'node_modules');
  await mkdir(join(packages, 'touchtrail'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(
    join(packages, 'touchtrail', 'package.json'),
    '{ "type": "module", "exports": { "./server": "./tracker/server/index.ts" } }',
  );
  await symlink(join(root, 'tracker'), join(packages, 'touchtrail', 'tracker'));
  for (const name of ['express', '@segment']) await symlink(join(root, 'test', 'node_modules', name), join(packages, name));
  const { key } = await touchtrailJson<{ key: string }>(keyCommand(), { cwd: ground.folder });
  await ground.edge.reloadKeys();
  await writeFile(join(folder, 'site.ts'), exampleSite());
  site = spawn(process.execPath, [join(folder, 'site.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TOUCHTRAIL_SERVER_KEY: key },
  });
  const [port] = (await once(createInterface({ input: site.stdout! }), 'line')) as [string];
  home = `http://www.shop.example:${port}`;
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  if (site.exitCode === null && site.signalCode === null) {
    site.kill('SIGKILL');
    await once(site, 'exit');
  }
  await rm(folder, { recursive: true });
});

/** What the page has the reader run, for the key of this test. */
function keyCommand(): string[] {
  const [program, ...args] = [...blockOf(blocks, 'sh key').matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
  expect([program, args.at(-2)]).toEqual(['touchtrail', '--source']);
  return [...args.slice(0, -1), ground.browserKey.id];
}

/** The block of the page, with the names of this machine in place of those of the example. */
function exampleSite(): string {
  let code = blockOf(blocks, 'ts express');
  for (const [from, to] of [
    ["host: 'https://www.example.com'", `host: '${ground.gate.url}'`],
    ["path: '/t/v1/batch'", "path: '/v1/batch'"],
    ["cookieDomain: 'example.com'", "cookieDomain: 'shop.example'"],
    ['src="/t/t.js"', `src="http://edge.shop.example:${ground.gate.port}/t.js"`],
    ['data-write-key="pk_example"', `data-write-key="${ground.browserKey.key}"`],
    ['app.listen(3000)', "app.listen(0, '127.0.0.1', () => console.log(server.address().port))"],
  ] as const) {
    expect(code).toContain(from);
    code = code.replace(from, to);
  }
  return code;
}

/** A new visitor, whose id the server has chosen. */
async function visit(look: (page: Page, context: BrowserContext) => Promise<void>): Promise<string> {
  const context = await browser.newContext({ userAgent: CHROME });
  await look(await context.newPage(), context);
  const id = (await context.cookies()).find(({ name }) => name === 'anonymous_id')!.value;
  await context.close();
  return id;
}
const taken = async (page: Page) => {
  const response = await page.waitForResponse((one) => one.url().endsWith('/v1/batch'));
  expect(response.status()).toBe(200);
};

test('a view counts once, whether the server, the browser or both have told of it', async () => {
  const both = await visit(async (page) => {
    const first = taken(page);
    await page.goto(`${home}/?utm_source=google&utm_medium=cpc`);
    await first;
    // The page goes on as an application: that is another view, of which the server knows nothing.
    const second = taken(page);
    await page.evaluate(() => history.pushState(null, '', '/second'));
    await second;
  });
  const again = await visit(async (page) => {
    for (let views = 0; views < 2; views++) {
      const view = taken(page);
      await page.goto(home);
      await view;
    }
  });
  const blocked = await visit(async (page, context) => {
    await context.route('**/t.js', async (route) => await route.abort('blockedbyclient'));
    await page.goto(home, { waitUntil: 'load' });
  });
  const bounced = await visit(async (page) => {
    await page.goto(home, { waitUntil: 'commit' });
    await page.goto('about:blank');
  });
  const refused = await fetch(home.replace('www.shop.example', '127.0.0.1'), {
    headers: { accept: 'text/html', 'user-agent': CHROME, 'sec-purpose': 'prefetch' },
  });
  expect(await refused.text()).toContain('data-message-id=""');

  // The site sends what waits when it is told to end.
  site.kill('SIGTERM');
  await once(site, 'exit');
  expect(site.exitCode).toBe(0);

  const { events } = await tablesAfterNight(ground);
  const views = events.filter(({ type }) => type === 'page');
  const of = (visitor: string) => views.filter(({ anonymous_id: id }) => id === visitor).map(({ page_path: path }) => path);
  expect([of(both), of(again), of(blocked), of(bounced)]).toEqual([['/', '/second'], ['/', '/'], ['/'], ['/']]);
  expect(views.length).toBe(6);
  expect([...new Set(events.map(({ write_key_id: key }: WarehouseEvent) => key))]).toEqual([ground.browserKey.id]);
  // Both copies did come, or all of this would prove nothing.
  const paths = ground.gate.passages.filter(({ status }) => status === 200).map(({ headers }) => headers.origin !== undefined);
  expect([paths.includes(true), paths.includes(false)]).toEqual([true, true]);
  expect(await readdir(folder)).toContain('site.ts');
});

test('an order that is reported twice has one id', async () => {
  const file = join(folder, 'order.ts');
  await writeFile(file, blockOf(blocks, 'ts order'));
  const { reportOrder } = (await import(file)) as {
    reportOrder(this: void, analytics: { track(call: object): void }, request: Request, order: object): void;
  };
  const calls: object[] = [];
  const request = new Request(home, { headers: { cookie: 'anonymous_id=0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55' } });
  reportOrder({ track: (call) => calls.push(call) }, request, { id: 'O-1', total: 49.5, customer: 'user-7' });
  expect(calls).toEqual([
    {
      event: 'Order Completed',
      messageId: 'order-O-1',
      userId: 'user-7',
      anonymousId: '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55',
      properties: { order_id: 'O-1', total: 49.5 },
    },
  ]);
});

test('every block of code on the page is run here', () => {
  expect([...blocks.keys()].filter((info) => info.startsWith('ts ')).toSorted()).toEqual(['ts express', 'ts order']);
});
