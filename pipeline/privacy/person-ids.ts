import { emailHash, isEmailHash, normalizeEmail } from '../../edge/contract/email.ts';
import { UserError } from '../config/user-error.ts';
import { storedIdentifier } from '../models/identifiers.ts';
import { type ErasedIds, unionOf } from '../models/erasures/predicates.ts';
import type { ErasedKind } from '../models/erasures/tables.ts';
import { IDENTITIES, USER_IDENTITIES } from '../models/identity/tables.ts';
import { arrayParam, sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

/** Whom an erasure or an export is about; an address only as its hash. */
export interface NamedPerson {
  readonly kind: ErasedKind;
  readonly value: string;
}

/** Exactly one of the three, as typed. */
export interface PersonOptions {
  readonly anonymousId?: string;
  readonly userId?: string;
  readonly email?: string;
}

/** @throws UserError (exit code 2) unless exactly one is given, and for an address that is none. */
export function namedPerson({ anonymousId, userId, email }: PersonOptions): NamedPerson {
  const given = [anonymousId, userId, email].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw usage(`expected one of --anonymous-id, --user-id and --email, found ${given.length === 0 ? 'none' : given.length}`);
  if (given[0]!.trim() === '') throw usage('the identifier is empty');
  if (anonymousId !== undefined) return { kind: 'anonymous_id', value: anonymousId };
  if (userId !== undefined) return { kind: 'user_id', value: storedIdentifier(userId) };
  if (isEmailHash(email!)) return { kind: 'email_hash', value: email!.toLowerCase() };
  if (!/^[^\s@]+@[^\s@]+$/.test(normalizeEmail(email!))) {
    throw usage(`--email ${JSON.stringify(email)}: expected an e-mail address, or its SHA-256 in hex (64 digits)`);
  }
  return { kind: 'email_hash', value: emailHash(email!) };
}

const usage = (message: string) => new UserError(message, { exitCode: 2 });

/**
 * All identifiers of a person as the identity graph has them now: the one that was named, the anonymous ids joined with it,
 * and the user ids and e-mail hashes that joined them. A refused edge joins nobody.
 */
export async function idsOfPerson(warehouse: Warehouse, person: NamedPerson): Promise<ErasedIds> {
  const named: ErasedIds = { ...unionOf(), [person.kind]: [person.value] };
  const keyName = person.kind;
  const persons = (
    await warehouse.rows<{ person_id: string }>(
      keyName === 'anonymous_id'
        ? sql`select distinct person_id from ${table(IDENTITIES.name)} where anonymous_id = ${person.value}`
        : sql`select distinct person_id from ${table(USER_IDENTITIES.name)} where key_name = ${keyName} and key_value = ${person.value}`,
      'persons',
    )
  ).map(({ person_id: id }) => id);
  if (persons.length === 0) return named;
  const isOneOfThem = sql`${warehouse.dialect.isIn(sql`person_id`, sql`${arrayParam(persons, 'STRING')}`)}`;
  const anonymousIds = await warehouse.rows<{ anonymous_id: string }>(
    sql`select anonymous_id from ${table(IDENTITIES.name)} where ${isOneOfThem}`,
    'anonymous ids',
  );
  const keys = await warehouse.rows<{ key_name: string; key_value: string }>(
    sql`select key_name, key_value from ${table(USER_IDENTITIES.name)} where ${isOneOfThem} and key_name in ('user_id', 'email_hash', 'previous_id')`,
    'identifiers',
  );
  const valuesOf = (name: string) => keys.filter(({ key_name: key }) => key === name).map(({ key_value: value }) => value);
  return unionOf(named, {
    anonymous_id: [...anonymousIds.map(({ anonymous_id: id }) => id), ...valuesOf('previous_id')],
    user_id: valuesOf('user_id'),
    email_hash: valuesOf('email_hash'),
  });
}
