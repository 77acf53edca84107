import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ColumnType } from '../../../edge/contract/columns.ts';
import type { TimeUnit } from '../dialect.ts';
import { type Sql, arrayParam, param, raw, sql } from '../sql.ts';
import type { Value } from '../warehouse.ts';
import { duckDbDialect as dialect } from './dialect.ts';
import { type DuckDbWarehouse, openDuckDb } from './duckdb.ts';

let warehouse: DuckDbWarehouse;
beforeAll(async () => {
  warehouse = await openDuckDb(':memory:');
});
afterAll(() => warehouse.close());

async function valueOf(expression: Sql): Promise<Value> {
  const [row] = await warehouse.rows<{ value: Value }>(sql`select ${expression} as value`);
  return row!.value;
}

const text = (value: string | null) => sql`${param(value, 'STRING')}`;
const integer = (value: number | bigint | null) => sql`${param(value, 'INT64')}`;
const float = (value: number | null) => sql`${param(value, 'FLOAT64')}`;
const time = (value: string | null) => sql`${param(value, 'TIMESTAMP')}`;
const date = (value: string | null) => sql`${param(value, 'DATE')}`;
const json = (value: string | null) => (value === null ? raw('cast(null as json)') : sql`cast(${value} as json)`);

type Case = readonly [name: string, expression: Sql, expected: Value];
function cases(title: string, table: readonly Case[]): void {
  describe(title, () => {
    test.each(table)('%s', async (_, expression, expected) => {
      expect(await valueOf(expression)).toEqual(expected);
    });
  });
}

