import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../config/user-error.ts';
import { Pointer, POINTER_FILE, PUBLICATION, PublishedConfig, PUBLICATIONS_FOLDER } from '../models/reports/publication.ts';
import { type DuckDbWarehouse, openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import { type Sql, sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { asOfOf, fileOf, isWithin, keptIds, notKept } from './as-of.ts';
import { EarlierPublication } from './earlier-shape.ts';

/** One published state of all report tables. */
export interface Publication {
  readonly publication_id: string;
  /** ISO in UTC. */
  readonly published_at: string;
  /** Time of the latest event in it, ISO in UTC; null without events. */
  readonly data_up_to: string | null;
  readonly config: PublishedConfig;
}

/** A publication with the snapshot it is read from; the reader closes the warehouse. */
export interface OpenPublication {
  readonly warehouse: Warehouse;
  readonly publication: Publication;
}

/**
 * Opens the last publication of a data folder for reading, or an earlier one; a run in progress does not disturb it. The SQL
 * of a sandboxed one reaches nothing but the publication.
 * @throws UserError where there is none yet, where the one that is asked for is not kept, or where it cannot be read.
 */
export async function openPublication(dataFolder: string, options: OpenOptions = {}): Promise<OpenFile> {
  const opened = await findPublication(dataFolder, options);
  if (!opened) throw new NoPublicationError(`no publication yet in ${dataFolder}${missingFolder(dataFolder)}: run \`touchtrail run\``);
  return opened;
}

/** Nothing can be read before the first run has published. */
export class NoPublicationError extends UserError {
  override readonly name = 'NoPublicationError';
}

/** What explains that nothing is found: a folder that is not there is most likely misspelt. */
export function missingFolder(dataFolder: string): string {
  return existsSync(dataFolder) ? '' : ' (this folder does not exist: name the right one with --data)';
}

/** Which file to open, and how; another way to open one is for tests. */
export interface OpenOptions {
  readonly sandboxed?: boolean;
  readonly openFile?: typeof openDuckDb;
  /** An earlier publication: its id, a local date (the last one published until the end of that day) or an instant. */
  readonly asOf?: string | undefined;
}

/** How often a file may be gone before it is opened: as a run keeps few publications, it can remove one that was just current. */
const TRIES = 5;

/** {@link openPublication} for readers that can do without one. */
export async function findPublication(dataFolder: string, options: OpenOptions = {}): Promise<OpenFile | undefined> {
  if (options.asOf !== undefined) return findEarlier(dataFolder, options.asOf, options);
  const pointerFile = path.join(dataFolder, PUBLICATIONS_FOLDER, POINTER_FILE);
  let text = await readPointer(pointerFile);
  for (let tries = 1; text !== undefined; tries++) {
    try {
      return await openPointedAt(text, path.dirname(pointerFile), options);
    } catch (error) {
      const before: string = text;
      text = await readPointer(pointerFile);
      if (text === before || tries === TRIES) throw unreadable(pointerFile, error);
    }
  }
  return undefined;
}

async function readPointer(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new UserError(`cannot read ${file}: ${error.message}`, { cause: error });
  });
}

async function openPointedAt(pointer: string, folder: string, options: OpenOptions): Promise<OpenFile> {
  const { file } = Pointer.parse(JSON.parse(pointer));
  const name = path.basename(file);
  const opened = await openFileOf(path.join(folder, name), options);
  return { ...opened, warehouse: new EarlierPublication(opened.warehouse, path.parse(name).name, true) };
}

/** A publication on the engine that its file is of. */
export interface OpenFile extends OpenPublication {
  readonly warehouse: DuckDbWarehouse;
}

async function openFileOf(file: string, { openFile = openDuckDb, sandboxed = false }: OpenOptions): Promise<OpenFile> {
  const warehouse = await openFile(file, { sandboxed, readOnly: true });
  try {
    return { warehouse, publication: await readPublication(warehouse) };
  } catch (error) {
    await warehouse.close();
    throw error;
  }
}

async function findEarlier(dataFolder: string, text: string, options: OpenOptions): Promise<OpenFile | undefined> {
  const asOf = asOfOf(text);
  const folder = path.join(dataFolder, PUBLICATIONS_FOLDER);
  const ids = await publicationIds(dataFolder);
  if (ids.length === 0) return undefined;
  for (const id of asOf.kind === 'id' ? ids.filter((one) => one === asOf.id) : ids) {
    const opened = await openKept(folder, id, options);
    if (!opened) continue;
    if (asOf.kind === 'id' || isWithin(asOf, opened.publication)) {
      return { ...opened, warehouse: new EarlierPublication(opened.warehouse, id, id === ids[0]) };
    }
    await opened.warehouse.close();
  }
  throw notKept(text, ids);
}

/** Ids of the publications of a data folder that are kept, latest first; none where there is no publication yet. */
export async function publicationIds(dataFolder: string): Promise<string[]> {
  const folder = path.join(dataFolder, PUBLICATIONS_FOLDER);
  const pointerFile = path.join(folder, POINTER_FILE);
  const text = await readPointer(pointerFile);
  if (text === undefined) return [];
  try {
    return await keptIds(folder, path.basename(Pointer.parse(JSON.parse(text)).file));
  } catch (error) {
    throw unreadable(pointerFile, error);
  }
}

/** A publication by its id; undefined where a run has just removed it. @throws UserError where it cannot be read. */
export async function openKept(folder: string, id: string, options: OpenOptions = {}): Promise<OpenFile | undefined> {
  const file = fileOf(folder, id);
  try {
    return await openFileOf(file, options);
  } catch (error) {
    if (!existsSync(file)) return undefined;
    throw new UserError(`the publication ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function unreadable(pointerFile: string, error: unknown): UserError {
  const reason = error instanceof Error ? error.message : String(error);
  return new UserError(`the publication named in ${pointerFile} cannot be read: ${reason}\nrun \`touchtrail run\` to publish again`, {
    cause: error,
  });
}

/** What a publication says of itself. @param from where its row stands. */
export async function readPublication(warehouse: Warehouse, from: Sql = sql`${table(PUBLICATION.name)}`): Promise<Publication> {
  const [row] = await warehouse.rows<{ publication_id: string; published_at: string; data_up_to: string | null; config: string }>(
    sql`select publication_id, published_at, data_up_to, config from ${from}`,
    'publication',
  );
  if (!row) throw new Error('its table "publication" is empty');
  return { ...row, config: PublishedConfig.parse(JSON.parse(row.config)) };
}
