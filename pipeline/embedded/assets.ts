import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InputOptions, OutputOptions } from 'rollup';
import { UserError } from '../config/user-error.ts';

/** In the checkout the root of the sources, in the published package the folder of the compiled files. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The edge as it is loaded into a runtime. */
export interface EdgeAssets {
  /** The bundled Worker. */
  readonly worker: string;
  /** The scripts of the website that it serves, by file name: `t.js` and its extensions. */
  readonly scripts: ReadonlyMap<string, string>;
}

/**
 * The bundled Worker and the scripts beside it. The published package brings them along; in the checkout they are built where the
 * Worker is missing or older than a source.
 * @throws UserError where a source cannot be bundled.
 */
export async function edgeAssets(): Promise<EdgeAssets> {
  const isCheckout = existsSync(join(ROOT, 'edge', 'worker.ts'));
  const folder = isCheckout ? join(ROOT, 'dist', 'edge') : join(ROOT, 'edge');
  if (isCheckout && !(await isFresh(join(folder, 'worker.js')))) await build();
  const names = await readdir(join(folder, 'assets'));
  const scripts = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, 'assets', name), 'utf8')] as const));
  return { worker: await readFile(join(folder, 'worker.js'), 'utf8'), scripts: new Map(scripts) };
}

/** Hands the scripts to the Worker, as the static assets of a deployed one. */
export function assetsHandler(scripts: EdgeAssets['scripts']) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const text = scripts.get((request.url ?? '').slice(1));
    response.writeHead(text === undefined ? 404 : 200).end(text);
  };
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

/** What ends in the Worker is bundled into one file each; the tracker for bundlers is not, and not built here. */
type Bundle = InputOptions & { input: string; output: OutputOptions & { file?: string } };

async function build(): Promise<void> {
  const startedAt = new Date();
  const { rollup } = await import('rollup');
  const { default: bundles } = (await import(join(ROOT, 'rollup.config.mjs'))) as { default: readonly Bundle[] };
  const files: { file: string; text: string | Uint8Array }[] = [];
  for (const { output, ...input } of bundles) {
    if (output.file === undefined) continue;
    const folder = dirname(output.file);
    try {
      const bundle = await rollup(input);
      const { output: made } = await bundle.generate(output);
      await bundle.close();
      for (const part of made) {
        files.push({ file: join(folder, part.fileName), text: part.type === 'chunk' ? part.code : part.source });
      }
    } catch (cause) {
      throw new UserError(
        `${relative(ROOT, input.input)} could not be bundled: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
  }
  for (const { file, text } of files) await replaceFile(file, text, startedAt);
}

/**
 * Several processes may build at once: each reader sees a whole file of one of them.
 * @param asOf when its sources were read, which becomes the time of the file: what is changed while it is built is newer.
 */
async function replaceFile(file: string, text: string | Uint8Array, asOf: Date): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const aside = `${file}.${process.pid}.${randomUUID()}`;
  await writeFile(aside, text);
  await utimes(aside, asOf, asOf);
  await rename(aside, file);
}
