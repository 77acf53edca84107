import { describe, expect, test } from 'vitest';
import { Random } from './random.ts';

const mean = (draw: () => number) => Array.from({ length: 20_000 }, draw).reduce((sum, value) => sum + value, 0) / 20_000;

function draw(seed: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: 50 }, () => random.uint32());
}

describe('seeded randomness', () => {
  test('the same seed gives the same numbers, another seed others', () => {
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test('draws from one fork do not move another', () => {
    const alone = new Random(7).fork('b').uint32();
    const world = new Random(7);
    const a = world.fork('a');
    for (let i = 0; i < 10; i++) a.uint32();
    expect(world.fork('b').uint32()).toBe(alone);
  });

  test('uniform numbers fill [0, 1) evenly', () => {
    const random = new Random(1);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 20_000; i++) tenths[Math.floor(random.next() * 10)]! += 1;
    for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });

  test('the means of the distributions are those of the formulas', () => {
    const random = new Random(2);
    expect(mean(() => random.geometric(0.25))).toBeCloseTo(3, 0);
    expect(mean(() => random.exponential(10))).toBeCloseTo(10, 0);
    // exp(σ²/2) is the mean of a log-normal whose median is 1.
    expect(mean(() => random.logNormal(1, 0.5))).toBeCloseTo(Math.exp(0.125), 1);
  });

  test('identifiers look like version 4 UUIDs and differ', () => {
    const random = new Random(3);
    const ids = Array.from({ length: 1_000 }, () => random.uuid());
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(1_000);
  });
});
