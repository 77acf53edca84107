import type { Config } from '../../config/schema.ts';
import { keyRules } from '../../models/identity/rules.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { allHopsFrom, hopsOf, usedEdgesOfPersons } from './edges.ts';
import { type Asked, findEnd } from './ends.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { type Edge, edgeOrder, shownValue } from './graph.ts';
import { type Refusal, refusalOf } from './refusals.ts';
import { type Path, shortestPath } from './search.ts';

/** One edge of a chain. */
export interface EdgeStep {
  readonly kind: 'edge';
  readonly anonymous_id: string;
  readonly key_name: string;
  /** A hash is shortened. */
  readonly key_value: string;
  readonly tier: Edge['tier'];
  readonly origin: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly verdict: Edge['verdict'];
  readonly evidence: Evidence | null;
  readonly refusal: Refusal | null;
}

/** One value, seen too far apart to say anything: the edges before and after this step are of different episodes. */
export interface GapStep {
  readonly kind: 'gap';
  readonly key_name: string;
  readonly key_value: string;
  readonly earlier_last_seen: string;
  readonly later_first_seen: string;
  /** Whole days between the two. */
  readonly days: number;
  readonly window_days: number | null;
}

export type Step = EdgeStep | GapStep;

/** Why two identifiers are one person, or why they are not. */
export interface Explanation {
  readonly from: { readonly described: string; readonly person_ids: readonly string[] };
  readonly to: { readonly described: string; readonly person_ids: readonly string[] };
  /**
   * `one_person`: the steps are the shortest chain of edges that are used. `refused`: the shortest chain there is holds
   * refused edges or gaps. `nothing_in_common`: no chain at all. `too_far`: the search was ended before it found one.
   */
  readonly verdict: 'one_person' | 'refused' | 'nothing_in_common' | 'too_far';
  readonly steps: readonly Step[];
}

/**
 * Explains two identifiers from the graph of the last run.
 * @throws UserError for an identifier that is not in the graph.
 */
export async function explain(warehouse: Warehouse, config: Config, a: Asked, b: Asked): Promise<Explanation> {
  const rules = keyRules(config);
  const order = edgeOrder(rules);
  const [from, to] = [await findEnd(warehouse, a), await findEnd(warehouse, b)];
  const ends = {
    from: { described: from.described, person_ids: from.person_ids },
    to: { described: to.described, person_ids: to.person_ids },
  };
  const shared = from.person_ids.filter((person) => to.person_ids.includes(person));
  const steps = (path: Path) => stepsOf(warehouse, config, rules, path);
  if (shared.length > 0) {
    const edges = await usedEdgesOfPersons(warehouse, shared);
    const hops = edges && hopsOf(edges);
    const path = hops ? await shortestPath(from.nodes, to.nodes, async () => hops, order) : 'limit';
    return typeof path === 'object'
      ? { ...ends, verdict: 'one_person', steps: await steps(path) }
      : { ...ends, verdict: 'too_far', steps: [] };
  }
  const path = await shortestPath(from.nodes, to.nodes, (nodes) => allHopsFrom(warehouse, nodes), order);
  if (typeof path === 'object') {
    const holds = path.hops.every(({ link }) => link.kind === 'edge' && link.edge.verdict === 'used');
    return { ...ends, verdict: holds ? 'one_person' : 'refused', steps: await steps(path) };
  }
  return { ...ends, verdict: path === 'none' ? 'nothing_in_common' : 'too_far', steps: [] };
}

async function stepsOf(warehouse: Warehouse, config: Config, rules: ReturnType<typeof keyRules>, { hops }: Path): Promise<Step[]> {
  const steps: Step[] = [];
  for (const [i, { link }] of hops.entries()) {
    if (link.kind === 'edge') {
      const { edge } = link;
      steps.push({
        kind: 'edge',
        anonymous_id: edge.anonymous_id,
        key_name: edge.key_name,
        key_value: shownValue(edge.key_name, edge.key_value),
        tier: edge.tier,
        origin: edge.origin,
        first_seen: edge.first_seen,
        last_seen: edge.last_seen,
        verdict: edge.verdict,
        evidence: await evidenceOf(warehouse, edge),
        refusal: await refusalOf(warehouse, config, rules, edge),
      });
      continue;
    }
    const around = [hops[i - 1]?.link, hops[i + 1]?.link].flatMap((near) => (near?.kind === 'edge' ? [near.edge] : []));
    const earlier = around.find(({ key_node: node }) => node === link.earlier);
    const later = around.find(({ key_node: node }) => node === link.later);
    // Episodes of one value are reached from a visitor each: a value that is itself an end begins with all of its episodes.
    if (!earlier || !later) throw new Error(`a gap between ${link.earlier} and ${link.later} without an edge at both sides`);
    steps.push({
      kind: 'gap',
      key_name: earlier.key_name,
      key_value: shownValue(earlier.key_name, earlier.key_value),
      earlier_last_seen: earlier.last_seen,
      later_first_seen: later.first_seen,
      days: Math.floor((Date.parse(later.first_seen) - Date.parse(earlier.last_seen)) / 86_400_000),
      window_days: rules.get(earlier.key_name)?.windowDays ?? null,
    });
  }
  return steps;
}
