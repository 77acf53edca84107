import { CONVERSION_CHANGES } from '../../models/conversions/tables.ts';
import { type Sql, param, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { shownValue } from '../identity/graph.ts';

/** What became of a conversion after it was first read: a row of the change log. */
export interface ConversionChange {
  /** The run that saw it, ISO in UTC. */
  readonly changed_at: string;
  readonly conversion_name: string;
  readonly id: string;
  readonly change: 'inserted' | 'updated' | 'deleted';
  /** The column that changed; empty where the whole conversion came or went: the values then are its value. */
  readonly column_name: string;
  readonly from_value: string | null;
  readonly to_value: string | null;
  /** source, disappeared, zero or definition. */
  readonly reason: string;
}

export interface ChangesAsked {
  /** Only of this conversion. */
  readonly name: string | undefined;
  /** Local date of the first day, in `timeZone`. */
  readonly since: string | undefined;
  readonly timeZone: string;
  readonly limit: number;
}

/** The change log, latest first. Hashes are shortened. */
export async function conversionChanges(warehouse: Warehouse, { name, since, timeZone, limit }: ChangesAsked): Promise<ConversionChange[]> {
  const conditions: Sql[] = [
    ...(name === undefined ? [] : [sql`conversion_name = ${name}`]),
    ...(since === undefined ? [] : [sql`${warehouse.dialect.localDate(raw('changed_at'), timeZone)} >= ${param(since, 'DATE')}`]),
  ];
  const rows = await warehouse.rows<ConversionChange>(
    sql`
    select changed_at, conversion_name, id, change, column_name, from_value, to_value, reason
    from ${table(CONVERSION_CHANGES.name)}
    where ${conditions.reduce((all, one) => sql`${all} and ${one}`, raw('true'))}
    order by changed_at desc nulls last, conversion_name nulls first, id nulls first, column_name nulls first
    limit ${limit}`,
    'changes of conversions',
  );
  return rows.map((row) => ({
    ...row,
    from_value: shown(row.column_name, row.from_value),
    to_value: shown(row.column_name, row.to_value),
  }));
}

/** Columns of conversions that hold hashes, by the identity key whose value they are. */
const HASHES: Readonly<Record<string, string>> = { email_hash: 'email_hash', ip_key: 'ip_hash' };

function shown(column: string, value: string | null): string | null {
  const key = HASHES[column];
  return key === undefined || value === null ? value : shownValue(key, value);
}
