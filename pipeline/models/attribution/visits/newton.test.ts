import { expect, test } from 'vitest';
import { newtonStep, penalty, solvePositive } from './newton.ts';

const close = (found: readonly number[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 12));
};

test('a system is solved', () => {
  // 4·1 + 2·2 − 1·3 = 5, 2·1 + 5·2 + 1·3 = 15, −1·1 + 1·2 + 6·3 = 19.
  close(
    solvePositive(
      [
        [4, 2, -1],
        [2, 5, 1],
        [-1, 1, 6],
      ],
      [5, 15, 19],
    ),
    [1, 2, 3],
  );
  expect(solvePositive([], [])).toEqual([]);
});

test('what is not positive definite is refused', () => {
  expect(() =>
    solvePositive(
      [
        [1, 1],
        [1, 1],
      ],
      [1, 1],
    ),
  ).toThrow(RangeError);
});

test('a step towards the least of a parabola arrives there, with a ridge and without', () => {
  // (x − 3)² + 2 (y + 1)², from (1, 1): minus the gradient is (4, −8).
  const curvature = { loss: 12, gradient: [4, -8], hessian: [[2, 0], [0, 4]] }; // prettier-ignore
  close(newtonStep([1, 1], curvature, { strength: 0, binds: () => true }), [2, -2]);
  // With y² on top of it, that is a ridge of 2 on y: least at −2/3.
  close(newtonStep([1, 1], curvature, { strength: 2, binds: (i) => i === 1 }), [2, -1 - 2 / 3]);
  expect(penalty([5, 3], { strength: 2, binds: (i) => i === 1 })).toBe(9);
});
