import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checkConfig, type ConfigCheckOptions } from './check.ts';
import type { Config } from './schema.ts';
import { UserError } from './user-error.ts';

const isSource = import.meta.url.endsWith('.ts');
const nativeImport = createRequire(import.meta.url)(isSource ? './native-import.cts' : './native-import.cjs') as (
  url: string,
) => Promise<Record<string, unknown>>;

/** Names under which a config is looked for in the working folder, in this order. */
export const DEFAULT_NAMES = ['touchtrail.config.ts', 'touchtrail.config.js', 'touchtrail.config.mjs'];

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute; paths in the config start here. */
  readonly configFolder: string;
  /** Absolute path of the config file. */
  readonly file: string;
}

/**
 * Finds, imports and validates the config.
 * @param given path of the file; default: `touchtrail.config.ts`, `.js` or `.mjs` in the working folder.
 * @param options what becomes of CSV and SQL files that are not there.
 * @throws UserError (exit code 2): no such file, a syntax error with file and line, an error while it ran, or a list of
 * everything that is wrong with its values.
 */
export async function loadConfig(given?: string, options: ConfigCheckOptions = {}): Promise<LoadedConfig> {
  const file = findConfig(given);
  const shown = path.relative(process.cwd(), file).startsWith('..') ? file : path.relative(process.cwd(), file);
  const exported = await importConfig(file, shown);
  if (!('default' in exported)) {
    throw new UserError(`${shown} has no default export: write \`export default defineConfig({ … })\``, { exitCode: 2 });
  }
  const configFolder = path.dirname(file);
  return { config: checkConfig(exported.default, configFolder, shown, options), configFolder, file };
}

function findConfig(given: string | undefined): string {
  const candidates = given === undefined ? DEFAULT_NAMES : [given];
  const found = candidates.map((name) => path.resolve(name)).find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  if (found !== undefined) return found;
  const where = given === undefined ? `no ${DEFAULT_NAMES[0]} in ${process.cwd()}` : `no config file ${path.resolve(given)}`;
  throw new UserError(`${where}: run \`touchtrail init\` to create one, or name one with --config`, { exitCode: 2 });
}

async function importConfig(file: string, shown: string): Promise<Record<string, unknown>> {
  const hooks = registerHooks({ resolve: configResolver(file) });
  try {
    // A changed file is another module: without the version in the URL, Node would answer with the one it knows.
    const url = `${pathToFileURL(file).href}?v=${statSync(file).mtimeMs}`;
    return await nativeImport(url);
  } catch (error) {
    throw describeImportError(error, file, shown);
  } finally {
    hooks.deregister();
  }
}

type Resolve = NonNullable<Parameters<typeof registerHooks>[0]['resolve']>;

/**
 * Lets a config import `touchtrail` from the running installation, wherever it lies (npx, global, a checkout), and be
 * an ES module whatever the nearest package.json says: `npm init` writes `"type": "commonjs"`.
 */
function configResolver(file: string): Resolve {
  const folder = pathToFileURL(path.dirname(file) + path.sep).href;
  return (specifier, context, nextResolve) => {
    if (specifier === 'touchtrail')
      return { url: new URL(isSource ? '../index.ts' : '../index.js', import.meta.url).href, shortCircuit: true };
    const resolved = nextResolve(specifier, context);
    const { pathname } = new URL(resolved.url);
    const own = resolved.url.startsWith(folder) && !pathname.includes('/node_modules/');
    if (own && pathname.endsWith('.ts')) return { ...resolved, format: 'module-typescript' };
    if (own && resolved.url.startsWith(pathToFileURL(file).href) && pathname.endsWith('.js')) return { ...resolved, format: 'module' };
    return resolved;
  };
}

function describeImportError(error: unknown, file: string, shown: string): UserError {
  const options = { exitCode: 2, cause: error } as const;
  if (!(error instanceof Error)) return new UserError(`${shown} threw ${String(error)}`, options);
  const where = locationOf(error, file) ?? (error instanceof SyntaxError ? locateSyntaxError(file) : undefined);
  const message = error.message.replace(/\s+imported from \S+$/, '');
  const place = where === undefined ? shown : where.file === file ? `${shown}:${where.line}` : `${where.file}:${where.line}`;
  return new UserError(`${place}: ${error instanceof SyntaxError ? 'syntax error: ' : ''}${message}`, options);
}

interface Location {
  readonly file: string;
  readonly line: number;
}

/** The first place outside of Node and this installation that a stack names: Node puts that of a syntax error before it. */
function locationOf(error: Error, config: string): Location | undefined {
  const here = path.dirname(path.dirname(fileURLToPath(import.meta.url))) + path.sep;
  for (const line of (error.stack ?? '').split('\n')) {
    const match = /(?:^|\(|\s)((?:file:\/\/)?\/[^\s()]*?)(?:\?[^:()\s]*)?:(\d+)(?::\d+)?\)?$/.exec(line);
    if (!match) continue;
    const file = match[1]!.startsWith('file://') ? fileURLToPath(match[1]!) : match[1]!;
    if (existsSync(file) && (file === config || !file.startsWith(here))) return { file, line: Number(match[2]) };
  }
  return undefined;
}

/** Node keeps the line of a syntax error in a JavaScript module to itself; its own checker prints it. */
function locateSyntaxError(file: string): Location | undefined {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
  const line = /:(\d+)$/.exec(stderr.split('\n')[0] ?? '')?.[1];
  return line === undefined ? undefined : { file, line: Number(line) };
}
