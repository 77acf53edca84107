import { expect, test } from 'vitest';
import { byteLength, divide, inParallel } from './groups.ts';

test('bytes are those of UTF-8', () => {
  expect(['', 'a', 'é', '€', '😀'].map(byteLength)).toEqual([0, 1, 2, 3, 4]);
});

test.each([
  ['nothing', [], []],
  ['up to the most items', [1, 1, 1, 1], [[1, 1, 1], [1]]],
  ['up to the most bytes', [5, 5, 1], [[5, 5], [1]]],
  ['what is too large stands alone', [1, 11, 1], [[1], [11], [1]]],
])('items are divided in their order: %s', (_, items, groups) => {
  expect(divide(items, (item) => item, 3, 10)).toEqual(groups);
});

test('all items are worked on, at most four at once', async () => {
  let now = 0;
  let most = 0;
  const done: number[] = [];
  await inParallel([1, 2, 3, 4, 5, 6, 7, 8, 9], async (item) => {
    most = Math.max(most, ++now);
    await Promise.resolve();
    now--;
    done.push(item);
  });
  expect([most, done.toSorted((a, b) => a - b)]).toEqual([4, [1, 2, 3, 4, 5, 6, 7, 8, 9]]);
});

test('after an error no further item is begun', async () => {
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    await Promise.resolve();
    throw new Error(`item ${item}`);
  };
  await expect(inParallel([1, 2, 3, 4, 5, 6], work)).rejects.toThrow('item 1');
  expect(begun).toEqual([1, 2, 3, 4]);
});
