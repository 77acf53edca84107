import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createConnectionReader } from '../../edge/collect/connection.ts';
import { wranglerTemplate } from '../../pipeline/cli/init/wrangler.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import { blockOf, codeBlocks } from './markdown.ts';
import { createServerProject, type ServerProject } from './server-project.ts';

const root = join(import.meta.dirname, '..', '..');
const blocks = await codeBlocks('first-party.md');
const SECRET = 'a secret that the edge and the site share';
/** What a proxy before the site says of the visitor. */
const headers = { 'x-forwarded-for': '203.0.113.7', 'cf-connecting-ip': '203.0.113.7' };

let edge: Server;
let project: ServerProject;
/** What reached the edge: method and path, and by whom. */
const asked: { line: string; headers: IncomingHttpHeaders }[] = [];

/** An edge that answers everything, and a project that passes on to it. */
beforeAll(async () => {
  edge = createServer((request, response) => {
    asked.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    request.resume();
    response.end('from the edge');
  }).listen(0, '127.0.0.1');
  await once(edge, 'listening');
  const { port } = edge.address() as AddressInfo;
  const environment = { ...process.env, TOUCHTRAIL_EDGE: `http://127.0.0.1:${port}`, TOUCHTRAIL_PROXY_SECRET: SECRET };
  project = await createServerProject(blocks, environment);
});
beforeEach(() => void (asked.length = 0));
afterAll(async () => {
  await project?.remove();
  edge.closeAllConnections();
  edge.close();
});

/** What a program prints that imports the module of a block as `it`, and answers a page view with it. */
async function answerOf(info: string, code: string): Promise<string> {
  const request = `new Request('https://www.example.com/t/v1/batch', { method: 'POST', body: '{}', headers: ${JSON.stringify(headers)} })`;
  return await project.run(info, `console.log(await (await ${code.replace('REQUEST', request)}).text());`);
}

/** Whose event it was, as the edge reads it. */
async function visitor() {
  const { line, headers: got } = asked.at(-1)!;
  expect(line).toBe('POST /v1/batch');
  const read = createConnectionReader({ knowsConnection: true, proxySecret: SECRET });
  const { facts, host } = await read({ url: 'https://edge.example/', headers: new Headers(got as Record<string, string>), cf: {} });
  return [facts.ip, host];
}

test.each([
  ['ts express', '203.0.113.7', '<script async src="/t/t.js" data-write-key="demo"></script>'],
  // Nothing tells it of the proxy that says so.
  ['ts node', null, 'the site'],
])('the site of "%s" passes events on, and answers the rest itself', async (info, address, page) => {
  const url = await project.start(info);
  const answer = await fetch(`${url}/t/v1/batch`, { method: 'POST', body: '{}', headers });
  expect(await answer.text()).toBe('from the edge');
  expect(await visitor()).toEqual([address, '127.0.0.1']);
  expect(await (await fetch(`${url}/`)).text()).toBe(page);
  expect(asked).toHaveLength(1);
});

test.each([
  ['ts hono', 'it.default.request(REQUEST)'],
  ['ts next', 'it.POST(REQUEST)'],
  ['ts fetch', 'it.default.fetch(REQUEST)'],
])('the site of "%s" passes events on with the address of the visitor', async (info, code) => {
  expect(await answerOf(info, code)).toBe('from the edge');
  expect(await visitor()).toEqual(['203.0.113.7', 'www.example.com']);
});

test('the signature is made as the page says', async () => {
  const [text] = blockOf(blocks, 'text signature').trim().split(';s=') as [string];
  const signature = createHmac('sha256', SECRET).update(text).digest('base64url');
  const read = createConnectionReader({ knowsConnection: true, proxySecret: SECRET, now: () => 1_795_176_000_000 });
  const request = { url: 'https://edge.example/', headers: new Headers({ 'X-Touchtrail-Visitor': `${text};s=${signature}` }), cf: {} };
  expect(await read(request)).toMatchObject({ facts: { ip: '203.0.113.7' }, host: 'www.example.com' });
});

test('the config trusts the proxies beside it', async () => {
  const { config } = await loadConfig(await project.fileOf('ts config'));
  expect(config.edge).toMatchObject({ path: '/t', trustedProxies: ['127.0.0.1', '::1'] });
});

