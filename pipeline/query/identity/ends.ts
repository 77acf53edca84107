import { UserError } from '../../config/user-error.ts';
import { IDENTITIES, IDENTITY_EDGES } from '../../models/identity/tables.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { isOneOf } from '../journey/person.ts';
import { edgesOfValues, edgesOfVisitors } from './edges.ts';
import { type Node, compare, keyOf, nodeText, shownValue } from './graph.ts';

/** Who is asked about: a visitor, the value of a key, or a CRM id of whatever name. Addresses are hashed before. */
export type Asked =
  | { readonly by: 'anonymous_id'; readonly value: string }
  | { readonly by: 'key'; readonly name: string; readonly value: string }
  | { readonly by: 'crm_id'; readonly value: string };

/** One end of a question, as the graph knows it. */
export interface End {
  /** In words; a hash shortened. */
  readonly described: string;
  /** Where a search begins: the visitor, or every episode of the value. */
  readonly nodes: readonly Node[];
  /** Whom it belongs to by the edges that are used; none where all are refused. */
  readonly person_ids: readonly string[];
}

const BUILT_IN = ['user_id', 'email_hash', 'ga_client_id', 'previous_id', 'click_id', 'ip_hash'];

/** @throws UserError where nobody was seen with it, saying what it is known as instead. */
export async function findEnd(warehouse: Warehouse, asked: Asked): Promise<End> {
  if (asked.by === 'anonymous_id') return visitorEnd(warehouse, asked.value);
  const keys = asked.by === 'key' ? [asked] : (await namesOf(warehouse, asked.value)).filter(({ name }) => !BUILT_IN.includes(name));
  const described = asked.by === 'key' ? `${asked.name} ${shownValue(asked.name, asked.value)}` : `CRM id ${asked.value}`;
  const edges = await edgesOfValues(warehouse, keys);
  if (edges === undefined)
    throw new UserError(`${described} is held by too many anonymous ids to search from: \`touchtrail identity hubs\` shows it`);
  if (edges.length === 0) throw new UserError(`${described} is not in the identity graph: ${await whatIsKnown(warehouse, asked.value)}`);
  const nodes = [...new Map(edges.map((edge) => [nodeText(keyOf(edge)), keyOf(edge)])).values()];
  const used = new Set(edges.filter(({ verdict }) => verdict === 'used').map(({ anonymous_id: id }) => id));
  const persons = await personsOf(warehouse, [...used]);
  return { described, nodes, person_ids: [...new Set(persons.values())].toSorted(compare) };
}

async function visitorEnd(warehouse: Warehouse, anonymousId: string): Promise<End> {
  const described = `anonymous id ${anonymousId}`;
  const person = (await personsOf(warehouse, [anonymousId])).get(anonymousId);
  // Ids that only a CRM or another visitor's former id names have edges; a person they alone make up is not listed.
  const isNamed = person !== undefined || (await edgesOfVisitors(warehouse, [anonymousId]))?.length !== 0;
  if (!isNamed) throw new UserError(`${described} is not in the identity graph: ${await whatIsKnown(warehouse, anonymousId)}`);
  return { described, nodes: [{ kind: 'visitor', anonymousId }], person_ids: person === undefined ? [] : [person] };
}

/** The person of each of these anonymous ids. */
export async function personsOf(warehouse: Warehouse, anonymousIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (anonymousIds.length === 0) return new Map();
  const rows = await warehouse.rows<{ anonymous_id: string; person_id: string }>(
    sql`select anonymous_id, person_id from ${table(IDENTITIES.name)} where ${isOneOf('anonymous_id', anonymousIds, warehouse)}`,
    'persons',
  );
  return new Map(rows.map(({ anonymous_id: id, person_id: person }) => [id, person]));
}

/** The keys that have this value. */
async function namesOf(warehouse: Warehouse, value: string): Promise<{ name: string; value: string }[]> {
  const rows = await warehouse.rows<{ name: string }>(
    sql`select distinct key_name as name from ${table(IDENTITY_EDGES.name)} where key_value = ${value} order by name nulls first`,
    'names of an identifier',
  );
  return rows.map(({ name }) => ({ name, value }));
}

const figure = (count: number): string => count.toLocaleString('en');

/** What the graph knows of a value that was not found as it was asked for. */
async function whatIsKnown(warehouse: Warehouse, value: string): Promise<string> {
  const names = (await namesOf(warehouse, value)).map(({ name }) => name);
  if ((await personsOf(warehouse, [value])).size > 0) names.unshift('anonymous_id');
  if (names.length > 0) return `it is known as ${names.join(' and ')} (see --help for how to ask for one)`;
  const [row] = await warehouse.rows<{ ids: number; persons: number }>(
    sql`select count(*) as ids, count(distinct person_id) as persons from ${table(IDENTITIES.name)}`,
    'size of the identity graph',
  );
  return `no event of a visitor and no CRM row with an anonymous_id holds it, as of the last run, which knows ${figure(row!.ids)} anonymous ids of ${figure(row!.persons)} persons; bots and internal traffic are left out`;
}
