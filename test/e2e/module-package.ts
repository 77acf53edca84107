import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type OutputOptions, type RollupOptions, rollup } from 'rollup';

const root = join(import.meta.dirname, '..', '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

/** A project that has the package installed, as far as `touchtrail/tracker` goes. */
export interface Project {
  readonly folder: string;
  write(file: string, text: string): Promise<void>;
  /** What TypeScript complains about; empty where it is content. */
  typeCheck(...args: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Builds the module and its types as `npm run build` does, into a project of its own, under the package's own `exports`. */
export async function projectWithTracker(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'touchtrail-module-'));
  const installed = join(folder, 'node_modules', 'touchtrail');
  const built = join(installed, 'dist', 'tracker', 'module');
  await mkdir(installed, { recursive: true });
  await cp(join(root, 'package.json'), join(installed, 'package.json'));
  const { trackerModule } = (await import(new URL('../../rollup.config.mjs', import.meta.url).href)) as {
    trackerModule: Omit<RollupOptions, 'output'> & { readonly output: OutputOptions };
  };
  const bundle = await rollup(trackerModule);
  await bundle.write({ ...trackerModule.output, dir: built });
  await bundle.close();
  // Of the declarations that are made, the package has those it names.
  const aside = join(folder, 'types');
  await promisify(execFile)(bin('tsc'), ['-p', 'tracker/tsconfig.module.json', '--outDir', aside], { cwd: root });
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: readonly string[] };
  for (const file of files.filter((file) => file.startsWith('dist/tracker/module/types/'))) {
    await mkdir(dirname(join(installed, file)), { recursive: true });
    await cp(join(aside, file.slice('dist/tracker/module/types/'.length)), join(installed, file));
  }
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  return {
    folder,
    write: (file, text) => writeFile(join(folder, file), text),
    typeCheck: (...args) =>
      promisify(execFile)(bin('tsc'), ['--noEmit', '--strict', '--ignoreConfig', '--skipLibCheck', 'false', '--types', '', ...args], {
        cwd: folder,
      }).then(
        () => '',
        (error: { stdout: string }) => error.stdout,
      ),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
