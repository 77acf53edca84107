import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createConnectionReader } from '../../edge/collect/connection.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import { command } from '../cli.ts';
import { blockOf, codeBlocks } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..');
const blocks = await codeBlocks('first-party.md');
const SECRET = 'a secret that the edge and the site share';
/** What a proxy before the site says of the visitor. */
const headers = { 'x-forwarded-for': '203.0.113.7', 'cf-connecting-ip': '203.0.113.7' };

let folder: string;
let edge: Server;
let environment: NodeJS.ProcessEnv;
/** What reached the edge: method and path, and by whom. */
const asked: { line: string; headers: IncomingHttpHeaders }[] = [];
const running: ChildProcess[] = [];

/** A project in which `touchtrail/server` is the source of this checkout, and an edge that answers everything. */
beforeAll(async () => {
  edge = createServer((request, response) => {
    asked.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    request.resume();
    response.end('from the edge');
  }).listen(0, '127.0.0.1');
  await once(edge, 'listening');
  const { port } = edge.address() as AddressInfo;
  environment = { ...process.env, TOUCHTRAIL_EDGE: `http://127.0.0.1:${port}`, TOUCHTRAIL_PROXY_SECRET: SECRET };
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-first-party-'));
  const packages = join(folder, 'node_modules');
  await mkdir(join(packages, 'touchtrail'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const faces = { './server': './server/index.ts', '.': './pipeline/index.ts' };
  await writeFile(join(packages, 'touchtrail', 'package.json'), JSON.stringify({ type: 'module', exports: faces }));
  await symlink(join(root, 'tracker', 'server'), join(packages, 'touchtrail', 'server'));
  await symlink(join(root, 'pipeline'), join(packages, 'touchtrail', 'pipeline'));
  await symlink(join(root, 'test', 'node_modules', 'express'), join(packages, 'express'));
  await symlink(join(root, 'node_modules', 'hono'), join(packages, 'hono'));
});
beforeEach(() => void (asked.length = 0));
afterAll(async () => {
  for (const child of running) {
    if (child.exitCode !== null) continue;
    child.kill();
    await once(child, 'exit');
  }
  edge.closeAllConnections();
  edge.close();
  await rm(folder, { recursive: true, force: true });
});

async function fileOf(info: string, change = (code: string) => code): Promise<string> {
  const file = join(folder, `${info.replace(' ', '-')}.ts`);
  await writeFile(file, change(blockOf(blocks, info)));
  return file;
}

/** Starts the program of a block on a port that is free. */
async function start(info: string): Promise<string> {
  const file = await fileOf(info, (code) => {
    expect(code).toContain('app.listen(3000);');
    return code.replace('app.listen(3000);', "const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));");
  });
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'], env: environment });
  running.push(child);
  return await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (port) => resolve(`http://127.0.0.1:${port}`));
    child.once('exit', (code) => reject(new Error(`the program of "${info}" ended with ${code}`)));
  });
}

/** What a program prints that imports the module of a block as `it`, and answers a page view with it. */
async function answerOf(info: string, code: string): Promise<string> {
  const file = join(folder, `run-${info.replace(' ', '-')}.ts`);
  const request = `new Request('https://www.example.com/t/v1/batch', { method: 'POST', body: '{}', headers: ${JSON.stringify(headers)} })`;
  await writeFile(
    file,
    `import * as it from '${await fileOf(info)}';\nconsole.log(await (await ${code.replace('REQUEST', request)}).text());\n`,
  );
  const { code: exit, stdout, stderr } = await command(process.execPath, [file], { env: environment });
  if (exit !== 0) throw new Error(`the program of "${info}" ended with ${exit}:\n${stderr}`);
  return stdout.trim();
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
  const url = await start(info);
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
  const file = join(folder, 'touchtrail.config.ts');
  await writeFile(file, blockOf(blocks, 'ts config'));
  const { config } = await loadConfig(file);
  expect(config.edge).toMatchObject({ path: '/t', trustedProxies: ['127.0.0.1', '::1'] });
});

test('wrangler takes the routes as they are', async () => {
  const wrangler = await readFile(join(root, 'wrangler.toml'), 'utf8');
  expect(wrangler).toContain('[env.production]');
  for (const info of ['toml path', 'toml subdomain']) {
    const file = join(folder, `${info.replace(' ', '-')}.toml`);
    await writeFile(join(folder, 'worker.js'), 'export default { fetch: () => new Response() };');
    await writeFile(file, `name = "t"\nmain = "worker.js"\ncompatibility_date = "2026-11-01"\n${blockOf(blocks, info)}`);
    const { code, stdout, stderr } = await command(
      process.execPath,
      [join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js'), 'deploy', '--dry-run', '--env', 'production', '--config', file],
      {
        cwd: folder,
        env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true', WRANGLER_LOG_PATH: join(folder, 'wrangler-logs') },
      },
    );
    expect([code, stderr, stdout.includes('BASE_PATH')]).toEqual([0, '', info === 'toml path']);
  }
});

test('every block of code is run here', () => {
  const code = [...blocks.keys()].filter((info) => /^(?:ts|toml|text) /.test(info));
  expect(code.toSorted()).toEqual([
    'text signature',
    'toml path',
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
