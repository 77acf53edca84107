import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { VISITORS } from './evidence.ts';
import { MAXIMUM_IDENTITIES_OF_A_DEVICE, TIERS, WEAK_EMAIL_KEY, keyRules } from './rules.ts';
import { IDENTITY_KEYS, STAGED_EDGES, STAGED_MERGES, STAGED_REFUSALS } from './tables.ts';
import { EdgeKind } from './union-find.ts';

/** Strongest first; a CRM source, which has no fixed name, stands between `server` and `event`. */
const ORIGIN_RANK = raw(
  "case origin when 'form' then 0 when 'identify' then 1 when 'server' then 2 when 'event' then 4 when 'url' then 5 else 3 end",
);

const RULED_LINK_COLUMNS = [
  'anonymous_id',
  'key_name',
  'key_value',
  'first_seen',
  'last_seen',
  'origin',
  'tier',
  'tier_rank',
  'priority',
  'cap',
  'exclusive_group',
  'kind',
] as const;

/**
 * The edges of the graph: one per anonymous_id and key, in their total order (tier, key priority, first seen, key, ids),
 * their ends coded as integers, with those already refused that need no graph: values shared by too many, and shared
 * devices.
 */
export function edgeRows(dialect: Dialect, config: Config): Sql {
  const exclusive = [...keyRules(config)].filter(([, rule]) => rule.exclusive).map(([name]) => name);
  const rules = [...keyRules(config)].map(
    ([name, rule]) => [name, rule.tier, TIERS.indexOf(rule.tier), rule.priority, rule.maxAnonymousIds, exclusive.indexOf(name)] as const,
  );
  const ruleColumns = {
    name: 'STRING',
    tier: 'STRING',
    tier_rank: 'INT64',
    priority: 'INT64',
    cap: 'INT64',
    exclusive_group: 'INT64',
  } as const;
  const most = raw(String(MAXIMUM_IDENTITIES_OF_A_DEVICE));
  return sql`
    with visitors as (${VISITORS}
    ),
    links as (
      select
        anonymous_id,
        key_name,
        key_value,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen,
        ${dialect.firstValue(raw('origin'), sql`${ORIGIN_RANK} nulls first, origin nulls first`)} as origin,
        countif(origin <> 'url') = 0 as only_in_links
      from ${table(IDENTITY_KEYS.name)}
      group by anonymous_id, key_name, key_value
    ),
    ruled_links as (
      select
        links.anonymous_id, links.key_name, links.key_value, links.first_seen, links.last_seen, links.origin,
        rule.tier, rule.tier_rank, rule.priority, rule.cap, rule.exclusive_group,
        case
          when links.key_name <> 'email_hash' then ${raw(String(EdgeKind.plain))}
          when links.only_in_links then ${raw(String(EdgeKind.linkedEmail))}
          else ${raw(String(EdgeKind.submittedEmail))}
        end as kind
      from links
      inner join ${dialect.values('rule', ruleColumns, rules)}
        on rule.name = if(links.key_name = 'email_hash' and links.only_in_links, ${WEAK_EMAIL_KEY}, links.key_name)
    ),
    counted_links as (
      select
        ${join(RULED_LINK_COLUMNS.map((name) => raw(name)))},
        count(*) over (partition by key_name, key_value, tier) as holders,
        countif(key_name = 'email_hash') over (partition by anonymous_id) as email_hashes,
        countif(key_name = 'user_id') over (partition by anonymous_id) as user_ids,
        min(first_seen) over (partition by anonymous_id) as first_evidence
      from ruled_links
    ),
    placed_links as (
      select
        ${join(RULED_LINK_COLUMNS.map((name) => raw(`counted_links.${name}`)))},
        counted_links.holders, counted_links.email_hashes, counted_links.user_ids,
        coalesce(visitors.first_seen, counted_links.first_evidence) as anonymous_first_seen
      from counted_links
      left join visitors on visitors.anonymous_id = counted_links.anonymous_id
    )
    select
      row_number() over (
        order by
          tier_rank nulls first, priority nulls first, first_seen nulls first,
          key_name nulls first, key_value nulls first, anonymous_id nulls first
      ) as edge_number,
      dense_rank() over (order by anonymous_first_seen nulls first, anonymous_id nulls first) - 1 as anonymous_number,
      dense_rank() over (order by key_name nulls first, key_value nulls first) - 1 as key_number,
      anonymous_id, anonymous_first_seen, key_name, key_value, tier, origin, first_seen, last_seen, kind, exclusive_group,
      case
        when email_hashes > ${most} or user_ids > ${most} then 'shared_device'
        when holders > cap then 'shared_key'
      end as reason
    from placed_links`;
}

/** Edges with their verdict. */
export function verdictRows(): Sql {
  return sql`
    select
      edges.anonymous_id, edges.key_name, edges.key_value, edges.tier, edges.origin, edges.first_seen, edges.last_seen,
      if(coalesce(edges.reason, refusals.reason) is null, 'used', 'refused') as verdict,
      coalesce(edges.reason, refusals.reason) as reason
    from ${table(STAGED_EDGES.name)} as edges
    left join ${table(STAGED_REFUSALS.name)} as refusals on refusals.edge_number = edges.edge_number`;
}

/**
 * The person of every anonymous_id. Ids that only the CRM knows belong to a person where they are joined to one the
 * site saw; a person nobody saw on the site is none.
 */
export function identityRows(dialect: Dialect): Sql {
  // 52 bits: an integer that every reader holds exactly. Two persons with one key are an error, see identity.ts.
  const key = dialect.concat(raw("'0x'"), sql`substr(${dialect.sha256Hex(raw('person_id'))}, 1, 13)`);
  return sql`
    with visitors as (${VISITORS}
    ),
    graph_ids as (
      select distinct anonymous_number, anonymous_id, anonymous_first_seen as first_seen from ${table(STAGED_EDGES.name)}
    ),
    merged_ids as (
      select graph_ids.anonymous_id, graph_ids.first_seen, coalesce(roots.anonymous_id, graph_ids.anonymous_id) as person_id
      from graph_ids
      left join ${table(STAGED_MERGES.name)} as merges on merges.anonymous_number = graph_ids.anonymous_number
      left join graph_ids as roots on roots.anonymous_number = merges.root_number
    ),
    members as (
      select
        coalesce(visitors.anonymous_id, merged_ids.anonymous_id) as anonymous_id,
        coalesce(merged_ids.person_id, visitors.anonymous_id) as person_id,
        coalesce(visitors.first_seen, merged_ids.first_seen) as first_seen,
        visitors.anonymous_id is not null as has_events
      from visitors
      full join merged_ids on merged_ids.anonymous_id = visitors.anonymous_id
    )
    select anonymous_id, person_id, cast(${key} as int64) as person_key, first_seen
    from members
    qualify countif(has_events) over (partition by person_id) > 0`;
}
