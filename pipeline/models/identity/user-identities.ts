import { type Sql, raw, sql, table } from '../../warehouse/sql.ts';
import { IDENTITIES, IDENTITY_EDGES, STAGED_PERSONS, STAGED_USER_IDENTITIES, USER_IDENTITIES } from './tables.ts';

/**
 * The identifiers of each person: those of its used edges.
 * @param scope `listed`: only of the persons in staged_persons.
 */
export function userIdentityRows(scope: 'all' | 'listed'): Sql {
  const listed =
    scope === 'all' ? raw('') : sql`
    inner join ${table(STAGED_PERSONS.name)} as persons on persons.person_id = identities.person_id`; // prettier-ignore
  return sql`
    select
      identities.person_id, edges.key_name, edges.key_value,
      min(edges.first_seen) as first_seen,
      max(edges.last_seen) as last_seen
    from ${table(IDENTITY_EDGES.name)} as edges
    inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = edges.anonymous_id${listed}
    where edges.verdict = 'used'
    group by identities.person_id, edges.key_name, edges.key_value`;
}

/** Keys of identifiers that a listed person is no longer known by. Reads staged_user_identities. */
export const LOST_USER_IDENTITIES = sql`
    select former.person_id, former.key_name, former.key_value
    from ${table(USER_IDENTITIES.name)} as former
    inner join ${table(STAGED_PERSONS.name)} as persons on persons.person_id = former.person_id
    left join ${table(STAGED_USER_IDENTITIES.name)} as found
      on found.person_id = former.person_id and found.key_name = former.key_name and found.key_value = former.key_value
    where found.person_id is null`;
