import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { COMMANDS } from './commands.ts';

const COMMAND = fileURLToPath(new URL('./touchtrail.mjs', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-main-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.skipIf(!existsSync('/dev/full'))('a result that cannot be written is an error in one line', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [COMMAND, 'keys', 'list'], { cwd: folder, stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  let stderr = '';
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: cannot write the result: .*ENOSPC.*\n$/)]);
});

test('a run whose progress nobody reads any more finishes, and what it writes is for its user alone', async () => {
  await writeFile(
    path.join(folder, 'touchtrail.config.ts'),
    "export default { project: { name: 'Fernhill', timeZone: 'UTC', currency: 'EUR' } };\n",
  );
  const child = spawn(process.execPath, [COMMAND, 'run'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.destroy();
  child.stdout.destroy();
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
  const mode = async (...names: string[]) => ((await stat(path.join(folder, 'data', ...names))).mode & 0o777).toString(8);
  expect([await mode(), await mode('warehouse.duckdb'), await mode('publications', 'current.json')]).toEqual(['700', '600', '600']);
});

test.each([[['--help']], [['keys', '--help']]])('%j has an example', async (args) => {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  await once(child, 'close');
  expect(stdout).toMatch(/\nExamples:\n {2}\$ (npx )?touchtrail /);
});

test.each(COMMANDS)('the help says of $name what the command says of itself', async ({ name, description, load }) => {
  const program = new Command();
  (await load())(program);
  expect(program.commands.map((command) => [command.name(), command.description()])).toEqual([[name, description]]);
});

test.each([
  [['--help'], false],
  [['keys', 'list', '--help'], false],
  [['help', 'query'], true],
])('%j loads the database: %j', async (args, loads) => {
  const code = `
    const { main } = await import(${JSON.stringify(new URL('./main.ts', import.meta.url).href)});
    const code = await main(${JSON.stringify(args)});
    process.report.excludeNetwork = true;
    console.error(code, process.report.getReport().sharedObjects.some((file) => file.includes('duckdb')));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'close');
  expect(stderr).toBe(`0 ${loads}\n`);
});

test.each([
  [['reprot'], 'report'],
  [['--data', 'elsewhere', 'erse', '--email', 'a@b.example'], 'erase'],
])('%j is asked whether %j was meant', async (args, meant) => {
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect([code, stderr]).toEqual([2, expect.stringContaining(`(Did you mean ${meant}?)`)]);
});
