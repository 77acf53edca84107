import { expect, test } from 'vitest';
import { randomNumbers } from '../../testing/random.ts';
import { openWorld } from '../../testing/world.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import { PROJECTS, arrive, configOf, defined, found, loadAddresses, oracleConfigOf } from './testing/oracle-projects.ts';
import { smallWorld } from './testing/oracle-worlds.ts';

const WORLDS = 170;

const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).toSorted();

test.each(PROJECTS.map((project, i) => [i, project] as const))(
  `project %i: on ${WORLDS} random worlds the model and the definition agree on every edge and person, late evidence included`,
  { timeout: 120_000 },
  async (seed, project) => {
    const next = randomNumbers(seed + 71);
    const worlds = Array.from({ length: WORLDS }, (_, i) => smallWorld(`w${i}`, next));
    const config = oracleConfigOf(project);
    const world = await openWorld(configOf(project));
    const reasons = new Set<unknown>();
    try {
      await loadAddresses(world, worlds);
      for (const night of [0, 1]) {
        await arrive(world, worlds, night);
        const model = await found(world);
        for (const one of worlds) {
          const { edges, people } = defined(one, night, config);
          const actual = model.get(one.name) ?? { edges: [], people: [] };
          expect(sorted(actual.edges), `edges of world ${one.name}, night ${night}`).toEqual(sorted(edges));
          expect(sorted(actual.people), `persons of world ${one.name}, night ${night}`).toEqual(sorted(people));
          for (const { reason } of edges) reasons.add(reason);
        }
      }
    } finally {
      await world.close();
    }
    // The worlds reach every rule that this project's limits allow.
    const always = ['blocked_value', 'conflicting_key', 'shared_device', null];
    expect(reasons).toEqual(new Set([...always, 'shared_key', ...(project.maximumComponentSize < 12 ? ['size_cap'] : [])]));
  },
);