const tablesIn = (text: string) => text.split(/^(?=\[)/m);
const headerOf = (table: string) => /^\[.*\]/.exec(table)?.[0];

/** A `wrangler.toml` in which the lines of a block stand under their headers, in the place of those of the same names. */
function withLines(toml: string, block: string): string {
  const tables = tablesIn(toml);
  for (const table of tablesIn(block)) {
    const at = tables.findIndex((other) => headerOf(other) === headerOf(table));
    if (at < 0) throw new Error(`the wrangler.toml has no ${headerOf(table)}`);
    for (const line of table.match(/^\w+ = .*$/gm) ?? []) {
      const same = new RegExp(`^${line.split(' = ')[0]} = .*$`, 'm');
      tables[at] = same.test(tables[at]!) ? tables[at]!.replace(same, line) : tables[at]!.replace(/^\[.*\]$/m, `$&\n${line}`);
    }
  }
  return tables.join('');
}

const SITE = { project: 'p', dataset: 'd', location: 'EU', site: new URL('https://www.example.com'), path: '/t' };
const COLLECT = [{ pattern: 'collect.example.com', custom_domain: true }];

test.each([
  ['toml path', undefined, { routes: ['www.example.com/t/*'], workers_dev: false, BASE_PATH: '/t' }],
  ['toml subdomain', undefined, { routes: COLLECT, workers_dev: false, BASE_PATH: '' }],
  ['toml proxied', undefined, { routes: [], workers_dev: true, BASE_PATH: '' }],
  ['toml checkout', 'production', { routes: ['www.example.com/t/*'], workers_dev: true, BASE_PATH: '/t' }],
])('wrangler takes the lines of "%s" in the file that they are for', async (info, environment, expected) => {
  const toml = environment === undefined ? wranglerTemplate(SITE) : await readFile(join(root, 'wrangler.toml'), 'utf8');
  const file = join(project.folder, `${info.replace(' ', '-')}.toml`);
  await writeFile(file, withLines(toml, blockOf(blocks, info)));
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { unstable_readConfig } = await import('wrangler');
  const { routes, workers_dev, vars } = unstable_readConfig({ config: file, ...(environment !== undefined && { env: environment }) });
  expect({ routes, workers_dev, BASE_PATH: vars['BASE_PATH'] }).toEqual(expected);
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});

test('the path is what init writes of itself', () => {
  for (const line of blockOf(blocks, 'toml path').match(/^\w+ = .*$/gm)!) expect(wranglerTemplate(SITE)).toContain(`\n${line}\n`);
});

const put = (info: string) => blockOf(blocks, info).match(/wrangler secret put PROXY_SECRET(?: --env \w+)?/)?.[0];

test('a secret goes to the Worker that is deployed: with an environment where there is one, and only there', () => {
  expect(wranglerTemplate(SITE)).not.toContain('[env.');
  expect(put('sh secret')).toBe('wrangler secret put PROXY_SECRET');
  expect(put('sh checkout')).toBe('wrangler secret put PROXY_SECRET --env production');
});

test('every block of code is run here', () => {
  const code = [...blocks.keys()].filter((info) => /^(?:ts|toml|text) /.test(info));
  expect(code.toSorted()).toEqual([
    'text signature',
    'toml checkout',
    'toml path',
    'toml proxied',
    'toml subdomain',
    'ts config',
    'ts express',
    'ts fetch',
    'ts hono',
    'ts next',
    'ts node',
  ]);
});

test('each option in the table is one of the proxy, and none is missing', async () => {
  const page = await readFile(join(root, 'docs', 'first-party.md'), 'utf8');
  const source = await readFile(join(root, 'tracker', 'server', 'proxy.ts'), 'utf8');
  const [, declared] = /export interface EdgeProxyOptions[^{]*\{([\s\S]*?)^\}/m.exec(source)!;
  const options = [...declared!.matchAll(/readonly (\w+)\??:/g)].map(([, name]) => name!);
  const [, table] = /^### Options\n([\s\S]*?)^A wrong option/m.exec(page)!;
  expect([...table!.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!).toSorted()).toEqual(options.toSorted());
});
