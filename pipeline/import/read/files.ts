import { globSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../config/user-error.ts';

/** A file to import. */
export interface ImportFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970: with its size a mark of its content. */
  readonly modified: number;
}

/**
 * The files that arguments of the command line name: files, folders with all that lies in them (but for what begins with a dot),
 * and patterns such as `archive/*.gz`. In the order of their paths, each once.
 * @throws UserError (exit code 2) where one names nothing.
 */
export function filesOf(args: readonly string[]): ImportFile[] {
  const paths = new Set(args.flatMap(pathsOf).map((file) => path.resolve(file)));
  return [...paths].toSorted(compare).map((file) => {
    const { size, mtimeMs } = statSync(file);
    return { path: file, bytes: size, modified: Math.trunc(mtimeMs) };
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function pathsOf(given: string): string[] {
  const found = statSync(given, { throwIfNoEntry: false });
  const files = found?.isDirectory() ? filesIn(given) : found ? [given] : globSync(given).filter((file) => statSync(file).isFile());
  if (files.length > 0) return files;
  const what = found?.isDirectory()
    ? 'the folder holds no files'
    : /[*?[{]/.test(given)
      ? 'no file fits this pattern'
      : 'there is no such file or folder';
  throw new UserError(`${given}: ${what}`, { exitCode: 2 });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter(
      (file) =>
        !path
          .relative(folder, file)
          .split(path.sep)
          .some((name) => name.startsWith('.')),
    );
}
