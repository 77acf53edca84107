import type { Config } from '../../config/schema.ts';
import { UserError } from '../../config/user-error.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { ruleTable } from './links.ts';
import { personKey } from './person-key.ts';
import { TIERS, WEAK_EMAIL_KEY, keyRules } from './rules.ts';
import { STAGED_EDGES, STAGED_GATHERED, STAGED_IDS, STAGED_REFUSALS, STAGED_ROOTS } from './tables.ts';
import { EXCLUSIVE_SHIFT, EdgeKind, MAXIMUM_EXCLUSIVE_KEYS, REFUSED_BEFORE, Verdict } from './union-find.ts';

/**
 * The anonymous ids of the graph, numbered: those of staged_gathered and `members`.
 * @param members query of (anonymous_id, first_seen): ids that the site saw, with their first event.
 */
export function idRows(dialect: Dialect, members: Sql): Sql {
  return sql`
    with members as (${members}
    ),
    evidence_ids as (
      select anonymous_id, min(first_seen) as first_seen from ${table(STAGED_GATHERED.name)} group by anonymous_id
    ),
    ids as (
      select
        coalesce(members.anonymous_id, evidence_ids.anonymous_id) as anonymous_id,
        coalesce(members.first_seen, evidence_ids.first_seen) as first_seen,
        members.anonymous_id is not null as has_events,
        ${dayNumber(dialect, sql`coalesce(members.first_seen, evidence_ids.first_seen)`)} as slice
      from members
      full join evidence_ids on evidence_ids.anonymous_id = members.anonymous_id
    ),
    ${startOfSlices('ids', ['slice'])}
    select
      ids.anonymous_id, ids.first_seen, ids.has_events,
      ${numberInSlice('ids', ['slice'], raw('ids.first_seen nulls first, ids.anonymous_id nulls first'))} as anonymous_number
    from ids
    inner join starts on starts.slice = ids.slice`;
}

/**
 * The edges of staged_gathered in their total order (tier, key priority, first seen, key, ids), their ends coded as
 * integers. Reads staged_ids. The number of a key is that of its first edge. What the graph does not ask for stays in
 * staged_gathered: sorting it along would take as long again.
 */
export function numberedEdgeRows(dialect: Dialect, config: Config): Sql {
  const exclusive = exclusiveKeys(config);
  const groupOf = (name: string) => exclusive.indexOf(name === WEAK_EMAIL_KEY ? 'email_hash' : name) + 1;
  const ruleRows = ruleTable(dialect, config, {
    tier_rank: ['INT64', ({ tier }) => TIERS.indexOf(tier)],
    priority: ['INT64', ({ priority }) => priority],
    exclusive_flag: ['INT64', (_, name) => groupOf(name) << EXCLUSIVE_SHIFT],
  });
  const slice = ['tier_rank', 'priority', 'slice'];
  const order = raw('edges.first_seen nulls first, edges.key_name nulls first, edges.key_node nulls first, edges.anonymous_id nulls first');
  return sql`
    with edges as (
      select
        gathered.anonymous_id, gathered.key_name, gathered.key_node, gathered.first_seen, rules.tier_rank, rules.priority,
        rules.exclusive_flag
          + case when gathered.reason is null then 0 else ${raw(String(REFUSED_BEFORE))} end
          + case
              when gathered.rule = '${raw(WEAK_EMAIL_KEY)}' then ${raw(String(EdgeKind.linkedEmail))}
              when gathered.rule = 'email_hash' and coalesce(gathered.reason, '') <> 'blocked_value' then ${raw(String(EdgeKind.submittedEmail))}
              else ${raw(String(EdgeKind.plain))}
            end as flags,
        ${dayNumber(dialect, raw('gathered.first_seen'))} as slice
      from ${table(STAGED_GATHERED.name)} as gathered
      inner join ${ruleRows} on rules.name = gathered.rule
    ),
    ${startOfSlices('edges', slice)},
    numbered as (
      select
        edges.anonymous_id, edges.key_name, edges.key_node, edges.flags,
        ${numberInSlice('edges', slice, order)} as edge_number
      from edges
      inner join starts on ${join(
        slice.map((column) => raw(`starts.${column} = edges.${column}`)),
        ' and ',
      )}
    ),
    nodes as (
      select key_name, key_node, min(edge_number) as key_number from numbered group by key_name, key_node
    )
    select
      numbered.edge_number, ids.anonymous_number, nodes.key_number, numbered.flags,
      numbered.anonymous_id, numbered.key_name, numbered.key_node
    from numbered
    inner join nodes on nodes.key_name = numbered.key_name and nodes.key_node = numbered.key_node
    inner join ${table(STAGED_IDS.name)} as ids on ids.anonymous_id = numbered.anonymous_id`;
}

/** The day of an instant as a number: a slice needs no calendar. */
const dayNumber = (dialect: Dialect, timestamp: Sql): Sql => dialect.intDiv(dialect.unixMicros(timestamp), raw('86400000000'));

