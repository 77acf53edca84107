import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../config/user-error.ts';
import { checkMapping, type Mapping } from './mapping.ts';

const nativeImport = createRequire(import.meta.url)(
  import.meta.url.endsWith('.ts') ? '../../config/native-import.cts' : '../../config/native-import.cjs',
) as (url: string) => Promise<Record<string, unknown>>;

/** A mapping and the text it was read from, by which one can tell whether it has changed. */
export interface LoadedMapping {
  readonly mapping: Mapping;
  readonly text: string;
}

/**
 * Reads a mapping: JSON, or a module (`.ts`, `.mts`, `.js`, `.mjs`) with the mapping as its default export, in which a rule may be a
 * function of the record.
 * @throws UserError (exit code 2) where it cannot be read or is wrong.
 */
export async function loadMapping(file: string): Promise<LoadedMapping> {
  const wrong = (message: string, cause: unknown): UserError => new UserError(`--mapping ${file}: ${message}`, { exitCode: 2, cause });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw wrong((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message, error);
  }
  if (/\.[cm]?[jt]s$/.test(file)) {
    let module: Record<string, unknown>;
    try {
      module = await nativeImport(pathToFileURL(path.resolve(file)).href);
    } catch (error) {
      throw wrong(`it cannot be run: ${error instanceof Error ? error.message : String(error)}`, error);
    }
    if (!('default' in module)) throw wrong('it has no default export: write `export default { fields: { … } }`', undefined);
    return { mapping: checkMapping(module['default'], file), text };
  }
  let input: unknown;
  try {
    input = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw wrong(`this is no JSON: ${(error as Error).message}`, error);
  }
  return { mapping: checkMapping(input, file), text };
}
