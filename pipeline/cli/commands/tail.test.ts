import { expect, test } from 'vitest';
import { costNotice } from './tail.ts';

// 720 looks an hour; the least that is billed is 10 MiB for each of two tables; 6.25 USD per TiB: 720 × 20 ÷ 1,048,576 × 6.25 = 0.0858.
test.each([
  [0, 5, 'every 5 s, at about 20 MB each: some 0.09 USD an hour'],
  [0, 60, 'every 60 s, at about 20 MB each: some 0.01 USD an hour'],
  [2 * 1024 ** 3, 5, 'every 5 s, at about 2,048 MB each: some 8.79 USD an hour'],
])('%d bytes every %d seconds', (bytes, interval, words) => {
  expect(costNotice(bytes, interval)).toContain(words);
});
