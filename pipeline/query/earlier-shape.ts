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

/** A publication of an earlier version of the product lacks what was asked for. */
export class EarlierShapeError extends UserError {
  override readonly name = 'EarlierShapeError';
  /** Whether it is the last publication: a run makes it anew, while an earlier one stays as it is. */
  readonly isLast: boolean;
  /** What it lacks, such as `table "identities"`. */
  readonly lacking: string;

  constructor(id: string, isLast: boolean, lacking: string, cause: unknown) {
    const next = isLast ? 'run `touchtrail run` once, which publishes anew' : 'ask a later one';
    super(
      `the publication ${id} was made by an earlier version of touchtrail and has no ${lacking}: what was asked for cannot be read from it; ${next}`,
      { cause },
    );
    this.isLast = isLast;
    this.lacking = lacking;
  }
}

/**
 * A publication that may be of an earlier version of the product: where it lacks what a query needs, the error says so, and
 * does not speak of SQL.
 */
export class EarlierPublication extends DuckDbWarehouse {
  readonly #id: string;
  readonly #isLast: boolean;

  constructor({ session }: DuckDbWarehouse, id: string, isLast: boolean) {
    super(session);
    this.#id = id;
    this.#isLast = isLast;
  }

  override async rows<Result = Row>(query: Sql, label?: string): Promise<Result[]> {
    try {
      return await super.rows<Result>(query, label);
    } catch (error) {
      throw earlierShape(error, this.#id, this.#isLast);
    }
  }

  override async *integerBatches(query: Sql, label?: string): AsyncGenerator<readonly Int32Array[]> {
    try {
      yield* super.integerBatches(query, label);
    } catch (error) {
      throw earlierShape(error, this.#id, this.#isLast);
    }
  }
}

/** The error for a reader; any that is not about a missing table or column stays as it is. */
export function earlierShape(error: unknown, id: string, isLast = false): unknown {
  if (!(error instanceof WarehouseError)) return error;
  const match = ABSENT.map((pattern) => pattern.exec(error.words)).find((found) => found !== null);
  return match ? new EarlierShapeError(id, isLast, `${match[1]!.toLowerCase()} "${match[2]!}"`, error) : error;
}
