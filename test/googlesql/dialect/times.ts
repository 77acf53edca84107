import type { TimeUnit } from '../../../pipeline/warehouse/dialect.ts';
import { raw } from '../../../pipeline/warehouse/sql.ts';
import { type Case, date, exact, integer, table, time } from './cases.ts';

export const timestampAdd: Case[] = table(
  (dialect, [from, amount, unit]: readonly [string | null, number | null, TimeUnit]) =>
    dialect.timestampAdd(time(from), integer(amount), unit),
  [
    ['a microsecond back', ['2024-02-29T00:00:00Z', -1, 'MICROSECOND'], '2024-02-28T23:59:59.999999Z'],
    ['a microsecond over the epoch', ['1969-12-31T23:59:59.999999Z', 1, 'MICROSECOND'], '1970-01-01T00:00:00.000000Z'],
    ['seconds', ['2024-02-29T00:00:00Z', 61, 'SECOND'], '2024-02-29T00:01:01.000000Z'],
    ['minutes back', ['2024-02-29T00:00:00Z', -30, 'MINUTE'], '2024-02-28T23:30:00.000000Z'],
    ['hours', ['2024-02-29T00:00:00Z', 24, 'HOUR'], '2024-03-01T00:00:00.000000Z'],
    ['a leap year in days', ['2024-02-29T00:00:00Z', 366, 'DAY'], '2025-03-01T00:00:00.000000Z'],
    ['no leap year in 1900', ['1900-02-28T12:00:00Z', 1, 'DAY'], '1900-03-01T12:00:00.000000Z'],
    // Instants, not local days: Berlin lost an hour in this night.
    ['a day is 24 hours', ['2026-03-28T23:30:00Z', 1, 'DAY'], '2026-03-29T23:30:00.000000Z'],
    ['years of days', ['2026-01-01T00:00:00Z', -73000, 'DAY'], '1826-02-19T00:00:00.000000Z'],
    ['nothing', ['2026-01-01T00:00:00.123456Z', 0, 'DAY'], '2026-01-01T00:00:00.123456Z'],
    ['to the first instant', ['0001-01-02T00:00:00Z', -1, 'DAY'], '0001-01-01T00:00:00.000000Z'],
    ['to the last instant', ['9999-12-31T23:59:59.999998Z', 1, 'MICROSECOND'], '9999-12-31T23:59:59.999999Z'],
    ['beyond the last instant', ['9999-12-31T23:59:59.999999Z', 1, 'MICROSECOND'], null],
    ['before the first instant', ['0001-01-01T00:00:00Z', -90, 'DAY'], null],
    ['to no time', [null, 1, 'DAY'], null],
    ['no amount', ['2026-01-01T00:00:00Z', null, 'DAY'], null],
  ],
).concat([
  [
    'keeps the precedence of the amount',
    (dialect) => dialect.timestampAdd(time('2026-01-01T00:00:00Z'), raw('1 + 1'), 'DAY'),
    '2026-01-03T00:00:00.000000Z',
  ],
]);

export const timestampDiff: Case[] = table(
  (dialect, [later, earlier, unit]: readonly [string | null, string | null, TimeUnit]) =>
    dialect.timestampDiff(time(later), time(earlier), unit),
  [
    ['microseconds over a year', ['2026-01-01T00:00:00.000001Z', '2025-12-31T23:59:59.999999Z', 'MICROSECOND'], 2],
    ['whole seconds only', ['2026-01-01T00:00:01.999999Z', '2026-01-01T00:00:00Z', 'SECOND'], 1],
    ['truncated towards zero', ['2026-01-01T00:00:00Z', '2026-01-01T00:01:59Z', 'MINUTE'], -1],
    ['less than an hour by a microsecond', ['2026-01-01T01:00:00Z', '2026-01-01T00:00:00.000001Z', 'HOUR'], 0],
    ['a night of 23 local hours', ['2026-03-30T00:00:00Z', '2026-03-29T00:00:00Z', 'DAY'], 1],
    ['over the epoch', ['1970-01-01T00:00:00.5Z', '1969-12-31T23:59:59.5Z', 'SECOND'], 1],
    ['a leap day', ['2024-03-01T00:00:00Z', '2024-02-28T00:00:00Z', 'DAY'], 2],
    ['all there is', ['9999-12-31T00:00:00Z', '0001-01-01T00:00:00Z', 'DAY'], 3652058],
    ['of no time', [null, '2026-01-01T00:00:00Z', 'DAY'], null],
    ['to no time', ['2026-01-01T00:00:00Z', null, 'DAY'], null],
  ],
);

