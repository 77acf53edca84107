import type { Hop } from './edges.ts';
import { type Edge, type Link, type Node, compare, nodeText } from './graph.ts';

/** A path, and where it begins. */
export interface Path {
  readonly start: Node;
  readonly hops: readonly Hop[];
}

/** `limit`: the search was ended before all was seen. */
export type SearchResult = Path | 'none' | 'limit';

/** More nodes than this are not looked at. */
const MOST_NODES = 200_000;
/** More steps than this are not followed from either end. */
const MOST_STEPS = 500;

/** One end of the search: all nodes that so many hops reach, and by which hop each was reached first. */
class Side {
  readonly reached = new Map<string, Hop | null>();
  frontier: Node[];
  constructor(starts: readonly Node[]) {
    this.frontier = [...starts];
    for (const node of starts) this.reached.set(nodeText(node), null);
  }

  /** What the next step costs, roughly: a visitor holds few values, a value may be held by thousands. */
  get cost(): number {
    return this.frontier.reduce((sum, { kind }) => sum + (kind === 'visitor' ? 1 : 10), 0);
  }

  /** Follows hops in their order from the frontier in its order, so that of equally short paths the first one is kept. */
  advance(hops: readonly Hop[], before: (a: Hop, b: Hop) => number): void {
    const from = Map.groupBy(hops, (hop) => nodeText(hop.from));
    const next: Node[] = [];
    for (const node of this.frontier) {
      for (const hop of (from.get(nodeText(node)) ?? []).toSorted(before)) {
        const text = nodeText(hop.to);
        if (this.reached.has(text)) continue;
        this.reached.set(text, hop);
        next.push(hop.to);
      }
    }
    this.frontier = next;
  }

  /** The hops from the start to a node. */
  trail(node: Node): Hop[] {
    const hops: Hop[] = [];
    for (let hop = this.reached.get(nodeText(node)); hop; hop = this.reached.get(nodeText(hop.from))) hops.unshift(hop);
    return hops;
  }
}

/**
 * Shortest path between two sets of nodes: breadth first from both ends, always the cheaper frontier by one whole step, so
 * that a value held by thousands between the two is met and not searched through. Which of several equally short paths is
 * found is determined by the order of edges alone.
 *
 * @param hopsFrom all hops that begin at one of the nodes (others do no harm); undefined: too many.
 */
export async function shortestPath(
  starts: readonly Node[],
  goals: readonly Node[],
  hopsFrom: (nodes: readonly Node[]) => Promise<readonly Hop[] | undefined>,
  order: (a: Edge, b: Edge) => number,
): Promise<SearchResult> {
  const before = (a: Hop, b: Hop) => linkOrder(a.link, b.link, order) || compare(nodeText(a.to), nodeText(b.to));
  const [near, far] = [new Side(starts), new Side(goals)];
  const path = (node: Node): Path => {
    const back = far.trail(node).toReversed();
    const hops = [...near.trail(node), ...back.map(({ from, to, link }) => ({ from: to, to: from, link }))];
    return { start: hops[0]?.from ?? node, hops };
  };
  const meeting = (nodes: readonly Node[]): Path | undefined => {
    const paths = nodes.filter((node) => near.reached.has(nodeText(node)) && far.reached.has(nodeText(node))).map(path);
    return paths.toSorted((a, b) => pathOrder(a, b, before))[0];
  };
  const same = meeting(starts);
  if (same) return same;
  for (let steps = 0; near.frontier.length > 0 && far.frontier.length > 0; steps++) {
    if (steps === MOST_STEPS || near.reached.size + far.reached.size > MOST_NODES) return 'limit';
    const side = near.cost <= far.cost ? near : far;
    const hops = await hopsFrom(side.frontier);
    if (hops === undefined) return 'limit';
    side.advance(hops, before);
    const found = meeting(side.frontier);
    if (found) return found;
  }
  return 'none';
}

function pathOrder(a: Path, b: Path, before: (a: Hop, b: Hop) => number): number {
  for (const [i, hop] of a.hops.entries()) {
    const order = before(hop, b.hops[i]!);
    if (order !== 0) return order;
  }
  return compare(nodeText(a.start), nodeText(b.start));
}

/** Edges in their order, then gaps. */
function linkOrder(a: Link, b: Link, order: (a: Edge, b: Edge) => number): number {
  if (a.kind === 'edge') return b.kind === 'edge' ? order(a.edge, b.edge) : -1;
  return b.kind === 'edge' ? 1 : compare(a.earlier, b.earlier) || compare(a.later, b.later);
}
