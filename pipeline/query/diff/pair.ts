import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UserError } from '../../config/user-error.ts';
import { PUBLICATION, PUBLICATIONS_FOLDER } from '../../models/reports/publication.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { render } from '../../warehouse/duckdb/render.ts';
import { identifier, literal } from '../../warehouse/duckdb/syntax.ts';
import { join, raw, sql, type Sql } from '../../warehouse/sql.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { fileOf } from '../as-of.ts';
import { earlierShape } from '../earlier-shape.ts';
import { openPublication, type Publication, publicationIds, readPublication } from '../publication.ts';

/** The names under which both publications are attached. */
export const SIDES = ['earlier', 'later'] as const;
export type Side = (typeof SIDES)[number];

/** Two publications in one database in memory, both read-only, and tables of its own for what is found. */
export class PublicationPair {
  readonly earlier: Publication;
  readonly later: Publication;
  readonly #warehouse: DuckDbWarehouse;
  readonly #spillFolder: string;
  readonly #columns: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #isLast: boolean;

  /** @param isLast whether the later one is the last of all. */
  constructor(
    warehouse: DuckDbWarehouse,
    { earlier, later, isLast }: Record<Side, Publication> & { readonly isLast: boolean },
    spillFolder: string,
    columns: readonly StoredColumn[],
  ) {
    this.#warehouse = warehouse;
    this.#spillFolder = spillFolder;
    this.#columns = new Map(
      [...Map.groupBy(columns, tableOf)].map(([name, found]) => [name, new Set(found.map((one) => one.column_name))]),
    );
    this.earlier = earlier;
    this.later = later;
    this.#isLast = isLast;
  }

  get dialect() {
    return this.#warehouse.dialect;
  }

  /** Whether both publications have a table. */
  hasTable(table: Pick<TableDefinition, 'name'>): boolean {
    return this.without(table) === undefined;
  }

  /** The id of a publication that lacks a table; undefined where both have it. */
  without({ name }: Pick<TableDefinition, 'name'>): string | undefined {
    const side = SIDES.find((one) => !this.#columns.has(tableOf({ database_name: one, table_name: name })));
    return side && this[side].publication_id;
  }

  /** Of these columns of a table those that both publications have. */
  columnsOf({ name }: Pick<TableDefinition, 'name'>, columns: readonly string[]): string[] {
    return columns.filter((column) =>
      SIDES.every((side) => this.#columns.get(tableOf({ database_name: side, table_name: name }))?.has(column)),
    );
  }

  /** Makes a table of a query over tables of both publications, or over those of one of them by their bare names. */
  async make(name: string, query: Sql, label: string, side?: Side): Promise<void> {
    const { session } = this.#warehouse;
    try {
      if (side) await session.run(`use ${side}`, label);
      await session.run(render(sql`create temporary table ${raw(name)} as ${query}`), label);
    } catch (error) {
      throw this.#shapeOf(error, side ?? 'earlier');
    } finally {
      if (side) await session.run('use memory', label);
    }
  }

  async rows<Result>(query: Sql, label: string): Promise<Result[]> {
    try {
      return await this.#warehouse.rows<Result>(query, label);
    } catch (error) {
      throw this.#shapeOf(error, 'earlier');
    }
  }

  #shapeOf(error: unknown, side: Side): unknown {
    return earlierShape(error, this[side].publication_id, side === 'later' && this.#isLast);
  }

  async close(): Promise<void> {
    await this.#warehouse.close();
    await rm(this.#spillFolder, { recursive: true, force: true });
  }
}

/** A table of one of the publications. */
export const of = (side: Side, { name }: Pick<TableDefinition, 'name'>): Sql => raw(`${side}.main.${identifier(name)}`);

/** Whether any of these columns of two aliases differ; NULLs are equal to each other. */
export function anyDiffers(columns: readonly string[], left: string, right: string): Sql {
  if (columns.length === 0) return raw('false');
  return join(
    columns.map((name) => raw(`${left}.${identifier(name)} is distinct from ${right}.${identifier(name)}`)),
    ' or ',
  );
}

interface StoredColumn {
  readonly database_name: string;
  readonly table_name: string;
  readonly column_name: string;
}
const tableOf = ({ database_name, table_name }: Omit<StoredColumn, 'column_name'>) => `${database_name}.${table_name}`;

/**
 * Opens the publications that a comparison is about.
 * @param from by default the one before the last. @param to by default the last one.
 * @throws UserError where there are not two of them, or in the wrong order.
 */
export async function openPair(dataFolder: string, from: string | undefined, to: string | undefined): Promise<PublicationPair> {
  const ids = await publicationIds(dataFolder);
  const later = await idOf(dataFolder, ids, to ?? ids[0]);
  const former = ids[ids.indexOf(later) + 1];
  if (from === undefined && former === undefined)
    throw new UserError(`${later} is the earliest publication that is kept: there is nothing to compare it with`);
  const earlier = await idOf(dataFolder, ids, from ?? former);
  if (earlier === later)
    throw new UserError(`both are the publication ${later}, so nothing differs: name an earlier one, see \`touchtrail publications\``, {
      exitCode: 2,
    });
  // Ids come latest first.
  if (ids.indexOf(earlier) < ids.indexOf(later))
    throw new UserError(`${earlier} is later than ${later}: name the earlier one first`, { exitCode: 2 });
  return attach(path.join(dataFolder, PUBLICATIONS_FOLDER), { earlier, later, isLast: later === ids[0] });
}

/** The id of the publication that is asked for; only one that is named by a time is opened to find it. */
async function idOf(dataFolder: string, ids: readonly string[], asOf: string | undefined): Promise<string> {
  if (asOf !== undefined && ids.includes(asOf)) return asOf;
  const { warehouse, publication } = await openPublication(dataFolder, { asOf });
  await warehouse.close();
  return publication.publication_id;
}

async function attach(folder: string, ids: Record<Side, string> & { readonly isLast: boolean }): Promise<PublicationPair> {
  const warehouse = await openDuckDb(':memory:');
  try {
    const spillFolder = path.join(tmpdir(), `touchtrail-diff-${randomUUID()}`);
    await warehouse.session.run(`set temp_directory = ${literal(spillFolder)}`, 'attach the publications');
    for (const side of SIDES) {
      const file = fileOf(folder, ids[side]);
      await warehouse.session.run(`attach ${literal(file)} as ${side} (read_only)`, 'attach the publications');
    }
    const columns = await warehouse.session.read<StoredColumn>(
      'select database_name, table_name, column_name from duckdb_columns() where not internal',
      'columns of the publications',
    );
    const publications = {
      earlier: await readPublication(warehouse, of('earlier', PUBLICATION)),
      later: await readPublication(warehouse, of('later', PUBLICATION)),
      isLast: ids.isLast,
    };
    return new PublicationPair(warehouse, publications, spillFolder, columns);
  } catch (error) {
    await warehouse.close();
    throw error;
  }
}
