import { expect, test } from 'vitest';
import { LIMITS } from './limits.ts';
import { checkShape, cutDepth } from './shape.ts';

const nested = (levels: number): unknown => JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels)) as unknown;

test.each([
  ['at the limit of depth', nested(LIMITS.depth), undefined],
  ['one level too deep', nested(LIMITS.depth + 1), 'too_deep'],
  ['half a million levels deep', JSON.parse('['.repeat(500_000) + ']'.repeat(500_000)), 'too_deep'],
  ['with as many items as allowed', { list: Array.from({ length: LIMITS.members - 1 }, () => 0) }, undefined],
  ['with one item too many', { list: Array.from({ length: LIMITS.members }, () => 0) }, 'too_many_members'],
  ['with too many members in all levels together', Array.from({ length: 1_500 }, () => ({ a: 1, b: 2 })), 'too_many_members'],
  ['that is no container', 'text', undefined],
])('a value %s', (_, value, reason) => {
  expect(checkShape(value).rejection?.reason).toBe(reason);
});

test('what is nested too deep can be cut to what is allowed', () => {
  expect(JSON.stringify(cutDepth({ a: [{ b: 1 }, 2], c: {} }, 2))).toBe('{"a":["(cut)",2],"c":{}}');
  expect(checkShape(cutDepth(nested(5_000))).rejection).toBeUndefined();
});

test.each([
  [{}],
  [{ a: 'ü', '\u0000': '\u0001"\\' }],
  [{ a: -1.234_567_890_123_456e-300, b: [1e21, true, null, {}, [], ''] }],
  [['\ud800', '\u2028', '😀', '\n']],
  [{ ['k'.repeat(50)]: { ['\u0007'.repeat(50)]: ['\u001f'.repeat(500)] } }],
])('the JSON of %j takes no more bytes than is said', (value) => {
  const shape = checkShape(value);
  expect(shape.rejection).toBeUndefined();
  expect(shape).toHaveProperty('mostBytes');
  const { mostBytes } = shape as { mostBytes: number };
  expect(mostBytes).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(value)));
});
