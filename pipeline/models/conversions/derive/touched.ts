import type { Dialect } from '../../../warehouse/dialect.ts';
import type { Config } from '../../../config/schema.ts';
import { type Sql, join, raw, sql, table } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { unreadChanges } from '../../events/changes.ts';
import { unreadPersons } from '../../identity/changes.ts';
import { IDENTITIES, IDENTITY_KEYS, USER_IDENTITIES } from '../../identity/tables.ts';
import { CONVERSIONS, TOUCHED_CONVERSIONS } from '../tables.ts';
import { DAYS_OF_AN_ADDRESS, NEAR_DAYS } from './persons.ts';

const CONSUMER = 'conversions';

/**
 * Queues the conversions whose person may be another one, or whose person's sessions changed: those of the persons and
 * visitors that something happened to since the last time, and those that name one of their identifiers.
 */
export async function queueByPersons(warehouse: Warehouse, config: Config): Promise<void> {
  const [unread] = await warehouse.rows<{ persons: number; visitors: number }>(
    sql`
      select
        (select count(*) from (${unreadPersons(CONSUMER)}) as persons) as persons,
        (select count(*) from (${unreadChanges(CONSUMER)}) as visitors) as visitors`,
    'conversions: changes of persons',
  );
  if (unread!.persons === 0 && unread!.visitors === 0) return;
  await queue(warehouse, conversionsOfPersons(warehouse.dialect, config), 'conversions of changed persons');
}

/** Adds conversions to what attribution has yet to read. @param keys query of (conversion_name, id); rows may repeat. */
export async function queue(warehouse: Warehouse, keys: Sql, label: string): Promise<void> {
  await warehouse.append(
    TOUCHED_CONVERSIONS,
    sql`
    select found.conversion_name, found.id
    from (select distinct conversion_name, id from (${keys}
    ) as touched) as found
    left join ${table(TOUCHED_CONVERSIONS.name)} as queued on queued.conversion_name = found.conversion_name and queued.id = found.id
    where queued.id is null`,
    label,
  );
}

/** Conversions that name an identifier of the CTE `known`. */
const known = (keyName: string, column: string): Sql => sql`
      select conversions.conversion_name, conversions.id
      from ${table(CONVERSIONS.name)} as conversions
      inner join known on known.key_name = '${raw(keyName)}' and known.key_value = conversions.${raw(column)}`;

function conversionsOfPersons(dialect: Dialect, config: Config): Sql {
  return sql`
    with persons as (
      ${unreadPersons(CONSUMER)}
      union distinct
      select identities.person_id
      from ${table(IDENTITIES.name)} as identities
      inner join (select distinct anonymous_id from (${unreadChanges(CONSUMER)}) as unread) as visitors
        on visitors.anonymous_id = identities.anonymous_id
    ),
    ids as (
      select identities.anonymous_id
      from ${table(IDENTITIES.name)} as identities
      inner join persons on persons.person_id = identities.person_id
    ),
    known as (
      select identities.key_name, identities.key_value
      from ${table(USER_IDENTITIES.name)} as identities
      inner join persons on persons.person_id = identities.person_id
      where identities.key_name in ('ga_client_id', 'user_id', 'email_hash')
    )
      select conversions.conversion_name, conversions.id
      from ${table(CONVERSIONS.name)} as conversions
      inner join persons on persons.person_id = conversions.person_id
      union all
      select conversions.conversion_name, conversions.id
      from ${table(CONVERSIONS.name)} as conversions
      inner join ids on ids.anonymous_id = conversions.client_id
      union all${join(
        [
          known('ga_client_id', 'client_id'),
          known('user_id', 'user_id'),
          known('email_hash', 'email_hash'),
          knownAddresses(dialect),
          lostAddresses(dialect, config),
        ],
        '\n      union all',
      )}`;
}

/** Conversions with an address that one of the ids was seen with at about that time. */
function knownAddresses(dialect: Dialect): Sql {
  return sql`
      select conversions.conversion_name, conversions.id
      from ${table(CONVERSIONS.name)} as conversions
      inner join ${table(IDENTITY_KEYS.name)} as seen on seen.key_name = 'ip_hash' and seen.key_value = conversions.ip_key
      inner join ids on ids.anonymous_id = seen.anonymous_id
      where seen.first_seen <= ${dialect.timestampAdd(raw('conversions.attribution_time'), raw(String(DAYS_OF_AN_ADDRESS)), 'DAY')}
        and seen.last_seen >= ${dialect.timestampAdd(raw('conversions.attribution_time'), raw(String(-DAYS_OF_AN_ADDRESS)), 'DAY')}`;
}

/**
 * Where events or CRM rows went, an address may be that of fewer visitors than before, and it is not known of which
 * address: conversions that have one are asked again, those near the removed events, with CRM addresses all of them.
 */
function lostAddresses(dialect: Dialect, config: Config): Sql {
  const hasAddresses = Object.values(config.sources).some(({ identity }) => Object.values(identity).includes('ip_address'));
  if (hasAddresses) return sql`
      select conversion_name, id from ${table(CONVERSIONS.name)} where ip_key is not null`; // prettier-ignore
  const near = dialect.values('near', { days: 'INT64' }, NEAR_DAYS.map((days) => [days])); // prettier-ignore
  return sql`
      select conversions.conversion_name, conversions.id
      from ${table(CONVERSIONS.name)} as conversions
      inner join (
        select distinct ${dialect.dateAdd(raw('removed.day'), raw('near.days'))} as day
        from (select distinct day from (${unreadChanges(CONSUMER)}) as unread where has_removals) as removed
        cross join ${near}
      ) as near_removed on near_removed.day = ${dialect.localDate(raw('conversions.attribution_time'), 'UTC')}
      where conversions.ip_key is not null`;
}
