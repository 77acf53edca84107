import { expect, test } from 'vitest';
import { comparisonOf } from './comparison.ts';

const MARCH = { start_date: '2026-03-01', end_date: '2026-03-31' };

test.each([
  ['previous', MARCH, { start_date: '2026-02-01', end_date: '2026-02-28' }],
  ['previous', { start_date: '2026-03-01', end_date: '2026-03-01' }, { start_date: '2026-02-28', end_date: '2026-02-28' }],
  ['year', MARCH, { start_date: '2025-03-01', end_date: '2025-03-31' }],
  ['year', { start_date: '2024-02-29', end_date: '2024-02-29' }, { start_date: '2023-02-28', end_date: '2023-02-28' }],
  ['2025-12-01..2025-12-24', MARCH, { start_date: '2025-12-01', end_date: '2025-12-24' }],
])('%s of %j is %j', (text, range, expected) => expect(comparisonOf(text, range)).toEqual(expected));

test.each(['', 'last', '2026-01-01', '2026-02-01..2026-01-01', '2026-02-30..2026-03-01', '2026-01-01..2026-01-02..2026-01-03'])(
  '"%s" is refused',
  (text) => expect(() => comparisonOf(text, MARCH)).toThrow(`--compare ${text}: expected "previous", "year" or two dates`),
);
