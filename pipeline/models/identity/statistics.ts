import { required } from '../../warehouse/columns.ts';
import { sql, type Sql, table } from '../../warehouse/sql.ts';
import type { TableDefinition, Warehouse } from '../../warehouse/warehouse.ts';
import { RULE_OF_LINK } from './links.ts';
import { type KeyRule, TIERS, type Tier } from './rules.ts';
import { IDENTITIES, IDENTITY_EDGES } from './tables.ts';

/** What one signal did; `email_hash_link` is an e-mail hash seen in links only. */
export interface SignalStatistics {
  readonly signal: string;
  readonly tier: string;
  readonly edges_used: number;
  /** Distinct anonymous ids of the edges that are used. */
  readonly anonymous_ids: number;
  /**
   * Joins of two groups of anonymous ids that edges of this signal brought about, in the order in which edges are accepted.
   * Over all signals they are the anonymous ids less the persons.
   */
  readonly joins: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** What the graph amounts to: counts alone, nobody can be told from them. */
export interface GraphStatistics {
  /** Persons by how many anonymous ids they have. */
  readonly devices: readonly { readonly devices: number; readonly persons: number }[];
  readonly signals: readonly SignalStatistics[];
}

/**
 * The statistics as readers of a publication see them: to count a graph of millions takes seconds, so the run does it. They hold no
 * identifier: nothing of them is to be erased with a person.
 */
export const PUBLISHED_IDENTITY: TableDefinition = {
  name: 'publication_identity',
  description: 'What the identity graph amounts to: one row.',
  columns: [required('statistics', 'STRING', 'Persons by devices, and what each signal did, as JSON.')],
  key: [],
};

/** By the name of their key. */
type Rules = ReadonlyMap<string, KeyRule>;

/**
 * Counts the identity graph as the last run left it.
 * @param rules of the config (`keyRules`), or of the publication (`publishedKeyRules`).
 */
export async function graphStatistics(warehouse: Warehouse, rules: Rules): Promise<GraphStatistics> {
  const devices = await warehouse.rows<GraphStatistics['devices'][number]>(
    sql`
    select devices, count(*) as persons
    from (select person_id, count(*) as devices from ${table(IDENTITIES.name)} group by person_id) as sizes
    group by devices
    order by devices nulls first`,
    'devices per person',
  );
  return { devices, signals: await signals(warehouse, rules) };
}

interface VerdictCount {
  readonly signal: string;
  readonly tier: Tier;
  readonly verdict: string;
  readonly reason: string | null;
  readonly edges: number;
  readonly ids: number;
}

type Signal = Pick<VerdictCount, 'signal' | 'tier'>;

async function signals(warehouse: Warehouse, rules: Rules): Promise<SignalStatistics[]> {
  const counts = await warehouse.rows<VerdictCount>(
    sql`
    select signal, tier, verdict, reason, count(*) as edges, count(distinct anonymous_id) as ids
    from (select ${RULE_OF_LINK} as signal, tier, verdict, reason, anonymous_id from ${table(IDENTITY_EDGES.name)}) as edges
    group by signal, tier, verdict, reason
    order by signal nulls first, tier nulls first, verdict nulls first, reason nulls first`,
    'edges by signal',
  );
  const place = placeOf(rules);
  const kinds = [...new Map(counts.map(({ signal, tier }) => [signal, { signal, tier }])).values()].toSorted(
    (a, b) => place(a) - place(b) || (a.signal < b.signal ? -1 : 1),
  );
  const joins = await joinsBySignal(warehouse, rules, kinds);
  return kinds.map(({ signal, tier }, i): SignalStatistics => {
    const own = counts.filter((row) => row.signal === signal);
    const used = own.find(({ verdict }) => verdict === 'used');
    return {
      signal,
      tier,
      edges_used: used?.edges ?? 0,
      anonymous_ids: used?.ids ?? 0,
      joins: joins[i]!,
      refused: Object.fromEntries(own.flatMap(({ reason, edges }) => (reason === null ? [] : [[reason, edges]]))),
    };
  });
}

/** Where the edges of a signal stand in the total order: by tier, then by priority; those of a key that is no more, last. */
function placeOf(rules: Rules): (signal: Signal) => number {
  return ({ signal, tier }) => TIERS.indexOf(tier) * 1_000_000 + (rules.get(signal)?.priority ?? 100_000);
}

/**
 * Replays the edges that are used, person by person, as integers: the second exception, beside the graph itself, to rows
 * staying in the warehouse, and only of values that two ids or more hold.
 */
async function joinsBySignal(warehouse: Warehouse, rules: Rules, kinds: readonly Signal[]): Promise<number[]> {
  const joins = kinds.map(() => 0);
  if (kinds.length === 0) return joins;
  let person = -1;
  let graph = new PersonGraph();
  for await (const [persons, ids, nodes, signal] of warehouse.integerBatches(
    sharedEdges(warehouse, rules, kinds),
    'edges in their order',
  )) {
    for (let i = 0; i < persons!.length; i++) {
      if (persons![i] !== person) {
        person = persons![i]!;
        graph = new PersonGraph();
      }
      if (graph.add(ids![i]!, nodes![i]!)) joins[signal![i]!]! += 1;
    }
  }
  return joins;
}

function sharedEdges(warehouse: Warehouse, rules: Rules, kinds: readonly Signal[]): Sql {
  const place = placeOf(rules);
  const signalTable = warehouse.dialect.values(
    'signals',
    { name: 'STRING', number: 'INT64', place: 'INT64' },
    kinds.map((kind, i) => [kind.signal, i, place(kind)]),
  );
  return sql`
    with joined_persons as (
      -- Nothing was joined in a person of one id: most have no more.
      select person_id from ${table(IDENTITIES.name)} group by person_id having count(*) > 1
    ),
    used as (
      select
        identities.person_id, edges.anonymous_id, edges.key_name, coalesce(edges.key_node, edges.key_value) as key_node,
        edges.first_seen, signals.number as signal_number, signals.place,
        count(*) over (partition by edges.key_name, coalesce(edges.key_node, edges.key_value)) as holders
      from ${table(IDENTITY_EDGES.name)} as edges
      inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = edges.anonymous_id
      inner join joined_persons on joined_persons.person_id = identities.person_id
      inner join ${signalTable} on signals.name = ${RULE_OF_LINK}
      where edges.verdict = 'used'
    ),
    numbered as (
      select
        dense_rank() over (order by person_id nulls first) as person_number,
        dense_rank() over (order by anonymous_id nulls first) as id_number,
        dense_rank() over (order by key_name nulls first, key_node nulls first) as node_number,
        signal_number, place, first_seen, key_name, key_node, anonymous_id
      from used
      where holders > 1
    )
    select person_number, id_number, node_number, signal_number
    from numbered
    order by person_number nulls first, place nulls first, first_seen nulls first, key_name nulls first, key_node nulls first, anonymous_id nulls first`;
}

/** Components of one person, as edges come in. Ids and nodes are numbers of their own: a node is kept as −number. */
class PersonGraph {
  readonly #parent = new Map<number, number>();
  readonly #hasIds = new Set<number>();

  /** @returns whether two groups that both hold anonymous ids became one. */
  add(id: number, node: number): boolean {
    if (!this.#parent.has(id)) this.#hasIds.add(id);
    const [left, right] = [this.#root(id), this.#root(-node)];
    if (left === right) return false;
    const both = this.#hasIds.has(left) && this.#hasIds.has(right);
    this.#parent.set(right, left);
    this.#hasIds.add(left);
    return both;
  }

  #root(node: number): number {
    let root = node;
    for (let next = this.#parent.get(root) ?? root; next !== root; next = this.#parent.get(root) ?? root) root = next;
    let at = node;
    while (at !== root) {
      const next = this.#parent.get(at)!;
      this.#parent.set(at, root);
      at = next;
    }
    this.#parent.set(root, root);
    return root;
  }
}
