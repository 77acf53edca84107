import { describe, expect, test } from 'vitest';
import { randomNumbers } from '../../testing/random.ts';
import { EXCLUSIVE_SHIFT, EdgeKind, REFUSED_BEFORE, Verdict, resolveGraph } from './union-find.ts';

interface Edge {
  readonly anonymousId: number;
  /** Key node, counted from 0. */
  readonly key: number;
  readonly kind: EdgeKind;
  readonly exclusiveGroup: number;
  /** Refused without the graph. */
  readonly isRefused: boolean;
}
interface Options {
  readonly anonymousIds: number;
  readonly keys: number;
  readonly exclusiveKeys: number;
  readonly maximumSize: number;
  /** The value that each key is, or is an episode of. */
  readonly values: readonly number[];
}
interface Built {
  readonly verdicts: Verdict[];
  readonly roots: number[];
  readonly clusters: number[];
}

function build(edges: readonly Edge[], options: Options): Built {
  const { verdicts, persons, clusters } = resolveGraph(
    {
      anonymousIds: Int32Array.from(edges, ({ anonymousId }) => anonymousId),
      keys: Int32Array.from(edges, ({ key }) => key),
      flags: Uint8Array.from(
        edges,
        ({ kind, exclusiveGroup, isRefused }) => kind | (isRefused ? REFUSED_BEFORE : 0) | ((exclusiveGroup + 1) << EXCLUSIVE_SHIFT),
      ),
    },
    { ...options, valueOfKey: new Map(options.values.entries()) },
  );
  return { verdicts: [...verdicts] as Verdict[], roots: [...persons], clusters: [...clusters] };
}

const people = (nodes: ReadonlySet<string>) => [...nodes].filter((node) => node.startsWith('a'));

/** The definition, word by word, on sets that are rebuilt for every edge. */
function bruteForce(edges: readonly Edge[], options: Options): Built {
  const component = (start: string, joined: readonly Edge[]): Set<string> => {
    const reached = new Set([start]);
    for (let grown = true; grown;) {
      grown = false;
      for (const { anonymousId, key } of joined) {
        const ends = [`a${anonymousId}`, `k${key}`];
        if (ends.some((end) => reached.has(end)) && !ends.every((end) => reached.has(end))) {
          for (const end of ends) reached.add(end);
          grown = true;
        }
      }
    }
    return reached;
  };
  const used: Edge[] = [];
  const submitted: Edge[] = [];
  const valueOf = (key: number) => options.values[key]!;
  const valuesOf = (nodes: Set<string>, group: number) =>
    new Set(
      edges
        .filter((edge) => !edge.isRefused && edge.exclusiveGroup === group && nodes.has(`k${edge.key}`))
        .map((edge) => valueOf(edge.key)),
    );
  const submittedBy = (nodes: Set<string>) =>
    new Set(submitted.filter((edge) => nodes.has(`a${edge.anonymousId}`)).map((edge) => valueOf(edge.key)));
  const verdict = (edge: Edge): Verdict => {
    const left = component(`a${edge.anonymousId}`, used);
    const right = component(`k${edge.key}`, used);
    if (left.has(`k${edge.key}`)) return Verdict.used;
    const others = [...submittedBy(left), ...submittedBy(right)].filter((hash) => hash !== valueOf(edge.key));
    if (edge.kind === EdgeKind.linkedEmail && others.length > 0) return Verdict.conflicting_key;
    for (let group = 0; group < options.exclusiveKeys; group++) {
      const [a, b] = [valuesOf(left, group), valuesOf(right, group)];
      if (a.size > 0 && b.size > 0 && ![...a].some((value) => b.has(value))) return Verdict.conflicting_key;
    }
    const grows = people(left).length > 0 && people(right).length > 0;
    return grows && people(left).length + people(right).length > options.maximumSize ? Verdict.size_cap : Verdict.used;
  };
  const verdicts = edges.map((edge) => {
    if (edge.kind === EdgeKind.submittedEmail) submitted.push(edge);
    if (edge.isRefused) return Verdict.used;
    const result = verdict(edge);
    if (result === Verdict.used) used.push(edge);
    return result;
  });
  const firsts = (joined: readonly Edge[]) =>
    Array.from({ length: options.anonymousIds }, (_, id) =>
      Math.min(...people(component(`a${id}`, joined)).map((node) => Number(node.slice(1)))),
    );
  return { verdicts, roots: firsts(used), clusters: firsts(edges.filter(({ isRefused }) => !isRefused)) };
}

