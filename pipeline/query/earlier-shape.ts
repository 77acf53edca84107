import { UserError } from '../config/user-error.ts';
import type { Row } from '../warehouse/warehouse.ts';
import { DuckDbWarehouse } from '../warehouse/duckdb/duckdb.ts';
import type { Sql } from '../warehouse/sql.ts';
import { WarehouseError } from '../warehouse/warehouse-error.ts';

/** How DuckDB says that a table or a column is not there. */
const ABSENT = [
  /(Table) with name "?([^"\s!]+)"? does not exist/,
  /Referenced (column) "([^"]+)" (?:was )?not found/,
  /does not have a (column) named "([^"]+)"/,
  /contain a (column) named "?([^"\s]+?)"?(?:\s|$)/,
];

/**
 * A publication that may be of an earlier version of the product: where it lacks what a query needs, the error says so, and
 * does not speak of SQL.
 */
export class EarlierPublication extends DuckDbWarehouse {
  readonly #id: string;

  constructor({ session }: DuckDbWarehouse, id: string) {
    super(session);
    this.#id = id;
  }

  override async rows<Result = Row>(query: Sql, label?: string): Promise<Result[]> {
    try {
      return await super.rows<Result>(query, label);
    } catch (error) {
      throw earlierShape(error, this.#id);
    }
  }
}

/** The error for a reader; any that is not about a missing table or column stays as it is. */
export function earlierShape(error: unknown, id: string): unknown {
  if (!(error instanceof WarehouseError)) return error;
  const match = ABSENT.map((pattern) => pattern.exec(error.words)).find((found) => found !== null);
  if (!match) return error;
  return new UserError(
    `the publication ${id} was made by an earlier version of touchtrail and has no ${match[1]!.toLowerCase()} "${match[2]!}": what was asked for cannot be read from it; ask a later one`,
    { cause: error },
  );
}
