import { open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Makes the names in a folder durable: a file's own fsync does not cover the folder that lists it. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that readers see the old or the new content, never a part, and the new one survives a power cut.
 * @param mode permissions of the file.
 */
export async function writeAtomically(file: string, text: string, mode: number): Promise<void> {
  const folder = dirname(file);
  const aside = join(folder, `.${basename(file)}.${process.pid}.${Math.random().toString(36).slice(2)}`);
  const handle = await open(aside, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, file);
  await syncFolder(folder);
}
