import { expect, test } from 'vitest';
import { isSharedPattern } from './patterns.ts';

test.each([
  'brand',
  '^brand$',
  'a|b',
  '(?:a|b)+',
  '[a-z]{2,3}',
  String.raw`\bbrand\b`,
  String.raw`a\.b\-c\/d`,
  '[^x]',
  '(a)',
  'a{1000}',
  'ä+',
  'a*?',
])('%s is one for both', (pattern) => {
  expect(isSharedPattern(pattern)).toBe(true);
});

test.each([
  ['(', 'is none'],
  ['a{2,1}', 'is none'],
  ['*a', 'is none'],
  ['a(?=b)', 'looks ahead'],
  ['a(?!b)', 'looks ahead'],
  ['(?<=a)b', 'looks behind'],
  ['(?<name>a)', 'has a named group, which older RE2 lacks'],
  ['(?i)a', 'has a flag, which JavaScript lacks'],
  [String.raw`(a)\1`, 'has a back reference'],
  [String.raw`\pL`, 'has a class that JavaScript reads as the letter p'],
  [String.raw`\Aa\z`, 'has anchors that JavaScript reads as letters'],
  [String.raw`\u00e4`, 'has an escape that RE2 lacks'],
  [String.raw`\cA`, 'has an escape that RE2 lacks'],
  ['[[:alpha:]]', 'has a class that JavaScript reads as letters'],
  ['[]a]', 'has a bracket that JavaScript reads as an empty class'],
  ['[^]', 'has a bracket that RE2 refuses'],
  ['a{1001}', 'repeats more often than RE2 allows'],
])('%s %s', (pattern) => {
  expect(isSharedPattern(pattern)).toBe(false);
});
