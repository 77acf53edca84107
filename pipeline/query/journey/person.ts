import { IDENTITIES, USER_IDENTITIES } from '../../models/identity/tables.ts';
import { arrayParam, join, raw, sql, type Sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { type IdentityKey, keyText, type LandedLinks } from './links.ts';
import { publishedVerdicts } from './refusals.ts';
import type { Start } from './selector.ts';

/** Everybody who belongs to the start, by the publication and by what has landed since. */
export interface Person {
  readonly anonymousIds: readonly string[];
  /** Persons of the publication: none if all is new, several if what has landed will join them. */
  readonly personIds: readonly string[];
  readonly keys: readonly IdentityKey[];
}

/** Follows devices and identifiers through the publication and the landed events until nothing new is found. */
export async function findPerson(start: Start, links: LandedLinks, warehouse: Warehouse | undefined): Promise<Person> {
  const anonymousIds = new Set(start.anonymousIds);
  const personIds = new Set(start.personIds);
  const keys = new Map(start.keys.map((key) => [keyText(key), key]));
  const size = () => anonymousIds.size + personIds.size + keys.size;
  for (let before = -1; before !== size();) {
    before = size();
    const near = new Set([...anonymousIds, ...[...keys.values()].flatMap((key) => links.visitorsOf(key))]);
    const verdicts = await publishedVerdicts(warehouse, links, [...near]);
    const leads = (id: string, key: IdentityKey) => !verdicts.refuses(id, key);
    // Keys first: all visitors of those known so far are near; those of keys found here are in the next round.
    for (const key of keys.values()) for (const id of links.visitorsOf(key)) if (leads(id, key)) anonymousIds.add(id);
    for (const id of anonymousIds) for (const key of links.keysOfVisitor(id)) if (leads(id, key)) keys.set(keyText(key), key);
    if (!warehouse) continue;
    for (const id of await publishedPersons(warehouse, [...anonymousIds], [...keys.values()])) personIds.add(id);
    for (const id of await devicesOf(warehouse, [...personIds])) anonymousIds.add(id);
  }
  return { anonymousIds: [...anonymousIds], personIds: [...personIds], keys: [...keys.values()] };
}

/** Condition that a column is one of the values. */
export function isOneOf(column: string, values: readonly string[], warehouse: Warehouse): Sql {
  return warehouse.dialect.isIn(raw(column), sql`${arrayParam(values, 'STRING')}`);
}

async function publishedPersons(warehouse: Warehouse, anonymousIds: readonly string[], keys: readonly IdentityKey[]): Promise<string[]> {
  const ofKeys = keys.map(({ name, value }) => sql`(key_name = ${name} and key_value = ${value})`);
  const rows = await warehouse.rows<{ person_id: string }>(
    sql`select person_id from ${table(IDENTITIES.name)} where ${isOneOf('anonymous_id', anonymousIds, warehouse)}
      ${ofKeys.length ? sql`union distinct select person_id from ${table(USER_IDENTITIES.name)} where ${join(ofKeys, ' or ')}` : sql``}`,
    'persons',
  );
  return rows.map(({ person_id }) => person_id);
}

async function devicesOf(warehouse: Warehouse, personIds: readonly string[]): Promise<string[]> {
  const rows = await warehouse.rows<{ anonymous_id: string }>(
    sql`select anonymous_id from ${table(IDENTITIES.name)} where ${isOneOf('person_id', personIds, warehouse)}`,
    'devices',
  );
  return rows.map(({ anonymous_id }) => anonymous_id);
}
