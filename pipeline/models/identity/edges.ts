import type { Config } from '../../config/schema.ts';
import { UserError } from '../../config/user-error.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { ruleTable } from './links.ts';
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
        ${dialect.localDate(sql`coalesce(members.first_seen, evidence_ids.first_seen)`, 'UTC')} as slice
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
 * integers. Reads staged_ids. The number of a key is that of its first edge.
 */
export function numberedEdgeRows(dialect: Dialect, config: Config): Sql {
  const exclusive = exclusiveKeys(config);
  const groupOf = (name: string) => exclusive.indexOf(name === WEAK_EMAIL_KEY ? 'email_hash' : name) + 1;
  const ruleRows = ruleTable(dialect, config, {
    tier_rank: ['INT64', ({ tier }) => TIERS.indexOf(tier)],
    priority: ['INT64', ({ priority }) => priority],
    exclusive_flag: ['INT64', (_, name) => groupOf(name) << EXCLUSIVE_SHIFT],
  });
  const columns = raw(STAGED_GATHERED.columns.map(({ name }) => `gathered.${name}`).join(', '));
  const slice = ['tier_rank', 'priority', 'slice'];
  const order = raw('edges.first_seen nulls first, edges.key_name nulls first, edges.key_node nulls first, edges.anonymous_id nulls first');
  return sql`
    with edges as (
      select
        ${columns}, rules.tier_rank, rules.priority,
        rules.exclusive_flag
          + case when gathered.reason is null then 0 else ${raw(String(REFUSED_BEFORE))} end
          + case
              when gathered.rule = '${raw(WEAK_EMAIL_KEY)}' then ${raw(String(EdgeKind.linkedEmail))}
              when gathered.rule = 'email_hash' and coalesce(gathered.reason, '') <> 'blocked_value' then ${raw(String(EdgeKind.submittedEmail))}
              else ${raw(String(EdgeKind.plain))}
            end as flags,
        ${dialect.localDate(raw('gathered.first_seen'), 'UTC')} as slice
      from ${table(STAGED_GATHERED.name)} as gathered
      inner join ${ruleRows} on rules.name = gathered.rule
    ),
    ${startOfSlices('edges', slice)},
    numbered as (
      select
        ${raw(STAGED_GATHERED.columns.map(({ name }) => `edges.${name}`).join(', '))}, edges.flags,
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
      ${raw(STAGED_GATHERED.columns.map(({ name }) => `numbered.${name}`).join(', '))}
    from numbered
    inner join nodes on nodes.key_name = numbered.key_name and nodes.key_node = numbered.key_node
    inner join ${table(STAGED_IDS.name)} as ids on ids.anonymous_id = numbered.anonymous_id`;
}

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

/** The staged edges with their verdict and their cluster: rows of identity_edges. */
export function verdictRows(dialect: Dialect, config: Config): Sql {
  return sql`
    select
      edges.anonymous_id, edges.key_name, edges.key_value, edges.key_node, edges.episode_start, rules.tier, edges.origin,
      edges.first_seen, edges.last_seen,
      if(edges.reason is null and refusals.verdict is null, 'used', 'refused') as verdict,
      coalesce(edges.reason, ${REASONS}) as reason,
      coalesce(firsts.anonymous_id, edges.anonymous_id) as cluster_id
    from ${table(STAGED_EDGES.name)} as edges
    inner join ${ruleTable(dialect, config, { tier: ['STRING', ({ tier }) => tier] })} on rules.name = edges.rule
    left join ${table(STAGED_REFUSALS.name)} as refusals on refusals.edge_number = edges.edge_number
    left join ${table(STAGED_ROOTS.name)} as roots on roots.anonymous_number = edges.anonymous_number
    left join ${table(STAGED_IDS.name)} as firsts on firsts.anonymous_number = roots.cluster_number`;
}

/**
 * The person of every staged id. Ids that only the CRM or a later visit names belong to a person where they are joined
 * to one the site saw; a person nobody saw on the site is none.
 */
export function identityRows(dialect: Dialect): Sql {
  const key = dialect.concat(raw("'0x'"), sql`substr(${dialect.sha256Hex(raw('members.person_id'))}, 1, 15)`);
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
      select distinct person_id from members where has_events
    )
    select
      members.anonymous_id, members.person_id, cast(${key} as int64) as person_key,
      members.first_seen, members.has_events, members.cluster_id
    from members
    inner join seen_persons on seen_persons.person_id = members.person_id`;
}
