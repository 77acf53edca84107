import { describe, expect, test } from 'vitest';
import type { Column } from '../../../edge/contract/columns.ts';
import { type Sql, arrayParam, param, raw, sql, table } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import { bigQueryDialect as dialect } from './dialect.ts';
import { render } from './render.ts';
import * as statements from './statements.ts';

const column = (name: string, type: Column['type'], mode: Column['mode'] = 'nullable', fields?: readonly Column[]): Column => ({
  name,
  type,
  mode,
  description: `The ${name}.`,
  ...(fields && { fields }),
});

const VISITS: TableDefinition = {
  name: 'visits',
  description: "The site's visits.",
  columns: [
    column('site', 'STRING', 'required'),
    column('at', 'TIMESTAMP', 'required'),
    column('context', 'JSON'),
    column('keys', 'STRUCT', 'repeated', [column('key', 'STRING', 'required'), column('value', 'INT64')]),
  ],
  key: ['site', 'at'],
  partitionBy: 'at',
  clusterBy: ['site'],
};

const textOf = (statement: Sql) => render(statement, 'project.dataset').query;

describe('statements', () => {
  test('a table is created with its partition, its clusters and its descriptions', () => {
    expect(textOf(statements.createTable(VISITS))).toBe(
      [
        'create table if not exists `project.dataset.visits` (',
        "  `site` string not null options (description = 'The site.'),",
        "  `at` timestamp not null options (description = 'The at.'),",
        "  `context` json options (description = 'The context.'),",
        "  `keys` array<struct<`key` string, `value` int64>> options (description = 'The keys.')",
        ')',
        'partition by date(`at`)',
        'cluster by `site`',
        "options (description = 'The site\\'s visits.')",
      ].join('\n'),
    );
  });

  test('a table with a date is partitioned by it; one without stays whole', () => {
    const day = { ...VISITS, columns: [column('day', 'DATE')], partitionBy: 'day', clusterBy: [] as string[] };
    expect(textOf(statements.createTable({ ...day, clusterBy: ['day'] }))).toContain('\npartition by `day`\ncluster by `day`\n');
    const { partitionBy: _, clusterBy: __, ...whole } = VISITS;
    expect(textOf(statements.createTable(whole))).not.toMatch(/partition|cluster/);
  });

  test('a new column is added without a requirement', () => {
    expect(textOf(statements.addColumn(VISITS, column('note', 'STRING', 'required')))).toBe(
      "alter table `project.dataset.visits` add column if not exists `note` string options (description = 'The note.')",
    );
  });

  test('a source is put into the order of the table, missing columns NULL, missing arrays empty', () => {
    expect(textOf(statements.fitted(VISITS, sql`select at, site from ${table('raw')}`, new Set(['at', 'site'])))).toBe(
      'select source.`site` as `site`, source.`at` as `at`, cast(null as json) as `context`, ifnull(cast(null as array<struct<`key` string, `value` int64>>), []) as `keys` from (\nselect at, site from `project.dataset.raw`\n) as source',
    );
  });

  test('merge compares every column by its type and touches only rows that differ', () => {
    expect(textOf(statements.merge(VISITS, sql`${table('staged')}`, true))).toBe(
      [
        'merge into `project.dataset.visits` as target',
        'using `project.dataset.staged` as source',
        'on target.`site` = source.`site` and target.`at` = source.`at`',
        'when matched and (if((target.`context`) is null, null, to_json_string(target.`context`)) is distinct from if((source.`context`) is null, null, to_json_string(source.`context`))',
        '  or to_json_string(ifnull(target.`keys`, [])) is distinct from to_json_string(ifnull(source.`keys`, []))) then update set `context` = source.`context`, `keys` = source.`keys`',
        'when not matched by target then insert (`site`, `at`, `context`, `keys`) values (source.`site`, source.`at`, source.`context`, source.`keys`)',
        'when not matched by source then delete',
      ].join('\n'),
    );
  });

  test('merge deletes nothing, or what the condition says', () => {
    expect(textOf(statements.merge(VISITS, sql`${table('staged')}`, false))).not.toContain('by source');
    expect(render(statements.merge(VISITS, sql`${table('staged')}`, sql`target.site = ${'a'}`), 'd')).toMatchObject({
      query: expect.stringMatching(/when not matched by source and \(target\.site = @p1\) then delete$/) as string,
      queryParameters: [{ name: 'p1', parameterType: { type: 'STRING' }, parameterValue: { value: 'a' } }],
    });
  });

  test('a table that is all key has nothing to update', () => {
    const keys = { ...VISITS, columns: VISITS.columns.slice(0, 2) };
    expect(textOf(statements.merge(keys, sql`${table('staged')}`, false))).not.toContain('update');
  });

  test('days are replaced by one statement that refuses rows of other days', () => {
    const rendered = render(statements.replaceDays(VISITS, ['2026-01-01', '2026-01-02'], raw('select 1')), 'd');
    expect(rendered.query).toBe(
      [
        'merge into `d.visits` as target',
        'using (',
        'select 1',
        ') as source',
        'on false',
        'when not matched by source and (target.`at` >= @p1 and target.`at` < @p2) then delete',
        'when not matched by target then insert (`site`, `at`, `context`, `keys`) values (source.`site`, ' +
          "if(date(source.`at`) in unnest(@p3), source.`at`, error(concat('the source has a row of ', ifnull(cast(date(source.`at`) as string), 'no day'), ', which is none of the days to write'))), " +
          'source.`context`, source.`keys`)',
      ].join('\n'),
    );
    expect(rendered.queryParameters).toEqual([
      { name: 'p1', parameterType: { type: 'TIMESTAMP' }, parameterValue: { value: '2026-01-01T00:00:00Z' } },
      { name: 'p2', parameterType: { type: 'TIMESTAMP' }, parameterValue: { value: '2026-01-03T00:00:00Z' } },
      {
        name: 'p3',
        parameterType: { type: 'ARRAY', arrayType: { type: 'DATE' } },
        parameterValue: { arrayValues: [{ value: '2026-01-01' }, { value: '2026-01-02' }] },
      },
    ]);
  });

  const IN_THREE = '(target.`at` >= @p1 and target.`at` < @p2 and ((date(target.`at`)) in unnest(@p3)))';

  test('a merge of some days prunes the target in the join and where it deletes', () => {
    const lines = textOf(statements.merge(VISITS, sql`${table('staged')}`, sql`target.site = 'a'`, ['2026-01-05', '2026-01-01'])).split(
      '\n',
    );
    expect(lines[2]).toBe(`on target.\`site\` = source.\`site\` and target.\`at\` = source.\`at\` and ${IN_THREE}`);
    expect(lines.at(-1)).toBe(
      `when not matched by source and ${IN_THREE.replace('@p3', '@p6').replace('@p2', '@p5').replace('@p1', '@p4')} and (target.site = 'a') then delete`,
    );
  });

  test('a merge of no days matches and deletes nothing', () => {
    const text = textOf(statements.merge(VISITS, sql`${table('staged')}`, true, []));
    expect(text).toContain(' and false\n');
    expect(text).toMatch(/when not matched by source and false then delete$/);
  });

  test('keys are deleted by one statement, in the partitions it may read', () => {
    expect(textOf(statements.deleteKeys(VISITS, raw('select 1'), ['2026-01-05', '2026-01-01']))).toBe(
      [
        'delete from `project.dataset.visits` as target',
        `where ${IN_THREE}`,
        '  and exists (select 1 from (',
        'select 1',
        ') as source where target.`site` = source.`site` and target.`at` = source.`at`)',
      ].join('\n'),
    );
    expect(textOf(statements.deleteKeys(VISITS, raw('select 1')))).not.toContain('>=');
  });

  test('append names the columns', () => {
    expect(textOf(statements.append(VISITS, raw('select 1')))).toBe(
      'insert into `project.dataset.visits` (`site`, `at`, `context`, `keys`)\nselect 1',
    );
  });

  test('a staging table expires', () => {
    expect(textOf(statements.stage('staged_x', raw('select 1')))).toBe(
      'create table `project.dataset.staged_x`\noptions (expiration_timestamp = timestamp_add(current_timestamp(), interval 1 day)) as\nselect 1',
    );
  });
});

