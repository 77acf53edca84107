import { expect, test } from 'vitest';
import { keyRules } from '../../models/identity/rules.ts';
import { Config } from '../../config/schema.ts';
import { randomNumbers } from '../../testing/random.ts';
import { hopsOf } from './edges.ts';
import { type Edge, type Node, edgeOrder, nodeText } from './graph.ts';
import { shortestPath } from './search.ts';

const order = edgeOrder(keyRules(Config.parse({ project: { name: 'X', timeZone: 'UTC', currency: 'EUR' } })));

const edge = (id: number, key: number, minute = 0): Edge => ({
  anonymous_id: `a${id}`,
  key_name: 'user_id',
  key_value: `u${key}`,
  key_node: `u${key}`,
  episode_start: null,
  tier: 'deterministic',
  origin: 'event',
  first_seen: `2026-03-02T10:${String(minute).padStart(2, '0')}:00.000000Z`,
  last_seen: '2026-03-02T11:00:00.000000Z',
  verdict: 'used',
  reason: null,
});
const visitor = (id: number): Node => ({ kind: 'visitor', anonymousId: `a${id}` });

async function search(edges: readonly Edge[], from: number, to: number) {
  const asked: Node[][] = [];
  const path = await shortestPath(
    [visitor(from)],
    [visitor(to)],
    async (nodes) => {
      asked.push([...nodes]);
      const wanted = new Set(nodes.map(nodeText));
      return hopsOf(edges).filter((hop) => wanted.has(nodeText(hop.from)));
    },
    order,
  );
  return { path, asked };
}

test('on random graphs the path is one, as short as brute force says, and does not depend on the order in which edges are read', async () => {
  const next = randomNumbers(3);
  let found = 0;
  for (let graph = 0; graph < 300; graph++) {
    const pairs = new Set(Array.from({ length: 4 + next(14) }, () => `${next(7)} ${next(7)}`));
    const edges = [...pairs].map((pair) => edge(...(pair.split(' ').map(Number) as [number, number]), next(3)));
    const distance = distances(edges);
    const [from, to] = [next(7), next(7)];
    const { path } = await search(edges, from, to);
    const expected = from === to ? 0 : (distance.get(`a${from} a${to}`) ?? Infinity);
    if (typeof path === 'string') {
      expect([path, expected]).toEqual(['none', Infinity]);
      continue;
    }
    found++;
    expect(path.hops).toHaveLength(expected);
    const nodes = [path.start, ...path.hops.map((hop) => hop.to)].map(nodeText);
    expect([nodes[0], nodes.at(-1)]).toEqual([from, to].map((id) => nodeText(visitor(id))));
    for (const [i, hop] of path.hops.entries()) expect(nodeText(hop.from)).toBe(nodes[i]);
    const again = await search(edges.toReversed(), from, to);
    expect(again.path).toEqual(path);
  }
  expect(found).toBeGreaterThan(100);
});

/** Steps between any two nodes (Floyd and Warshall). */
function distances(edges: readonly Edge[]): Map<string, number> {
  const distance = new Map<string, number>();
  const names = new Set(edges.flatMap((one) => [one.anonymous_id, one.key_node]));
  for (const { anonymous_id: id, key_node: key } of edges) for (const pair of [`${id} ${key}`, `${key} ${id}`]) distance.set(pair, 1);
  for (const via of names) {
    for (const a of names) {
      for (const b of names) {
        const detour = (distance.get(`${a} ${via}`) ?? Infinity) + (distance.get(`${via} ${b}`) ?? Infinity);
        if (a !== b && detour < (distance.get(`${a} ${b}`) ?? Infinity)) distance.set(`${a} ${b}`, detour);
      }
    }
  }
  return distance;
}

test('of equally short chains the one of the earlier edges is shown', async () => {
  const { path } = await search([edge(1, 1, 5), edge(2, 1, 6), edge(1, 2, 1), edge(2, 2, 2)], 1, 2);
  expect(typeof path === 'object' && path.hops.map(({ link }) => link.kind === 'edge' && link.edge.key_value)).toEqual(['u2', 'u2']);
});

test('a value that thousands hold is met from both sides, not searched through', async () => {
  const crowd = Array.from({ length: 5000 }, (_, i) => edge(i, 1));
  const { path, asked } = await search(crowd, 7, 4000);
  expect(typeof path === 'object' && path.hops.length).toBe(2);
  expect(asked.flat().map(nodeText)).toEqual([visitor(7), visitor(4000)].map(nodeText));
});

test('what is too much to read ends the search', async () => {
  expect(await shortestPath([visitor(1)], [visitor(2)], async () => undefined, order)).toBe('limit');
});
