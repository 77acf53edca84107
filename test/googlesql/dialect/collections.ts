import type { ColumnType } from '../../../edge/contract/columns.ts';
import type { Dialect } from '../../../pipeline/warehouse/dialect.ts';
import { type ParamValue, type Sql, raw, sql } from '../../../pipeline/warehouse/sql.ts';
import { type Case, bool, date, float, integer, table, text, texts, time } from './cases.ts';

/** A stored JSON value. */
const json = (dialect: Dialect, value: string | null) => dialect.parseJson(text(value));

const DOCUMENT =
  '{"text": "x", "empty": "", "number": 1.5, "one": 1.0, "many": 1e2, "small": 1e-7, "great": 1e21, "below": -0.0, "integer": -12, ' +
  '"long": 12345678901234567890, "precise": 0.1234567890123456789, "yes": true, "none": null, "object": {"inner": "y"}, ' +
  '"list": [1, {"a": ["z"]}], "a b": "z", "a.b": "dot", "é": "ü\\n", "truck": "\\ud83d\\ude9a🚚", "zero": "a\\u0000b", "twice": 1, "twice": 2, "": "nameless"}';

export const jsonText: Case[] = [
  ...table(
    (dialect, path: string) => dialect.jsonText(json(dialect, DOCUMENT), path),
    [
      ['a text has no quotes', '$.text', 'x'],
      ['an empty text', '$.empty', ''],
      ['a fraction', '$.number', '1.5'],
      ['a fraction that is whole', '$.one', '1.0'],
      ['a number with an exponent', '$.many', '100.0'],
      ['a small number', '$.small', '1e-07'],
      ['a great number', '$.great', '1e+21'],
      ['zero below zero', '$.below', '-0.0'],
      ['an integer', '$.integer', '-12'],
      ['an integer of 64 bits without sign', '$.long', '12345678901234567890'],
      ['more digits than a number has', '$.precise', '0.12345678901234568'],
      ['a boolean', '$.yes', 'true'],
      ['JSON null', '$.none', null],
      ['an object', '$.object', null],
      ['a nested member', '$.object.inner', 'y'],
      ['an array', '$.list', null],
      ['an element', '$.list[0]', '1'],
      ['an element deep within', '$.list[1].a[0]', 'z'],
      ['no such element', '$.list[7]', null],
      ['a quoted name', '$."a b"', 'z'],
      ['a name with a dot', '$."a.b"', 'dot'],
      ['a name beyond ASCII, and an escape', '$."é"', 'ü\n'],
      ['astral characters, escaped and not', '$.truck', '🚚🚚'],
      ['a zero byte', '$.zero', 'a\u0000b'],
      ['of two members of one name the first', '$.twice', '1'],
      ['absence', '$.missing', null],
      ['a member of a text', '$.text.inner', null],
      ['the whole, an object', '$', null],
    ],
  ),
  ['a text that is all', (dialect) => dialect.jsonText(json(dialect, '"x"'), '$'), 'x'],
  ['JSON null that is all', (dialect) => dialect.jsonText(json(dialect, 'null'), '$'), null],
  ['a member of an array', (dialect) => dialect.jsonText(json(dialect, '[1]'), '$.a'), null],
  ['a case that differs', (dialect) => dialect.jsonText(json(dialect, '{"A": 1}'), '$.a'), null],
  ['NULL', (dialect) => dialect.jsonText(json(dialect, null), '$.a'), null],
];

export const jsonElements: Case[] = [
  ...table(
    (dialect, path: string) => sql`coalesce(array_length(${dialect.jsonElements(json(dialect, DOCUMENT), path)}), 0)`,
    [
      ['an array', '$.list', 2],
      ['an array within an element', '$.list[1].a', 1],
      ['an object', '$.object', 0],
      ['a text', '$.text', 0],
      ['JSON null', '$.none', 0],
      ['absence', '$.missing', 0],
    ],
  ),
  ...table(
    (dialect, list: string) =>
      sql`(
        select string_agg(coalesce(${dialect.jsonText(raw('element'), '$."a b"')}, '-'), ',')
        from ${dialect.unnest(dialect.jsonElements(json(dialect, list), '$.list'), 'element')}
      )`,
    [
      ['a member of each element', '{"list": [{"a b": "x"}]}', 'x'],
      ['elements without it', '{"list": [7, null, {"a": 1}, ["a b"]]}', '-,-,-,-'],
      ['no element', '{"list": []}', null],
    ],
  ),
  ['of NULL', (dialect) => sql`coalesce(array_length(${dialect.jsonElements(json(dialect, null), '$.list')}), 0)`, 0],
];

