import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { BLOCKED, isBlockedWord } from './blocked.ts';
import { type KeyRule, MAXIMUM_IDENTITIES_OF_A_DEVICE, WEAK_EMAIL_KEY, keyRules } from './rules.ts';
import { IDENTITY_KEYS, STAGED_TOUCHED_KEYS } from './tables.ts';

/** Which edges: all, or those of the identifiers in staged_touched_keys. */
export type LinkScope = 'all' | 'touched';

/** Strongest first; a CRM source, which has no fixed name, stands between `server` and `event`. */
const ORIGIN_RANK = raw(
  "case origin when 'form' then '0' when 'identify' then '1' when 'server' then '2' when 'event' then '4' when 'url' then '5' else '3' end",
);

const MICROSECONDS_OF_A_DAY = 86_400_000_000;

/** The rule of an edge: that of its key, but an e-mail hash seen in links only binds by a weaker one. */
export const RULE_OF_LINK = raw(`if(key_name = 'email_hash' and origin = 'url', '${WEAK_EMAIL_KEY}', key_name)`);

/** The rules as an inline table `rules`. */
export function ruleTable(
  dialect: Dialect,
  config: Config,
  columns: Readonly<Record<string, readonly ['STRING' | 'INT64', (rule: KeyRule, name: string) => string | number]>>,
): Sql {
  const types = Object.fromEntries(Object.entries(columns).map(([name, [type]]) => [name, type]));
  const rows = [...keyRules(config)].map(([name, rule]) => [name, ...Object.values(columns).map(([, value]) => value(rule, name))]);
  return dialect.values('rules', { name: 'STRING', ...types }, rows);
}

/**
 * The edges of the graph, one per anonymous_id and node (a value, or an episode of it), with those refused that need no
 * graph: blocked values, shared devices and values shared by too many. Reads identity_keys and identity_blocked_values.
 */
export function linkRows(dialect: Dialect, config: Config, scope: LinkScope): Sql {
  const start = dialect.castText(dialect.unixMicros(raw('episode_start')));
  const node = sql`if(episode_start is null, key_value, ${dialect.concat(raw('key_value'), raw("'@'"), start)})`;
  return sql`
    with ${evidence(dialect, config, scope)},
    linked as (
      select
        anonymous_id, key_name, key_value, episode_start,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen,
        substr(min(${dialect.concat(ORIGIN_RANK, raw('origin'))}), 2) as origin
      from placed
      group by anonymous_id, key_name, key_value, episode_start
    ),
    links as (
      select
        anonymous_id, key_name, key_value, ${node} as key_node, episode_start,
        first_seen, last_seen, origin, ${RULE_OF_LINK} as rule
      from linked
    ),
    crowded_nodes as (
      select links.rule, links.key_node
      from links
      inner join ${ruleTable(dialect, config, { cap: ['INT64', ({ maxAnonymousIds }) => maxAnonymousIds] })} on rules.name = links.rule
      group by links.rule, links.key_node, rules.cap
      having count(*) > rules.cap
    ),
    ${sharedDevices(dialect, scope)}
    select
      links.anonymous_id, links.key_name, links.key_value, links.key_node, links.episode_start, links.rule, links.origin,
      links.first_seen, links.last_seen,
      case
        when blocked_values.key_name is not null or ${isBlockedWord(dialect, 'links')} then 'blocked_value'
        when shared_devices.anonymous_id is not null then 'shared_device'
        when crowded_nodes.rule is not null then 'shared_key'
      end as reason
    from links
    left join ${BLOCKED} as blocked_values on blocked_values.key_name = links.key_name and blocked_values.key_value = links.key_value
    left join shared_devices on shared_devices.anonymous_id = links.anonymous_id
    left join crowded_nodes on crowded_nodes.rule = links.rule and crowded_nodes.key_node = links.key_node`;
}

