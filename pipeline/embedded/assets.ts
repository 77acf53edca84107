import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InputOptions, OutputOptions } from 'rollup';
import { UserError } from '../config/user-error.ts';

/** In the checkout the root of the sources, in the published package the folder of the compiled files. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The bundled Worker, with the tracker inside. The published package brings it along; in the checkout it is built where it is
 * missing or older than a source.
 */
export async function edgeAssets(): Promise<{ worker: string }> {
  const isCheckout = existsSync(join(ROOT, 'edge', 'worker.ts'));
  if (!isCheckout) return { worker: await readFile(join(ROOT, 'edge', 'worker.js'), 'utf8') };
  const built = join(ROOT, 'dist', 'edge', 'worker.js');
  if (!(await isFresh(built))) await build();
  return { worker: await readFile(built, 'utf8') };
}

const SOURCES = ['edge', 'tracker/src', 'rollup.config.mjs', 'package-lock.json'];

async function isFresh(file: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  const builtAt = (await stat(file)).mtimeMs;
  for (const source of SOURCES) if ((await newest(join(ROOT, source))) >= builtAt) return false;
  return true;
}

/** Time of the last change of a file or of anything in a folder; a removed file changes its folder. */
async function newest(path: string): Promise<number> {
  const { mtimeMs } = await stat(path);
  if (!(await stat(path)).isDirectory()) return mtimeMs;
  const inside = await Promise.all(
    (await readdir(path)).filter((name) => !name.endsWith('.test.ts')).map((name) => newest(join(path, name))),
  );
  return Math.max(mtimeMs, ...inside);
}

type Bundle = InputOptions & { input: string; output: OutputOptions & { file: string } };

async function build(): Promise<void> {
  const bundles = await import('rollup').then(async ({ rollup }) => {
    const configFile = join(ROOT, 'rollup.config.mjs');
    const { default: configured } = (await import(configFile)) as { default: readonly Bundle[] };
    return { rollup, configured };
  });
  for (const { output, ...input } of bundles.configured) {
    try {
      const bundle = await bundles.rollup({ ...input, input: join(ROOT, input.input) });
      const { output: chunks } = await bundle.generate(output);
      await bundle.close();
      await replaceFile(join(ROOT, output.file), chunks[0].code);
    } catch (cause) {
      throw new UserError(`${input.input} could not be bundled: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
  }
}

/** Several processes may build at once: each reader sees a whole file of one of them. */
async function replaceFile(file: string, code: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const aside = `${file}.${process.pid}`;
  await writeFile(aside, code);
  await rename(aside, file);
}
