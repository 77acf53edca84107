import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UserError } from '../../config/user-error.ts';
import { PUBLICATIONS_FOLDER } from '../../models/reports/publication.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { render } from '../../warehouse/duckdb/render.ts';
import { identifier, literal } from '../../warehouse/duckdb/syntax.ts';
import { join, raw, sql, type Sql } from '../../warehouse/sql.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { fileOf } from '../as-of.ts';
import { earlierShape } from '../earlier-shape.ts';
import { openPublication, type Publication, publicationIds } from '../publication.ts';

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

  constructor(warehouse: DuckDbWarehouse, publications: Record<Side, Publication>, spillFolder: string, columns: readonly StoredColumn[]) {
    this.#warehouse = warehouse;
    this.#spillFolder = spillFolder;
    this.#columns = new Map(
      [...Map.groupBy(columns, tableOf)].map(([name, found]) => [name, new Set(found.map((one) => one.column_name))]),
    );
    ({ earlier: this.earlier, later: this.later } = publications);
  }

  get dialect() {
    return this.#warehouse.dialect;
  }

  /** Whether both publications have a table. */
  hasTable({ name }: Pick<TableDefinition, 'name'>): boolean {
    return SIDES.every((side) => this.#columns.has(tableOf({ database_name: side, table_name: name })));
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
      throw earlierShape(error, this[side ?? 'earlier'].publication_id);
    } finally {
      if (side) await session.run('use memory', label);
    }
  }

  async rows<Result>(query: Sql, label: string): Promise<Result[]> {
    try {
      return await this.#warehouse.rows<Result>(query, label);
    } catch (error) {
      throw earlierShape(error, this.earlier.publication_id);
    }
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
  const later = await resolve(dataFolder, to ?? ids[0]);
  const former = ids[ids.indexOf(later.publication_id) + 1];
  if (from === undefined && former === undefined)
    throw new UserError(`${later.publication_id} is the earliest publication that is kept: there is nothing to compare it with`);
  const earlier = await resolve(dataFolder, from ?? former);
  if (earlier.publication_id === later.publication_id)
    throw new UserError(
      `both are the publication ${later.publication_id}, so nothing differs: name an earlier one, see \`touchtrail publications\``,
      {
        exitCode: 2,
      },
    );
  if (earlier.published_at > later.published_at)
    throw new UserError(`${earlier.publication_id} is later than ${later.publication_id}: name the earlier one first`, { exitCode: 2 });
  return attach(path.join(dataFolder, PUBLICATIONS_FOLDER), { earlier, later });
}

async function resolve(dataFolder: string, asOf: string | undefined): Promise<Publication> {
  const { warehouse, publication } = await openPublication(dataFolder, { asOf });
  await warehouse.close();
  return publication;
}

async function attach(folder: string, publications: Record<Side, Publication>): Promise<PublicationPair> {
  const warehouse = await openDuckDb(':memory:');
  try {
    const spillFolder = path.join(tmpdir(), `touchtrail-diff-${randomUUID()}`);
    await warehouse.session.run(`set temp_directory = ${literal(spillFolder)}`, 'attach the publications');
    for (const side of SIDES) {
      const file = fileOf(folder, publications[side].publication_id);
      await warehouse.session.run(`attach ${literal(file)} as ${side} (read_only)`, 'attach the publications');
    }
    const columns = await warehouse.session.read<StoredColumn>(
      'select database_name, table_name, column_name from duckdb_columns() where not internal',
      'columns of the publications',
    );
    return new PublicationPair(warehouse, publications, spillFolder, columns);
  } catch (error) {
    await warehouse.close();
    throw error;
  }
}
