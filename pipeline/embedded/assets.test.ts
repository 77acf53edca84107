import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const execute = promisify(execFile);
/** A checkout with a Worker and scripts of its own, small and known. */
let checkout: string;

const write = async (file: string, text: string): Promise<void> => {
  await mkdir(dirname(join(checkout, file)), { recursive: true });
  await writeFile(join(checkout, file), text);
};
const built = async (file: string): Promise<string> => await readFile(join(checkout, 'dist', file), 'utf8');

/** What a process of its own gets. */
async function edgeOfAProcess(): Promise<{ worker: string; scripts: [file: string, text: string][] }> {
  const ran = await execute(process.execPath, ['print-edge.ts'], { cwd: checkout, maxBuffer: 1 << 26 });
  return JSON.parse(ran.stdout) as { worker: string; scripts: [file: string, text: string][] };
}

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'touchtrail-assets-'));
  for (const part of ['pipeline/embedded', 'pipeline/config', 'rollup.config.mjs', 'package.json', 'package-lock.json']) {
    await cp(join(root, part), join(checkout, part), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
  await write(
    'print-edge.ts',
    `import { edgeAssets } from './pipeline/embedded/assets.ts';\nconst { worker, scripts } = await edgeAssets();\nprocess.stdout.write(JSON.stringify({ worker, scripts: [...scripts] }));\n`,
  );
  await write('edge/worker.ts', `export default { fetch: (): Response => new Response('the worker') };\n`);
  await write('tracker/src/index.ts', `console.log('the core' as string);\n`);
  await write('tracker/src/shared.ts', `export const shared = 'of both';\n`);
  await write('tracker/src/extension.ts', `export type Extension = (core: object) => void;\n`);
  await write('tracker/src/extensions/first.ts', extension('first'));
  await write('tracker/src/extensions/second-one.ts', extension('second'));
  await write('tracker/src/extensions/second-one.test.ts', 'throw new Error();\n');
  await write('tracker/src/extensions/second-one/part.ts', 'throw new Error();\n');
});
afterAll(async () => await rm(checkout, { recursive: true }));

const extension = (name: string): string => `import type { Extension } from '../extension.ts';
import { shared } from '../shared.ts';
const start: Extension = (core) => console.log(core, '${name}', shared);
export default start;
`;

test('several processes that build at once all get a whole Worker and its scripts, and leave whole files behind', async () => {
  const edges = await Promise.all([edgeOfAProcess(), edgeOfAProcess(), edgeOfAProcess()]);
  expect(new Set(edges.map((edge) => JSON.stringify(edge))).size).toBe(1);
  const files = ['t.first.js', 't.js', 't.second-one.js'];
  expect((await readdir(join(checkout, 'dist', 'tracker'))).toSorted()).toEqual(files);
  expect((await readdir(join(checkout, 'dist', 'edge'))).toSorted()).toEqual(['assets', 'worker.js']);
  expect((await readdir(join(checkout, 'dist', 'edge', 'assets'))).toSorted()).toEqual(files);
  const { worker, scripts } = edges[0];
  expect(await built('edge/worker.js')).toBe(worker);
  expect(worker).toContain('the worker');
  expect(scripts.map(([file]) => file).toSorted()).toEqual(files);
  const said = scripts.map(([, text]) => text).join();
  for (const text of ['the core', 'of both']) expect([text, said.includes(text), worker.includes(text)]).toEqual([text, true, false]);
});

test('the script runs as it is; each extension is a module that brings along what it uses', async () => {
  const said: unknown[] = [];
  runInNewContext(await built('tracker/t.js'), { console: { log: (text: unknown) => said.push(text) } });
  expect(said).toEqual(['the core']);
  const { default: start } = (await import(join(checkout, 'dist', 'tracker', 't.second-one.js'))) as { default: (core: object) => void };
  expect(start.length).toBe(1);
  for (const file of ['t.first.js', 't.second-one.js']) {
    const text = await built(`tracker/${file}`);
    expect(text).toContain('of both');
    expect(text).not.toMatch(/\bimport\b/);
  }
});

test('the scripts beside the Worker are those that are published', async () => {
  for (const [file, text] of (await edgeOfAProcess()).scripts) expect(text).toBe(await built(`tracker/${file}`));
});

test('what is up to date is not built again; what a source has changed or lost is', async () => {
  const worker = join(checkout, 'dist', 'edge', 'worker.js');
  const { ino } = await stat(worker);
  await edgeOfAProcess();
  expect((await stat(worker)).ino).toBe(ino);

  await rm(join(checkout, 'tracker', 'src', 'extensions', 'first.ts'));
  await write('tracker/src/shared.ts', `export const shared = 'of one';\n`);
  const { scripts } = await edgeOfAProcess();
  expect(scripts.map(([file]) => file).toSorted()).toEqual(['t.js', 't.second-one.js']);
  expect(scripts.some(([, text]) => text.includes('of one'))).toBe(true);
  expect((await readdir(join(checkout, 'dist', 'tracker'))).toSorted()).toEqual(['t.js', 't.second-one.js']);
});

test('a source that is changed while it is built counts as newer than what is built', async () => {
  const source = join(checkout, 'tracker', 'src', 'shared.ts');
  const began = new Date();
  await utimes(source, began, began);
  await edgeOfAProcess();
  const builtAt = (await stat(join(checkout, 'dist', 'edge', 'worker.js'))).mtimeMs;
  expect(builtAt).toBeGreaterThanOrEqual(began.getTime());
  // Bundling takes longer than a process needs to end after it: the time is that of the beginning.
  const { mtimeMs: writtenAside } = await stat(join(checkout, 'dist', 'edge'));
  expect(builtAt).toBeLessThan(writtenAside);
});

test('a source that cannot be bundled is named', async () => {
  await write('tracker/src/extensions/broken.ts', 'export default () => {\n');
  await expect(edgeOfAProcess()).rejects.toThrow(/tracker\/src\/extensions\/broken\.ts could not be bundled/);
  await rm(join(checkout, 'tracker', 'src', 'extensions', 'broken.ts'));
});