cases('sha256Hex', [
  // FIPS 180-4 examples, as NIST publishes them.
  ['hashes "abc"', dialect.sha256Hex(text('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['hashes the empty text', dialect.sha256Hex(text('')), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['is NULL for NULL', dialect.sha256Hex(text(null)), null],
]);

describe('emailHash', () => {
  const vectors = JSON.parse(readFileSync(new URL('../../../edge/contract/email-vectors.json', import.meta.url), 'utf8')) as {
    name: string;
    address: string;
    hash: string;
  }[];
  test.each(vectors)('agrees with the contract: $name', async ({ address, hash }) => {
    expect(await valueOf(dialect.emailHash(text(address)))).toBe(hash);
  });
  test.each([null, '', ' \u00a0\ufeff\t'])('is NULL where there is no address: %j', async (address) => {
    expect(await valueOf(dialect.emailHash(text(address)))).toBeNull();
  });
});

cases('concat', [
  ['joins', dialect.concat(text('a'), text(''), text('b')), 'ab'],
  ['is NULL if any part is', dialect.concat(text('a'), text(null)), null],
  ['of nothing is empty', dialect.concat(), ''],
  ['keeps the precedence of its parts', dialect.concat(raw(`case when true then 'x' end`), text('y')), 'xy'],
]);

cases('regular expressions', [
  ['extract gives the group, not the match', dialect.regexpExtract(text('id=42;'), 'id=([0-9]+)'), '42'],
  ['extract gives the first match', dialect.regexpExtract(text('a1b2'), '[a-z]([0-9])'), '1'],
  ['extract is NULL without a match', dialect.regexpExtract(text('abc'), 'x(.)'), null],
  ['extract is empty where the group matched nothing', dialect.regexpExtract(text('id=;'), 'id=([0-9]*)'), ''],
  ['extract is NULL where the group took no part', dialect.regexpExtract(text('abc'), '(x)?b'), null],
  ['extract is NULL for NULL', dialect.regexpExtract(text(null), '(.)'), null],
  ['a quote in a pattern is a quote', dialect.regexpExtract(text("it's"), "'(.)"), 's'],
  ['a backslash in a pattern is one', dialect.regexpExtract(text('a.b'), String.raw`\.(b)`), 'b'],
  ['contains', dialect.regexpContains(text('https://x/'), '^https?://'), true],
  ['contains not', dialect.regexpContains(text('ftp://x/'), '^https?://'), false],
  ['contains is NULL for NULL', dialect.regexpContains(text(null), 'x'), null],
  ['replace replaces every match', dialect.regexpReplace(text('a-b-c'), '-', '+'), 'a+b+c'],
  ['replace knows groups', dialect.regexpReplace(text('ab'), '(a)(b)', String.raw`\2\1`), 'ba'],
  ['replace is NULL for NULL', dialect.regexpReplace(text(null), 'a', 'b'), null],
]);

const DOCUMENT =
  '{"text": "x", "empty": "", "number": 1.5, "yes": true, "none": null, "object": {"inner": "y"}, "list": [1], "a b": "z", "é": "ü\\n"}';
cases('jsonText', [
  ['a text has no quotes', dialect.jsonText(json(DOCUMENT), '$.text'), 'x'],
  ['an empty text is empty', dialect.jsonText(json(DOCUMENT), '$.empty'), ''],
  ['a number is text', dialect.jsonText(json(DOCUMENT), '$.number'), '1.5'],
  ['a boolean is text', dialect.jsonText(json(DOCUMENT), '$.yes'), 'true'],
  ['a nested member', dialect.jsonText(json(DOCUMENT), '$.object.inner'), 'y'],
  ['a quoted member name', dialect.jsonText(json(DOCUMENT), '$."a b"'), 'z'],
  ['Unicode and escapes are resolved', dialect.jsonText(json(DOCUMENT), '$."é"'), 'ü\n'],
  ['JSON null is NULL', dialect.jsonText(json(DOCUMENT), '$.none'), null],
  ['an object is NULL', dialect.jsonText(json(DOCUMENT), '$.object'), null],
  ['an array is NULL', dialect.jsonText(json(DOCUMENT), '$.list'), null],
  ['absence is NULL', dialect.jsonText(json(DOCUMENT), '$.missing'), null],
  ['NULL is NULL', dialect.jsonText(json(null), '$.text'), null],
]);

cases('jsonString', [
  ['a text is quoted', dialect.jsonString(text('a"b')), String.raw`"a\"b"`],
  [
    'an array of structs is a list of objects',
    dialect.jsonString(raw("[{'name': 'gclid', 'value': 'ü'}]")),
    '[{"name":"gclid","value":"ü"}]',
  ],
  ['JSON loses its white space only', dialect.jsonString(json('{"b": 1, "a": [true, null]}')), '{"b":1,"a":[true,null]}'],
  ['NULL is NULL', dialect.jsonString(json(null)), null],
]);

cases('parseJson', [
  ['parses an object', dialect.jsonText(dialect.parseJson(text('{"a": 1}')), '$.a'), '1'],
  ['is NULL for broken text', dialect.parseJson(text('{"a": ')), null],
  ['is NULL for empty text', dialect.parseJson(text('')), null],
  ['is NULL for NULL', dialect.parseJson(text(null)), null],
]);

const MAXIMUM = 9223372036854775807n;
cases('casts', [
  ['an integer to text', dialect.castText(integer(-7)), '-7'],
  ['the greatest integer to text', dialect.castText(integer(MAXIMUM)), '9223372036854775807'],
  ['a boolean to text', dialect.castText(raw('true')), 'true'],
  ['a date to text', dialect.castText(date('2024-02-29')), '2024-02-29'],
  ['NULL to text', dialect.castText(integer(null)), null],
]);

const SAFE_CASTS: readonly [type: 'INT64' | 'FLOAT64' | 'TIMESTAMP' | 'DATE' | 'BOOL', input: string | null, expected: Value][] = [
  ['INT64', '42', 42],
  ['INT64', '-42', -42],
  ['INT64', '+42', 42],
  ['INT64', '1.5', null],
  ['INT64', '1e3', null],
  ['INT64', '', null],
  ['INT64', ' 42', null],
  ['INT64', '0x1f', null],
  ['INT64', '9223372036854775808', null],
  ['INT64', null, null],
  ['FLOAT64', '1234.5', 1234.5],
  ['FLOAT64', '.5', 0.5],
  ['FLOAT64', '-1e-3', -0.001],
  ['FLOAT64', '1,5', null],
  ['FLOAT64', 'NaN', null],
  ['FLOAT64', 'inf', null],
  ['FLOAT64', '1e999', null],
  ['BOOL', 'TRUE', true],
  ['BOOL', 'false', false],
  ['BOOL', 't', null],
  ['BOOL', '1', null],
  ['DATE', '2024-02-29', '2024-02-29'],
  ['DATE', '2026-02-29', null],
  ['DATE', '2026-02-28T00:00:00Z', null],
  ['DATE', '28.02.2026', null],
  ['TIMESTAMP', '2026-03-31T09:30:00Z', '2026-03-31T09:30:00.000000Z'],
  ['TIMESTAMP', '2026-03-31 09:30:00', '2026-03-31T09:30:00.000000Z'],
  ['TIMESTAMP', '2026-03-31T09:30', '2026-03-31T09:30:00.000000Z'],
  ['TIMESTAMP', '2026-03-31', '2026-03-31T00:00:00.000000Z'],
  ['TIMESTAMP', '2026-03-31T09:30:00.123456Z', '2026-03-31T09:30:00.123456Z'],
  ['TIMESTAMP', '2026-03-31T09:30:00.123456789Z', '2026-03-31T09:30:00.123456Z'],
  ['TIMESTAMP', '2026-03-31T09:30:00.5+02:00', '2026-03-31T07:30:00.500000Z'],
  ['TIMESTAMP', '2026-03-31T09:30:00-05', '2026-03-31T14:30:00.000000Z'],
  ['TIMESTAMP', '2026-02-30T00:00:00Z', null],
  ['TIMESTAMP', '2026-03-31T24:00:00Z', null],
  ['TIMESTAMP', '2026-03-31T09:60:00Z', null],
  ['TIMESTAMP', 'now', null],
  ['TIMESTAMP', '', null],
  ['TIMESTAMP', null, null],
];
test.each(SAFE_CASTS)('safeCast to %s of %j is %j', async (type, input, expected) => {
  expect(await valueOf(dialect.safeCast(text(input), type))).toEqual(expected);
});

cases('numbers', [
  ['micros of a price', dialect.micros(float(19.99)), 19_990_000],
  ['half a micro goes up', dialect.micros(float(0.0000005)), 1],
  ['minus half a micro goes down', dialect.micros(float(-0.0000005)), -1],
  ['2.5 micros go away from zero, not to even', dialect.micros(float(0.0000025)), 3],
  ['a large amount', dialect.micros(float(9_000_000_000)), 9_000_000_000_000_000],
  ['no amount', dialect.micros(float(null)), null],
  ['division truncates', dialect.intDiv(integer(7), integer(2)), 3],
  ['division of a negative truncates towards zero', dialect.intDiv(integer(-7), integer(2)), -3],
  ['division by a negative truncates towards zero', dialect.intDiv(integer(7), integer(-2)), -3],
  ['division by zero is NULL', dialect.intDiv(integer(7), integer(0)), null],
  ['division keeps the precedence of its arguments', dialect.intDiv(raw('3 + 4'), raw('1 + 1')), 3],
  ['division of NULL', dialect.intDiv(integer(null), integer(2)), null],
  ['least', dialect.least(integer(3), integer(1), integer(2)), 1],
  ['least with a NULL is NULL', dialect.least(integer(3), integer(null)), null],
  ['greatest', dialect.greatest(date('2026-01-01'), date('2026-01-02')), '2026-01-02'],
  ['greatest with a NULL is NULL', dialect.greatest(integer(null), integer(3)), null],
]);

const ADDITIONS: readonly [TimeUnit, number, string][] = [
  ['MICROSECOND', -1, '2024-02-28T23:59:59.999999Z'],
  ['SECOND', 61, '2024-02-29T00:01:01.000000Z'],
  ['MINUTE', -30, '2024-02-28T23:30:00.000000Z'],
  ['HOUR', 24, '2024-03-01T00:00:00.000000Z'],
  ['DAY', 366, '2025-03-01T00:00:00.000000Z'],
];
test.each(ADDITIONS)('timestampAdd of %2$i %1$s', async (unit, amount, expected) => {
  expect(await valueOf(dialect.timestampAdd(time('2024-02-29T00:00:00Z'), integer(amount), unit))).toBe(expected);
});

const DIFFERENCES: readonly [TimeUnit, string, string, number][] = [
  ['MICROSECOND', '2026-01-01T00:00:00.000001Z', '2025-12-31T23:59:59.999999Z', 2],
  ['SECOND', '2026-01-01T00:00:01.999999Z', '2026-01-01T00:00:00Z', 1],
  ['MINUTE', '2026-01-01T00:00:00Z', '2026-01-01T00:01:59Z', -1],
  ['HOUR', '2026-01-01T01:00:00Z', '2026-01-01T00:00:00.000001Z', 0],
  // Instants, not local days: the night in which Berlin lost an hour is 24 hours in UTC all the same.
  ['DAY', '2026-03-30T00:00:00Z', '2026-03-29T00:00:00Z', 1],
];
test.each(DIFFERENCES)('timestampDiff in %s of %s and %s is %i', async (unit, later, earlier, expected) => {
  expect(await valueOf(dialect.timestampDiff(time(later), time(earlier), unit))).toBe(expected);
});

const MIDNIGHTS: readonly [zone: string, day: string, lastMicrosecond: string][] = [
  ['UTC', '2024-02-29', '2024-02-29T23:59:59.999999Z'],
  ['Europe/Berlin', '2026-01-15', '2026-01-15T22:59:59.999999Z'],
  // Clocks go forward on 29 March 2026 and back on 25 October 2026.
  ['Europe/Berlin', '2026-03-28', '2026-03-28T22:59:59.999999Z'],
  ['Europe/Berlin', '2026-03-29', '2026-03-29T21:59:59.999999Z'],
  ['Europe/Berlin', '2026-10-24', '2026-10-24T21:59:59.999999Z'],
  ['Europe/Berlin', '2026-10-25', '2026-10-25T22:59:59.999999Z'],
  ['America/New_York', '2026-12-31', '2027-01-01T04:59:59.999999Z'],
  ['Asia/Kolkata', '2026-06-01', '2026-06-01T18:29:59.999999Z'],
  // Cairo skipped midnight of 24 April 2026 (clocks went from 00:00 to 01:00): the day before ends at the change.
  ['Africa/Cairo', '2026-04-23', '2026-04-23T21:59:59.999999Z'],
  // Havana saw midnight of 1 November 2026 twice (01:00 went back to 00:00): the day before ends at the first.
  ['America/Havana', '2026-10-31', '2026-11-01T03:59:59.999999Z'],
  // São Paulo repeated the last hour of 17 February 2018: the day ends after the second.
  ['America/Sao_Paulo', '2018-02-17', '2018-02-18T02:59:59.999999Z'],
];
describe('days of a time zone', () => {
  test.each(MIDNIGHTS)('in %s, %s ends at %s', async (zone, day, last) => {
    expect(await valueOf(dialect.endOfLocalDay(date(day), zone))).toBe(last);
  });
  test.each(MIDNIGHTS)('in %s, %s is the date until %s, and the next day from a microsecond later', async (zone, day, last) => {
    const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
    expect(await valueOf(dialect.localDate(time(last), zone))).toBe(day);
    expect(await valueOf(dialect.localDate(dialect.timestampAdd(time(last), integer(1), 'MICROSECOND'), zone))).toBe(next);
  });
  test('NULL has no date and no end of day', async () => {
    expect(await valueOf(dialect.localDate(time(null), 'Europe/Berlin'))).toBeNull();
    expect(await valueOf(dialect.endOfLocalDay(date(null), 'Europe/Berlin'))).toBeNull();
  });
});

cases('dates', [
  ['a week begins on Monday: a Sunday belongs to the one before', dialect.dateTrunc(date('2026-03-01'), 'WEEK'), '2026-02-23'],
  ['a Monday is its own week', dialect.dateTrunc(date('2026-03-02'), 'WEEK'), '2026-03-02'],
  ['a week across the year', dialect.dateTrunc(date('2027-01-01'), 'WEEK'), '2026-12-28'],
  ['a month', dialect.dateTrunc(date('2024-02-29'), 'MONTH'), '2024-02-01'],
  ['a quarter', dialect.dateTrunc(date('2026-06-30'), 'QUARTER'), '2026-04-01'],
  ['a year', dialect.dateTrunc(date('2026-12-31'), 'YEAR'), '2026-01-01'],
  ['no date', dialect.dateTrunc(date(null), 'MONTH'), null],
  ['a day after a leap day', dialect.dateAdd(date('2024-02-29'), integer(1)), '2024-03-01'],
  ['days before', dialect.dateAdd(date('2026-01-01'), integer(-1)), '2025-12-31'],
  ['NULL days', dialect.dateAdd(date('2026-01-01'), integer(null)), null],
  ['micros since 1970', dialect.unixMicros(time('1970-01-01T00:00:01.000002Z')), 1_000_002],
  ['micros before 1970', dialect.unixMicros(time('1969-12-31T23:59:59Z')), -1_000_000],
]);

const hashes = raw(`[{'hash': 'h1', 'origin': 'form'}, {'hash': 'h2', 'origin': 'url'}]`);
describe('arrays', () => {
  test('unnest gives one row per element, whose members are reached by the alias', async () => {
    const query = sql`select id, found.hash, found.origin from (select 1 as id, ${hashes} as hashes), ${dialect.unnest(raw('hashes'), 'found')} order by found.hash`;
    expect(await warehouse.rows(query)).toEqual([
      { id: 1, hash: 'h1', origin: 'form' },
      { id: 1, hash: 'h2', origin: 'url' },
    ]);
  });
  test('unnest of an empty array gives no row', async () => {
    const query = sql`select 1 as id from (select ${arrayParam([], 'STRING')} as list), ${dialect.unnest(raw('list'), 'element')}`;
    expect(await warehouse.rows(query)).toEqual([]);
  });
  test('unnest of scalars gives them by the alias itself', async () => {
    const query = sql`select element from (select 1), ${dialect.unnest(sql`${arrayParam([3, 4], 'INT64')}`, 'element')} order by element`;
    expect(await warehouse.rows(query)).toEqual([{ element: 3 }, { element: 4 }]);
  });

  const world = raw(`(values (1, 'b'), (2, null), (3, 'a')) as world(position, name)`);
  test('arrayAgg orders, and leaves NULLs out', async () => {
    const query = sql`select ${dialect.arrayAgg(raw('name'), raw('position desc nulls last'))} as names from ${world}`;
    expect(await warehouse.rows(query)).toEqual([{ names: ['a', 'b'] }]);
  });
  test('arrayAgg of nothing is empty', async () => {
    const query = sql`select ${dialect.arrayAgg(raw('name'), raw('position nulls last'))} as names from ${world} where position > 9`;
    expect(await warehouse.rows(query)).toEqual([{ names: [] }]);
  });
  test('firstValue takes the first row even where its value is NULL', async () => {
    const query = sql`select ${dialect.firstValue(raw('name'), raw('case when position = 2 then 0 else 1 end nulls first, position nulls first'))} as name from ${world}`;
    expect(await warehouse.rows(query)).toEqual([{ name: null }]);
  });
  test('firstValue keeps a whole array', async () => {
    const query = sql`select ${dialect.firstValue(hashes, raw('position nulls first'))} as value from ${world}`;
    expect(await warehouse.rows(query)).toEqual([
      {
        value: [
          { hash: 'h1', origin: 'form' },
          { hash: 'h2', origin: 'url' },
        ],
      },
    ]);
  });
  test('struct makes a struct with quoted member names', async () => {
    expect(await valueOf(dialect.struct({ key: text('a'), value: text(null) }))).toEqual({ key: 'a', value: null });
  });
  test.each([
    ['a', true],
    ['z', false],
  ])('isIn finds %s: %s', async (value, expected) => {
    expect(await valueOf(dialect.isIn(text(value), sql`${arrayParam(['a', 'b'], 'STRING')}`))).toBe(expected);
  });
  test('isIn of an empty array is false', async () => {
    expect(await valueOf(dialect.isIn(text('a'), sql`${arrayParam([], 'STRING')}`))).toBe(false);
  });
});

describe('values', () => {
  const columns = { name: 'STRING', position: 'INT64', share: 'FLOAT64', is_paid: 'BOOL', at: 'TIMESTAMP', day: 'DATE' } as const;
  test('gives typed rows, texts unharmed by quotes, backslashes and line feeds', async () => {
    const awkward = `it's "quoted" \\ and\nbroken; -- not a comment`;
    const rows = [
      [awkward, 1, 0.5, true, '2026-01-01T00:00:00Z', '2026-01-01'],
      [null, null, null, null, null, null],
    ];
    const query = sql`select given.* from ${dialect.values('given', columns, rows)} order by position nulls last`;
    expect(await warehouse.rows(query)).toEqual([
      { name: awkward, position: 1, share: 0.5, is_paid: true, at: '2026-01-01T00:00:00.000000Z', day: '2026-01-01' },
      { name: null, position: null, share: null, is_paid: null, at: null, day: null },
    ]);
  });
  test('without rows is an empty table with the same columns', async () => {
    expect(await warehouse.rows(sql`select position + 1 as next from ${dialect.values('given', columns, [])}`)).toEqual([]);
  });
  test('refuses a row of another width', () => {
    expect(() => dialect.values('given', columns, [['a']])).toThrow('inline table given: a row has 1 values, expected 6');
  });
});

const DIFFERS: readonly [type: ColumnType, repeated: boolean, left: string, right: string, expected: boolean][] = [
  ['STRING', false, `'a'`, `'a'`, false],
  ['STRING', false, `'a'`, `'A'`, true],
  ['STRING', false, `null`, `''`, true],
  ['STRING', false, `null`, `null`, false],
  ['FLOAT64', false, `cast(0.1 as double) + cast(0.2 as double)`, `cast(0.3 as double)`, true],
  ['TIMESTAMP', false, `timestamp '2026-01-01'`, `timestamp '2026-01-01 00:00:00.000001'`, true],
  ['STRUCT', true, `[{'a': 'x'}]`, `[{'a': 'x'}]`, false],
  ['STRUCT', true, `[{'a': 'x'}]`, `[{'a': null}]`, true],
  ['STRUCT', true, `[{'a': 'x'}, {'a': 'y'}]`, `[{'a': 'y'}, {'a': 'x'}]`, true],
  ['STRUCT', true, `[]`, `[{'a': 'x'}]`, true],
  ['JSON', false, `cast('{"a": 1, "b": [1, 2]}' as json)`, `cast('{"a":1,"b":[1,2]}' as json)`, false],
  ['JSON', false, `cast('{"a": [1, 2]}' as json)`, `cast('{"a": [2, 1]}' as json)`, true],
  ['JSON', false, `cast('{"a": 1}' as json)`, `cast('{"a": "1"}' as json)`, true],
  ['JSON', false, `cast('{"a": 1}' as json)`, `cast('{"a": 1, "b": null}' as json)`, true],
  ['JSON', false, `cast('{"a": 1, "b": null}' as json)`, `cast('{"a": 1}' as json)`, true],
  ['JSON', false, `cast('{"a": 1, "b": 2}' as json)`, `cast('{"a": 1}' as json)`, true],
  ['JSON', false, `cast('{"a": {"b": 1}}' as json)`, `cast('{"a": {"b": 1, "c": 2}}' as json)`, true],
  ['JSON', false, `cast('{"a": null}' as json)`, `cast('{"a": {}}' as json)`, true],
  ['JSON', false, `cast('{"a": {}}' as json)`, `cast('{"a": []}' as json)`, true],
  ['JSON', false, `cast('{"a": 1}' as json)`, `cast('{"b": 1}' as json)`, true],
  ['JSON', false, `cast('null' as json)`, `cast(null as json)`, true],
  ['JSON', false, `cast('[1]' as json)`, `cast('[1]' as json)`, false],
  ['JSON', false, `cast('"x"' as json)`, `cast('{}' as json)`, true],
  ['JSON', false, `cast('{}' as json)`, `cast(null as json)`, true],
  ['JSON', false, `cast(null as json)`, `cast(null as json)`, false],
];
test.each(DIFFERS)('differs of %s (repeated: %s): %s and %s: %s', async (type, repeated, left, right, expected) => {
  expect(await valueOf(dialect.differs(raw(left), raw(right), type, repeated))).toBe(expected);
});