export const parseJson: Case[] = [
  ['an object', (dialect) => dialect.jsonText(json(dialect, '{"a": 1}'), '$.a'), '1'],
  ['white space around', (dialect) => dialect.jsonText(json(dialect, ' \n{"a"\t:\r1} '), '$.a'), '1'],
  ...table(
    (dialect, input: string | null) => sql`${json(dialect, input)} is null`,
    [
      ['an empty object is one', '{}', false],
      ['JSON null is a value', 'null', false],
      ['a number alone', '1', false],
      ['nested deeply', `${'['.repeat(90)}${']'.repeat(90)}`, false],
      ['half an object', '{"a": ', true],
      ['a comma too many', '[1,]', true],
      ['a comma too many, of an object', '{"a": 1 ,\n}', true],
      ['a text that looks like a comma too many', '[",]", "\\\",}"]', false],
      ['a text that says it is no number', '{"NaN": "inf"}', false],
      ['infinity', '[-Infinity]', true],
      ['single quotes', "{'a': 1}", true],
      ['a comment', '{} // no', true],
      ['a bare word', 'nothing', true],
      ['not a number', 'NaN', true],
      ['two values', '1 2', true],
      ['the empty text', '', true],
      ['NULL', null, true],
    ],
  ),
];

const CLICKS: readonly (readonly ParamValue[])[] = [
  ['b', 2],
  ['a', 1],
  [null, 3],
];
const clicks = (dialect: Dialect, rows = CLICKS) => dialect.values('given', { name: 'STRING', position: 'INT64' }, rows);
const click = (dialect: Dialect) => dialect.struct({ name: raw('given.name'), position: raw('given.position') });
const clickArray = (dialect: Dialect, rows = CLICKS) =>
  sql`(select ${dialect.arrayAgg(click(dialect), raw('given.position nulls first'))} from ${clicks(dialect, rows)})`;
const noTexts = (dialect: Dialect) =>
  sql`(select ${dialect.arrayAgg(raw('given.name'), raw('given.name nulls first'))} from ${clicks(dialect, [])})`;

export const jsonString: Case[] = [
  ['a quote and a backslash', (dialect) => dialect.jsonString(text('a"b\\c')), String.raw`"a\"b\\c"`],
  ['controls', (dialect) => dialect.jsonString(text('\b\f\n\r\t\u0001')), String.raw`"\b\f\n\r\t\u0001"`],
  ['what needs no escape', (dialect) => dialect.jsonString(text("</é🚚'\u007f")), '"</é🚚\'\u007f"'],
  [
    'line separators, which JavaScript would not take',
    (dialect) => dialect.jsonString(text('a\u2028b\u2029')),
    String.raw`"a\u2028b\u2029"`,
  ],
  ['the empty text', (dialect) => dialect.jsonString(text('')), '""'],
  ['a boolean', (dialect) => dialect.jsonString(bool(true)), 'true'],
  ['an integer', (dialect) => dialect.jsonString(integer(-9007199254740992n)), '-9007199254740992'],
  ['a date', (dialect) => dialect.jsonString(date('2024-02-29')), '"2024-02-29"'],
  [
    'structs in an array',
    (dialect) => dialect.jsonString(clickArray(dialect)),
    '[{"name":"a","position":1},{"name":"b","position":2},{"name":null,"position":3}]',
  ],
  ['an empty array', (dialect) => dialect.jsonString(noTexts(dialect)), '[]'],
  ['an array of texts', (dialect) => dialect.jsonString(texts('ü', '')), '["ü",""]'],
  [
    'JSON loses its white space',
    (dialect) => dialect.jsonString(json(dialect, '{"a": [ true, null, 1.50, "x y" ]}')),
    '{"a":[true,null,1.5,"x y"]}',
  ],
  ['JSON within JSON', (dialect) => dialect.jsonString(json(dialect, '{"a": {"b": {"c": []}}}')), '{"a":{"b":{"c":[]}}}'],
  ['JSON with escapes that need not be', (dialect) => dialect.jsonString(json(dialect, String.raw`["\u00e9\/\ud83d\ude9a"]`)), '["é/🚚"]'],
  ['JSON with a line separator', (dialect) => dialect.jsonString(json(dialect, '["\u2028"]')), '["\u2028"]'],
  ['JSON null', (dialect) => dialect.jsonString(json(dialect, 'null')), 'null'],
  ['NULL', (dialect) => dialect.jsonString(text(null)), null],
  ['a JSON NULL', (dialect) => dialect.jsonString(json(dialect, null)), null],
];

