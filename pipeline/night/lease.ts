import { UserError } from '../config/user-error.ts';
import { sql, table, type Sql } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { rowSource } from './row-source.ts';
import { RUN_LEASE } from './tables.ts';

/** How long a run that shows no sign of life keeps others out. */
const LEASE_MILLISECONDS = 5 * 60_000;
/** How often the holder shows one. */
export const HEARTBEAT_MILLISECONDS = 30_000;

const NAME = 'night';

interface LeaseRow {
  readonly token: number;
  readonly run_id: string;
  readonly holder: string;
  readonly acquired_at: string;
  readonly expires_at: string;
}

export interface LeaseRequest {
  /** Host and process. */
  readonly holder: string;
  /** Names the run once its token is known. */
  readonly runId: (token: number) => string;
  readonly clock: () => Date;
  /**
   * Whether the engine itself lets only one process write, so that whoever can ask for the lease may have it: a lease
   * that stands in a DuckDB file belongs to a process that is gone.
   */
  readonly exclusive: boolean;
}

/** The right to write, held by one run at a time (DESIGN §3.6). */
export interface Lease {
  /** Fencing token: one more than that of the run before. */
  readonly token: number;
  readonly runId: string;
  /**
   * Extends the lease where others could read it, and proves that it is still this run's: called at the start of every
   * writing transaction.
   * @throws UserError naming the run that took it over.
   */
  renew(): Promise<void>;
  /** Gives it back; the row stays, so that the next token is higher. */
  release(): Promise<void>;
}

/**
 * Takes the lease by comparing and setting in one statement, then reads who got it.
 * @throws UserError naming the holder, and since when, where another run holds it.
 */
export async function acquireLease(warehouse: Warehouse, request: LeaseRequest): Promise<Lease> {
  const { holder, clock, exclusive } = request;
  const before = await readLease(warehouse);
  const now = clock();
  if (before && !exclusive && new Date(before.expires_at) > now) throw heldBy(before);
  const token = (before?.token ?? 0) + 1;
  const runId = request.runId(token);
  const acquiredAt = now.toISOString();

  const write = async (expectedToken: number, expiresAt: Date): Promise<void> => {
    const row = {
      name: NAME,
      token,
      run_id: runId,
      holder,
      acquired_at: acquiredAt,
      heartbeat_at: clock().toISOString(),
      expires_at: expiresAt.toISOString(),
    };
    await warehouse.merge(RUN_LEASE, rowSource(warehouse.dialect, RUN_LEASE, row, tokenIs(expectedToken)), { label: 'run lease' });
  };
  const expiry = (): Date => new Date(clock().getTime() + LEASE_MILLISECONDS);
  const verify = async (): Promise<void> => {
    const current = await readLease(warehouse);
    if (!current || current.token !== token || current.holder !== holder) throw lost(runId, current);
  };

  await write(before?.token ?? 0, expiry());
  const after = await readLease(warehouse);
  if (!after || after.token !== token || after.holder !== holder) throw heldBy(after ?? before);
  return {
    token,
    runId,
    renew: async () => {
      // Where nobody else can read the row while this run lives, a sign of life has no reader.
      if (!exclusive) await write(token, expiry());
      await verify();
    },
    release: () => write(token, clock()),
  };
}

/** Lets the write through only while the token in the table is the expected one (0: there is none yet). */
function tokenIs(expected: number): Sql {
  return sql`(select coalesce(max(token), 0) from ${table(RUN_LEASE.name)} where name = ${NAME}) = ${expected}`;
}

async function readLease(warehouse: Warehouse): Promise<LeaseRow | undefined> {
  const [row] = await warehouse.rows<LeaseRow>(
    sql`select token, run_id, holder, acquired_at, expires_at from ${table(RUN_LEASE.name)} where name = ${NAME}`,
    'run lease',
  );
  return row;
}

function heldBy(row: LeaseRow | undefined): UserError {
  const holder = row ? `held by ${row.holder} since ${row.acquired_at} (run ${row.run_id})` : 'another process just began one';
  const until = row ? `; unless it shows a sign of life, its lease ends at ${row.expires_at}` : '';
  return new UserError(`a run is in progress: ${holder}${until}`);
}

function lost(runId: string, row: LeaseRow | undefined): UserError {
  const taker = row ? `${row.holder} took it over at ${row.acquired_at} (run ${row.run_id})` : 'its row is gone';
  return new UserError(`run ${runId} lost its lease and stopped before writing: ${taker}`);
}
