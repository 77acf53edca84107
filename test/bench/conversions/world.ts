import type { DuckDbWarehouse } from '../../../pipeline/warehouse/duckdb/duckdb.ts';

/** Days of history; the last one ends before the first night. */
export const DAYS = 730;
const SECONDS = DAYS * 86_400;
const BEGIN = `timestamp '2024-07-01'`;
export const FIRST_NIGHT = '2026-07-01T03:00:00.000Z';
export const SECOND_NIGHT = '2026-07-02T03:00:00.000Z';
export const ADJUSTMENT_DAYS = 30;

/** Of three conversions two persons had them. */
const PERSONS_PER_CONVERSION = 2 / 3;
const VISITS_PER_CONVERSION = 3;
/** Days before a conversion in which its visits lie: all within the look-back window. */
const VISIT_DAYS = 80;

/** The query of a customer, as in the docs. */
export const QUERY = `select
  id, created, client_id, email, value, is_qualified
from deals
where created >= @from and created < @to`;

export interface Size {
  readonly seed: number;
  readonly conversions: number;
}

/** A whole number from 0 to below `below`, by the seed and what it is for. */
const drawn = (seed: number, purpose: string, number: string, below: string | number) =>
  `cast(hash(${number}, '${seed} ${purpose}') % cast(${below} as ubigint) as bigint)`;

const personsOf = (size: Size) => Math.max(1, Math.round(size.conversions * PERSONS_PER_CONVERSION));

/**
 * Fills a table of the customer with deals, and the warehouse with the persons they belong to: a visitor each, known by an e-mail
 * hash as well, with visits before each of its deals, a third of them direct. Of ten deals eight bear the visitor's id, one its e-mail
 * address, one nothing that is known.
 * Rows stand in the order in which they came.
 */
export async function fillWorld({ session }: DuckDbWarehouse, size: Size): Promise<void> {
  const persons = personsOf(size);
  const seconds = (purpose: string, number: string) => `${BEGIN} + to_seconds(${drawn(size.seed, purpose, number, SECONDS)})`;
  const statements = [
    `create table deals as
    with numbered as (
      select n, ${drawn(size.seed, 'person', 'n', persons)} as person, ${drawn(size.seed, 'signal', 'n', 10)} as signal
      from range(${size.conversions}) as numbers(n)
    )
    select
      'D' || lpad(cast(n as varchar), 9, '0') as id,
      ${seconds('created', 'n')} as created,
      if(signal < 8, md5('v' || person), null) as client_id,
      case signal when 8 then 'person' || person || '@mail.example' when 9 then 'nobody' || n || '@mail.example' end as email,
      cast(${drawn(size.seed, 'value', 'n', 5_000_000)} as double) / 100 as value,
      ${drawn(size.seed, 'flag', 'n', 3)} = 0 as is_qualified
    from numbered
    order by created`,
    `insert into identities by name
    select
      md5('v' || p) as anonymous_id, md5('v' || p) as person_id, p as person_key, ${BEGIN} as first_seen, true as has_events,
      md5('v' || p) as cluster_id
    from range(${persons}) as numbers(p)`,
    `insert into user_identities by name
    select
      md5('v' || p) as person_id, 'email_hash' as key_name, sha256('person' || p || '@mail.example') as key_value,
      ${BEGIN} as first_seen, ${BEGIN} as last_seen
    from range(${persons}) as numbers(p)`,
    `insert into sessions by name
    with visits as (
      select
        s, ${drawn(size.seed, 'person', `(s // ${VISITS_PER_CONVERSION})`, persons)} as person,
        ${seconds('created', `(s // ${VISITS_PER_CONVERSION})`)} - to_seconds(${drawn(size.seed, 'visit', 's', VISIT_DAYS * 86_400)}) as started_at,
        ${drawn(size.seed, 'source', 's', 3)} as source
      from range(${size.conversions * VISITS_PER_CONVERSION}) as numbers(s)
    )
    select
      md5('s' || s) as session_id, md5('v' || person) as anonymous_id, started_at, started_at + interval 5 minute as ended_at,
      cast(started_at as date) as start_date, 5 as events, 3 as page_views, 60.0 as engaged_seconds, [] as click_ids,
      ['direct', 'google', 'newsletter'][source + 1] as source, ['none', 'cpc', 'email'][source + 1] as medium,
      ['Direct', 'Paid Search', 'Email'][source + 1] as channel, source = 0 as is_direct
    from visits
    order by started_at`,
    `insert into events by name
    select
      'wk' as write_key_id, 'first' as message_id, 'page' as type, ${BEGIN} as occurred_at, ${BEGIN} as received_at,
      md5('v0') as anonymous_id, [] as email_hashes, [] as click_ids, false as is_bot, false as is_internal, 'edge' as edge_instance,
      1 as edge_sequence`,
  ];
  for (const statement of statements) await session.run(statement, 'bench: world');
}

/**
 * One in a hundred of all deals changes, all within the window of the second night: of ten six their value, two their flag, one goes,
 * one moves by a day.
 */
export async function changeDeals({ session }: DuckDbWarehouse, size: Size): Promise<number> {
  const changes = Math.round(size.conversions / 100);
  const recent = `timestamp '2026-06-05'`;
  await session.run(
    `create table changing as
    select id, row_number() over (order by hash(id, '${size.seed} change')) as place
    from deals
    where created >= ${recent}
    qualify place <= ${changes}`,
    'bench: changes',
  );
  for (const statement of [
    `update deals set value = value + 1 from changing where changing.id = deals.id and place % 10 < 6`,
    `update deals set is_qualified = not is_qualified from changing where changing.id = deals.id and place % 10 in (6, 7)`,
    `update deals set created = created + interval 1 day from changing where changing.id = deals.id and place % 10 = 8`,
    `delete from deals using changing where changing.id = deals.id and place % 10 = 9`,
  ])
    await session.run(statement, 'bench: changes');
  const [row] = await session.read<{ n: number }>('select count(*) as n from changing', 'bench: changes');
  return row!.n;
}
