import { EVENTS, EVENT_CHANGES } from '../../../pipeline/models/events/tables.ts';
import type { DuckDbWarehouse } from '../../../pipeline/warehouse/duckdb/duckdb.ts';

/** Edges of an anonymous id on average: its e-mail hash, mostly a GA client id, sometimes a user id. */
const EDGES_OF_AN_ID = 2.008;
const HOUSEHOLD = 6;

export interface GraphShape {
  readonly edges: number;
  /** Whether a chain of 100,000 edges and a star of 20,000 lie in it, as far as the graph is large enough. */
  readonly hasLargeShapes: boolean;
}

/**
 * Fills `events` with visits whose identifiers form households of six ids, each a ring of e-mail hashes and GA client
 * ids, now and then with two user ids that keep it apart. The first ids are the chain and the star, of e-mail hashes. Ids are hex
 * texts of 32 letters; nothing is random.
 */
export async function fillEvents({ session }: DuckDbWarehouse, { edges, hasLargeShapes }: GraphShape): Promise<void> {
  const ids = Math.round(edges / EDGES_OF_AN_ID);
  const chain = hasLargeShapes ? Math.min(50_000, Math.floor(ids / 3)) : 0;
  const star = hasLargeShapes ? Math.min(20_000, Math.floor(ids / 3)) : 0;
  await session.run(
    `insert into ${EVENTS.name} by name
    with visits as (
      select i, i // ${HOUSEHOLD} as household, i % ${HOUSEHOLD} as place,
        cast('2026-01-01' as timestamp) + to_seconds((i * 7919) % 31000000) as occurred_at
      from range(${ids}) as numbers(i)
    )
    select
      'wk' as write_key_id, md5('m' || i) as message_id, 'page' as type, occurred_at, occurred_at as received_at,
      md5('a' || i) as anonymous_id,
      if(i >= ${chain + star} and (place = 0 or (place = 3 and household % 20 = 0)), md5('u' || i), null) as user_id,
      if(i < ${chain + star} or place = 0, null, md5('g' || (household * 3 + ((place + 1) % ${HOUSEHOLD}) // 2))) as ga_client_id,
      case
        when i < ${chain} then [{hash: md5('c' || i), origin: 'form'}, {hash: md5('c' || (i + 1)), origin: 'form'}]
        when i < ${chain + star} then [{hash: md5('star'), origin: 'form'}]
        else [{hash: md5('h' || (i // 2)), origin: 'form'}]
      end as email_hashes,
      [] as click_ids, false as is_bot, false as is_internal, 'edge' as edge_instance, 1 as edge_sequence
    from visits`,
    'bench: events',
  );
}

/** A day with about a hundredth of the edges: new ids that share a known e-mail hash, and known ids with a new one. */
export async function addDay({ session }: DuckDbWarehouse, { edges }: GraphShape): Promise<void> {
  const ids = Math.round(edges / EDGES_OF_AN_ID);
  const events = Math.round(edges / 150);
  await session.run(
    `insert into ${EVENTS.name} by name
    select
      'wk' as write_key_id, md5('n' || j) as message_id, 'page' as type,
      cast('2027-01-15' as timestamp) + to_seconds(j % 86400) as occurred_at, occurred_at as received_at,
      if(j % 2 = 0, md5('n' || j), md5('a' || (j * 97) % ${ids})) as anonymous_id,
      if(j % 2 = 0, md5('new g' || j), null) as ga_client_id,
      [{hash: if(j % 2 = 0, md5('h' || (j * 131) % ${Math.floor(ids / 2)}), md5('new h' || j)), origin: 'form'}] as email_hashes,
      [] as click_ids, false as is_bot, false as is_internal, 'edge' as edge_instance, 1 as edge_sequence
    from range(${events}) as numbers(j)`,
    'bench: day',
  );
  await session.run(
    `insert into ${EVENT_CHANGES.name} by name
    select 'identity' as consumer, anonymous_id, cast(occurred_at as date) as day, min(occurred_at) as first_at, max(occurred_at) as last_at,
      false as has_removals
    from ${EVENTS.name} where occurred_at >= '2027-01-15' group by all`,
    'bench: queue',
  );
}
