/** What the graph decided about an edge; the numbers stand in staged_graph_refusals. */
export const Verdict = { used: 0, conflicting_key: 1, size_cap: 2 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** What an edge says beyond its two ends: a kind and, possibly, that it was refused before. */
export const EdgeKind = {
  plain: 0,
  /** An e-mail hash that the anonymous id itself submitted. */
  submittedEmail: 1,
  /** An e-mail hash that the anonymous id was seen with in links only. */
  linkedEmail: 2,
} as const;
export type EdgeKind = (typeof EdgeKind)[keyof typeof EdgeKind];

/** Bits of an edge's flags: the kind, whether it was refused without the graph, and 1 + the number of its exclusive key, or 0. */
export const KIND_MASK = 3;
export const REFUSED_BEFORE = 4;
export const EXCLUSIVE_SHIFT = 3;
/** Exclusive keys fit the bits of one integer. */
export const MAXIMUM_EXCLUSIVE_KEYS = 31;

/** Edges in the order in which they are accepted, one per place of the arrays. */
export interface GraphEdges {
  /** Nodes 0 … anonymousIds−1, ordered by (first seen, id). */
  readonly anonymousIds: Int32Array;
  /** Keys, from 0; a key's node is anonymousIds + its number. */
  readonly keys: Int32Array;
  /** See {@link EdgeKind}. */
  readonly flags: Uint8Array;
}

export interface GraphOptions {
  readonly anonymousIds: number;
  /** One more than the greatest number of a key; numbers may be missing. */
  readonly keys: number;
  /** Anonymous ids of a component; a single one always fits. */
  readonly maximumSize: number;
  /** Number of the value of a key, where several keys are episodes of one value; default: its own. */
  readonly valueOfKey?: ReadonlyMap<number, number>;
}

export interface GraphResult {
  /** {@link Verdict} of every edge; `used` also for those that were refused before. */
  readonly verdicts: Uint8Array;
  /** Of every anonymous id the smallest of its component: the earliest-seen one. */
  readonly persons: Int32Array;
  /** As `persons`, had no edge been refused by the graph. */
  readonly clusters: Int32Array;
}

const NONE = -1;
const SEVERAL = -2;

/**
 * Components of a graph of anonymous ids and keys, joined edge by edge; an edge that breaks a rule is refused and the
 * components stay as they are, so the order of the edges decides and must be total.
 *
 * Invariants, of every root r, after every edge:
 * - parent[n] ≤ n; parent[r] = r; following parent from n ends at the smallest node of its component, which is its
 *   earliest-seen anonymous id as soon as it has one.
 * - size[r] is the number of anonymous ids in the component, at most the maximum (a single one always fits).
 * - held[r] has bit g set where the component holds a value of exclusive key g; value[g][r] then is its number. It holds
 *   one at most: a component begins with one node, and two are joined only where their values are the same. So "both
 *   sets are non-empty and disjoint" is "both hold one, and they differ".
 * - submitted[r] is the e-mail hash submitted by the component's anonymous ids: NONE, the one, or SEVERAL. It is noted
 *   whether or not the edge is accepted: a refused address still says that the visitor is somebody else.
 *
 * Union to the smaller root with path halving: O(log n) amortised per operation.
 * Source: R. E. Tarjan, J. van Leeuwen, Worst-case Analysis of Set Union Algorithms, JACM 31 (1984), §3.
 */
export function resolveGraph(edges: GraphEdges, options: GraphOptions): GraphResult {
  const { anonymousIds, keys, maximumSize, valueOfKey } = options;
  const count = edges.keys.length;
  const nodes = anonymousIds + keys;
  const parent = new Int32Array(nodes);
  for (let node = 0; node < nodes; node++) parent[node] = node;
  const size = new Int32Array(nodes).fill(1, 0, anonymousIds);
  const verdicts = new Uint8Array(count);
  const ends = edges.anonymousIds;
  const { keys: keyEnds, flags } = edges;
  let allFlags = 0;
  let exclusiveKeys = 0;
  for (let i = 0; i < count; i++) {
    const flag = flags[i]!;
    allFlags |= flag & (KIND_MASK | REFUSED_BEFORE);
    if (flag >> EXCLUSIVE_SHIFT > exclusiveKeys) exclusiveKeys = flag >> EXCLUSIVE_SHIFT;
  }
  const hasLinks = (allFlags & EdgeKind.linkedEmail) !== 0;
  const submitted = hasLinks ? new Int32Array(nodes).fill(NONE) : undefined;
  const held = exclusiveKeys > 0 ? new Int32Array(nodes) : undefined;
  const values = Array.from({ length: exclusiveKeys }, () => new Int32Array(nodes));
  const valueOf = (key: number): number => valueOfKey?.get(key) ?? key;

  for (let i = 0; i < count; i++) {
    const flag = flags[i]!;
    const key = keyEnds[i]!;
    let left = ends[i]!;
    while (parent[left] !== left) left = parent[left] = parent[parent[left]!]!;
    const kind = flag & KIND_MASK;
    if (submitted && kind === EdgeKind.submittedEmail) submitted[left] = either(submitted[left]!, valueOf(key));
    if ((flag & REFUSED_BEFORE) !== 0) continue;
    let right = anonymousIds + key;
    const exclusive = flag >> EXCLUSIVE_SHIFT;
    // Declared by the node's first edge; the node is alone until then.
    if (exclusive > 0 && parent[right] === right && held![right] === 0) {
      held![right] = 1 << (exclusive - 1);
      values[exclusive - 1]![right] = valueOf(key);
    }
    while (parent[right] !== right) right = parent[right] = parent[parent[right]!]!;
    if (left === right) continue;
    if (
      submitted &&
      kind === EdgeKind.linkedEmail &&
      (isOther(submitted[left]!, valueOf(key)) || isOther(submitted[right]!, valueOf(key)))
    ) {
      verdicts[i] = Verdict.conflicting_key;
      continue;
    }
    if (held && (held[left]! & held[right]!) !== 0 && conflict(held[left]! & held[right]!, values, left, right)) {
      verdicts[i] = Verdict.conflicting_key;
      continue;
    }
    const leftSize = size[left]!;
    const rightSize = size[right]!;
    // A key alone adds nobody; it may still be the second key of a full component.
    if (leftSize + rightSize > maximumSize && leftSize > 0 && rightSize > 0) {
      verdicts[i] = Verdict.size_cap;
      continue;
    }
    const root = left < right ? left : right;
    const child = left < right ? right : left;
    parent[child] = root;
    size[root] = leftSize + rightSize;
    if (submitted) submitted[root] = either(submitted[root]!, submitted[child]!);
    if (held && held[child] !== 0) {
      const gained = held[child]! & ~held[root]!;
      for (let group = 0; group < exclusiveKeys; group++) {
        if ((gained & (1 << group)) !== 0) values[group]![root] = values[group]![child]!;
      }
      held[root] = held[root]! | gained;
    }
  }
  flatten(parent);
  return { verdicts, persons: parent.subarray(0, anonymousIds), clusters: clustersOf(parent, edges, verdicts, anonymousIds) };
}

/** Components had no edge been refused: those of the persons, joined by the refused edges. */
function clustersOf(persons: Int32Array, edges: GraphEdges, verdicts: Uint8Array, anonymousIds: number): Int32Array {
  let parent = persons;
  for (let i = 0; i < verdicts.length; i++) {
    if (verdicts[i] === Verdict.used) continue;
    if (parent === persons) parent = persons.slice();
    join(parent, edges.anonymousIds[i]!, anonymousIds + edges.keys[i]!);
  }
  if (parent !== persons) flatten(parent);
  return parent.subarray(0, anonymousIds);
}

/** Joins the components of two nodes without a rule. */
export function join(parent: Int32Array, left: number, right: number): void {
  let a = left;
  let b = right;
  while (parent[a] !== a) a = parent[a] = parent[parent[a]!]!;
  while (parent[b] !== b) b = parent[b] = parent[parent[b]!]!;
  if (a < b) parent[b] = a;
  else parent[a] = b;
}

/** Every node points to its root, in one pass: a parent is smaller than its children, hence final before them. */
export function flatten(parent: Int32Array): void {
  for (let node = 0; node < parent.length; node++) parent[node] = parent[parent[node]!]!;
}

function conflict(shared: number, values: readonly Int32Array[], left: number, right: number): boolean {
  return values.some((value, group) => (shared & (1 << group)) !== 0 && value[left] !== value[right]);
}

const isOther = (submitted: number, hash: number): boolean => submitted !== NONE && submitted !== hash;

function either(left: number, right: number): number {
  if (left === NONE || left === right) return right;
  return right === NONE ? left : SEVERAL;
}