test('parameters carry their type, NULL and the empty array too', () => {
  const query = sql`select ${'a'}, ${9007199254740993n}, ${0.5}, ${true}, ${param(null, 'DATE')}, ${param('2026-01-01T00:00:00Z', 'TIMESTAMP')}, ${arrayParam([], 'INT64')}`;
  expect(render(query, 'd')).toEqual({
    query: 'select @p1, @p2, @p3, @p4, @p5, @p6, @p7',
    queryParameters: [
      { name: 'p1', parameterType: { type: 'STRING' }, parameterValue: { value: 'a' } },
      { name: 'p2', parameterType: { type: 'INT64' }, parameterValue: { value: '9007199254740993' } },
      { name: 'p3', parameterType: { type: 'FLOAT64' }, parameterValue: { value: '0.5' } },
      { name: 'p4', parameterType: { type: 'BOOL' }, parameterValue: { value: 'true' } },
      { name: 'p5', parameterType: { type: 'DATE' }, parameterValue: {} },
      { name: 'p6', parameterType: { type: 'TIMESTAMP' }, parameterValue: { value: '2026-01-01T00:00:00Z' } },
      { name: 'p7', parameterType: { type: 'ARRAY', arrayType: { type: 'INT64' } }, parameterValue: { arrayValues: [] } },
    ],
  });
});

