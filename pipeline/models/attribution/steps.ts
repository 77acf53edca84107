import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';

/** A column that a step adds. */
export interface Computed {
  readonly name: string;
  readonly value: Sql;
}

/** Names what an expression is. */
export const as = (value: Sql, name: string): Computed => ({ name, value });

/** A column as it stands in a SELECT. */
export const selected = ({ name, value }: Computed): Sql => sql`${value} as ${raw(name)}`;

interface StepOptions {
  /** Columns of the step before that are carried on; default: all. */
  readonly keep?: readonly string[];
  readonly from?: (before: string) => Sql;
  readonly where?: Sql;
}

/** CTEs, each over the one before. */
export class Steps {
  last: string;
  columns: readonly string[] = [];
  readonly #ctes: Sql[];

  /** @param above CTEs that stand before these. */
  constructor(first: string, above?: Sql) {
    this.last = first;
    this.#ctes = above ? [above] : [];
  }

  /** Of the columns that are there now, those that are made for one model each and are called so. */
  made(prefix: string): string[] {
    return this.columns.filter((name) => new RegExp(`^${prefix}_\\d+$`).test(name));
  }

  add(name: string, computed: readonly Computed[], { keep = this.columns, from = raw, where }: StepOptions = {}): void {
    this.#ctes.push(sql`
    ${raw(name)} as (
      select
        ${join([raw(keep.join(', ')), ...computed.map(selected)], ',\n        ')}
      from ${from(this.last)}${
        where
          ? sql`
      where ${where}`
          : raw('')
      }
    ),`);
    this.columns = [...keep.map((column) => column.replace('paths.', '')), ...computed.map((column) => column.name)];
    this.last = name;
  }

  ctes(): Sql {
    return join(this.#ctes, '');
  }
}
