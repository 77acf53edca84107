import type { Row, Warehouse } from '../../../warehouse/warehouse.ts';
import { sql, table } from '../../../warehouse/sql.ts';
import { STAGED_EDGES, STAGED_IDS, STAGED_REFUSALS, STAGED_ROOTS } from '../tables.ts';
import { EXCLUSIVE_SHIFT, EdgeKind, REFUSED_BEFORE } from '../union-find.ts';

const SEEN = '2026-03-02T00:00:00.000Z';

/** An edge of a test: of an anonymous id and a key, both by their number. */
export interface TestEdge {
  readonly id: number;
  readonly key: number;
  /** What the key is; `link`: an e-mail hash seen in a link. */
  readonly kind: 'user_id' | 'email_hash' | 'link' | 'ga_client_id';
  readonly isRefused?: boolean;
}

/** Stages edges in their order, as the model does before it decides. Only `user_id` is exclusive. */
export async function stageGraph(warehouse: Warehouse, ids: number, edges: readonly TestEdge[]): Promise<void> {
  const firstOfKey = new Map<string, number>();
  await warehouse.load(
    STAGED_IDS,
    Array.from({ length: ids }, (_, number) => ({
      anonymous_id: `a${number}`,
      anonymous_number: number,
      first_seen: SEEN,
      has_events: true,
    })),
    { replace: true },
  );
  const rows = edges.map(({ id, key, kind, isRefused }, number): Row => {
    const name = kind === 'link' ? 'email_hash' : kind;
    const node = `${name} ${key}`;
    if (!firstOfKey.has(node)) firstOfKey.set(node, number);
    const kindFlag = kind === 'link' ? EdgeKind.linkedEmail : kind === 'email_hash' ? EdgeKind.submittedEmail : EdgeKind.plain;
    return {
      edge_number: number,
      anonymous_number: id,
      key_number: firstOfKey.get(node)!,
      flags: kindFlag | (isRefused ? REFUSED_BEFORE : 0) | ((kind === 'user_id' ? 1 : 0) << EXCLUSIVE_SHIFT),
      anonymous_id: `a${id}`,
      key_name: name,
      key_node: String(key),
    };
  });
  await warehouse.load(STAGED_EDGES, rows, { replace: true });
}

/** What was decided: refusals and roots, in an order of their own. */
export async function decided(warehouse: Warehouse): Promise<Row[][]> {
  return [
    await warehouse.rows(sql`select edge_number, verdict from ${table(STAGED_REFUSALS.name)} order by edge_number nulls first`),
    await warehouse.rows(
      sql`select anonymous_number, person_number, cluster_number from ${table(STAGED_ROOTS.name)} order by anonymous_number nulls first`,
    ),
  ];
}