const x = raw('x');
const GOLDEN: readonly [name: string, expression: Sql, expected: string][] = [
  ['sha256Hex', dialect.sha256Hex(x), 'to_hex(sha256(x))'],
  [
    'emailHash',
    dialect.emailHash(x),
    "to_hex(sha256(nullif(translate(regexp_replace(x, '^[\\\\p{Z}\\\\p{Cc}\\\\x{FEFF}]+|[\\\\p{Z}\\\\p{Cc}\\\\x{FEFF}]+$', ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), '')))",
  ],
  ['concat', dialect.concat(x, raw("'-'")), "concat(x, '-')"],
  ['regexpExtract', dialect.regexpExtract(x, String.raw`\.('[0-9]+)`), "regexp_extract(x, '\\\\.(\\'[0-9]+)')"],
  ['regexpReplace', dialect.regexpReplace(x, 'a', String.raw`\1`), "regexp_replace(x, 'a', '\\\\1')"],
  ['jsonText', dialect.jsonText(x, '$.order_id'), "json_value(x, '$.order_id')"],
  ['parseJson', dialect.parseJson(x), "safe.parse_json(x, wide_number_mode => 'round')"],
  [
    'safeCast to a truth',
    dialect.safeCast(x, 'BOOL'),
    "if(regexp_contains(x, '^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$'), safe_cast(x as bool), null)",
  ],
  ['lower', dialect.lower(x), "lower(translate(x, 'İΣ', 'iσ'))"],
  ['trim', dialect.trim(x), 'trim(x)'],
  ['micros', dialect.micros(x), 'cast(round(cast(x as float64) * 1000000) as int64)'],
  ['intDiv', dialect.intDiv(x, raw('y')), 'div(x, nullif(y, 0))'],
  ['timestampAdd', dialect.timestampAdd(x, raw('1 + 1'), 'HOUR'), 'safe.timestamp_add(x, interval (1 + 1) hour)'],
  ['timestampDiff', dialect.timestampDiff(x, raw('y'), 'MICROSECOND'), 'timestamp_diff(x, y, microsecond)'],
  [
    'localDate',
    dialect.localDate(x, 'Europe/Berlin'),
    "if((x) < timestamp '0001-01-02 00:00:00+00' or (x) >= timestamp '9999-12-31 00:00:00+00', date(x), date(x, 'Europe/Berlin'))",
  ],
  [
    'endOfLocalDay',
    dialect.endOfLocalDay(x, 'Europe/Berlin'),
    "if((x) = date '9999-12-31', timestamp '9999-12-31 23:59:59.999999+00', timestamp_sub(timestamp(safe.date_add(x, interval 1 day), 'Europe/Berlin'), interval 1 microsecond))",
  ],
  ['dateTrunc to a week', dialect.dateTrunc(x, 'WEEK'), 'date_trunc(x, isoweek)'],
  ['dateTrunc to a month', dialect.dateTrunc(x, 'MONTH'), 'date_trunc(x, month)'],
  ['dateAdd', dialect.dateAdd(x, raw('-1')), 'safe.date_add(x, interval (-1) day)'],
  ['struct', dialect.struct({ key: x, value: raw('y') }), 'struct(x as `key`, y as `value`)'],
  ['isIn', dialect.isIn(x, raw('list')), '((x) in unnest(list))'],
  ['unnest', dialect.unnest(raw('e.click_ids'), 'click'), 'unnest(e.click_ids) as `click`'],
  [
    'firstValue',
    dialect.firstValue(x, raw('y nulls first')),
    'array_agg(struct(x as value) order by y nulls first limit 1)[offset(0)].value',
  ],
  ['arrayAgg', dialect.arrayAgg(x, raw('y nulls first')), 'ifnull(array_agg(x ignore nulls order by y nulls first), [])'],
  ['differs of texts', dialect.differs(x, raw('y'), 'STRING', false), '(x) is distinct from (y)'],
  [
    'values',
    dialect.values('given', { name: 'STRING', at: 'TIMESTAMP' }, [
      ["it's\\\n", '2026-01-01T00:00:00Z'],
      [null, null],
    ]),
    "unnest(array<struct<`name` string, `at` timestamp>>[\n  struct('it\\'s\\\\\\n', cast('2026-01-01T00:00:00Z' as timestamp)),\n  struct(null, null)\n]) as `given`",
  ],
  ['values without rows', dialect.values('given', { name: 'STRING' }, []), 'unnest(array<struct<`name` string>>[]) as `given`'],
];
test.each(GOLDEN)('GoogleSQL of %s', (_, expression, expected) => {
  expect(textOf(expression)).toBe(expected);
});
