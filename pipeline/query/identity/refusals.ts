import type { Config } from '../../config/schema.ts';
import { IDENTITIES, IDENTITY_EDGES } from '../../models/identity/tables.ts';
import { RULE_OF_LINK } from '../../models/identity/links.ts';
import { MAXIMUM_IDENTITIES_OF_A_DEVICE, type KeyRule } from '../../models/identity/rules.ts';
import { join, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { personsOf } from './ends.ts';
import { type Edge, ruleName, shownValue } from './graph.ts';

/** Why an edge joins nobody, with the figures behind it as of the last run; the limits are those of the config now. */
export type Refusal =
  | { readonly reason: 'blocked_value' }
  | { readonly reason: 'shared_device'; readonly email_hashes: number; readonly user_ids: number; readonly maximum: number }
  | { readonly reason: 'shared_key'; readonly anonymous_ids: number; readonly maximum: number }
  | {
      readonly reason: 'conflicting_key';
      readonly key_name: string;
      /** Values at the side of the anonymous id, hashes shortened; at most {@link MOST_VALUES}. */
      readonly of_anonymous_id: readonly string[];
      /** Values at the side of the identifier. */
      readonly of_key: readonly string[];
    }
  | { readonly reason: 'size_cap'; readonly of_anonymous_id: number; readonly of_key: number; readonly maximum: number };

/** More values of a person than this are not listed. */
const MOST_VALUES = 5;

/** Reads what a refusal rests on. */
export async function refusalOf(
  warehouse: Warehouse,
  { identity }: Config,
  rules: ReadonlyMap<string, KeyRule>,
  edge: Edge,
): Promise<Refusal | null> {
  switch (edge.reason) {
    case null:
      return null;
    case 'blocked_value':
      return { reason: 'blocked_value' };
    case 'shared_device':
      return { reason: 'shared_device', ...(await identitiesOfDevice(warehouse, edge)), maximum: MAXIMUM_IDENTITIES_OF_A_DEVICE };
    case 'shared_key':
      return {
        reason: 'shared_key',
        anonymous_ids: await holders(warehouse, edge),
        maximum: rules.get(ruleName(edge))?.maxAnonymousIds ?? 0,
      };
    case 'conflicting_key':
      return conflict(warehouse, rules, edge);
    case 'size_cap': {
      const [own, other] = await sides(warehouse, edge);
      return {
        reason: 'size_cap',
        of_anonymous_id: await sizeOf(warehouse, own),
        of_key: await sizeOf(warehouse, other),
        maximum: identity.maximumComponentSize,
      };
    }
  }
}

async function identitiesOfDevice(warehouse: Warehouse, { anonymous_id: id }: Edge): Promise<{ email_hashes: number; user_ids: number }> {
  const rows = await warehouse.rows<{ key_name: string; held: number }>(
    sql`
    select key_name, count(distinct key_value) as held
    from ${table(IDENTITY_EDGES.name)}
    where anonymous_id = ${id} and key_name in ('email_hash', 'user_id') and coalesce(reason, '') <> 'blocked_value'
    group by key_name`,
    'identities of a device',
  );
  const held = (name: string) => rows.find(({ key_name: key }) => key === name)?.held ?? 0;
  return { email_hashes: held('email_hash'), user_ids: held('user_id') };
}

/** How many anonymous ids hold the value (of a key with a window: in that episode) under the same rule. */
async function holders(warehouse: Warehouse, edge: Edge): Promise<number> {
  const [row] = await warehouse.rows<{ ids: number }>(
    sql`
    select count(*) as ids
    from ${table(IDENTITY_EDGES.name)}
    where key_name = ${edge.key_name} and key_value = ${edge.key_value} and coalesce(key_node, key_value) = ${edge.key_node}
      and ${RULE_OF_LINK} = ${ruleName(edge)}`,
    'holders of a value',
  );
  return row!.ids;
}

/** The persons on both sides of an edge; undefined where nobody holds the value by an edge that is used. */
async function sides(warehouse: Warehouse, edge: Edge): Promise<[string | undefined, string | undefined]> {
  const [holder] = await warehouse.rows<{ anonymous_id: string }>(
    sql`
    select min(anonymous_id) as anonymous_id
    from ${table(IDENTITY_EDGES.name)}
    where key_name = ${edge.key_name} and key_value = ${edge.key_value} and coalesce(key_node, key_value) = ${edge.key_node}
      and verdict = 'used'
    having count(*) > 0`,
    'who holds a value',
  );
  const ids = [edge.anonymous_id, ...(holder ? [holder.anonymous_id] : [])];
  const persons = await personsOf(warehouse, ids);
  return [persons.get(edge.anonymous_id), holder && persons.get(holder.anonymous_id)];
}

async function sizeOf(warehouse: Warehouse, personId: string | undefined): Promise<number> {
  if (personId === undefined) return 0;
  const [row] = await warehouse.rows<{ ids: number }>(
    sql`select count(*) as ids from ${table(IDENTITIES.name)} where person_id = ${personId}`,
    'size of a person',
  );
  return row!.ids;
}

/** The first exclusive key of which both sides hold different values; of a link's e-mail hash the submitted ones. */
async function conflict(warehouse: Warehouse, rules: ReadonlyMap<string, KeyRule>, edge: Edge): Promise<Refusal> {
  const [own, other] = await sides(warehouse, edge);
  const exclusive = [...rules].flatMap(([name, rule]) => (rule.exclusive ? [name] : []));
  for (const name of exclusive) {
    const ofOwn = await valuesOf(warehouse, own, name);
    const ofOther = [...(edge.key_name === name ? [edge.key_value] : []), ...(await valuesOf(warehouse, other, name))];
    if (ofOwn.length > 0 && ofOther.length > 0 && !ofOther.some((value) => ofOwn.includes(value))) return shown(name, ofOwn, ofOther);
  }
  const isOther = (value: string) => value !== edge.key_value;
  const submitted = async (person: string | undefined) => (await submittedBy(warehouse, person)).filter(isOther);
  return shown('email_hash', await submitted(own), other === own ? [] : await submitted(other));
}

const shown = (name: string, own: readonly string[], other: readonly string[]): Refusal => ({
  reason: 'conflicting_key',
  key_name: name,
  of_anonymous_id: namesOf(name, own),
  of_key: namesOf(name, other),
});
const namesOf = (name: string, values: readonly string[]) =>
  [...new Set(values)].slice(0, MOST_VALUES).map((value) => shownValue(name, value));

/** Values by which a person is held together. */
function valuesOf(warehouse: Warehouse, person: string | undefined, name: string): Promise<string[]> {
  return keyValues(warehouse, person, [sql`edges.key_name = ${name}`, sql`edges.verdict = 'used'`]);
}

/** E-mail hashes that a person's visitors have submitted; a refused one, too, says that they are somebody else. */
function submittedBy(warehouse: Warehouse, person: string | undefined): Promise<string[]> {
  return keyValues(warehouse, person, [
    sql`edges.key_name = 'email_hash'`,
    sql`edges.origin <> 'url'`,
    sql`coalesce(edges.reason, '') <> 'blocked_value'`,
  ]);
}

async function keyValues(warehouse: Warehouse, person: string | undefined, conditions: Parameters<typeof join>[0]): Promise<string[]> {
  if (person === undefined) return [];
  const rows = await warehouse.rows<{ key_value: string }>(
    sql`
    select edges.key_value, min(edges.first_seen) as first_seen
    from ${table(IDENTITY_EDGES.name)} as edges
    inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = edges.anonymous_id
    where identities.person_id = ${person} and ${join(conditions, ' and ')}
    group by edges.key_value
    order by first_seen nulls first, key_value nulls first`,
    'values of a person',
  );
  return rows.map(({ key_value: value }) => value);
}
