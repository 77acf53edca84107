import { expect, test } from 'vitest';
import { PUBLICATION } from '../query/testing/world.ts';
import { keptAnswer } from './kept-answers.ts';

/** Asks for each name, and says which of them had to be worked out. */
async function workedOut(publication: typeof PUBLICATION, names: readonly string[]): Promise<string[]> {
  const worked: string[] = [];
  for (const name of names) {
    const answer = await keptAnswer(publication, { name }, async () => {
      worked.push(name);
      return `answer of ${name}`;
    });
    expect(answer).toBe(`answer of ${name}`);
  }
  return worked;
}

test('the answers of the last two questions are kept, of every publication its own', async () => {
  const [one, other] = [{ ...PUBLICATION }, { ...PUBLICATION }];
  expect(await workedOut(one, ['a', 'a', 'b', 'a', 'b'])).toEqual(['a', 'b']);
  expect(await workedOut(one, ['c', 'b', 'a'])).toEqual(['c', 'a']);
  expect(await workedOut(other, ['a'])).toEqual(['a']);
});

test('a question that failed is asked again, and those who ask at once wait for one answer', async () => {
  const publication = { ...PUBLICATION };
  await expect(keptAnswer(publication, 1, () => Promise.reject(new Error('out of memory')))).rejects.toThrow('out of memory');
  expect(await keptAnswer(publication, 1, async () => 'found')).toBe('found');
  let asked = 0;
  const slow = () =>
    keptAnswer(publication, 2, async () => {
      asked += 1;
      return asked;
    });
  expect(await Promise.all([slow(), slow()])).toEqual([1, 1]);
});
