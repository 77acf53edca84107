import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REJECTIONS } from '../../edge/collect/rejections.ts';
import type { LandingLine } from '../../edge/contract/delivery.ts';
import { listKeys } from '../../pipeline/embedded/keys.ts';
import { pendingSegments } from '../../pipeline/embedded/landing/folders.ts';
import { command, type RunningUp, startUp, touchtrailJson } from '../cli.ts';
import { blockOf, codeBlocks } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..');
const blocks = await codeBlocks('keys.md');
const page = await readFile(join(root, 'docs', 'keys.md'), 'utf8');

/** What stands on the page for the random key and the ids that come from it. */
const SHOWN = { key: 'pk_LJ6PuJKYmTZp5XlGFaE1ROmmSKaLGG_f', website: 'wk_5d2b7f4e90a1c386', shop: 'wk_b07e3c1fa9d84526' };
const real = { key: SHOWN.key, website: SHOWN.website, shop: SHOWN.shop };

let folder: string;
let env: NodeJS.ProcessEnv;
let up: RunningUp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-keys-docs-'));
  await mkdir(join(folder, 'node_modules', '.bin'), { recursive: true });
  await symlink(join(root, 'pipeline', 'cli', 'touchtrail.mjs'), join(folder, 'node_modules', '.bin', 'touchtrail'));
  const path = [join(folder, 'node_modules', '.bin'), join(root, 'node_modules', '.bin'), process.env['PATH'] ?? ''];
  env = { ...process.env, PATH: path.join(delimiter) };
  // The test is the proxy: it can say from where a visitor comes.
  const edge = /`(edge: \{ internalIps: .*? )\}` in the config/.exec(page)![1]!.replace(/ $/, ", trustedProxies: ['127.0.0.1'] }");
  const project = "project: { name: 'Example', timeZone: 'Europe/Berlin', currency: 'EUR' }";
  await writeFile(
    join(folder, 'touchtrail.config.ts'),
    `import { defineConfig } from 'touchtrail';\nexport default defineConfig({ ${project}, ${edge} });\n`,
  );
  up = await startUp([], { cwd: folder });
});
afterAll(async () => {
  await up?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a block of the page as it stands there, but for the key, the ids and the port; without npx, which takes a second each time. */
async function runBlock(info: string): Promise<string> {
  let script = blockOf(blocks, info).replaceAll('http://127.0.0.1:8787', up.url).replaceAll('npx ', '');
  for (const name of ['key', 'website', 'shop'] as const) script = script.replaceAll(SHOWN[name], real[name]);
  const { code, stdout, stderr } = await command('sh', ['-ec', script], { cwd: folder, env });
  if (code !== 0) throw new Error(`"${info}" ended with ${code}:\n${stderr}`);
  return stdout;
}

/** The output with the key, ids and dates of the page. */
function asShown(output: string): string {
  let text = output.replaceAll(/\d{4}-\d\d-\d\d/g, '2026-03-01');
  for (const name of ['key', 'website', 'shop'] as const) text = text.replaceAll(real[name], SHOWN[name]);
  return text;
}

/** Columns are as wide as the real ids and names. */
function cells(text: string): string[][] {
  return text.split('\n').map((line) => line.split(/ {2,}/).filter((cell) => !/^─*$/.test(cell)));
}

test('the commands print what the page shows, in its order', async () => {
  real.key = (await runBlock('sh create')).trim();
  expect(real.key).toMatch(/^pk_\S{32}$/);
  expect(asShown(`${real.key}\n`)).toBe(blockOf(blocks, 'text create'));
  expect(await runBlock('sh server')).toMatch(/^sk_\S{32}\n$/);
  [real.website, real.shop] = (await listKeys(join(folder, 'data'))).map(({ id }) => id) as [string, string];
  expect(cells(asShown(await runBlock('sh list')))).toEqual(cells(blockOf(blocks, 'text list')));
  expect(asShown(await runBlock('sh rules'))).toBe(blockOf(blocks, 'text rules'));
  await runBlock('sh source');
  expect((await listKeys(join(folder, 'data'))).at(-1)).toMatchObject({ kind: 'server', stores_as: real.website });
  expect(asShown(await runBlock('sh revoke'))).toBe(blockOf(blocks, 'text revoke'));
  expect(asShown(await runBlock('sh pause'))).toContain('paused');
  expect(JSON.parse(await runBlock('sh refused'))).toEqual(JSON.parse(blockOf(blocks, 'json refused')));
});

test('the page runs every block that can be run', () => {
  const scripts = [...blocks.keys()].filter((info) => info.startsWith('sh '));
  expect(scripts.toSorted()).toEqual(['sh create', 'sh list', 'sh pause', 'sh refused', 'sh revoke', 'sh rules', 'sh server', 'sh source']);
});

test('each rule in the table is an option of both commands', async () => {
  const rules = [...page.matchAll(/^\| `(--[a-z-]+)` \|/gm)].map(([, rule]) => rule!);
  expect(rules).toEqual(['--origin', '--events-per-second', '--sample', '--paused', '--keep-emails', '--source']);
  for (const name of ['create', 'update']) {
    const { stdout } = await command('sh', ['-c', `touchtrail keys ${name} --help`], { cwd: folder, env });
    for (const rule of rules) expect(stdout).toContain(`${rule} `);
  }
});

test('the answers in the table are those of the edge', () => {
  const answers = [...page.matchAll(/^\| (\d+) \| `(\w+)` \|/gm)].map(([, status, reason]) => [reason, Number(status)]);
  expect(answers).toHaveLength(7);
  for (const [reason, status] of answers) expect([reason, REJECTIONS[reason as keyof typeof REJECTIONS].status]).toEqual([reason, status]);
});

test('the page for own visits is where it is said to be', async () => {
  const on = await fetch(`${up.url}/internal-visitor`);
  expect([on.status, on.headers.getSetCookie().length, (await on.text()).includes('Your visits do not count')]).toEqual([200, 1, true]);
  const off = await fetch(`${up.url}/internal-visitor?off`);
  expect(off.headers.getSetCookie()[0]).toContain('Max-Age=0');
});

/** @param forwarded the visitor's address, as a proxy says it. */
async function sendPage(messageId: string, key: string, forwarded: string, ip?: string): Promise<void> {
  const body = JSON.stringify({ messageId, anonymousId: 'a', ...(ip !== undefined && { context: { ip } }) });
  const headers = { 'x-write-key': key, 'x-forwarded-for': forwarded };
  expect((await fetch(`${up.url}/v1/page`, { method: 'POST', body, headers })).status).toBe(200);
}

test('visits from the addresses in the config are marked, those of servers by the address they tell', async () => {
  const create = async (kind: string) => (await touchtrailJson<{ key: string }>(['keys', 'create', '--kind', kind], { cwd: folder })).key;
  const [browser, server] = [await create('browser'), await create('server')];
  await sendPage('inside', browser, '203.0.113.9');
  await sendPage('inside-v6', browser, '2001:db8::9');
  await sendPage('outside', browser, '198.51.100.9', '203.0.113.9');
  await sendPage('server', server, '203.0.113.9', '198.51.100.9');
  await sendPage('visitor-of-server', server, '198.51.100.9', '203.0.113.9');
  const texts = await Promise.all((await pendingSegments(join(folder, 'data'))).map((file) => readFile(file, 'utf8')));
  const lines = texts
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LandingLine);
  const marks = lines.flatMap((line) => ('event' in line ? [[line.event.message_id, line.event.is_internal]] : []));
  expect(Object.fromEntries(marks)).toEqual({
    inside: true,
    'inside-v6': true,
    outside: false,
    server: false,
    'visitor-of-server': true,
  });
});

test('what is refused before its body is read is answered all the same, however large it is', async () => {
  const batch = JSON.stringify({ batch: Array.from({ length: 600 }, () => ({ type: 'page', properties: { pad: 'x'.repeat(700) } })) });
  const send = async () => {
    const response = await fetch(`${up.url}/v1/batch?writeKey=nobody`, { method: 'POST', body: batch });
    return [response.status, ((await response.json()) as { reason: string }).reason];
  };
  const answers = await Promise.all(Array.from({ length: 20 }, send));
  expect(answers).toEqual(answers.map(() => [401, 'unknown_write_key']));
});
