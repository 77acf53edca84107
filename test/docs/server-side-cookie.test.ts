import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { command } from '../cli.ts';
import { blockOf, codeBlocks } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..');
const blocks = await codeBlocks('server-side-cookie.md');
const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const COOKIE = `anonymous_id=${ID}; Max-Age=34560000; Path=/; Domain=example.com; SameSite=Lax`;
const visitor = { accept: 'text/html', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
const headers = { ...visitor, host: 'www.example.com', cookie: `anonymous_id=${ID}` };

let folder: string;
const running: ChildProcess[] = [];

/** A project in which `touchtrail/server` is the source of this checkout, and Next.js the one class that the page uses. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-server-'));
  const packages = join(folder, 'node_modules');
  for (const name of ['touchtrail', 'next']) await mkdir(join(packages, name), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(packages, 'touchtrail', 'package.json'), '{ "type": "module", "exports": { "./server": "./server/index.ts" } }');
  await symlink(join(root, 'tracker', 'server'), join(packages, 'touchtrail', 'server'));
  await symlink(join(root, 'test', 'node_modules', 'express'), join(packages, 'express'));
  await symlink(join(root, 'node_modules', 'hono'), join(packages, 'hono'));
  await writeFile(join(packages, 'next', 'package.json'), '{ "type": "module", "exports": { "./server": "./server.js" } }');
  await writeFile(join(packages, 'next', 'server.js'), NEXT);
});
afterAll(async () => {
  for (const child of running) {
    if (child.exitCode !== null) continue;
    child.kill();
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

/** `NextResponse.next` hands the headers to the page; here they come back with the response, for the test to see. */
const NEXT = `export class NextResponse extends Response {
  static next({ request }) { return new NextResponse(null, { headers: { 'seen-by-page': request.headers.get('cookie') } }); }
}`;

/** Writes a block to a file. */
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
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  return await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (port) => resolve(`http://127.0.0.1:${port}/`));
    child.once('exit', (code) => reject(new Error(`the program of "${info}" ended with ${code}`)));
  });
}

/** What a program prints that imports the module of a block as `it`. */
async function evaluate(info: string, code: string): Promise<unknown> {
  const file = join(folder, `run-${info.replace(' ', '-')}.ts`);
  const request = `const request = new Request('https://www.example.com/', { headers: ${JSON.stringify(headers)} });`;
  await writeFile(file, `import * as it from '${await fileOf(info)}';\n${request}\nconsole.log(JSON.stringify(${code}));\n`);
  const { code: exit, stdout, stderr } = await command(process.execPath, [file]);
  if (exit !== 0) throw new Error(`the program of "${info}" ended with ${exit}:\n${stderr}`);
  return JSON.parse(stdout);
}

test('the site on Express sets the cookie and writes the id into its form', async () => {
  const answer = await fetch(await start('ts express'), { headers: { ...visitor, cookie: `anonymous_id=${ID}` } });
  expect(await answer.text()).toContain(`<input type="hidden" name="anonymous_id" value="${ID}">`);
  // fetch asks for 127.0.0.1, which is no part of example.com.
  expect(answer.headers.getSetCookie()).toEqual([COOKIE.replace(' Domain=example.com;', '')]);
});

test('the site that asks for consent sets no cookie before', async () => {
  const url = await start('ts consent');
  const asking = async (cookie: string) => {
    const answer = await fetch(url, { headers: { ...visitor, cookie } });
    return [await answer.text(), answer.headers.getSetCookie().length];
  };
  expect(await asking(`anonymous_id=${ID}`)).toEqual(['visitor: nobody', 0]);
  expect(await asking(`consent=granted; anonymous_id=${ID}`)).toEqual([`visitor: ${ID}`, 1]);
});

test.each([
  ['ts hono', 'await (await it.default.request(request)).text()', `<input type="hidden" name="anonymous_id" value="${ID}">`],
  ['ts hono', '(await it.default.request(request)).headers.getSetCookie()', [`${COOKIE}; Secure`]],
  ['ts standard', 'await it.default.fetch(request).text()', `Hello, ${ID}`],
  ['ts standard', 'it.default.fetch(request).headers.getSetCookie()', [`${COOKIE}; Secure`]],
  ['ts next', '(await it.proxy(request)).headers.get("seen-by-page")', `anonymous_id=${ID}`],
  ['ts next', '(await it.proxy(request)).headers.getSetCookie()', [`${COOKIE}; Secure`]],
  ['ts reading', 'it.leadOf(request, new Map([["email", "jane@example.com"]]))', { email: 'jane@example.com', anonymous_id: ID }],
])('%s: %s', async (info, code, expected) => {
  expect(await evaluate(info, code)).toEqual(expected);
});

test('every block of code is run here', () => {
  const code = [...blocks.keys()].filter((info) => info.startsWith('ts '));
  expect(code.toSorted()).toEqual(['ts consent', 'ts express', 'ts hono', 'ts next', 'ts reading', 'ts standard']);
});

test('each option in the table is one of the helper, and none is missing', async () => {
  const page = await readFile(join(root, 'docs', 'server-side-cookie.md'), 'utf8');
  const source = await readFile(join(root, 'tracker', 'server', 'visitor.ts'), 'utf8');
  const [, declared] = /export interface VisitorOptions[^{]*\{([\s\S]*?)^\}/m.exec(source)!;
  const options = [...declared!.matchAll(/readonly (\w+)\?/g)].map(([, name]) => name!);
  expect([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!).toSorted()).toEqual(options.toSorted());
});
