import { expect, test } from 'vitest';
import { editDistance, nearest } from './suggest.ts';

test.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['conversion', 'conversions', 1],
  ['nmae', 'name', 1],
  ['ca', 'abc', 3],
])('the edit distance of "%s" and "%s" is %i', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test('the nearest candidate is found whatever its letter case', () => {
  expect(nearest('timezone', ['name', 'timeZone', 'currency'])).toBe('timeZone');
});

test('a word that is near to nothing gets no suggestion', () => {
  expect(nearest('colour', ['name', 'timeZone', 'currency'])).toBeUndefined();
});

test('of two equally near candidates the first listed wins', () => {
  expect(nearest('cast', ['cost', 'cash'])).toBe('cost');
});