export const struct: Case[] = [
  ['one member', (dialect) => dialect.struct({ a: integer(1) }), { a: 1 }],
  [
    'members of all types',
    (dialect) => dialect.struct({ a: text('x'), b: bool(false), c: date('2024-02-29') }),
    { a: 'x', b: false, c: '2024-02-29' },
  ],
  ['NULL members', (dialect) => dialect.struct({ a: text(null), b: integer(null) }), { a: null, b: null }],
  ['members named like keywords', (dialect) => dialect.struct({ key: text('k'), order: text('o') }), { key: 'k', order: 'o' }],
  ['within each other', (dialect) => dialect.struct({ a: dialect.struct({ b: text('x') }) }), { a: { b: 'x' } }],
];

export const isIn: Case[] = [
  ['found', (dialect) => dialect.isIn(text('a'), texts('b', 'a')), true],
  ['not found', (dialect) => dialect.isIn(text('z'), texts('b', 'a')), false],
  ['in an empty array', (dialect) => dialect.isIn(text('a'), texts()), false],
  ['case counts', (dialect) => dialect.isIn(text('A'), texts('a')), false],
  ['accents by code point', (dialect) => dialect.isIn(text('é'), texts('e\u0301')), false],
  ['NULL', (dialect) => dialect.isIn(text(null), texts('a')), null],
  ['an expression', (dialect) => dialect.isIn(dialect.concat(text('a'), text('b')), texts('ab')), true],
];

const joined = (dialect: Dialect, array: Sql, value: string) =>
  sql`(select string_agg(${raw(value)}, ',' order by ${raw(value)} nulls first) from (select 1 as one) as source, ${dialect.unnest(array, 'item')})`;
export const unnest: Case[] = [
  ['texts, by the alias itself', (dialect) => joined(dialect, texts('b', 'a'), 'item'), 'a,b'],
  ['members of structs, by the alias', (dialect) => joined(dialect, clickArray(dialect), 'item.name'), 'a,b'],
  ['equal elements stay apart', (dialect) => joined(dialect, texts('a', 'a'), 'item'), 'a,a'],
  ['no element, no row', (dialect) => joined(dialect, texts(), 'item'), null],
  [
    'no element, no row of the other side',
    (dialect) => sql`(select count(*) from ${clicks(dialect)}, ${dialect.unnest(noTexts(dialect), 'item')})`,
    0,
  ],
  [
    'each row with each of its elements',
    (dialect) => sql`(select count(*) from ${clicks(dialect)}, ${dialect.unnest(texts('x', 'y'), 'item')})`,
    6,
  ],
  [
    'a NULL element of a struct',
    (dialect) =>
      sql`(select count(*) from (select 1 as one) as source, ${dialect.unnest(clickArray(dialect), 'item')} where item.name is null)`,
    1,
  ],
];

const elementsOf = (dialect: Dialect, array: Sql, value: string) =>
  sql`(select string_agg(${raw(value)}, ',' order by ${raw(value)} nulls first) from (${dialect.unnestColumn(sql`(select 'x' as one, ${array} as list)`, ['one'], 'list', 'item')}) as elements)`;
export const unnestColumn: Case[] = [
  ['texts, by the alias itself', (dialect) => elementsOf(dialect, texts('b', 'a'), 'item'), 'a,b'],
  ['members of structs, by the alias', (dialect) => elementsOf(dialect, clickArray(dialect), 'item.name'), 'a,b'],
  ['the columns beside each element', (dialect) => elementsOf(dialect, texts('b', 'a'), 'one'), 'x,x'],
  ['equal elements stay apart', (dialect) => elementsOf(dialect, texts('a', 'a'), 'item'), 'a,a'],
  ['no element, no row', (dialect) => elementsOf(dialect, texts(), 'one'), null],
];

const ofClicks =
  (aggregate: (dialect: Dialect) => Sql, rows = CLICKS) =>
  (dialect: Dialect) =>
    sql`(select ${aggregate(dialect)} from ${clicks(dialect, rows)})`;
