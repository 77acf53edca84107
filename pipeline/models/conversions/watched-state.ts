import { type Sql, param, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Watched } from './history-watch.ts';
import { CONVERSION_WATCHES } from './tables.ts';

/** Prime numbers of 31 bits: two sums in their arithmetic differ for different rows, but for chance, and fit 64 bits. */
const PRIMES = [2_147_483_647, 2_147_483_629] as const;

/** The rows before the window, in numbers. */
export interface StateOfRows {
  /** Before this instant (ISO in UTC) they are what they were when they last said the same as the records; null: that is not known. */
  readonly sameBefore: string | null;
  readonly rowCount: number;
  readonly firstSum: number;
  readonly secondSum: number;
}

interface Sums {
  readonly row_count: number;
  readonly first_sum: number;
  readonly second_sum: number;
}

/** Reads the rows as their source returns them, and compares those before the former window with what was kept of them. */
export async function stateOfRows(
  warehouse: Warehouse,
  { conversion: { name }, definitionHash, from, fingerprints }: Watched,
): Promise<StateOfRows> {
  const [kept] = await warehouse.rows<Sums & { definition_hash: string; from_time: string }>(
    sql`
      select definition_hash, from_time, row_count, first_sum, second_sum
      from ${table(CONVERSION_WATCHES.name)}
      where conversion_name = ${name}`,
    `conversion ${name}: rows before its window`,
  );
  // A window that has grown has come upon rows before its former beginning.
  const known = kept?.definition_hash === definitionHash && Date.parse(kept.from_time) <= Date.parse(from) ? kept : undefined;
  const [sums] = await warehouse.rows<Sums & { former_count: number; former_first_sum: number; former_second_sum: number }>(
    sql`
      select ${sumsBefore(from, '')}, ${sumsBefore(known?.from_time ?? from, 'former_')}
      from (${fingerprints}
      ) as numbered`,
    `conversion ${name}: rows before its window`,
  );
  const { row_count, first_sum, second_sum, former_count, former_first_sum, former_second_sum } = sums!;
  const isSame = known?.row_count === former_count && known.first_sum === former_first_sum && known.second_sum === former_second_sum;
  return { sameBefore: isSame ? known.from_time : null, rowCount: row_count, firstSum: first_sum, secondSum: second_sum };
}

function sumsBefore(from: string, prefix: '' | 'former_'): Sql {
  const isBefore = sql`coalesce(numbered.conversion_time < ${param(from, 'TIMESTAMP')}, false)`;
  const sum = (prime: number) => sql`cast(sum(if(${isBefore}, mod(numbered.fingerprint, ${raw(String(prime))}), 0)) as int64)`;
  const named = (name: string) => raw(`${prefix}${name}`);
  return sql`
        coalesce(countif(${isBefore}), 0) as ${prefix === '' ? raw('row_count') : raw('former_count')},
        coalesce(${sum(PRIMES[0])}, 0) as ${named('first_sum')},
        coalesce(${sum(PRIMES[1])}, 0) as ${named('second_sum')}`;
}

/** Keeps a state in which the rows say the same as the records; undefined: they do not, and all are to be compared again. */
export async function keepState(
  warehouse: Warehouse,
  { conversion: { name }, definitionHash, from }: Watched,
  state: StateOfRows | undefined,
): Promise<void> {
  const label = `conversion ${name}: state of its rows`;
  if (!state) {
    await warehouse.delete(CONVERSION_WATCHES, sql`select ${name} as conversion_name`, { label });
    return;
  }
  await warehouse.merge(
    CONVERSION_WATCHES,
    sql`
      select
        ${name} as conversion_name, ${definitionHash} as definition_hash, ${param(from, 'TIMESTAMP')} as from_time,
        ${state.rowCount} as row_count, ${state.firstSum} as first_sum, ${state.secondSum} as second_sum`,
    { label },
  );
}
