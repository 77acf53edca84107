import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { EVENTS } from '../events/tables.ts';
import { identifierOf } from '../identifiers.ts';
import { STAGED_IP_HASHES } from './tables.ts';

/** Events that say something about people: bots and the company itself are left out. */
export const IS_PERSON = raw('anonymous_id is not null and not is_bot and not is_internal');

const ALL_EVENTS = raw('true');

/**
 * First event of each anonymous_id: query of (anonymous_id, first_seen).
 * @param scope which events to read, as a condition on `events`.
 */
export function visitorRows(scope: Sql = ALL_EVENTS): Sql {
  return sql`
    select events.anonymous_id, min(events.occurred_at) as first_seen
    from ${table(EVENTS.name)} as events
    where ${IS_PERSON} and ${scope}
    group by events.anonymous_id`;
}

/**
 * The identifiers that events carry, by day. An e-mail hash keeps the origin it has in the event: it decides how
 * strongly the hash binds.
 * @param scope which events to read: whole days of a visitor.
 */
export function eventKeyRows(dialect: Dialect, scope?: Sql): Sql {
  // Of a few days the events are found once; of all days each branch reads its own narrow columns.
  const source = scope === undefined ? table(EVENTS.name) : raw('scoped_events');
  const isRead = scope === undefined ? IS_PERSON : raw('true');
  const evidence = (
    name: string,
    value: Sql,
    origin: Sql = raw("'event'"),
    from: Sql = sql`${source} as events\n      where ${isRead}`,
  ) => sql`
      select events.anonymous_id, ${raw(`'${name}'`)} as key_name, ${value} as key_value, ${origin} as origin, events.occurred_at as seen_at
      from ${from}`;
  const elements = (column: string, alias: string) =>
    sql`(${dialect.unnestColumn(
      sql`(select anonymous_id, occurred_at, ${raw(column)} from ${source} as events where ${isRead})`,
      ['anonymous_id', 'occurred_at'],
      column,
      alias,
    )}) as events`;
  const own = (name: string) => evidence(name, raw(`events.${name}`));
  const ip = dialect.concat(raw('events.ip_key_id'), raw("':'"), raw('events.ip_hash'));
  const click = dialect.concat(dialect.lower(raw('click.name')), raw("'='"), raw('click.value'));
  const rows = byDay(dialect, [
    own('user_id'),
    own('ga_client_id'),
    own('previous_id'),
    evidence('ip_hash', ip),
    evidence('email_hash', dialect.lower(raw('email.hash')), raw('email.origin'), elements('email_hashes', 'email')),
    evidence('click_id', click, raw("'event'"), elements('click_ids', 'click')),
  ]);
  if (scope === undefined) return rows;
  return sql`
    with scoped_events as (
      select
        events.anonymous_id, events.occurred_at, events.user_id, events.ga_client_id, events.previous_id, events.ip_hash, events.ip_key_id,
        events.email_hashes, events.click_ids
      from ${table(EVENTS.name)} as events
      where ${IS_PERSON} and ${scope}
    )${rows}`;
}

/**
 * Identifiers that a CRM row holds together with an anonymous_id, by day; undefined where no source has such rows.
 * A row without a time counts as seen with the first event of its anonymous_id; about an id the site never saw, it says
 * nothing, and of its address nothing at all: addresses change hands.
 * @param visitors query of (anonymous_id, first_seen).
 */
export function crmKeyRows(dialect: Dialect, config: Config, visitors: Sql): Sql | undefined {
  const evidence = Object.entries(config.sources).flatMap(([name, source]) => crmEvidence(dialect, config, name, source));
  return evidence.length === 0
    ? undefined
    : sql`
    with visitors as (${visitors}
    )${byDay(dialect, evidence)}`;
}

/** The sources whose rows {@link crmKeyRows} reads: the origins of its evidence. */
export function crmOrigins(config: Config): string[] {
  return Object.entries(config.sources).flatMap(([name, { identity }]) => (Object.values(identity).includes('anonymous_id') ? [name] : []));
}

function crmEvidence(dialect: Dialect, config: Config, name: string, source: Config['sources'][string]): Sql[] {
  const kinds = Object.entries(source.identity);
  const anonymousId = kinds.find(([, kind]) => kind === 'anonymous_id')?.[0];
  if (anonymousId === undefined) return [];
  const textOf = (column: string) => sql`nullif(${dialect.trim(dialect.castText(raw(`crm.${column}`)))}, '')`;
  const id = identifierOf(dialect, textOf(anonymousId));
  const seen = seenAt(dialect, config, source);
  const origin = raw(`'${name}'`);
  return kinds.flatMap(([column, kind]) => {
    if (kind === 'anonymous_id') return [];
    const text = textOf(column);
    if (kind === 'ip_address') {
      if (seen === undefined) return [];
      return [
        sql`
      select ${id} as anonymous_id, 'ip_hash' as key_name, hashes.ip_hash as key_value, ${origin} as origin, ${seen} as seen_at
      from ${table(name)} as crm
      inner join ${table(STAGED_IP_HASHES.name)} as hashes on hashes.address = ${text}`,
      ];
    }
    return [
      sql`
      select
        ${id} as anonymous_id, ${raw(`'${kind === 'email' ? 'email_hash' : kind}'`)} as key_name, ${crmValue(dialect, kind, text)} as key_value,
        ${origin} as origin, coalesce(${seen ?? raw('cast(null as timestamp)')}, visitors.first_seen) as seen_at
      from ${table(name)} as crm
      left join visitors on visitors.anonymous_id = ${id}`,
    ];
  });
}

function crmValue(dialect: Dialect, kind: string, text: Sql): Sql {
  if (kind === 'email') return dialect.emailHash(text);
  return kind === 'email_hash' ? dialect.lower(identifierOf(dialect, text)) : identifierOf(dialect, text);
}

/** Evidence (anonymous_id, key_name, key_value, origin, seen_at) by day of UTC. */
function byDay(dialect: Dialect, evidence: readonly Sql[]): Sql {
  const day = dialect.localDate(raw('seen_at'), 'UTC');
  return sql`
    select
      anonymous_id, key_name, key_value, origin,
      ${day} as day,
      min(seen_at) as first_seen,
      max(seen_at) as last_seen
    from (${join(evidence, '\n      union all')}
    ) as evidence
    where anonymous_id is not null and key_value is not null and key_value <> '' and seen_at is not null
    group by anonymous_id, key_name, key_value, origin, ${day}`;
}

/** The time of a CRM row; undefined where the source has none. */
function seenAt(dialect: Dialect, config: Config, source: Config['sources'][string]): Sql | undefined {
  if (source.seen === undefined) return undefined;
  const type = source.columns[source.seen];
  if (type === 'DATE') return dialect.endOfLocalDay(raw(`crm.${source.seen}`), config.project.timeZone);
  return type === 'TIMESTAMP' ? raw(`crm.${source.seen}`) : undefined;
}
