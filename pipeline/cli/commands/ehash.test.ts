import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registerEhash } from './ehash.ts';
import { run } from './testing/run-command.ts';

const COMMAND = fileURLToPath(new URL('../touchtrail.mjs', import.meta.url));
/** Made with `printf %s jane.doe@example.com | sha256sum`. */
const JANE = '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d';
const CONTACTS = 'email,name\r\nJane.Doe@example.com,Jane\r\n,Nobody\r\nn/a,Unknown\r\n';
const HASHED = `email,name,ehash\r\nJane.Doe@example.com,Jane,${JANE}\r\n,Nobody,\r\nn/a,Unknown,\r\n`;
const SENTENCE = '3 rows, 1 hashed from the column "email"; no hash: 1 without an address (line 3), 1 with an invalid one (line 4)';

let folder: string;
const at = (name: string) => path.join(folder, name);
const ehash = (...args: readonly string[]) => run(registerEhash, at('data'), ['ehash', ...args]);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-ehash-'));
  await writeFile(at('contacts.csv'), CONTACTS, { mode: 0o640 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the contacts go to stdout, and what was left out to stderr', async () => {
  expect(await ehash(at('contacts.csv'))).toEqual({ stdout: HASHED, stderr: `${SENTENCE}\n` });
});

test('with --out they go to a file that the same people may read, and nothing else is left', async () => {
  const out = at('hashed.csv');
  expect(await ehash(at('contacts.csv'), '--out', out)).toEqual({ stdout: `${out}: ${SENTENCE}\n`, stderr: '' });
  expect(await readFile(out, 'utf8')).toBe(HASHED);
  expect(((await stat(out)).mode & 0o777).toString(8)).toBe('640');
  expect((await readdir(folder)).toSorted()).toEqual(['contacts.csv', 'hashed.csv']);
});

test('--json says the same for programs', async () => {
  const counts = { column: 'email', rows: 3, hashed: 1, empty: 1, empty_lines: [3], invalid: 1, invalid_lines: [4] };
  const file = at('contacts.csv');
  const withOut = await ehash(file, '--out', at('hashed.csv'), '--json');
  expect(JSON.parse(withOut.stdout)).toEqual({ file, out: at('hashed.csv'), ...counts });
  const without = await ehash(file, '--json');
  expect([without.stdout, JSON.parse(without.stderr)]).toEqual([HASHED, { file, out: null, ...counts }]);
});

test('--quiet says nothing where nothing is wrong', async () => {
  await writeFile(at('contacts.csv'), 'email\njane.doe@example.com\n');
  expect((await ehash(at('contacts.csv'), '--quiet')).stderr).toBe('');
  expect((await ehash(at('contacts.csv'))).stderr).toBe('1 row, 1 hashed from the column "email"\n');
});

describe('an error leaves no file behind', () => {
  test.each<readonly [string, string, RegExp]>([
    ['in the last row', `${CONTACTS}a@b.de,"open`, /contacts\.csv:5: a quote is opened here/],
    ['after the last row', 'email,phone\n12345,\n', /no row has an e-mail address in the column "email": say which has with --column/],
  ])('%s', async (_, text, message) => {
    await writeFile(at('contacts.csv'), text);
    await writeFile(at('hashed.csv'), 'of yesterday');
    await expect(ehash(at('contacts.csv'), '--out', at('hashed.csv'))).rejects.toThrow(message);
    expect(await readFile(at('hashed.csv'), 'utf8')).toBe('of yesterday');
    expect((await readdir(folder)).toSorted()).toEqual(['contacts.csv', 'hashed.csv']);
  });
});

describe('the contacts are never overwritten', () => {
  test.each(['contacts.csv', 'linked.csv', 'same.csv'])('as %s', async (name) => {
    await symlink(at('contacts.csv'), at('linked.csv'));
    await link(at('contacts.csv'), at('same.csv'));
    await expect(ehash(at('contacts.csv'), '--out', at(name))).rejects.toThrow(/the output is .*contacts\.csv itself/);
    expect(await readFile(at('contacts.csv'), 'utf8')).toBe(CONTACTS);
  });

  test('by a shell that appends to them', async () => {
    const end = openSync(at('contacts.csv'), 'a');
    const child = spawn(process.execPath, [COMMAND, 'ehash', 'contacts.csv'], { cwd: folder, stdio: ['ignore', end, 'pipe'] });
    closeSync(end);
    let stderr = '';
    child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect([code, stderr]).toEqual([2, 'error: the output is contacts.csv itself, which would be lost: choose another file\n']);
    expect(await readFile(at('contacts.csv'), 'utf8')).toBe(CONTACTS);
  });
});

test('a pipe that closes early is no failure', async () => {
  await writeFile(at('contacts.csv'), `email\n${'jane.doe@example.com\n'.repeat(20_000)}`);
  const child = spawn(process.execPath, [COMMAND, 'ehash', 'contacts.csv'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.once('data', () => child.stdout.destroy());
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect([code, stderr]).toEqual([0, '']);
});

test.each<readonly [string, readonly string[], RegExp]>([
  ['a file that is not there', ['nothing.csv'], /there is no file .*nothing\.csv/],
  ['a folder', ['.'], /is a folder: expected a CSV file/],
  [
    'an unknown column',
    ['contacts.csv', '--column', 'mail'],
    /--column mail: there is no such column in .*; its columns are "email", "name"/,
  ],
  ['an empty name', ['contacts.csv', '--name', ' '], /--name: expected the name of the new column/],
])('%s is wrong usage', async (_, [file, ...options], message) => {
  await expect(ehash(at(file!), ...options)).rejects.toMatchObject({ message: expect.stringMatching(message) as string, exitCode: 2 });
});

test('what cannot be written is a failure that says why', async () => {
  await expect(ehash(at('contacts.csv'), '--out', at('no/such/folder.csv'))).rejects.toThrow(/cannot write .*folder\.csv: ENOENT/);
  await mkdir(at('folder'));
  await expect(ehash(at('contacts.csv'), '--out', at('folder'))).rejects.toThrow(/--out .*folder: this is a folder; expected a file/);
});