export const unixMicros: Case[] = [
  ['after 1970', (dialect) => dialect.unixMicros(time('1970-01-01T00:00:01.000002Z')), 1_000_002],
  ['before 1970', (dialect) => dialect.unixMicros(time('1969-12-31T23:59:59.999999Z')), -1],
  ['today', (dialect) => dialect.unixMicros(time('2026-03-02T10:00:00.123456Z')), 1_772_445_600_123_456],
  ['the first instant', exact((dialect) => dialect.unixMicros(time('0001-01-01T00:00:00Z'))), '-62135596800000000'],
  ['the last instant', exact((dialect) => dialect.unixMicros(time('9999-12-31T23:59:59.999999Z'))), '253402300799999999'],
  ['NULL', (dialect) => dialect.unixMicros(time(null)), null],
];

/** The last microsecond of a day where it is not simply midnight, and on ordinary days. From the tz database. */
const MIDNIGHTS: readonly [zone: string, day: string, last: string][] = [
  ['UTC', '2024-02-29', '2024-02-29T23:59:59.999999Z'],
  ['Europe/Berlin', '2026-01-15', '2026-01-15T22:59:59.999999Z'],
  // Clocks go forward on 29 March 2026 and back on 25 October 2026.
  ['Europe/Berlin', '2026-03-28', '2026-03-28T22:59:59.999999Z'],
  ['Europe/Berlin', '2026-03-29', '2026-03-29T21:59:59.999999Z'],
  ['Europe/Berlin', '2026-10-24', '2026-10-24T21:59:59.999999Z'],
  ['Europe/Berlin', '2026-10-25', '2026-10-25T22:59:59.999999Z'],
  ['America/New_York', '2026-03-08', '2026-03-09T03:59:59.999999Z'],
  ['America/New_York', '2026-12-31', '2027-01-01T04:59:59.999999Z'],
  // The southern summer begins on 4 October 2026 and ends on 5 April 2026; Lord Howe moves by half an hour.
  ['Australia/Sydney', '2026-04-05', '2026-04-05T13:59:59.999999Z'],
  ['Australia/Sydney', '2026-10-03', '2026-10-03T13:59:59.999999Z'],
  ['Australia/Sydney', '2026-10-04', '2026-10-04T12:59:59.999999Z'],
  ['Australia/Lord_Howe', '2026-04-05', '2026-04-05T13:29:59.999999Z'],
  ['Australia/Lord_Howe', '2026-10-04', '2026-10-04T12:59:59.999999Z'],
  ['Pacific/Auckland', '2026-09-27', '2026-09-27T10:59:59.999999Z'],
  // 45 minutes, and the largest offsets there are.
  ['Asia/Kolkata', '2026-06-01', '2026-06-01T18:29:59.999999Z'],
  ['Asia/Kathmandu', '2026-06-01', '2026-06-01T18:14:59.999999Z'],
  ['Pacific/Chatham', '2026-01-01', '2026-01-01T10:14:59.999999Z'],
  ['Pacific/Kiritimati', '2026-01-01', '2026-01-01T09:59:59.999999Z'],
  ['Pacific/Pago_Pago', '2026-01-01', '2026-01-02T10:59:59.999999Z'],
  // Cairo skipped midnight of 24 April 2026 (clocks went from 00:00 to 01:00): the day before ends at the change.
  ['Africa/Cairo', '2026-04-23', '2026-04-23T21:59:59.999999Z'],
  // Havana saw midnight of 1 November 2026 twice (01:00 went back to 00:00): the day before ends at the first.
  ['America/Havana', '2026-10-31', '2026-11-01T03:59:59.999999Z'],
  // São Paulo repeated the last hour of 17 February 2018, and skipped the midnight before 4 November 2018.
  ['America/Sao_Paulo', '2018-02-17', '2018-02-18T02:59:59.999999Z'],
  ['America/Sao_Paulo', '2018-11-03', '2018-11-04T02:59:59.999999Z'],
  // Samoa had no 30 December 2011.
  ['Pacific/Apia', '2011-12-29', '2011-12-30T09:59:59.999999Z'],
  ['Pacific/Apia', '2011-12-31', '2011-12-31T09:59:59.999999Z'],
];

const next = (day: string) => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);

