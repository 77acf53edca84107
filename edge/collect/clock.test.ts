import { describe, expect, test } from 'vitest';
import { Random } from '../../test/simulator/random.ts';
import { type Instant, occurredAt, parseInstant } from './clock.ts';

describe('a time', () => {
  test.each([
    ['2026-03-01T10:20:30.123Z', '2026-03-01T10:20:30.123Z'],
    ['2026-03-01T10:20:30Z', '2026-03-01T10:20:30.000Z'],
    ['2026-03-01T10:20:30.123456Z', '2026-03-01T10:20:30.123456Z'],
    ['2026-03-01T10:20:30.123456789Z', '2026-03-01T10:20:30.123456Z'],
    ['2026-03-01T10:20:30.120000Z', '2026-03-01T10:20:30.120Z'],
    ['2026-03-01T10:20:30+02:00', '2026-03-01T08:20:30.000Z'],
    ['2026-03-01T10:20:30-0530', '2026-03-01T15:50:30.000Z'],
    ['2026-03-01 10:20:30', '2026-03-01T10:20:30.000Z'],
    ['2026-03-01T10:20', '2026-03-01T10:20:00.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-06-30T23:59:60Z', '2026-07-01T00:00:00.000Z'],
    [1_772_360_430_123, '2026-03-01T10:20:30.123Z'],
    ['1772360430123', '2026-03-01T10:20:30.123Z'],
    [1_772_360_430, '2026-03-01T10:20:30.000Z'],
    ['0050-01-01T00:00:00Z', '0050-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%j is %s', (value, iso) => {
    expect(parseInstant(value)?.iso).toBe(iso);
  });

  test.each([
    ['2026-02-30T00:00:00Z'],
    ['2026-13-01T00:00:00Z'],
    ['2026-03-01T24:00:00Z'],
    ['+275760-09-13T00:00:00Z'],
    ['0000-01-01T00:00:00Z'],
    ['9999-12-31T23:59:59-01:00'],
    ['yesterday'],
    [''],
    [null],
    [Number.NaN],
    [-1],
    [1e300],
    [Infinity],
    [-Infinity],
    ['1e999'],
    [Number.MAX_SAFE_INTEGER],
    ['\ud800'],
    ['2026-03-01T10:20:30Z\u0000'],
    ['2026-03-01T10:20:30+99:99Z'],
    [[]],
    [true],
    [{}],
  ])('%j is none', (value) => {
    expect(parseInstant(value)).toBeUndefined();
  });
});

test('a time as browsers write it means the same as with a space in it, which the short way does not take', () => {
  const random = new Random(7);
  const digits = (most: number, length: number) => `${random.integer(0, most)}`.padStart(length, '0');
  let read = 0;
  for (let i = 0; i < 20_000; i++) {
    const year = random.pick(['0000', '0001', '1969', '2000', '2026', '9999', digits(9999, 4)]);
    const text = `${year}-${digits(13, 2)}-${digits(32, 2)}T${digits(25, 2)}:${digits(61, 2)}:${digits(61, 2)}.${digits(999, 3)}`;
    expect([text, parseInstant(`${text}Z`)]).toEqual([text, parseInstant(`${text} Z`)]);
    if (parseInstant(`${text}Z`)) read++;
  }
  expect(read).toBeGreaterThan(5_000);
});

const at = (iso: string): Instant => ({ ms: Date.parse(iso), iso });

describe('when a live event happened', () => {
  const received = at('2026-03-01T12:00:00.000Z');

  test.each([
    ['the wait on the client is subtracted', '2026-03-01T12:00:00.000Z', '2026-03-01T11:59:50.000Z', '2026-03-01T11:59:50.000Z'],
    ['a clock that is a day ahead cancels out', '2026-03-02T12:00:00.000Z', '2026-03-02T11:59:50.000Z', '2026-03-01T11:59:50.000Z'],
    ['a clock of the year 2000 cancels out', '2000-01-01T00:00:30.000Z', '2000-01-01T00:00:00.000Z', '2026-03-01T11:59:30.000Z'],
    [
      'an event after its sending is clamped to the arrival',
      '2026-03-01T12:00:00.000Z',
      '2026-03-01T12:05:00.000Z',
      '2026-03-01T12:00:00.000Z',
    ],
    ['a clock set in between is not believed', '2026-03-01T12:00:00.000Z', '1970-01-01T00:00:00.000Z', '2026-03-01T12:00:00.000Z'],
    ['an event that waited for 30 days keeps its time', '2026-03-01T12:00:00.000Z', '2026-01-30T12:00:00.000Z', '2026-01-30T12:00:00.000Z'],
  ])('%s', (_, sent, original, expected) => {
    expect(occurredAt(received, at(sent), at(original), 'browser').iso).toBe(expected);
  });

  test('is the arrival where a time is missing', () => {
    expect(occurredAt(received, undefined, received, 'browser')).toBe(received);
    expect(occurredAt(received, received, undefined, 'browser')).toBe(received);
  });

  test.each([
    ['browser', '2026-01-30T11:59:59.999Z', '2026-03-01T12:00:00.000Z'],
    ['server', '2026-01-30T11:59:59.999Z', '2026-01-30T11:59:59.999Z'],
    ['server', '2025-02-28T12:00:00.000Z', '2025-02-28T12:00:00.000Z'],
    ['server', '2025-02-28T11:59:59.999Z', '2026-03-01T12:00:00.000Z'],
  ] as const)('with a %s key at %s, sent now, is %s: who reads the public key cannot write history', (kind, original, expected) => {
    expect(occurredAt(received, received, at(original), kind).iso).toBe(expected);
  });
});

test('times are read and written as the calendar says, in any order', () => {
  const random = new Random(3);
  for (let i = 0; i < 5_000; i++) {
    // Half of them within a few minutes, before 1970 as well as after it.
    const ms = random.chance(0.5) ? random.integer(-62_135_596_800_000, 253_402_300_799_999) : random.integer(-200_000, 200_000);
    const iso = new Date(ms).toISOString();
    expect(parseInstant(iso)).toEqual({ ms, iso });
    if (ms >= 1e11) expect(parseInstant(ms)).toEqual({ ms, iso });
  }
});
