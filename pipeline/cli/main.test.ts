import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

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
