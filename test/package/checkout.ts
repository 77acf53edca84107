import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
/** What is installed is shared, what is built is built anew, and of the tests nothing is packed; nor of hidden folders. */
const LEFT_OUT = new Set(['data', 'dist', 'node_modules', 'test']);

/**
 * Copies the project into `folder`: what is built in the copy replaces nothing that other tests read at that time.
 * @returns `folder`.
 */
export async function copyOfProject(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const { name } = entry;
    const isHiddenFolder = entry.isDirectory() && name.startsWith('.');
    if (!LEFT_OUT.has(name) && !isHiddenFolder) await cp(join(root, name), join(folder, name), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}
