import { describe, expect, test } from 'vitest';
import { timeReader } from './time-format.ts';

describe('iso', () => {
  test.each([
    ['2024-05-06T07:08:09Z', 'UTC', '2024-05-06T07:08:09.000Z'],
    ['2024-05-06 07:08:09.123456', 'UTC', '2024-05-06T07:08:09.123456Z'],
    ['2024-05-06T07:08+02:00', 'UTC', '2024-05-06T05:08:00.000Z'],
    ['2024-05-06T07:08:09', 'Europe/Berlin', '2024-05-06T05:08:09.000Z'],
    ['2024-12-06T07:08:09', 'Europe/Berlin', '2024-12-06T06:08:09.000Z'],
    ['2024-05-06', 'America/New_York', '2024-05-06T04:00:00.000Z'],
    ['2024-05-06 07:08:09 UTC', 'Europe/Berlin', '2024-05-06T07:08:09.000Z'],
    [1_714_979_289, 'UTC', '2024-05-06T07:08:09.000Z'],
    ['1714979289123', 'UTC', '2024-05-06T07:08:09.123Z'],
    [1_714_979_289.5, 'UTC', '2024-05-06T07:08:09.500Z'],
    ['1714979289.5', 'UTC', '2024-05-06T07:08:09.500Z'],
    ['1714979289.123456', 'UTC', '2024-05-06T07:08:09.123456Z'],
    ['1714979289123.5', 'UTC', '2024-05-06T07:08:09.123500Z'],
  ])('%s in %s is %s', (text, zone, expected) => {
    expect(timeReader('iso', zone)(text)).toBe(expected);
  });

  test.each(['', 'yesterday', '2024-02-30', '2024-05-06T24:00:00Z', '06.05.2024', '1714979289.', '1714979289,5', null, true, {}])(
    '%j is no time',
    (value) => {
      expect(timeReader('iso', 'UTC')(value)).toBeUndefined();
    },
  );
});

test.each([
  // Clocks went from 02:00 to 03:00: what they never showed is read with the offset before it.
  ['2024-03-31 02:30', '2024-03-31T01:30:00.000Z'],
  ['2024-03-31 01:59', '2024-03-31T00:59:00.000Z'],
  ['2024-03-31 03:00', '2024-03-31T01:00:00.000Z'],
  // From 03:00 back to 02:00: of the hour that comes twice the first.
  ['2024-10-27 02:30', '2024-10-27T00:30:00.000Z'],
  ['2024-10-27 03:00', '2024-10-27T02:00:00.000Z'],
])('on the days on which clocks change, %s in Berlin is %s', (text, expected) => {
  expect(timeReader('yyyy-MM-dd HH:mm', 'Europe/Berlin')(text)).toBe(expected);
});

test.each([
  ['unix_seconds', '1714979289.5', '2024-05-06T07:08:09.500Z'],
  ['unix_seconds', 1_714_979_289, '2024-05-06T07:08:09.000Z'],
  ['unix_milliseconds', 1_714_979_289_123, '2024-05-06T07:08:09.123Z'],
  ['unix_microseconds', '1714979289123456', '2024-05-06T07:08:09.123456Z'],
  ['dd.MM.yyyy HH:mm', '06.05.2024 07:08', '2024-05-06T07:08:00.000Z'],
  ['d/M/yy h:mm a', '6/5/24 7:08 PM', '2024-05-06T19:08:00.000Z'],
  ['M/d/yyyy h:mm a', '5/6/2024 12:08 AM', '2024-05-06T00:08:00.000Z'],
  ["d MMM yyyy 'at' HH:mm:ss", '6 May 2024 at 07:08:09', '2024-05-06T07:08:09.000Z'],
  ['yyyyMMdd', 20_240_506, '2024-05-06T00:00:00.000Z'],
  ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", '2024-05-06T07:08:09.123+0200', '2024-05-06T05:08:09.123Z'],
])('%s reads %s', (format, value, expected) => {
  expect(timeReader(format, 'UTC')(value)).toBe(expected);
});

test.each([
  ['unix_seconds', '-1'],
  ['unix_seconds', 'soon'],
  ['dd.MM.yyyy HH:mm', '31.02.2024 07:08'],
  ['dd.MM.yyyy HH:mm', '06.05.2024'],
  ['h:mm a d.M.yyyy', '13:00 PM 6.5.2024'],
  ['d MMM yyyy', '6 Foo 2024'],
])('%s does not read %s', (format, value) => {
  expect(timeReader(format, 'UTC')(value)).toBeUndefined();
});

test.each([
  ['HH:mm', 'year, month and day'],
  ['dd.MM.yyyy hh:mm', 'expected "a"'],
  ['dd.MM.yyyy Q', '"Q" is no part of a time'],
])('%s is no format: %s', (format, message) => {
  expect(() => timeReader(format, 'UTC')).toThrow(message);
});
