import { expect, test } from 'vitest';
import type { Column } from '../contract/columns.ts';
import { DELIVERY_COLUMNS, EVENT_COLUMNS, FAILED_EVENT_COLUMNS } from '../contract/event-row.ts';
import { createRowCheck } from './row-check.ts';

const column = (type: Column['type'], mode: Column['mode'] = 'nullable'): Column => ({ name: 'x', type, mode, description: '' });

test.each<[Column['type'], unknown[], unknown[]]>([
  ['STRING', ['', 'text', '\u0000'], [1, true, {}, ['text']]],
  ['INT64', [0, -5, '9223372036854775807'], [1.5, '9223372036854775808', 'one', 2 ** 53, true]],
  ['FLOAT64', [1.5, -2, '1e3'], ['NaN', 'one', Infinity, {}]],
  ['BOOL', [true, false, 'TRUE'], ['yes', 1]],
  [
    'TIMESTAMP',
    ['2026-01-31T09:30:00.123456Z', '2024-02-29 00:00:00+02:00', '9999-12-31T23:59:59Z'],
    ['2026-02-30T00:00:00Z', 'today', '10000-01-01T00:00:00Z', '2026-01-31T25:00:00Z'],
  ],
  ['DATE', ['2026-01-31'], ['2025-02-29', '31.1.2026', '2026-01-31T00:00:00Z']],
  ['JSON', ['{}', 'null', '"text"', '['.repeat(500) + ']'.repeat(500)], ['{', '', 'undefined', {}, 1, '['.repeat(502) + ']'.repeat(502)]],
])('%s takes what converts and nothing else', (type, good, bad) => {
  const check = createRowCheck([column(type)]);
  for (const value of [...good, null, undefined]) expect(check({ x: value }, false), String(value)).toBeUndefined();
  for (const value of bad) expect(check({ x: value }, false), String(value)).toMatchObject({ reason: 'invalid', location: 'x' });
});

test('a required column must be there and not be null', () => {
  const check = createRowCheck([column('STRING', 'required')]);
  expect(check({ x: 'a' }, false)).toBeUndefined();
  expect(check({}, false)).toEqual({ reason: 'invalid', location: '', debugInfo: '', message: 'Missing required field: x.' });
  expect(check({ x: null }, false)?.message).toBe('Only optional fields can be set to NULL. Field: x; Value: NULL');
});

test('an unknown column is said by name, unless unknown ones are to be ignored; case does not matter', () => {
  const check = createRowCheck([column('STRING')]);
  expect(check({ x: 'a', y: 1 }, false)).toEqual({ reason: 'invalid', location: 'y', debugInfo: '', message: 'no such field: y.' });
  expect(check({ x: 'a', y: 1 }, true)).toBeUndefined();
  expect(check({ X: 'a' }, false)).toBeUndefined();
});

test('a repeated record takes an array of records, without nulls, and names the path of what is wrong', () => {
  const check = createRowCheck([{ ...column('STRUCT', 'repeated'), fields: [{ ...column('STRING', 'required'), name: 'hash' }] }]);
  expect(check({ x: [] }, false)).toBeUndefined();
  expect(check({ x: [{ hash: 'a' }] }, false)).toBeUndefined();
  expect(check({ x: { hash: 'a' } }, false)?.message).toBe('Field is repeated: array expected.');
  expect(check({ x: [null] }, false)?.location).toBe('x');
  expect(check({ x: [{ hash: 'a', more: 1 }] }, false)?.message).toBe('no such field: x.more.');
  expect(check({ x: [{}] }, false)?.message).toBe('Missing required field: x.hash.');
});

test('the columns of the three tables take a row that has just what is required', () => {
  const at = '2026-01-31T09:30:00.000Z';
  const packing = { edge_instance: 'edge-1', edge_sequence: 1 };
  const event = { write_key_id: 'k', message_id: 'm', type: 'track', occurred_at: at, received_at: at, is_bot: false, is_internal: false };
  expect(createRowCheck(EVENT_COLUMNS)({ ...event, ...packing }, false)).toBeUndefined();
  expect(createRowCheck(FAILED_EVENT_COLUMNS)({ received_at: at, reason: 'r', ...packing }, false)).toBeUndefined();
  expect(createRowCheck(DELIVERY_COLUMNS)({ received_at: at, write_key_id: 'k', count: 0, ...packing }, false)).toBeUndefined();
});
