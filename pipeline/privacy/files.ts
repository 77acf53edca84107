import { readdirSync, rmSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from '../embedded/durable.ts';
import { landingFolders, segmentsIn } from '../embedded/landing/folders.ts';
import { LOADED_SEGMENTS } from '../warehouse/duckdb/landing.ts';
import { sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

/** Segments that no run has loaded yet, as far as they are complete. */
export async function waitingFiles(dataFolder: string): Promise<string[]> {
  return segmentsIn(landingFolders(dataFolder).sealed);
}

/** Files that are kept beside the warehouse and hold what visitors sent: loaded and damaged segments, and what imports refused. */
export async function keptFiles(dataFolder: string): Promise<string[]> {
  const { loaded, corrupt } = landingFolders(dataFolder);
  return [...(await segmentsIn(loaded)), ...everyFileIn(corrupt), ...rejectedImports(dataFolder)].filter(
    (file, i, all) => all.indexOf(file) === i,
  );
}

/** A damaged segment may have been kept under another ending. */
function everyFileIn(folder: string): string[] {
  return namesIn(folder).map((name) => path.join(folder, name));
}

/** What imports refused. */
export function rejectedImports(dataFolder: string): string[] {
  const imports = path.join(dataFolder, 'imports');
  return namesIn(imports).flatMap((id) =>
    namesIn(path.join(imports, id))
      .filter((name) => name.endsWith('.ndjson'))
      .map((name) => path.join(imports, id, name)),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** What a killed erasure left aside. */
export function removeUnfinished(dataFolder: string): void {
  const { sealed, loaded, corrupt } = landingFolders(dataFolder);
  const imports = path.join(dataFolder, 'imports');
  for (const folder of [sealed, loaded, corrupt, ...namesIn(imports).map((id) => path.join(imports, id))]) {
    try {
      for (const name of readdirSync(folder)) if (name.endsWith('.erasing')) rmSync(path.join(folder, name), { force: true });
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/**
 * A run that was killed between loading a segment and moving it left it among those that wait. It is moved first: shorter,
 * it would be taken for another segment of the same name.
 */
export async function moveLoadedSegments(warehouse: Warehouse, dataFolder: string): Promise<void> {
  const { sealed, loaded, corrupt } = landingFolders(dataFolder);
  for (const file of await segmentsIn(sealed)) {
    const name = path.basename(file);
    const [known] = await warehouse.rows<{ bytes: number; bad_lines: number }>(
      sql`select bytes, bad_lines from ${table(LOADED_SEGMENTS.name)} where file = ${name}`,
      'find loaded segments',
    );
    if (known?.bytes !== statSync(file).size) continue;
    const to = known.bad_lines > 0 ? corrupt : loaded;
    await rename(file, path.join(to, name));
    await syncFolder(to);
    await syncFolder(sealed);
  }
}

/** Makes `loaded_segments` know the size that kept segments have now: by it a copy is told from another segment. */
export async function noteSizes(warehouse: Warehouse, dataFolder: string): Promise<void> {
  const { loaded, corrupt } = landingFolders(dataFolder);
  const known = await warehouse.rows<{ file: string; bytes: number }>(
    sql`select file, bytes from ${table(LOADED_SEGMENTS.name)}`,
    'loaded segments',
  );
  const sizes = new Map(
    [...(await segmentsIn(loaded)), ...(await segmentsIn(corrupt))].map((file) => [path.basename(file), statSync(file).size]),
  );
  const changed = known.filter(({ file, bytes }) => sizes.has(file) && sizes.get(file) !== bytes);
  for (const { file } of changed) {
    await warehouse.merge(
      LOADED_SEGMENTS,
      sql`select file, ${sizes.get(file)!} as bytes, deliveries, events, failed, bad_lines, torn_tail from ${table(LOADED_SEGMENTS.name)} where file = ${file}`,
      { label: 'sizes of cleaned segments' },
    );
  }
}
