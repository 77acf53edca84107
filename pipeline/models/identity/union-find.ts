/** What the graph decided about an edge. */
export type Verdict = 'used' | 'conflicting_key' | 'size_cap';

/** What an edge says beyond its two ends. */
export const EdgeKind = {
  plain: 0,
  /** An e-mail hash that the anonymous id itself submitted. */
  submittedEmail: 1,
  /** An e-mail hash that the anonymous id was seen with in links only. */
  linkedEmail: 2,
} as const;
export type EdgeKind = (typeof EdgeKind)[keyof typeof EdgeKind];

const NONE = -1;
const SEVERAL = -2;

/**
 * Components of a graph of anonymous ids and keys, joined edge by edge; an edge that breaks a rule is refused and the
 * components stay as they are, so the order of the edges decides and must be total.
 *
 * Nodes are integers: first the anonymous ids 0 … anonymousIds−1, ordered by (first seen, id), then the keys. The root
 * of a component is its smallest node, hence its earliest-seen anonymous id as soon as it has one.
 *
 * Invariants, of every root r, after every call:
 * - parent[n] ≤ n; parent[r] = r; following parent from n ends at the smallest node of its component.
 * - size[r] is the number of anonymous ids in the component, at most the maximum (a single one always fits).
 * - exclusive[g][r] is the only value node of exclusive key g in the component, or NONE. A value is one node, so two
 *   different components never hold the same value: their sets are disjoint as soon as both are non-empty. That makes
 *   "refuse where both are non-empty and disjoint" the same as "refuse where both are non-empty".
 * - submitted[r] is the e-mail hash submitted by the component's anonymous ids: NONE, the one, or SEVERAL.
 *
 * Union to the smaller root with path halving: O(log n) amortised per operation.
 * Source: R. E. Tarjan, J. van Leeuwen, Worst-case Analysis of Set Union Algorithms, JACM 31 (1984), §3.
 */
export class ConstrainedUnionFind {
  readonly #parent: Int32Array;
  readonly #size: Int32Array;
  readonly #submitted: Int32Array;
  readonly #exclusive: readonly Int32Array[];
  readonly #anonymousIds: number;
  readonly #maximumSize: number;

  constructor(options: { anonymousIds: number; keys: number; exclusiveKeys: number; maximumSize: number }) {
    const nodes = options.anonymousIds + options.keys;
    this.#anonymousIds = options.anonymousIds;
    this.#maximumSize = options.maximumSize;
    this.#parent = Int32Array.from({ length: nodes }, (_, node) => node);
    this.#size = new Int32Array(nodes).fill(1, 0, options.anonymousIds);
    this.#submitted = new Int32Array(nodes).fill(NONE);
    this.#exclusive = Array.from({ length: options.exclusiveKeys }, () => new Int32Array(nodes).fill(NONE));
  }

  /** Declares that a key node is a value of the exclusive key `group`; before the first edge of the node. */
  declareExclusive(key: number, group: number): void {
    this.#exclusive[group]![key] = key;
  }

  /**
   * Notes that the anonymous id submitted an e-mail hash; before the weak edges. It holds whether or not the edge is
   * accepted: a refused address still says that the visitor is somebody else.
   */
  noteSubmitted(anonymousId: number, hash: number): void {
    const root = this.find(anonymousId);
    this.#submitted[root] = either(this.#submitted[root]!, hash);
  }

  /** Joins the components of an edge's two ends, or says why not. An edge within a component is used. */
  join(anonymousId: number, key: number, kind: EdgeKind): Verdict {
    const left = this.find(anonymousId);
    const right = this.find(key);
    if (left === right) return 'used';
    if (kind === EdgeKind.linkedEmail && (this.#hasOther(left, key) || this.#hasOther(right, key))) return 'conflicting_key';
    for (const values of this.#exclusive) if (values[left] !== NONE && values[right] !== NONE) return 'conflicting_key';
    const size = this.#size[left]! + this.#size[right]!;
    // A key alone adds nobody; it may still be the second key of a full component.
    if (size > this.#maximumSize && this.#size[left]! > 0 && this.#size[right]! > 0) return 'size_cap';
    const [root, child] = left < right ? [left, right] : [right, left];
    this.#parent[child] = root;
    this.#size[root] = size;
    this.#submitted[root] = either(this.#submitted[root]!, this.#submitted[child]!);
    for (const values of this.#exclusive) if (values[root] === NONE) values[root] = values[child]!;
    return 'used';
  }

  /** The smallest node of the component. */
  find(node: number): number {
    const parent = this.#parent;
    let current = node;
    while (parent[current] !== current) {
      parent[current] = parent[parent[current]!]!;
      current = parent[current]!;
    }
    return current;
  }

  /** Anonymous ids that are not the root of their component, with the root, in ascending order. */
  *merges(): Generator<{ node: number; root: number }> {
    for (let node = 0; node < this.#anonymousIds; node++) {
      const root = this.find(node);
      if (root !== node) yield { node, root };
    }
  }

  #hasOther(root: number, hash: number): boolean {
    const submitted = this.#submitted[root]!;
    return submitted !== NONE && submitted !== hash;
  }
}

function either(left: number, right: number): number {
  if (left === NONE || left === right) return right;
  return right === NONE ? left : SEVERAL;
}
