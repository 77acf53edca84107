import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isEmailHash } from '../../edge/contract/email.ts';
import { command } from '../cli.ts';
import { blockOf, codeBlocks } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..');
const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}` };
const blocks = await codeBlocks('email-links.md');
const contacts = blockOf(blocks, 'csv contacts.csv');
const hashed = blockOf(blocks, 'csv contacts-ehash.csv');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-links-'));
  await mkdir(join(folder, 'node_modules', '.bin'), { recursive: true });
  await symlink(join(root, 'pipeline', 'cli', 'touchtrail.mjs'), join(folder, 'node_modules', '.bin', 'touchtrail'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the command makes the file and says the line that the page shows', async () => {
  await writeFile(join(folder, 'contacts.csv'), contacts);
  const result = await command('sh', ['-c', blockOf(blocks, 'sh')], { cwd: folder, env });
  // On stderr, npm may speak of its own settings.
  expect([result.code, result.stdout]).toEqual([0, blockOf(blocks, 'text')]);
  expect(await readFile(join(folder, 'contacts-ehash.csv'), 'utf8')).toBe(hashed);
});

test('the hashes on the page are those of the addresses', () => {
  const hashes = hashed
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => row.split(',')[2]);
  const expected = ['jane.doe@example.com', 'john.roe@example.com'].map((address) => createHash('sha256').update(address).digest('hex'));
  expect(hashes).toEqual([...expected, '']);
});

test.each([
  ['text hubspot', '{{ contact.ehash }}'],
  ['text mailchimp', '*|EHASH|*'],
])('the link of %s carries the placeholder in the parameter ehash, which is no hash as long as it is not replaced', (info, placeholder) => {
  const link = blockOf(blocks, info).trim();
  expect(link).toMatch(/^https:\/\/www\.example\.com\/spring\?utm_source=\w+&utm_medium=email&ehash=/);
  expect(link.endsWith(`&ehash=${placeholder}`)).toBe(true);
  expect(isEmailHash(placeholder)).toBe(false);
});

test('each option in the table is one of the command', async () => {
  const { stdout } = await command('sh', ['-c', 'npx touchtrail ehash --help'], { cwd: folder, env });
  const page = await readFile(join(root, 'docs', 'email-links.md'), 'utf8');
  const options = [...page.matchAll(/^\| `(--[a-z]+)/gm)].map(([, option]) => option!);
  expect(options).toEqual(['--column', '--out', '--name', '--replace']);
  for (const option of options) expect(stdout).toContain(`${option} `);
});
