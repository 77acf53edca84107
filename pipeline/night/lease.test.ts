import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../warehouse/sql.ts';
import { openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { acquireLease, type LeaseRequest } from './lease.ts';
import { RUN_LEASE } from './tables.ts';

let warehouse: Warehouse;
let now: Date;
beforeEach(async () => {
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([RUN_LEASE]);
  now = new Date('2026-07-01T03:00:00Z');
});
afterEach(() => warehouse.close());

const request = (holder: string, more: Partial<LeaseRequest> = {}): LeaseRequest => ({
  holder,
  clock: () => now,
  exclusive: false,
  runId: (token) => `run-${token}`,
  ...more,
});
const pass = (minutes: number): void => {
  now = new Date(now.getTime() + minutes * 60_000);
};

test('a second run is refused and told who holds the lease, since when and until when', async () => {
  await acquireLease(warehouse, request('a, process 1'));
  pass(1);
  await expect(acquireLease(warehouse, request('b, process 2'))).rejects.toThrow(
    'a run is in progress: held by a, process 1 since 2026-07-01T03:00:00.000000Z (run run-1); unless it shows a sign of life, its lease ends at 2026-07-01T03:05:00.000000Z',
  );
});

test('each run that takes the lease gets a higher token, also after it was given back', async () => {
  const first = await acquireLease(warehouse, request('a'));
  await first.release();
  const second = await acquireLease(warehouse, request('a'));
  expect([first.token, second.token, second.runId]).toEqual([1, 2, 'run-2']);
});

test('a heartbeat extends the lease', async () => {
  const first = await acquireLease(warehouse, request('a'));
  pass(4);
  await first.renew();
  pass(4);
  await expect(acquireLease(warehouse, request('b'))).rejects.toThrow('held by a');
});

test('a lease whose holder shows no sign of life is taken over, and the old holder stops before it writes', async () => {
  const first = await acquireLease(warehouse, request('a'));
  pass(6);
  const second = await acquireLease(warehouse, request('b'));
  expect(second.token).toBe(2);
  await expect(first.renew()).rejects.toThrow(
    'run run-1 lost its lease and stopped before writing: b took it over at 2026-07-01T03:06:00.000000Z (run run-2)',
  );
  await second.renew();
});

test('a run that lost its lease does not give back the one of its successor', async () => {
  const first = await acquireLease(warehouse, request('a'));
  pass(6);
  await acquireLease(warehouse, request('b'));
  await first.release();
  await expect(acquireLease(warehouse, request('c'))).rejects.toThrow('held by b');
});

test('where the engine lets in one process only, a lease that is left over is of no concern', async () => {
  await acquireLease(warehouse, request('a'));
  const second = await acquireLease(warehouse, request('b', { exclusive: true }));
  expect(second.token).toBe(2);
});

test('there, too, a run that is no longer the latest stops before it writes', async () => {
  const first = await acquireLease(warehouse, request('a', { exclusive: true }));
  await first.renew();
  await acquireLease(warehouse, request('b', { exclusive: true }));
  await expect(first.renew()).rejects.toThrow('run run-1 lost its lease and stopped before writing: b took it over');
});

test('of two that ask at the same moment one gets it', async () => {
  // Both have read that nobody holds it before either writes.
  const racing: Warehouse = Object.create(warehouse, {
    merge: {
      value: async (...args: Parameters<Warehouse['merge']>) => {
        if (!interfered) {
          interfered = true;
          await acquireLease(warehouse, request('faster'));
        }
        return warehouse.merge(...args);
      },
    },
    rows: { value: (...args: Parameters<Warehouse['rows']>) => warehouse.rows(...args) },
    dialect: { value: warehouse.dialect },
  }) as Warehouse;
  let interfered = false;
  await expect(acquireLease(racing, request('slower'))).rejects.toThrow('held by faster');
  expect(await warehouse.rows(sql`select holder, token from run_lease`)).toEqual([{ holder: 'faster', token: 1 }]);
});
