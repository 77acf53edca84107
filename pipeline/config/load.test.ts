import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from './load.ts';
import { UserError } from './user-error.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'touchtrail-config-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const PROJECT = `project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }`;

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

async function failure(file: string): Promise<UserError> {
  const error: unknown = await loadConfig(file).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).exitCode).toBe(2);
  return error as UserError;
}

test('a config imports touchtrail from the running installation, and defaults are filled in', async () => {
  const file = write('touchtrail.config.ts', `import { defineConfig } from 'touchtrail';\nexport default defineConfig({ ${PROJECT} });\n`);
  const loaded = await loadConfig(file);
  expect(loaded.configFolder).toBe(folder);
  expect(loaded.file).toBe(file);
  expect(loaded.config.project.timeZone).toBe('Europe/Berlin');
  expect(loaded.config.nightly).toBe('03:00');
  expect(loaded.config.warehouse).toEqual({ type: 'duckdb', file: 'warehouse.duckdb' });
});

test('a config is an ES module even beside a package.json that says commonjs', async () => {
  write('package.json', '{ "type": "commonjs" }');
  write('zone.ts', `export const zone: string = 'Asia/Tokyo';\n`);
  const file = write(
    'touchtrail.config.ts',
    `import { zone } from './zone.ts';\nexport default { project: { name: 'x', timeZone: zone, currency: 'JPY' } };\n`,
  );
  expect((await loadConfig(file)).config.project.timeZone).toBe('Asia/Tokyo');
});

test('a config in plain JavaScript works as well', async () => {
  write('package.json', '{ "type": "commonjs" }');
  const file = write('touchtrail.config.js', `export default { ${PROJECT} };\n`);
  expect((await loadConfig(file)).config.project.currency).toBe('EUR');
});

test('a changed config is read anew', async () => {
  const file = write('touchtrail.config.mjs', `export default { ${PROJECT}, nightly: '01:00' };\n`);
  expect((await loadConfig(file)).config.nightly).toBe('01:00');
  write('touchtrail.config.mjs', `export default { ${PROJECT}, nightly: '02:00' };\n`);
  // Later than the first writing, however coarse the clock of the file system is.
  const later = new Date(Date.now() + 60_000);
  utimesSync(file, later, later);
  expect((await loadConfig(file)).config.nightly).toBe('02:00');
});

test('a missing config says how to create one', async () => {
  const file = path.join(folder, 'touchtrail.config.ts');
  expect((await failure(file)).message).toBe(`no config file ${file}: run \`touchtrail init\` to create one, or name one with --config`);
});

test.each([
  ['touchtrail.config.ts', 'export default {\n  project: { name: ,\n};\n', ':2: syntax error: '],
  ['touchtrail.config.mjs', 'export default {\n  a: 1,\n  b: ,\n};\n', ":3: syntax error: Unexpected token ','"],
  ['touchtrail.config.ts', 'enum Zone { Berlin }\nexport default {};\n', ':1: syntax error: TypeScript enum is not supported'],
  ['touchtrail.config.ts', '\nexport default { project: nobody };\n', ':2: nobody is not defined'],
  ['touchtrail.config.ts', 'export const config = {};\n', ' has no default export: write `export default defineConfig({ … })`'],
])('%s with %j is an error that names file and line', async (name, text, expected) => {
  const file = write(name, text);
  expect((await failure(file)).message).toContain(file + expected);
});

test('a module that the config imports in vain is named', async () => {
  const file = write('touchtrail.config.ts', `import './nowhere.ts';\nexport default {};\n`);
  expect((await failure(file)).message).toContain(`Cannot find module '${path.join(folder, 'nowhere.ts')}'`);
});
