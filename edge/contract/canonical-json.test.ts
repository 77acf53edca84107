import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

test.each([
  [{ b: 1, a: { d: [2, { f: null, e: 'x' }], c: true } }, '{"a":{"c":true,"d":[2,{"e":"x","f":null}]},"b":1}'],
  [{ b: undefined, a: [undefined] }, '{"a":[null]}'],
  // "10" comes before "9", capitals before small letters, and an emoji (U+D83D first) before U+FF21.
  [{ '9': 1, '10': 2, a: 3, B: 4, '\uff21': 5, '😀': 6 }, '{"10":2,"9":1,"B":4,"a":3,"😀":6,"\uff21":5}'],
  [JSON.parse('{"z":1,"__proto__":{"y":2}}'), '{"__proto__":{"y":2},"z":1}'],
  ['text "quoted"', '"text \\"quoted\\""'],
  [undefined, 'null'],
])('%j is %s', (value, text) => {
  expect(canonicalJson(value)).toBe(text);
});
