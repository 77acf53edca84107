import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const json = (file: string): unknown => JSON.parse(read(file));

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifest = json('package.json') as Manifest;
const production = Object.keys(manifest.dependencies);
const development = Object.keys(manifest.devDependencies);
const testTools = Object.keys((json('test/package.json') as Manifest).dependencies);

/** Names of the packages that files import; types alone count only where asked for. */
function importedBy(files: readonly string[], withTypes: boolean): string[] {
  const names = files.flatMap((file) =>
    [...read(file).matchAll(/^(?:import|export)\b([^;]*?)\bfrom '([^'.][^']*)'|(?:\bimport|\.resolve)\('([^'.][^']*)'/gm)]
      .filter(([, clause]) => withTypes || !clause?.startsWith(' type '))
      .map(([, , from, dynamic]) => from ?? dynamic!),
  );
  const packages = names
    .filter((name) => !/^(?:node|cloudflare):/.test(name) && !builtinModules.includes(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
  return [...new Set(packages)].toSorted();
}

const sources = globSync('{tracker,edge,pipeline,examples,test}/**/*.ts', { cwd: root, exclude: ['**/node_modules/**'] });
const isTest = (file: string) => /\.test\.ts$|\/testing\/|^test\/|^examples\//.test(file);
const shipped = sources.filter((file) => !isTest(file) && /^(?:pipeline|edge\/contract)\//.test(file));
const bundled = sources.filter((file) => !isTest(file) && /^(?:tracker|edge)\//.test(file));
/** What only a checkout runs: the package brings the Worker built. */
const OF_THE_CHECKOUT = ['rollup'];

test('what the package runs is a production dependency, and every production dependency is used', () => {
  expect(shipped.length).toBeGreaterThan(100);
  expect(importedBy(shipped, false).filter((name) => !OF_THE_CHECKOUT.includes(name))).toEqual(production.toSorted());
});

test('what is bundled is declared', () => {
  expect(importedBy(bundled, false).filter((name) => !production.includes(name) && !development.includes(name))).toEqual([]);
});

test('what the tests and examples import is declared by the checkout or by the test tools', () => {
  const known = new Set([...production, ...development, ...testTools]);
  expect(importedBy(sources, true).filter((name) => !known.has(name))).toEqual([]);
  // Types are used with the package they describe.
  expect(testTools.filter((name) => !importedBy(sources, true).includes(name.replace(/^@types\//, '')))).toEqual([]);
});

/** The rows of the table in a chapter of THIRD-PARTY.md. */
function tableOf(chapter: string): string[][] {
  const [, text] = read('THIRD-PARTY.md').split(`\n## ${chapter}\n`);
  const lines = text!
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

function installed(name: string): string[] {
  const { version, license } = json(`node_modules/${name}/package.json`) as Manifest;
  return [name, version, license];
}

test('THIRD-PARTY.md names each production dependency and each bundled package as it is installed', () => {
  expect(tableOf('What `npm install touchtrail` brings')).toEqual(production.toSorted().map(installed));
  expect(tableOf('What is built into the Worker')).toEqual(importedBy(bundled, false).map(installed));
});

test('no package is installed with Touchtrail under another licence than THIRD-PARTY.md says', () => {
  const usual = ['MIT', 'Apache-2.0', 'ISC', 'BSD-3-Clause', '0BSD', 'CC0-1.0'];
  expect(read('THIRD-PARTY.md').replaceAll('\n', ' ')).toContain(`are under ${usual.slice(0, -1).join(', ')} or ${usual.at(-1)}, with`);
  const exceptions = tableOf('What these bring in turn').map(([pattern, license]) => ({
    matches: (name: string) => (pattern!.endsWith('*') ? name.startsWith(pattern!.slice(0, -1)) : name === pattern),
    license,
  }));
  const { packages } = json('package-lock.json') as { packages: Record<string, { license?: string; dev?: boolean; link?: boolean }> };
  const unusual = Object.entries(packages)
    .filter(([path, { dev, link }]) => path.startsWith('node_modules/') && !dev && !link)
    .map(([path, { license = 'none' }]) => ({ name: path.replace(/^.*node_modules\//, ''), license }))
    .filter(({ license }) => !usual.includes(license));
  expect(unusual.filter(({ name, license }) => !exceptions.some((one) => one.matches(name) && one.license === license))).toEqual([]);
  expect(exceptions.filter(({ matches }) => !unusual.some(({ name }) => matches(name)))).toEqual([]);
});
