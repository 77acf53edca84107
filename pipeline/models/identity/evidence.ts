import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { EVENTS } from '../events/tables.ts';
import { identifierOf } from '../identifiers.ts';

/** Events that say something about people: bots and the company itself are left out. */
export const IS_PERSON = raw('anonymous_id is not null and not is_bot and not is_internal');

/** First event of each anonymous_id: query of (anonymous_id, first_seen). */
export const VISITORS = sql`
    select anonymous_id, min(occurred_at) as first_seen
    from ${table(EVENTS.name)}
    where ${IS_PERSON}
    group by anonymous_id`;

/**
 * The evidence of the identity graph by day: identifiers that events carry, and those that a CRM row holds together
 * with an anonymous_id.
 */
export function identityKeyRows(dialect: Dialect, config: Config): Sql {
  const evidence = [...eventEvidence(dialect), ...crmEvidence(dialect, config)];
  const day = dialect.localDate(raw('seen_at'), 'UTC');
  return sql`
    with visitors as (${VISITORS}
    ),
    evidence as (${join(evidence, '\n      union all')}
    )
    select
      anonymous_id, key_name, key_value, origin,
      ${day} as day,
      min(seen_at) as first_seen,
      max(seen_at) as last_seen
    from evidence
    where key_value is not null and key_value <> '' and seen_at is not null
    group by anonymous_id, key_name, key_value, origin, ${day}`;
}

/** An e-mail hash keeps the origin it has in the event: it decides how strongly the hash binds. */
function eventEvidence(dialect: Dialect): Sql[] {
  const column = (name: string) => sql`
      select anonymous_id, ${raw(`'${name}'`)} as key_name, ${raw(name)} as key_value, 'event' as origin, occurred_at as seen_at
      from ${table(EVENTS.name)}
      where ${IS_PERSON} and ${raw(name)} is not null`;
  const emails = sql`
      select events.anonymous_id, 'email_hash' as key_name, lower(email.hash) as key_value, email.origin as origin, events.occurred_at as seen_at
      from ${table(EVENTS.name)} as events, ${dialect.unnest(raw('events.email_hashes'), 'email')}
      where ${IS_PERSON}`;
  return [column('user_id'), column('ga_client_id'), emails];
}

/**
 * Identifiers of the CRM rows that hold an anonymous_id. A row without a time counts as seen with the first event of
 * its anonymous_id; about an id the site never saw, such a row says nothing.
 */
function crmEvidence(dialect: Dialect, config: Config): Sql[] {
  return Object.entries(config.sources).flatMap(([name, source]) => {
    const kinds = Object.entries(source.identity);
    const anonymousId = kinds.find(([, kind]) => kind === 'anonymous_id')?.[0];
    if (anonymousId === undefined) return [];
    const id = identifierOf(dialect, sql`nullif(trim(${dialect.castText(raw(`crm.${anonymousId}`))}), '')`);
    return kinds
      .filter(([, kind]) => kind !== 'anonymous_id')
      .map(([column, kind]) => {
        const text = sql`nullif(trim(${dialect.castText(raw(`crm.${column}`))}), '')`;
        const value =
          kind === 'email'
            ? dialect.emailHash(text)
            : kind === 'email_hash'
              ? sql`lower(${identifierOf(dialect, text)})`
              : identifierOf(dialect, text);
        return sql`
      select
        ${id} as anonymous_id, ${kind === 'email' ? 'email_hash' : kind} as key_name, ${value} as key_value,
        ${name} as origin, coalesce(${seenAt(dialect, config, source)}, visitors.first_seen) as seen_at
      from ${table(name)} as crm
      left join visitors on visitors.anonymous_id = ${id}
      where ${id} is not null`;
      });
  });
}

function seenAt(dialect: Dialect, config: Config, source: Config['sources'][string]): Sql {
  if (source.seen === undefined) return raw('visitors.first_seen');
  const type = source.columns[source.seen];
  if (type === 'DATE') return dialect.endOfLocalDay(raw(`crm.${source.seen}`), config.project.timeZone);
  return type === 'TIMESTAMP' ? raw(`crm.${source.seen}`) : raw('visitors.first_seen');
}
