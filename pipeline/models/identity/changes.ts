import { type Sql, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { PERSON_CHANGES, PERSON_CONSUMERS, type PersonConsumer } from './tables.ts';

/** Stands for all persons in {@link PERSON_CHANGES}. */
export const EVERYBODY = '*';

/** Adds persons to what each consumer has yet to read. @param persons query of (person_id): before and after ids changed hands. */
export async function addPersons(warehouse: Warehouse, persons: Sql): Promise<void> {
  const consumers = warehouse.dialect.values(
    'consumer',
    { name: 'STRING' },
    PERSON_CONSUMERS.map((name) => [name]),
  );
  const added = sql`
    select consumer.name as consumer, changed.person_id
    from (select distinct person_id from (${persons}) as persons) as changed
    cross join ${consumers}`;
  await warehouse.merge(PERSON_CHANGES, added, { label: 'changes of persons' });
}

/** All persons were found anew: whatever is made of them is, too. */
export async function addEverybody(warehouse: Warehouse): Promise<void> {
  await addPersons(warehouse, sql`select ${EVERYBODY} as person_id`);
}

/** The persons that a consumer has yet to read: a query of (person_id); {@link EVERYBODY} stands for all. */
export function unreadPersons(consumer: PersonConsumer = 'conversions'): Sql {
  return sql`select person_id from ${table(PERSON_CHANGES.name)} where consumer = ${consumer}`;
}

/** Whether a consumer has to read all persons anew. */
export async function isEverybodyUnread(warehouse: Warehouse, consumer: PersonConsumer): Promise<boolean> {
  const rows = await warehouse.rows(
    sql`select person_id from ${table(PERSON_CHANGES.name)} where consumer = ${consumer} and person_id = ${EVERYBODY}`,
    'changes of persons',
  );
  return rows.length > 0;
}

/** Forgets what a consumer has read, once it is up to date: its last write. */
export async function forgetPersons(warehouse: Warehouse, consumer: PersonConsumer): Promise<void> {
  const keys = sql`select ${raw(PERSON_CHANGES.key.join(', '))} from ${table(PERSON_CHANGES.name)} where consumer = ${consumer}`;
  await warehouse.delete(PERSON_CHANGES, keys, { label: 'changes of persons' });
}