/** CTEs up to `placed`: evidence with its episode. A former id holds itself as a value: so whoever names it is joined to it. */
function evidence(dialect: Dialect, config: Config, scope: LinkScope): Sql {
  const touched =
    scope === 'all'
      ? raw('')
      : sql`
      inner join ${table(STAGED_TOUCHED_KEYS.name)} as touched on touched.key_name = seen.key_name and touched.key_value = seen.key_value`;
  const windows = [...keyRules(config)].flatMap(([name, { windowDays }]) => (windowDays === null ? [] : [[name, windowDays] as const]));
  const columns = raw('anonymous_id, key_name, key_value, origin, first_seen, last_seen');
  const seen = sql`
    seen_keys as (
      select seen.anonymous_id, seen.key_name, seen.key_value, seen.origin, seen.day, seen.first_seen, seen.last_seen
      from ${table(IDENTITY_KEYS.name)} as seen${touched}
    ),
    evidence as (
      select ${columns} from seen_keys
      union all
      select key_value as anonymous_id, key_name, key_value, 'event' as origin, min(first_seen) as first_seen, max(last_seen) as last_seen
      from seen_keys
      where key_name = 'previous_id'
      group by key_name, key_value, day
    )`;
  if (windows.length === 0) {
    return sql`${seen},
    placed as (
      select ${columns}, cast(null as timestamp) as episode_start from evidence
    )`;
  }
  const names = raw(windows.map(([name]) => `'${name}'`).join(', '));
  const window = raw(`case key_name ${windows.map(([name, days]) => `when '${name}' then ${days * MICROSECONDS_OF_A_DAY}`).join(' ')} end`);
  const order = raw(
    'partition by key_name, key_value order by first_seen nulls first, last_seen nulls first, anonymous_id nulls first, origin nulls first',
  );
  const lastBefore = sql`max(${dialect.unixMicros(raw('last_seen'))}) over (${order} rows between unbounded preceding and 1 preceding)`;
  return sql`${seen},
    gaps as (
      select ${columns}, if(${dialect.unixMicros(raw('first_seen'))} - ${lastBefore} > ${window}, 1, 0) as is_start
      from evidence
      where key_name in (${names})
    ),
    numbered as (
      select ${columns}, sum(is_start) over (${order} rows between unbounded preceding and current row) as episode
      from gaps
    ),
    episodes as (
      select ${columns}, min(first_seen) over (partition by key_name, key_value, episode) as episode_start
      from numbered
    ),
    placed as (
      select ${columns}, cast(null as timestamp) as episode_start
      from evidence
      where key_name not in (${names})
      union all
      select ${columns}, episode_start from episodes
    )`;
}

/**
 * CTEs up to `shared_devices`. Values that are blocked say nothing about how many people use a device. Few visitors have
 * two values at all: only theirs are told apart.
 */
function sharedDevices(dialect: Dialect, scope: LinkScope): Sql {
  const holders = scope === 'all' ? raw('') : sql`
      inner join (select distinct anonymous_id from links) as holders on holders.anonymous_id = seen.anonymous_id`; // prettier-ignore
  return sql`held as (
      select seen.anonymous_id, seen.key_name, seen.key_value
      from ${table(IDENTITY_KEYS.name)} as seen${holders}
      where seen.key_name in ('email_hash', 'user_id')
    ),
    possible_devices as (
      select anonymous_id, key_name
      from held
      group by anonymous_id, key_name
      having count(*) > ${raw(String(MAXIMUM_IDENTITIES_OF_A_DEVICE))} and min(key_value) <> max(key_value)
    ),
    shared_devices as (
      select distinct anonymous_id
      from (
        select distinct held.anonymous_id, held.key_name, held.key_value
        from held
        inner join possible_devices as possible on possible.anonymous_id = held.anonymous_id and possible.key_name = held.key_name
        left join ${BLOCKED} as blocked_values on blocked_values.key_name = held.key_name and blocked_values.key_value = held.key_value
        where blocked_values.key_name is null and not ${isBlockedWord(dialect, 'held')}
      ) as told_apart
      group by anonymous_id, key_name
      having count(*) > ${raw(String(MAXIMUM_IDENTITIES_OF_A_DEVICE))}
    )`;
}

/** Whether the edge is an e-mail hash of links only, as 0 or 1. */
const isWeak = (alias: string): Sql => raw(`if(${alias}.key_name = 'email_hash' and ${alias}.origin = 'url', 1, 0)`);

/** Whether two rows of edges, by their aliases, count differently in the graph: not so where only the last sight differs. */
export function differInGraph(left: string, right: string): Sql {
  return join(
    [
      raw(`${left}.first_seen <> ${right}.first_seen`),
      sql`${isWeak(left)} <> ${isWeak(right)}`,
      sql`coalesce(${reasonBefore(left)}, '') <> coalesce(${reasonBefore(right)}, '')`,
    ],
    ' or ',
  );
}

/** The reason of an edge where it was refused without the graph. */
export const reasonBefore = (alias: string): Sql =>
  raw(`if(${alias}.reason in ('blocked_value', 'shared_device', 'shared_key'), ${alias}.reason, null)`);
