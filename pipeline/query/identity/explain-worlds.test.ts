import { expect, test } from 'vitest';
import { PROJECTS, arrive, configOf, loadAddresses, oracleConfigOf } from '../../models/identity/testing/oracle-projects.ts';
import { type OracleEdge, identityByDefinition } from '../../models/identity/testing/oracle.ts';
import { smallWorld } from '../../models/identity/testing/oracle-worlds.ts';
import { randomNumbers } from '../../testing/random.ts';
import { openWorld } from '../../testing/world.ts';
import { type Explanation, type Step, explain } from './explain.ts';

const PAIRS_OF_A_WORLD = 8;

test('on random worlds every explanation is that of the definition, and its figures break the rule that they explain', async () => {
  const project = PROJECTS[1]!;
  const next = randomNumbers(11);
  const worlds = Array.from({ length: 8 }, (_, i) => smallWorld(`w${i}`, next));
  const world = await openWorld(configOf(project));
  const verdicts = new Set<string>();
  try {
    await loadAddresses(world, worlds);
    for (const night of [0, 1]) await arrive(world, worlds, night);
    for (const { name, sightings, leads } of worlds) {
      const { edges, people } = identityByDefinition(sightings, leads, oracleConfigOf(project));
      const reaches = reachability(edges);
      for (let pair = 0; pair < PAIRS_OF_A_WORLD; pair++) {
        const [a, b] = [people[next(people.length)]!, people[next(people.length)]!];
        if (a.id === b.id) continue;
        const [from, to] = [a, b].map(({ id: value }) => ({ by: 'anonymous_id', value }) as const);
        const explanation = await explain(world.warehouse, world.config, from!, to!);
        const expected = a.person === b.person ? 'one_person' : reaches(a.id, b.id) ? 'refused' : 'nothing_in_common';
        expect(explanation.verdict, `world ${name}: ${a.id} and ${b.id}`).toBe(expected);
        verdicts.add(expected);
        expectSound(explanation, project.maximumComponentSize);
      }
    }
  } finally {
    await world.close();
  }
  expect(verdicts).toEqual(new Set(['one_person', 'refused', 'nothing_in_common']));
});

/** Whether a chain of values leads from one id to the other, whatever became of the edges and however far apart the sightings. */
function reachability(edges: readonly OracleEdge[]): (from: string, to: string) => boolean {
  return (from, to) => {
    const reached = new Set([`id ${from}`]);
    for (let size = -1; size !== reached.size;) {
      size = reached.size;
      for (const { id, key, value } of edges) {
        const ends = [`id ${id}`, `${key} ${value}`];
        if (ends.some((end) => reached.has(end))) for (const end of ends) reached.add(end);
      }
    }
    return reached.has(`id ${to}`);
  };
}

const holds = (step: Step): boolean => step.kind === 'edge' && step.verdict === 'used';

function expectSound({ verdict, steps }: Explanation, maximumSize: number): void {
  if (verdict === 'one_person') expect(steps.every(holds)).toBe(true);
  if (verdict === 'refused') expect(steps.every(holds)).toBe(false);
  for (const step of steps) {
    if (step.kind === 'gap') {
      expect(step.days).toBeGreaterThanOrEqual(step.window_days!);
      continue;
    }
    expect(step.evidence).not.toBeNull();
    expect(step.refusal === null).toBe(step.verdict === 'used');
    const { refusal } = step;
    if (refusal?.reason === 'shared_key') expect(refusal.anonymous_ids).toBeGreaterThan(refusal.maximum);
    if (refusal?.reason === 'shared_device') expect(Math.max(refusal.email_hashes, refusal.user_ids)).toBeGreaterThan(3);
    if (refusal?.reason === 'size_cap') expect(refusal.of_anonymous_id + refusal.of_key).toBeGreaterThan(maximumSize);
    if (refusal?.reason === 'conflicting_key') expect(refusal.of_anonymous_id.length + refusal.of_key.length).toBeGreaterThan(0);
  }
}
