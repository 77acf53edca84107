import type { Config } from '../../config/schema.ts';
import { type Sql, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { findClusters } from './contraction.ts';
import { SAME_STAGED_EDGE, exclusiveKeys } from './edges.ts';
import { integerBatches } from './integer-batches.ts';
import { refill } from './refill.ts';
import { keyRules } from './rules.ts';
import { ACCEPTED_ROOTS, SUSPECTED_EDGES, suspectRows } from './suspects.ts';
import { STAGED_EDGES, STAGED_GATHERED, STAGED_IDS, STAGED_REFUSALS, STAGED_ROOTS, STAGED_SUSPECTS } from './tables.ts';
import { type GraphResult, Verdict, resolveGraph } from './union-find.ts';

/** Edges that stream through one process: about 1 GB of arrays. Of a larger graph the engine finds the clusters first. */
export const EDGES_IN_MEMORY = 20_000_000;

/**
 * What the graph decides about the staged edges; fills staged_graph_refusals and staged_roots.
 * @param edgesInMemory more are contracted in SQL first, and only those of clusters in which one may be refused stream.
 */
export async function decide(warehouse: Warehouse, config: Config, edgesInMemory = EDGES_IN_MEMORY): Promise<void> {
  const [counts] = await warehouse.rows<{ edges: number; ids: number }>(
    sql`
      select
        (select count(*) from ${table(STAGED_EDGES.name)}) as edges,
        (select count(*) from ${table(STAGED_IDS.name)}) as ids`,
    'identity graph size',
  );
  const { edges, ids } = counts!;
  if (edges > edgesInMemory) return decideContracted(warehouse, config, ids, edgesInMemory);
  // In any order: an edge's number is its place, so that the engine need not sort what it has numbered.
  const query = sql`select edge_number, anonymous_number, key_number, flags from ${table(STAGED_EDGES.name)}`;
  const streamed = await streamEdges(warehouse, query, edges);
  const graph = resolveGraph(streamed, {
    anonymousIds: ids,
    // A key's number is that of its first edge.
    keys: edges,
    maximumSize: config.identity.maximumComponentSize,
    valueOfKey: await valuesOfEpisodes(warehouse, config),
  });
  await store(warehouse, graph);
}

/** The clusters in SQL; then only those in which an edge may be refused, renumbered. */
async function decideContracted(warehouse: Warehouse, config: Config, anonymousIds: number, edgesInMemory: number): Promise<void> {
  await findClusters(warehouse, anonymousIds, edgesInMemory);
  await refill(warehouse, STAGED_SUSPECTS, suspectRows(config), 'identity: suspects');
  const [counts] = await warehouse.rows<{ edges: number }>(
    sql`select count(*) as edges from (${SUSPECTED_EDGES}) as edges`,
    'identity: suspects',
  );
  const edgeNumbers = new Int32Array(counts!.edges);
  const idNumbers = new Int32Array(counts!.edges);
  const keyNumbers = new Int32Array(counts!.edges);
  let ids = 0;
  const streamed = await streamEdges(warehouse, SUSPECTED_EDGES, counts!.edges, (columns, i, place) => {
    edgeNumbers[place] = columns[4]![i]!;
    idNumbers[columns[1]![i]!] = columns[5]![i]!;
    keyNumbers[columns[2]![i]!] = columns[6]![i]!;
    ids = Math.max(ids, columns[1]![i]! + 1);
  });
  const values = await valuesOfEpisodes(warehouse, config);
  const graph = resolveGraph(streamed, {
    anonymousIds: ids,
    keys: counts!.edges,
    maximumSize: config.identity.maximumComponentSize,
    // Compared with each other only, so that the numbers of the whole graph serve as well.
    ...(values.size > 0 && { valueOfKey: new Map([...keyNumbers].map((number, place) => [place, values.get(number) ?? number])) }),
  });
  await store(warehouse, graph, edgeNumbers, idNumbers);
  await warehouse.append(STAGED_ROOTS, ACCEPTED_ROOTS, 'identity persons');
}

interface StreamedEdges {
  readonly anonymousIds: Int32Array;
  readonly keys: Int32Array;
  readonly flags: Uint8Array;
}

/**
 * Reads edges into arrays, each at its place.
 * @param query of place, anonymous id, key, flags and whatever `more` reads.
 */
async function streamEdges(
  warehouse: Warehouse,
  query: Sql,
  count: number,
  more?: (columns: readonly Int32Array[], row: number, place: number) => void,
): Promise<StreamedEdges> {
  const edges = { anonymousIds: new Int32Array(count), keys: new Int32Array(count), flags: new Uint8Array(count) };
  for await (const columns of warehouse.integerBatches(query, 'identity graph')) {
    const [places, anonymousIds, keys, flags] = columns;
    for (let i = 0; i < places!.length; i++) {
      const place = places![i]!;
      edges.anonymousIds[place] = anonymousIds![i]!;
      edges.keys[place] = keys![i]!;
      edges.flags[place] = flags![i]!;
      more?.(columns, i, place);
    }
  }
  return edges;
}

/**
 * Where a key with a window is compared by its value (exclusive keys, submitted e-mail hashes), its episodes are several
 * keys of one value: the number of the value is that of its first key.
 */
async function valuesOfEpisodes(warehouse: Warehouse, config: Config): Promise<Map<number, number>> {
  const rules = keyRules(config);
  const names = ['email_hash', ...exclusiveKeys(config)].filter((name) => rules.get(name)!.windowDays !== null);
  const values = new Map<number, number>();
  if (names.length === 0) return values;
  const query = sql`
    select distinct edges.key_number, min(edges.key_number) over (partition by gathered.key_name, gathered.key_value) as value_number
    from ${table(STAGED_EDGES.name)} as edges
    inner join ${table(STAGED_GATHERED.name)} as gathered on ${SAME_STAGED_EDGE}
    where gathered.key_name in (${raw(names.map((name) => `'${name}'`).join(', '))})`;
  for await (const [keys, numbers] of warehouse.integerBatches(query, 'identity episodes')) {
    for (let i = 0; i < keys!.length; i++) if (keys![i] !== numbers![i]) values.set(keys![i]!, numbers![i]!);
  }
  return values;
}

/** Writes what the graph decided; the numbers of edges and ids are the graph's own, or stand in the arrays at its places. */
async function store(warehouse: Warehouse, graph: GraphResult, edgeNumbers?: Int32Array, idNumbers?: Int32Array): Promise<void> {
  const { verdicts, persons, clusters } = graph;
  const edge = (place: number): number => edgeNumbers?.[place] ?? place;
  const id = (place: number): number => idNumbers?.[place] ?? place;
  const refusals = integerBatches(2, verdicts.length, (place, put) => {
    if (verdicts[place] !== Verdict.used) put(edge(place), verdicts[place]!);
  });
  const roots = integerBatches(3, persons.length, (place, put) => {
    if (persons[place] !== place || clusters[place] !== place) put(id(place), id(persons[place]!), id(clusters[place]!));
  });
  await warehouse.loadIntegers(STAGED_REFUSALS, refusals, { replace: true, label: 'identity refusals' });
  await warehouse.loadIntegers(STAGED_ROOTS, roots, { replace: true, label: 'identity persons' });
}
