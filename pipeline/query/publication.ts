import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { UserError } from '../config/user-error.ts';
import { openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import { sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

/** What a reader must know of the config the publication was made with. Further members are of no concern here. */
const PublishedConfig = z.object({
  project: z.object({ name: z.string(), timeZone: z.string(), currency: z.string() }),
  conversions: z.array(z.object({ name: z.string(), label: z.string(), value: z.enum(['money', 'none']) })),
  funnel: z.array(z.string()),
  models: z.array(z.string()),
  lookbackDays: z.int(),
});
export type PublishedConfig = z.infer<typeof PublishedConfig>;

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

const Pointer = z.object({ publication_id: z.string(), file: z.string(), published_at: z.string() });

/**
 * Opens the last publication of a data folder for reading; a run in progress does not disturb it. The SQL of a sandboxed
 * one reaches nothing but the publication.
 * @throws UserError where there is none yet, or where it cannot be read.
 */
export async function openPublication(dataFolder: string, options: { sandboxed?: boolean } = {}): Promise<OpenPublication> {
  const opened = await findPublication(dataFolder, options);
  if (!opened) throw new UserError('no publication yet: run `touchtrail run`');
  return opened;
}

/** {@link openPublication} for readers that can do without one. */
export async function findPublication(dataFolder: string, options: { sandboxed?: boolean } = {}): Promise<OpenPublication | undefined> {
  const folder = path.join(dataFolder, 'publications');
  const pointerFile = path.join(folder, 'current.json');
  const text = await readFile(pointerFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new UserError(`cannot read ${pointerFile}: ${error.message}`, { cause: error });
  });
  if (text === undefined) return undefined;
  try {
    const { file } = Pointer.parse(JSON.parse(text));
    const warehouse = await openDuckDb(path.join(folder, path.basename(file)), { ...options, readOnly: true });
    return { warehouse, publication: await readPublication(warehouse) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`the publication named in ${pointerFile} cannot be read: ${reason}\nrun \`touchtrail run\` to publish again`, {
      cause: error,
    });
  }
}

async function readPublication(warehouse: Warehouse): Promise<Publication> {
  const [row] = await warehouse.rows<{ publication_id: string; published_at: string; data_up_to: string | null; config: string }>(
    sql`select publication_id, published_at, data_up_to, config from ${table('publication')}`,
    'publication',
  );
  if (!row) throw new Error('its table "publication" is empty');
  return { ...row, config: PublishedConfig.parse(JSON.parse(row.config)) };
}
