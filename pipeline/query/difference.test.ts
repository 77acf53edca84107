import { expect, test } from 'vitest';
import { relativeChange } from './difference.ts';

test.each([
  [100, 125, 0.25],
  [-100, -50, 0.5],
  [100, 0, -1],
  [0, 5, null],
  [null, 5, null],
  [5, null, null],
])('from %s to %s it is a change of %s', (from, to, expected) => expect(relativeChange(from, to)).toBe(expected));
