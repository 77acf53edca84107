import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The folders a landing segment passes through, in this order; `corrupt` keeps what could not be read whole. */
export interface LandingFolders {
  /** Being written. */
  readonly open: string;
  /** Complete, ready to be loaded. */
  readonly sealed: string;
  /** Loaded into the warehouse, kept. */
  readonly loaded: string;
  readonly corrupt: string;
}

/** The paths of the folders under a data folder, whether they exist or not. */
export function landingFolders(dataFolder: string): LandingFolders {
  const landing = join(dataFolder, 'landing');
  return {
    open: join(landing, 'open'),
    sealed: join(landing, 'sealed'),
    loaded: join(landing, 'loaded'),
    corrupt: join(landing, 'corrupt'),
  };
}

/** Creates the folders; what lies in them is personal data of the visitors, so nobody else may read it. */
export async function createLandingFolders(dataFolder: string): Promise<LandingFolders> {
  const folders = landingFolders(dataFolder);
  for (const folder of Object.values(folders) as string[]) await mkdir(folder, { recursive: true, mode: 0o700 });
  return folders;
}

/** The segments in a folder, oldest first (their names begin with their time); none where the folder does not exist. */
export async function segmentsIn(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith('.ndjson'))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Paths of the segments that have landed but are not loaded yet, oldest first; the last line of an open one may be cut off. */
export async function pendingSegments(dataFolder: string): Promise<string[]> {
  const { open, sealed } = landingFolders(dataFolder);
  return [...(await segmentsIn(sealed)), ...(await segmentsIn(open))];
}