export const firstValue: Case[] = [
  ['in order', ofClicks((dialect) => dialect.firstValue(raw('given.name'), raw('given.position nulls first'))), 'a'],
  [
    'in the other order, where it is NULL',
    ofClicks((dialect) => dialect.firstValue(raw('given.name'), raw('given.position desc nulls last'))),
    null,
  ],
  ['ordered by what may be NULL', ofClicks((dialect) => dialect.firstValue(raw('given.position'), raw('given.name nulls first'))), 3],
  [
    'by two',
    ofClicks((dialect) => dialect.firstValue(raw('given.position'), raw('length(given.name) desc nulls last, given.name desc nulls last'))),
    2,
  ],
  [
    'of texts by code point',
    ofClicks(
      (dialect) => dialect.firstValue(raw('given.name'), raw('given.name nulls first')),
      [
        ['é', 1],
        ['z', 2],
        ['Z', 3],
      ],
    ),
    'Z',
  ],
  ['of no row', ofClicks((dialect) => dialect.firstValue(raw('given.name'), raw('given.position nulls first')), []), null],
  [
    'a whole array',
    ofClicks((dialect) => dialect.jsonString(dialect.firstValue(texts('x', 'y'), raw('given.position nulls first')))),
    '["x","y"]',
  ],
  ['a struct', ofClicks((dialect) => dialect.firstValue(click(dialect), raw('given.position nulls first'))), { name: 'a', position: 1 }],
];

const rowsAlike = (dialect: Dialect, rows: readonly (readonly ParamValue[])[]) =>
  sql`(select count(distinct ${dialect.fingerprint(raw('given'))}) from ${clicks(dialect, rows)})`;

export const fingerprint: Case[] = [
  ['equal texts', (dialect) => sql`${dialect.fingerprint(text('a'))} = ${dialect.fingerprint(text('a'))}`, true],
  ['other texts', (dialect) => sql`${dialect.fingerprint(text('a'))} = ${dialect.fingerprint(text('b'))}`, false],
  ['NULL has one', (dialect) => sql`${dialect.fingerprint(text(null))} is null`, false],
  ['a struct', (dialect) => sql`(select max(${dialect.fingerprint(click(dialect))}) is null from ${clicks(dialect)})`, false],
  [
    'rows that differ in any column',
    (dialect) =>
      rowsAlike(dialect, [
        ['a', 1],
        ['a', 2],
        ['b', 1],
        [null, 1],
      ]),
    4,
  ],
  [
    'equal rows',
    (dialect) =>
      rowsAlike(dialect, [
        ['a', null],
        ['a', null],
      ]),
    1,
  ],
];

export const arrayAgg: Case[] = [
  [
    'orders, and leaves NULLs out',
    ofClicks((dialect) => dialect.arrayAgg(raw('given.name'), raw('given.position desc nulls last'))),
    ['b', 'a'],
  ],
  ['nothing but NULLs', ofClicks((dialect) => dialect.arrayAgg(raw('given.name'), raw('given.position nulls first')), [[null, 1]]), []],
  ['of no row', ofClicks((dialect) => dialect.arrayAgg(raw('given.name'), raw('given.position nulls first')), []), []],
  [
    'equal values stay',
    ofClicks(
      (dialect) => dialect.arrayAgg(raw('given.name'), raw('given.position nulls first')),
      [
        ['a', 1],
        ['a', 2],
      ],
    ),
    ['a', 'a'],
  ],
  [
    'structs, NULL members included',
    ofClicks(
      (dialect) => dialect.arrayAgg(click(dialect), raw('given.position desc nulls last')),
      [
        [null, 1],
        ['x', 2],
      ],
    ),
    [
      { name: 'x', position: 2 },
      { name: null, position: 1 },
    ],
  ],
];

const AWKWARD = `it's "quoted" \\ \`and\`\r\nbroken\t; -- no /* comment */ @p1 $p1 ? \u2028 é🚚e\u0301 \\n`;
export const values: Case[] = [
  ['texts that SQL could misread', (dialect) => sql`(select name from ${clicks(dialect, [[AWKWARD, 1]])})`, AWKWARD],
  ['no row', (dialect) => sql`(select count(*) from ${clicks(dialect, [])})`, 0],
  ['columns without rows have their types', (dialect) => sql`(select max(position + 1) from ${clicks(dialect, [])})`, null],
  ['NULLs', (dialect) => sql`(select count(*) from ${clicks(dialect, [[null, null]])} where name is null and position is null)`, 1],
  [
    'equal rows stay apart',
    (dialect) =>
      sql`(select count(*) from ${clicks(dialect, [
        ['a', 1],
        ['a', 1],
      ])})`,
    2,
  ],
  ...table(
    (dialect, [type, value]: readonly [ColumnType, ParamValue]) =>
      sql`(select value from ${dialect.values('given', { value: type }, [[value]])})`,
    [
      ['an integer', ['INT64', -9007199254740991], -9007199254740991],
      ['a number', ['FLOAT64', 0.1], 0.1],
      ['the greatest number', ['FLOAT64', 1.7976931348623157e308], 1.7976931348623157e308],
      ['a number that is whole', ['FLOAT64', 3], 3],
      ['a boolean', ['BOOL', false], false],
      ['an instant', ['TIMESTAMP', '2026-03-29T00:30:00.123456Z'], '2026-03-29T00:30:00.123456Z'],
      ['an instant with an offset', ['TIMESTAMP', '2026-03-29T00:30:00+02:00'], '2026-03-28T22:30:00.000000Z'],
      ['the first day', ['DATE', '0001-01-01'], '0001-01-01'],
      ['the last day', ['DATE', '9999-12-31'], '9999-12-31'],
      ['an empty text', ['STRING', ''], ''],
      ['NULL as an instant', ['TIMESTAMP', null], null],
    ],
  ),
];

