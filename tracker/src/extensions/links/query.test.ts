import { expect, it } from 'vitest';
import { editQuery, nameOf } from './query.ts';

it.each([
  ['https://shop.example/a', 'https://shop.example/a?x=1'],
  ['/a?b=c', '/a?b=c&x=1'],
  ['../a?b=%C3%BC+%2f&c#d?e', '../a?b=%C3%BC+%2f&c&x=1#d?e'],
  ['a?b=c?d', 'a?b=c?d&x=1'],
  ['?b', '?b&x=1'],
  ['a?', 'a?x=1'],
  ['a#', 'a?x=1#'],
  ['a?b=1\n&c#d', 'a?b=1\n&c&x=1#d'],
])('adds a parameter to %j and leaves the rest as it is written', (address, added) => {
  expect(editQuery(address, (parameters) => [...parameters, 'x=1'])).toBe(added);
});

it.each([
  ['/a?x=1', '/a'],
  ['/a?x=1#b', '/a#b'],
  ['/a?x=1&b=%2F', '/a?b=%2F'],
  ['/a?b=%2F&x=1&c', '/a?b=%2F&c'],
  ['/a?b&X=2&x', '/a?b'],
  ['/a?ax=1&b=x', '/a?ax=1&b=x'],
  ['/a#x=1', '/a#x=1'],
  ['/a?#b', '/a?#b'],
])('removes a parameter from %j and leaves the rest as it is written', (address, rest) => {
  expect(editQuery(address, (parameters) => parameters.filter((text) => nameOf(text) !== 'x'))).toBe(rest);
});