/**
 * CTEs `slices` and `starts`: how many rows lie before each slice. A number is the start of its slice and the place
 * therein, so that no engine must order all rows in one place.
 */
function startOfSlices(source: string, slice: readonly string[]): Sql {
  const columns = raw(slice.join(', '));
  const order = raw(slice.map((column) => `${column} nulls first`).join(', '));
  return sql`slices as (
      select ${columns}, count(*) as members from ${raw(source)} group by ${columns}
    ),
    starts as (
      select ${columns}, sum(members) over (order by ${order} rows between unbounded preceding and current row) - members as start from slices
    )`;
}

function numberInSlice(source: string, slice: readonly string[], order: Sql): Sql {
  const columns = raw(slice.map((column) => `${source}.${column}`).join(', '));
  return sql`cast(starts.start + row_number() over (partition by ${columns} order by ${order}) - 1 as int64)`;
}

/** Whether a row of staged_graph_edges, `edges`, and one of staged_gathered, `gathered`, are one edge. */
export const SAME_STAGED_EDGE = raw(
  'gathered.anonymous_id = edges.anonymous_id and gathered.key_name = edges.key_name and gathered.key_node = edges.key_node',
);

/** Whether a row of staged_graph_edges, by its alias, was not refused before the graph. */
export const isOpen = (alias: string): Sql => raw(`(${alias}.flags & ${REFUSED_BEFORE}) = 0`);

/** Names of the exclusive keys, in the order of their bits. */
export function exclusiveKeys(config: Config): string[] {
  const names = [...keyRules(config)].flatMap(([name, { exclusive }]) => (exclusive ? [name] : []));
  if (names.length <= MAXIMUM_EXCLUSIVE_KEYS) return names;
  throw new UserError(`identity.keys: ${names.length} keys are exclusive; expected at most ${MAXIMUM_EXCLUSIVE_KEYS}`, { exitCode: 2 });
}

const REASONS = raw(
  `case refusals.verdict ${Object.entries(Verdict)
    .flatMap(([name, number]) => (name === 'used' ? [] : [`when ${number} then '${name}'`]))
    .join(' ')} end`,
);

/** The edges of staged_gathered with their verdict and their cluster: rows of identity_edges. */
export function verdictRows(dialect: Dialect, config: Config): Sql {
  return sql`
    with refused_edges as (
      select edges.anonymous_id, edges.key_name, edges.key_node, refusals.verdict
      from ${table(STAGED_REFUSALS.name)} as refusals
      inner join ${table(STAGED_EDGES.name)} as edges on edges.edge_number = refusals.edge_number
    ),
    members as (
      select ids.anonymous_id, coalesce(clusters.anonymous_id, ids.anonymous_id) as cluster_id
      from ${table(STAGED_IDS.name)} as ids
      left join ${table(STAGED_ROOTS.name)} as roots on roots.anonymous_number = ids.anonymous_number
      left join ${table(STAGED_IDS.name)} as clusters on clusters.anonymous_number = roots.cluster_number
    )
    select
      gathered.anonymous_id, gathered.key_name, gathered.key_value, gathered.key_node, gathered.episode_start, rules.tier, gathered.origin,
      gathered.first_seen, gathered.last_seen,
      if(gathered.reason is null and refusals.verdict is null, 'used', 'refused') as verdict,
      coalesce(gathered.reason, ${REASONS}) as reason,
      members.cluster_id
    from ${table(STAGED_GATHERED.name)} as gathered
    inner join ${ruleTable(dialect, config, { tier: ['STRING', ({ tier }) => tier] })} on rules.name = gathered.rule
    inner join members on members.anonymous_id = gathered.anonymous_id
    left join refused_edges as refusals
      on refusals.anonymous_id = gathered.anonymous_id and refusals.key_name = gathered.key_name and refusals.key_node = gathered.key_node`;
}

/**
 * The person of every staged id. Ids that only the CRM or a later visit names belong to a person where they are joined
 * to one the site saw; a person nobody saw on the site is none.
 */
export function identityRows(dialect: Dialect): Sql {
  return sql`
    with members as (
      select
        ids.anonymous_id, ids.first_seen, ids.has_events,
        coalesce(persons.anonymous_id, ids.anonymous_id) as person_id,
        coalesce(clusters.anonymous_id, ids.anonymous_id) as cluster_id
      from ${table(STAGED_IDS.name)} as ids
      left join ${table(STAGED_ROOTS.name)} as roots on roots.anonymous_number = ids.anonymous_number
      left join ${table(STAGED_IDS.name)} as persons on persons.anonymous_number = roots.person_number
      left join ${table(STAGED_IDS.name)} as clusters on clusters.anonymous_number = roots.cluster_number
    ),
    seen_persons as (
      select person_id, ${personKey(dialect, raw('person_id'))} as person_key
      from (select distinct person_id from members where has_events) as persons
    )
    select
      members.anonymous_id, members.person_id, seen_persons.person_key,
      members.first_seen, members.has_events, members.cluster_id
    from members
    inner join seen_persons on seen_persons.person_id = members.person_id`;
}
