import { ANONYMOUS_ID_KINDS, type ErasedIds, unionOf } from '../models/erasures/predicates.ts';
import { IDENTITIES, IDENTITY_EDGES, USER_IDENTITIES } from '../models/identity/tables.ts';
import { type Sql, arrayParam, sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import type { NamedPerson } from './person-ids.ts';

/**
 * Which identifiers count as the person's: those joined by what only they have (`deterministic`), or whatever the graph has joined,
 * so by a shared address or a forwarded link, too (`all`).
 */
export const JOINED = ['deterministic', 'all'] as const;
export type Joined = (typeof JOINED)[number];

/** Identifiers that nothing but weaker signals joins with a person: perhaps theirs, perhaps a colleague's. */
export interface WeaklyJoined {
  /** Name of the identifier that joins them. */
  readonly signal: string;
  /** weak or probabilistic. */
  readonly tier: string;
  readonly ids: ErasedIds;
}

/** A person as the identity graph has them now. */
export interface JoinedIds {
  /** The identifier that was named and those that count as theirs. */
  readonly ids: ErasedIds;
  /** The rest of the graph's person, by the signal that joins it; sorted. */
  readonly others: readonly WeaklyJoined[];
}

interface Edge {
  readonly anonymous_id: string;
  readonly key_name: string;
  readonly key_value: string;
  readonly key_node: string;
  readonly tier: string;
}

/** All identifiers of a person over the edges that are used: a refused edge joins nobody. */
export async function idsOfPerson(warehouse: Warehouse, person: NamedPerson, joined: Joined = 'deterministic'): Promise<JoinedIds> {
  const persons = await personsNamed(warehouse, person);
  const isOneOfThem = sql`${warehouse.dialect.isIn(sql`identities.person_id`, sql`${arrayParam(persons, 'STRING')}`)}`;
  const edges =
    persons.length === 0
      ? []
      : await warehouse.rows<Edge>(
          sql`
            select edges.anonymous_id, edges.key_name, edges.key_value, coalesce(edges.key_node, edges.key_value) as key_node, edges.tier
            from ${table(IDENTITY_EDGES.name)} as edges
            inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = edges.anonymous_id
            where edges.verdict = 'used' and ${isOneOfThem}
            order by 1 nulls first, 2 nulls first, 4 nulls first`,
          'edges of the person',
        );
  const known = new Set(
    persons.length === 0
      ? []
      : (
          await warehouse.rows<{ anonymous_id: string }>(
            sql`select identities.anonymous_id from ${table(IDENTITIES.name)} as identities where ${isOneOfThem}`,
            'anonymous ids',
          )
        ).map(({ anonymous_id: id }) => id),
  );
  return walk(person, edges, known, joined);
}

/** Persons of the graph that the identifier names. An address may stand for any kind of identifier. */
async function personsNamed(warehouse: Warehouse, { kind, value }: NamedPerson): Promise<string[]> {
  const names = kind === 'anonymous_id' ? ['previous_id'] : kind === 'user_id' ? ['user_id'] : ['email_hash', 'user_id', 'previous_id'];
  const byKey = sql`
    select person_id from ${table(USER_IDENTITIES.name)}
    where key_value = ${value} and ${warehouse.dialect.isIn(sql`key_name`, sql`${arrayParam(names, 'STRING')}`)}`;
  const byId: Sql = sql`select person_id from ${table(IDENTITIES.name)} where anonymous_id = ${value}`;
  const query = (ANONYMOUS_ID_KINDS as readonly string[]).includes(kind) ? sql`${byKey}\nunion all\n${byId}` : byKey;
  const rows = await warehouse.rows<{ person_id: string }>(
    sql`select distinct person_id from (${query}) as named order by 1 nulls first`,
    'persons',
  );
  return rows.map(({ person_id: id }) => id);
}

type Node = `id ${string}` | `key ${string} ${string}`;

const idNode = (id: string): Node => `id ${id}`;
const keyNode = ({ key_name: name, key_node: node }: Pick<Edge, 'key_name' | 'key_node'>): Node => `key ${name} ${node}`;

/**
 * Breadth first: all that deterministic edges reach from what was named; behind it what any edge reaches, each with the weaker signal
 * that led out of the person.
 */
function walk({ kind, value }: NamedPerson, edges: readonly Edge[], known: ReadonlySet<string>, joined: Joined): JoinedIds {
  const next = new Map<Node, [to: Node, edge: Edge][]>();
  const link = (a: Node, b: Node, edge: Edge): void => {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const list = next.get(from);
      if (list) list.push([to, edge]);
      else next.set(from, [[to, edge]]);
    }
  };
  for (const edge of edges) {
    link(idNode(edge.anonymous_id), keyNode(edge), edge);
    // The former id is a browser of its own, too.
    if (edge.key_name === 'previous_id' && known.has(edge.key_value)) link(keyNode(edge), idNode(edge.key_value), edge);
  }
  const isNamed = (edge: Edge): boolean =>
    edge.key_value === value &&
    (edge.key_name === kind ||
      (edge.key_name === 'previous_id' && kind !== 'user_id') ||
      (edge.key_name === 'user_id' && kind === 'email_hash'));
  const own = new Set<Node>([idNode(value), ...edges.filter(isNamed).map(keyNode)]);
  for (const node of own) for (const [to, { tier }] of next.get(node) ?? []) if (joined === 'all' || tier === 'deterministic') own.add(to);
  const signals = new Map<Node, Edge>();
  for (const node of own) for (const [to, edge] of next.get(node) ?? []) if (!own.has(to) && !signals.has(to)) signals.set(to, edge);
  for (const [node, signal] of signals) {
    for (const [to] of next.get(node) ?? []) if (!own.has(to) && !signals.has(to)) signals.set(to, signal);
  }
  const named: ErasedIds = { ...unionOf(), [kind]: [value] };
  const others = Map.groupBy(signals, ([, { key_name: name, tier }]) => `${name} ${tier}`);
  return {
    ids: unionOf(named, identifiersOf(own, edges, known)),
    others: [...others.values()]
      .map((group) => {
        const { key_name: signal, tier } = group[0]![1];
        return { signal, tier, ids: identifiersOf(new Set(group.map(([node]) => node)), edges, known) };
      })
      .filter(({ ids }) => Object.values(ids).some((values) => values.length > 0))
      .toSorted((a, b) => (`${a.signal} ${a.tier}` < `${b.signal} ${b.tier}` ? -1 : 1)),
  };
}

function identifiersOf(nodes: ReadonlySet<Node>, edges: readonly Edge[], known: ReadonlySet<string>): ErasedIds {
  const reached = edges.filter((edge) => nodes.has(keyNode(edge)));
  const valuesOf = (name: string) => reached.filter(({ key_name: key }) => key === name).map(({ key_value: value }) => value);
  return unionOf({
    anonymous_id: [...[...known].filter((id) => nodes.has(idNode(id))), ...valuesOf('previous_id')],
    user_id: valuesOf('user_id'),
    email_hash: valuesOf('email_hash'),
  });
}
