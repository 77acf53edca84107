import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeBlocks } from './markdown.ts';
import { createServerProject, type ServerProject } from './server-project.ts';

const root = join(import.meta.dirname, '..', '..');
const blocks = await codeBlocks('server-side-cookie.md');
const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const COOKIE = `anonymous_id=${ID}; Max-Age=34560000; Path=/; Domain=example.com; SameSite=Lax`;
const visitor = { accept: 'text/html', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
const headers = { ...visitor, host: 'www.example.com', cookie: `anonymous_id=${ID}` };

let project: ServerProject;

/** Of Next.js there is the one class that the page uses. */
beforeAll(async () => {
  project = await createServerProject(blocks);
  const next = join(project.folder, 'node_modules', 'next');
  await mkdir(next);
  await writeFile(join(next, 'package.json'), '{ "type": "module", "exports": { "./server": "./server.js" } }');
  await writeFile(join(next, 'server.js'), NEXT);
});
afterAll(() => project?.remove());

/** `NextResponse.next` hands the headers to the page; here they come back with the response, for the test to see. */
const NEXT = `export class NextResponse extends Response {
  static next({ request }) { return new NextResponse(null, { headers: { 'seen-by-page': request.headers.get('cookie') } }); }
}`;

/** What a block answers to the visitor, who is `request`. */
async function evaluate(info: string, code: string): Promise<unknown> {
  const request = `const request = new Request('https://www.example.com/', { headers: ${JSON.stringify(headers)} });`;
  return JSON.parse(await project.run(info, `${request}\nconsole.log(JSON.stringify(${code}));`));
}

test('the site on Express sets the cookie and writes the id into its form', async () => {
  const answer = await fetch(await project.start('ts express'), { headers: { ...visitor, cookie: `anonymous_id=${ID}` } });
  expect(await answer.text()).toContain(`<input type="hidden" name="anonymous_id" value="${ID}">`);
  // fetch asks for 127.0.0.1, which is no part of example.com.
  expect(answer.headers.getSetCookie()).toEqual([COOKIE.replace(' Domain=example.com;', '')]);
});

test('the site that asks for consent sets no cookie before', async () => {
  const url = await project.start('ts consent');
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