export const localDate: Case[] = [
  ...MIDNIGHTS.flatMap(([zone, day, last]): Case[] => {
    const after = zone === 'Pacific/Apia' && day === '2011-12-29' ? '2011-12-31' : next(day);
    return [
      [`the last microsecond of ${day} in ${zone}`, (dialect) => dialect.localDate(time(last), zone), day],
      [
        `a microsecond after ${day} in ${zone}`,
        (dialect) => dialect.localDate(dialect.timestampAdd(time(last), integer(1), 'MICROSECOND'), zone),
        after,
      ],
    ];
  }),
  ...table(
    (dialect, [at, zone]: readonly [string | null, string]) => dialect.localDate(time(at), zone),
    [
      ['the first hour that struck twice', ['2026-10-25T00:30:00Z', 'Europe/Berlin'], '2026-10-25'],
      ['long ago, in the local mean time of then', ['1880-01-01T00:00:00Z', 'America/New_York'], '1879-12-31'],
      ['the first instant, which is no day yet in the west', ['0001-01-01T00:00:00Z', 'America/New_York'], '0001-01-01'],
      ['the first instant in UTC', ['0001-01-01T00:00:00Z', 'UTC'], '0001-01-01'],
      ['the second day', ['0001-01-02T12:00:00Z', 'America/New_York'], '0001-01-02'],
      ['the last instant, which is no day any more in the east', ['9999-12-31T23:59:59.999999Z', 'Asia/Tokyo'], '9999-12-31'],
      ['the last instant in UTC', ['9999-12-31T23:59:59.999999Z', 'UTC'], '9999-12-31'],
      ['the day before the last', ['9999-12-30T12:00:00Z', 'Asia/Tokyo'], '9999-12-30'],
      ['NULL', [null, 'Europe/Berlin'], null],
    ],
  ),
];

export const endOfLocalDay: Case[] = [
  ...MIDNIGHTS.map(([zone, day, last]): Case => [`of ${day} in ${zone}`, (dialect) => dialect.endOfLocalDay(date(day), zone), last]),
  ...table(
    (dialect, [day, zone]: readonly [string | null, string]) => dialect.endOfLocalDay(date(day), zone),
    [
      ['of the last day there is', ['9999-12-31', 'Europe/Berlin'], '9999-12-31T23:59:59.999999Z'],
      ['of the last day there is, in the west', ['9999-12-31', 'America/New_York'], '9999-12-31T23:59:59.999999Z'],
      ['of the last day in UTC', ['9999-12-31', 'UTC'], '9999-12-31T23:59:59.999999Z'],
      ['of the day before it', ['9999-12-30', 'UTC'], '9999-12-30T23:59:59.999999Z'],
      ['of the day before it, in the west', ['9999-12-30', 'America/New_York'], '9999-12-31T04:59:59.999999Z'],
      ['of the first day there is', ['0001-01-01', 'UTC'], '0001-01-01T23:59:59.999999Z'],
      ['of NULL', [null, 'Europe/Berlin'], null],
    ],
  ),
];

export const dateTrunc: Case[] = table(
  (dialect, [day, unit]: readonly [string | null, 'WEEK' | 'MONTH' | 'QUARTER' | 'YEAR']) => dialect.dateTrunc(date(day), unit),
  [
    ['a Sunday belongs to the week before', ['2026-03-01', 'WEEK'], '2026-02-23'],
    ['a Monday is its own week', ['2026-03-02', 'WEEK'], '2026-03-02'],
    ['a week across the year', ['2027-01-01', 'WEEK'], '2026-12-28'],
    ['a week before 1970', ['1969-12-31', 'WEEK'], '1969-12-29'],
    ['the first week, a Monday', ['0001-01-07', 'WEEK'], '0001-01-01'],
    ['the last week', ['9999-12-31', 'WEEK'], '9999-12-27'],
    ['a month with a leap day', ['2024-02-29', 'MONTH'], '2024-02-01'],
    ['the first month', ['0001-01-31', 'MONTH'], '0001-01-01'],
    ['a quarter', ['2026-06-30', 'QUARTER'], '2026-04-01'],
    ['the last quarter', ['9999-12-31', 'QUARTER'], '9999-10-01'],
    ['a year', ['2026-12-31', 'YEAR'], '2026-01-01'],
    ['NULL', [null, 'MONTH'], null],
  ],
);

export const dateAdd: Case[] = table(
  (dialect, [day, days]: readonly [string | null, number | null]) => dialect.dateAdd(date(day), integer(days)),
  [
    ['to a leap day', ['2024-02-28', 1], '2024-02-29'],
    ['over a leap day', ['2024-02-29', 1], '2024-03-01'],
    ['no leap day', ['2100-02-28', 1], '2100-03-01'],
    ['back over the year', ['2026-01-01', -1], '2025-12-31'],
    ['nothing', ['2026-01-01', 0], '2026-01-01'],
    ['to the last day', ['9999-12-30', 1], '9999-12-31'],
    ['beyond the last day', ['9999-12-31', 1], null],
    ['before the first day', ['0001-01-01', -1], null],
    ['no days', ['2026-01-01', null], null],
    ['no date', [null, 1], null],
  ],
).concat([['keeps the precedence of the days', (dialect) => dialect.dateAdd(date('2026-01-01'), raw('1 + 1')), '2026-01-03']]);
