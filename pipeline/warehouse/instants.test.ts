import { describe, expect, test } from 'vitest';
import { canonicalInstant, isoMicros, microsOf } from './instants.ts';

describe('an instant has one form, whatever its digits', () => {
  test.each([
    ['2026-03-02T10:00:00.123Z', '2026-03-02T10:00:00.123000Z'],
    ['2026-03-02T10:00:00.123000Z', '2026-03-02T10:00:00.123000Z'],
    ['2026-03-02T10:00:00.123456Z', '2026-03-02T10:00:00.123456Z'],
    ['2026-03-02T10:00:00Z', '2026-03-02T10:00:00.000000Z'],
    ['1969-12-31T23:59:59.5Z', '1969-12-31T23:59:59.500000Z'],
  ])('%s', (iso, canonical) => expect(canonicalInstant(iso)).toBe(canonical));
});

test.each(['2026-03-02', '2026-03-02T10:00:00', '2026-03-02T10:00:00+01:00', '2026-13-02T10:00:00Z', '2026-03-02T10:00:00.1234567Z', ''])(
  'is no instant: %s',
  (text) => expect(canonicalInstant(text)).toBeUndefined(),
);

test('microseconds count from 1970, and an instant beyond the calendar has no text', () => {
  expect(microsOf('1970-01-01T00:00:01.000002Z')).toBe(1_000_002n);
  expect(isoMicros(-1n)).toBe('1969-12-31T23:59:59.999999Z');
  expect(isoMicros(9_223_372_036_854_775_807n)).toBeUndefined();
});
