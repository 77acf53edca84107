import { describe, expect, test } from 'vitest';
import { ConstrainedUnionFind, EdgeKind, type Verdict } from './union-find.ts';

interface Edge {
  readonly anonymousId: number;
  /** Key node, counted from 0. */
  readonly key: number;
  readonly kind: EdgeKind;
  readonly exclusiveGroup: number;
}
interface Options {
  readonly anonymousIds: number;
  readonly keys: number;
  readonly exclusiveKeys: number;
  readonly maximumSize: number;
}

function build(edges: readonly Edge[], options: Options): { verdicts: Verdict[]; roots: number[] } {
  const graph = new ConstrainedUnionFind(options);
  const verdicts = edges.map(({ anonymousId, key, kind, exclusiveGroup }) => {
    const node = options.anonymousIds + key;
    if (kind === EdgeKind.submittedEmail) graph.noteSubmitted(anonymousId, node);
    if (exclusiveGroup >= 0) graph.declareExclusive(node, exclusiveGroup);
    return graph.join(anonymousId, node, kind);
  });
  return { verdicts, roots: Array.from({ length: options.anonymousIds }, (_, id) => graph.find(id)) };
}

const people = (nodes: ReadonlySet<string>) => [...nodes].filter((node) => node.startsWith('a'));

/** The definition, word by word, on sets that are rebuilt for every edge. */
function bruteForce(edges: readonly Edge[], options: Options): { verdicts: Verdict[]; roots: number[] } {
  const used: Edge[] = [];
  const submitted: Edge[] = [];
  const component = (start: string): Set<string> => {
    const reached = new Set([start]);
    for (let grown = true; grown;) {
      grown = false;
      for (const { anonymousId, key } of used) {
        const ends = [`a${anonymousId}`, `k${key}`];
        if (ends.some((end) => reached.has(end)) && !ends.every((end) => reached.has(end))) {
          for (const end of ends) reached.add(end);
          grown = true;
        }
      }
    }
    return reached;
  };
  const valuesOf = (nodes: Set<string>, group: number) =>
    new Set(edges.filter((edge) => edge.exclusiveGroup === group && nodes.has(`k${edge.key}`)).map((edge) => edge.key));
  const submittedBy = (nodes: Set<string>) =>
    new Set(submitted.filter((edge) => nodes.has(`a${edge.anonymousId}`)).map((edge) => edge.key));
  const verdict = (edge: Edge): Verdict => {
    const left = component(`a${edge.anonymousId}`);
    const right = component(`k${edge.key}`);
    if (left.has(`k${edge.key}`)) return 'used';
    const others = [...submittedBy(left), ...submittedBy(right)].filter((hash) => hash !== edge.key);
    if (edge.kind === EdgeKind.linkedEmail && others.length > 0) return 'conflicting_key';
    for (let group = 0; group < options.exclusiveKeys; group++) {
      const [a, b] = [valuesOf(left, group), valuesOf(right, group)];
      if (a.size > 0 && b.size > 0 && ![...a].some((value) => b.has(value))) return 'conflicting_key';
    }
    const grows = people(left).length > 0 && people(right).length > 0;
    return grows && people(left).length + people(right).length > options.maximumSize ? 'size_cap' : 'used';
  };
  const verdicts = edges.map((edge) => {
    if (edge.kind === EdgeKind.submittedEmail) submitted.push(edge);
    const result = verdict(edge);
    if (result === 'used') used.push(edge);
    return result;
  });
  const roots = Array.from({ length: options.anonymousIds }, (_, id) =>
    Math.min(...people(component(`a${id}`)).map((node) => Number(node.slice(1)))),
  );
  return { verdicts, roots };
}

/** Mulberry32: small, seeded, good enough to shuffle. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

test('on 2,000 random graphs every verdict and every component is the one of the definition', () => {
  const seen = new Set<Verdict>();
  for (let seed = 1; seed <= 2000; seed++) {
    const next = random(seed);
    const options = { anonymousIds: 2 + next(7), keys: 1 + next(8), exclusiveKeys: 2, maximumSize: 2 + next(5) };
    // What a key is does not change from edge to edge: an exclusive value, an e-mail hash, or neither.
    const kinds = Array.from({ length: options.keys }, () => next(4));
    const edges = Array.from({ length: next(24) }, (): Edge => {
      const key = next(options.keys);
      const weak = kinds[key] === 2 && next(3) === 0;
      const kind = kinds[key] !== 2 ? EdgeKind.plain : weak ? EdgeKind.linkedEmail : EdgeKind.submittedEmail;
      return { anonymousId: next(options.anonymousIds), key, kind, exclusiveGroup: kinds[key]! < 2 ? kinds[key]! : -1 };
    }).sort((a, b) => Number(a.kind === EdgeKind.linkedEmail) - Number(b.kind === EdgeKind.linkedEmail));
    const built = build(edges, options);
    expect(built, `seed ${seed}`).toEqual(bruteForce(edges, options));
    for (const verdict of built.verdicts) seen.add(verdict);
  }
  expect([...seen].sort()).toEqual(['conflicting_key', 'size_cap', 'used']);
});

const plain = (anonymousId: number, key: number): Edge => ({ anonymousId, key, kind: EdgeKind.plain, exclusiveGroup: -1 });

describe('shapes', () => {
  const count = 100_000;
  const options = { anonymousIds: count, keys: count, exclusiveKeys: 0, maximumSize: count };

  test('a chain of 100,000 ids is one person, whose root is the first', () => {
    const chain = Array.from({ length: count }, (_, i) => [plain(i, i), plain(Math.min(i + 1, count - 1), i)]).flat();
    expect(new Set(build(chain, options).roots)).toEqual(new Set([0]));
    expect(new Set(build(chain.toReversed(), options).roots)).toEqual(new Set([0]));
  });

  test('a star of 20,000 ids is one person', () => {
    const star = Array.from({ length: 20_000 }, (_, i) => plain(i, 0));
    expect(new Set(build(star, { ...options, anonymousIds: 20_000 }).roots)).toEqual(new Set([0]));
  });

  test('a graph without edges leaves everybody alone', () => {
    expect(build([], { ...options, anonymousIds: 3 }).roots).toEqual([0, 1, 2]);
  });
});
