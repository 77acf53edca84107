import { expect, test } from 'vitest';
import { UserError } from '../../config/user-error.ts';
import { ByteBudget } from './byte-budget.ts';

/** In BigQuery's own words. */
const refused = (limit: number, needed: number) =>
  Object.assign(new Error(`Query exceeded limit for bytes billed: ${limit}. ${needed} or higher required.`), {
    code: 400,
    errors: [{ reason: 'bytesBilledLimitExceeded' }],
  });

test('a query may scan its own limit, until less than that is left of the run’s', () => {
  const budget = new ByteBudget({ maximumBytesBilled: 100, maximumBytesPerRun: 250 });
  expect(budget.forOneQuery).toBe(100);
  budget.spend(180);
  expect(budget.forOneQuery).toBe(70);
  budget.spend(70);
  // 0 would be no limit at all.
  expect(budget.forOneQuery).toBe(1);
});

test('a refusal names the limit that refused, what was needed and what to do', () => {
  const budget = new ByteBudget({ maximumBytesBilled: 100_000_000_000, maximumBytesPerRun: 1_000_000_000_000 });
  expect(budget.explained(refused(100_000_000_000, 250_000_000_000), 'merge into events: source')?.message).toBe(
    'merge into events: source: this statement would scan 250 GB, but one query may scan 100 GB (warehouse.maximumBytesBilled); ' +
      'nothing was charged for it. Raise the limit if this is right: "touchtrail run --dry-run" shows what each statement of a run would scan',
  );
  budget.spend(990_000_000_000);
  const error = budget.explained(refused(10_000_000_000, 25_500_000_000), 'merge into events: source');
  expect(error).toBeInstanceOf(UserError);
  expect(error?.message).toBe(
    'merge into events: source: this statement would scan 26 GB, but of the 1.0 TB that a run may scan (warehouse.maximumBytesPerRun) ' +
      '990 GB are used; nothing was charged for it. Raise the limit, or find out why there is so much to do: ' +
      '"touchtrail run --dry-run" shows what each statement of a run would scan',
  );
});

test('other errors are not explained', () => {
  const budget = new ByteBudget({ maximumBytesBilled: 1 });
  expect(budget.explained(new Error('Syntax error'), 'query')).toBeUndefined();
});
