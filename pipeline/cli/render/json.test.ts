import { expect, test } from 'vitest';
import { toJson } from './json.ts';

test('controls of either kind are escaped, and the text parses back', () => {
  const value = { campaign: 'a\u001B[2J\u009Bb' };
  expect(toJson(value)).toBe('{\n  "campaign": "a\\u001b[2J\\u009bb"\n}\n');
  expect(JSON.parse(toJson(value))).toEqual(value);
});
