import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { callControl } from '../../pipeline/embedded/control.ts';
import { DemoError } from './touchtrail.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const EXAMPLE = join(CHECKOUT, 'examples/fernhill');
const DEFAULT_FOLDER = join(CHECKOUT, '.demo');

/** Where a demonstration keeps its files; absolute paths. */
export interface DemoPlace {
  readonly folder: string;
  readonly data: string;
  /** A copy of the example company: its CRM grows by what visitors of the website send. */
  readonly company: string;
  readonly config: string;
}

export function placeIn(folder: string = DEFAULT_FOLDER): DemoPlace {
  const absolute = resolve(folder);
  const company = join(absolute, 'fernhill');
  return { folder: absolute, data: join(absolute, 'data'), company, config: join(company, 'touchtrail.config.ts') };
}

/**
 * Makes the place ready for a new demonstration. What an earlier one left in the default folder is removed; any other folder
 * must be empty, because nobody can know whose files those are.
 * @throws DemoError where a demonstration runs there, or a folder of the user's choice holds files.
 */
export async function prepare({ folder, data, company }: DemoPlace): Promise<void> {
  if (folder !== DEFAULT_FOLDER && (await namesIn(folder)).length > 0)
    throw new DemoError(`--folder ${folder} holds files; expected a new or an empty folder`, 2);
  const other = await callControl<{ url: string; pid: number }>(data, { command: 'status' });
  if (other) throw new DemoError(`the demo is running already: ${other.url}, process ${other.pid}. End that one first.`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(data, { recursive: true });
  for (const part of ['touchtrail.config.ts', 'conversions', 'crm', 'costs']) {
    await cp(join(EXAMPLE, part), join(company, part), { recursive: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new DemoError(`--folder ${folder} is a file; expected a new or an empty folder`, 2);
    throw error;
  }
}
