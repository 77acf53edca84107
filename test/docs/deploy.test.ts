import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../../pipeline/cli/commands.ts';
import { touchtrail } from '../cli.ts';
import { blockOf, codeBlocks } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..');
const blocks = await codeBlocks('deploy.md');
const page = await readFile(join(root, 'docs', 'deploy.md'), 'utf8');

let folder: string;
let printed: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-deploy-'));
  const [, init] = /^npx touchtrail (init .*)$/m.exec(blockOf(blocks, 'sh project'))!;
  const { code, stdout } = await touchtrail(init!.split(' '), { cwd: folder });
  expect(code).toBe(0);
  printed = stdout;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('init writes the files that the page lists, and no others', () => {
  const listed = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name!);
  const written = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  expect(written.toSorted()).toEqual(listed.toSorted());
});

test('the page says every command that init says, in its order', () => {
  const commands = printed.match(/^ {5}(?:bash|export|npm|npx) .*$/gm)!.map((line) => line.trim());
  expect(commands.length).toBeGreaterThan(8);
  const said = [...blocks.values()].join('').split('\n');
  for (const command of commands) expect(said).toContain(command);
});

test('every command of the page is one that there is', () => {
  const names = new Set(COMMANDS.map(({ name }) => name));
  const used = [...page.matchAll(/npx touchtrail (\w+)/g)].map(([, name]) => name!);
  expect(used.filter((name) => !names.has(name))).toEqual([]);
  expect(used).toContain('doctor');
});

const read = (name: string) => readFile(join(folder, name), 'utf8');

test('what stands in the files that init writes fits the page', async () => {
  expect(await read('wrangler.toml')).toContain('routes = ["www.example.com/t/*"]');
  expect(await read('deploy/SECRETS.md')).toContain(blockOf(blocks, 'sh night').trim());
  expect(await read('.github/workflows/touchtrail.yml')).toContain('secrets.TOUCHTRAIL_GOOGLE_CREDENTIALS');
});
