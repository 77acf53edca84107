import { expect, test } from 'vitest';
import { arrayParam, join, param, raw, sql, table } from './sql.ts';

test('plain values become parameters, SQL and tables are spliced', () => {
  const filter = sql`site = ${'a'} and number > ${1}`;
  expect(sql`select ${raw('x')} from ${table('visits')} where ${filter} and share < ${0.5} and flag = ${true}`.parts).toEqual([
    'select ',
    'x',
    ' from ',
    { kind: 'table', name: 'visits' },
    ' where ',
    'site = ',
    { kind: 'param', type: 'STRING', array: false, value: 'a' },
    ' and number > ',
    { kind: 'param', type: 'INT64', array: false, value: 1 },
    ' and share < ',
    { kind: 'param', type: 'FLOAT64', array: false, value: 0.5 },
    ' and flag = ',
    { kind: 'param', type: 'BOOL', array: false, value: true },
  ]);
});

test('parameters take the type they are given', () => {
  expect(param(null, 'DATE')).toEqual({ kind: 'param', type: 'DATE', array: false, value: null });
  expect(param(5n)).toEqual({ kind: 'param', type: 'INT64', array: false, value: 5n });
  expect(arrayParam([], 'INT64')).toEqual({ kind: 'param', type: 'INT64', array: true, value: [] });
});

test('join puts the separator between pieces only', () => {
  expect(join([raw('a'), raw('b')]).parts).toEqual(['a', ', ', 'b']);
  expect(join([raw('a')], ' and ').parts).toEqual(['a']);
  expect(join([]).parts).toEqual([]);
});