type Pair = readonly [ColumnType, left: ParamValue, right: ParamValue];
const OF_TYPE: Partial<Record<ColumnType, (dialect: Dialect, value: ParamValue) => Sql>> = {
  STRING: (_, value) => text(value as string | null),
  INT64: (_, value) => integer(value as number | null),
  FLOAT64: (_, value) => float(value as number | null),
  BOOL: (_, value) => bool(value as boolean | null),
  TIMESTAMP: (_, value) => time(value as string | null),
  DATE: (_, value) => date(value as string | null),
  JSON: (dialect, value) => json(dialect, value as string | null),
};
const structs = (rows: readonly (readonly ParamValue[])[]) => (dialect: Dialect) => clickArray(dialect, rows);
const differ = (left: (dialect: Dialect) => Sql, right: (dialect: Dialect) => Sql) => (dialect: Dialect) =>
  dialect.differs(left(dialect), right(dialect), 'STRUCT', true);
export const differs: Case[] = [
  ...table(
    (dialect, [type, left, right]: Pair) => dialect.differs(OF_TYPE[type]!(dialect, left), OF_TYPE[type]!(dialect, right), type, false),
    [
      ['equal texts', ['STRING', 'a', 'a'], false],
      ['another case', ['STRING', 'a', 'A'], true],
      ['another normal form', ['STRING', 'é', 'e\u0301'], true],
      ['a space at the end', ['STRING', 'a', 'a '], true],
      ['NULL and the empty text', ['STRING', null, ''], true],
      ['NULL and NULL', ['STRING', null, null], false],
      ['integers', ['INT64', 1, 2], true],
      ['an integer and NULL', ['INT64', 0, null], true],
      ['numbers that look alike', ['FLOAT64', 0.30000000000000004, 0.3], true],
      ['zero below zero', ['FLOAT64', -0, 0], false],
      ['booleans', ['BOOL', false, null], true],
      ['a microsecond', ['TIMESTAMP', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000001Z'], true],
      ['dates', ['DATE', '2024-02-29', '2024-02-29'], false],
      ['JSON but for white space', ['JSON', '{"a": 1, "b": [1, 2]}', '{"a":1,"b":[1,2]}'], false],
      ['another order of elements', ['JSON', '{"a": [1, 2]}', '{"a": [2, 1]}'], true],
      ['a number and a text', ['JSON', '{"a": 1}', '{"a": "1"}'], true],
      ['a member more', ['JSON', '{"a": 1}', '{"a": 1, "b": null}'], true],
      ['an object and an array', ['JSON', '{"a": {}}', '{"a": []}'], true],
      ['other names', ['JSON', '{"a": 1}', '{"b": 1}'], true],
      ['JSON null and NULL', ['JSON', 'null', null], true],
      ['two JSON NULLs', ['JSON', null, null], false],
    ],
  ),
  ['equal arrays', differ(structs([['x', 1]]), structs([['x', 1]])), false],
  [
    'another order',
    differ(
      structs([
        ['x', 1],
        ['y', 2],
      ]),
      structs([
        ['y', 1],
        ['x', 2],
      ]),
    ),
    true,
  ],
  ['a member that is NULL', differ(structs([['x', 1]]), structs([[null, 1]])), true],
  ['NULL members on both sides', differ(structs([[null, 1]]), structs([[null, 1]])), false],
  ['an empty array and one element', differ(structs([]), structs([['x', 1]])), true],
  ['two empty arrays', differ(structs([]), structs([])), false],
];
