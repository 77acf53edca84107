import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomNumbers } from '../../testing/random.ts';
import { type World, openWorld } from '../../testing/world.ts';
import { decide } from './decide.ts';
import { type TestEdge, decided, stageGraph } from './testing/staged-graph.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld({ identity: { maximumComponentSize: 6 } });
});
afterAll(() => world.close());

/** Many small clusters beside a few large ones; the weak edges come last, as in the total order. */
function randomEdges(ids: number, count: number, seed: number): TestEdge[] {
  const next = randomNumbers(seed);
  const kinds = ['user_id', 'email_hash', 'ga_client_id', 'link'] as const;
  return Array.from({ length: count }, (): TestEdge => {
    const home = next(ids);
    return { id: Math.min(ids - 1, home + next(3)), key: Math.floor(home / 3) + next(2), kind: kinds[next(4)]!, isRefused: next(10) === 0 };
  }).toSorted((a, b) => Number(a.kind === 'link') - Number(b.kind === 'link'));
}

test('contracted in SQL first, a graph has the same verdicts, persons and clusters', async () => {
  const [ids, edges] = [2000, randomEdges(2000, 2400, 1)];
  await stageGraph(world.warehouse, ids, edges);
  await decide(world.warehouse, world.config);
  const direct = await decided(world.warehouse);
  expect(direct.map((rows) => rows.length > 100)).toEqual([true, true]);
  for (const limit of [1000, 40, 0]) {
    await decide(world.warehouse, world.config, limit);
    expect(await decided(world.warehouse), `at most ${limit} edges in memory`).toEqual(direct);
  }
});

test('a graph without edges has neither', async () => {
  await stageGraph(world.warehouse, 3, []);
  await decide(world.warehouse, world.config, 0);
  expect(await decided(world.warehouse)).toEqual([[], []]);
});

const COUNT = 10_000;
const shuffled = (count: number) => {
  const next = randomNumbers(3);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = next(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
};
const chain = (order: readonly number[]): TestEdge[] =>
  order.flatMap((id, i) => [
    { id, key: i, kind: 'ga_client_id' as const },
    { id: order[Math.min(i + 1, order.length - 1)]!, key: i, kind: 'ga_client_id' as const },
  ]);

test.each([
  ['a chain in order', chain(Array.from({ length: COUNT }, (_, i) => i))],
  ['a chain in random order', chain(shuffled(COUNT))],
  ['a star', Array.from({ length: COUNT }, (_, id): TestEdge => ({ id, key: 0, kind: 'ga_client_id' }))],
])('the statements for %s grow with the logarithm of its length', async (_, edges) => {
  const open = { ...world.config, identity: { ...world.config.identity, maximumComponentSize: COUNT } };
  await stageGraph(world.warehouse, COUNT, edges);
  const before = world.warehouse.statements.length;
  await decide(world.warehouse, open, 0);
  const statements = world.warehouse.statements.slice(before).filter(({ label }) => label.startsWith('identity: contraction'));
  // At most log2(20,000 nodes) = 15 rounds of at most 15 doublings; a shape that needs many of the one needs few of the other.
  expect(statements.length).toBeLessThan(300);
  const [refusals, roots] = await decided(world.warehouse);
  expect(refusals).toEqual([]);
  expect(roots).toHaveLength(COUNT - 1);
  expect(new Set(roots!.map((row) => row['person_number']))).toEqual(new Set([0]));
});