test('on 2,000 random graphs every verdict, person and cluster is the one of the definition', () => {
  const seen = new Set<Verdict>();
  for (let seed = 1; seed <= 2000; seed++) {
    const next = randomNumbers(seed);
    const keys = 1 + next(8);
    // What a key is does not change from edge to edge: an exclusive value, an e-mail hash, or neither.
    const kinds = Array.from({ length: keys }, () => next(4));
    // Now and then a key is an episode of the value of an earlier one of its kind.
    const values = kinds.map((kind, key) => (next(3) === 0 ? kinds.indexOf(kind) : key));
    const options = { anonymousIds: 2 + next(7), keys, exclusiveKeys: 2, maximumSize: 2 + next(5), values };
    const edges = Array.from({ length: next(24) }, (): Edge => {
      const key = next(options.keys);
      const weak = kinds[key] === 2 && next(3) === 0;
      const kind = kinds[key] !== 2 ? EdgeKind.plain : weak ? EdgeKind.linkedEmail : EdgeKind.submittedEmail;
      const exclusiveGroup = kinds[key]! < 2 ? kinds[key]! : -1;
      return { anonymousId: next(options.anonymousIds), key, kind, exclusiveGroup, isRefused: next(8) === 0 };
    }).sort((a, b) => Number(a.kind === EdgeKind.linkedEmail) - Number(b.kind === EdgeKind.linkedEmail));
    const built = build(edges, options);
    expect(built, `seed ${seed}`).toEqual(bruteForce(edges, options));
    for (const verdict of built.verdicts) seen.add(verdict);
  }
  expect(seen).toEqual(new Set(Object.values(Verdict)));
});

const plain = (anonymousId: number, key: number): Edge => ({
  anonymousId,
  key,
  kind: EdgeKind.plain,
  exclusiveGroup: -1,
  isRefused: false,
});

describe('shapes', () => {
  const count = 100_000;
  const options = { anonymousIds: count, keys: count, exclusiveKeys: 0, maximumSize: count, values: [] };

  test('a chain of 100,000 ids is one person, whose root is the first', () => {
    const chain = Array.from({ length: count }, (_, i) => [plain(i, i), plain(Math.min(i + 1, count - 1), i)]).flat();
    expect(new Set(build(chain, options).roots)).toEqual(new Set([0]));
    expect(new Set(build(chain.toReversed(), options).roots)).toEqual(new Set([0]));
    const next = randomNumbers(1);
    const shuffled = chain.map((edge) => ({ edge, place: next(1e9) })).sort((a, b) => a.place - b.place);
    expect(new Set(build(shuffled.map(({ edge }) => edge), options).roots)).toEqual(new Set([0])); // prettier-ignore
  });

  test('a star of 20,000 ids is one person', () => {
    const star = Array.from({ length: 20_000 }, (_, i) => plain(i, 0));
    expect(new Set(build(star, { ...options, anonymousIds: 20_000 }).roots)).toEqual(new Set([0]));
  });

  test('two cliques with one weak bridge are two persons where their sum is beyond the cap, and one at the cap', () => {
    const clique = (first: number, key: number) => Array.from({ length: 5 }, (_, i) => plain(first + i, key));
    const edges = [...clique(0, 0), ...clique(5, 1), plain(0, 2), plain(5, 2)];
    const cliques = (maximumSize: number) => build(edges, { ...options, anonymousIds: 10, keys: 3, maximumSize });
    expect(cliques(9).roots).toEqual([0, 0, 0, 0, 0, 5, 5, 5, 5, 5]);
    expect(cliques(9).verdicts.indexOf(Verdict.size_cap)).toBe(edges.length - 1);
    expect(cliques(9).clusters).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(new Set(cliques(10).roots)).toEqual(new Set([0]));
  });

  test('a graph without edges leaves everybody alone', () => {
    expect(build([], { ...options, anonymousIds: 3 }).roots).toEqual([0, 1, 2]);
  });
});
