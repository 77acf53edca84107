import { type ErasedIds, type ErasedKind, escaped, NAMING_MEMBERS, textPattern } from '../../../edge/contract/erased-lines.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, arrayParam, join, raw, sql } from '../../warehouse/sql.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { EVENTS, EVENTS_RAW, FAILED_EVENTS } from '../events/tables.ts';

export type { ErasedIds } from '../../../edge/contract/erased-lines.ts';
export { textPattern } from '../../../edge/contract/erased-lines.ts';

/** Whether there is nobody to erase. */
export const isNobody = (ids: ErasedIds): boolean => Object.values(ids).every((values) => values.length === 0);

/** All identifiers of several. */
export function unionOf(...all: readonly ErasedIds[]): ErasedIds {
  const of = (kind: ErasedKind) => [...new Set(all.flatMap((ids) => ids[kind]))].toSorted();
  return { anonymous_id: of('anonymous_id'), user_id: of('user_id'), email_hash: of('email_hash') };
}

/** What may stand where an anonymous id does: a site that takes addresses for ids has their hashes there. */
export const ANONYMOUS_ID_KINDS: readonly ErasedKind[] = ['anonymous_id', 'email_hash'];

/** Columns that hold an identifier, with the kinds that may stand there. A person is named by an anonymous id. */
const NAMING_COLUMNS: Readonly<Record<string, readonly ErasedKind[]>> = {
  anonymous_id: ANONYMOUS_ID_KINDS,
  person_id: ANONYMOUS_ID_KINDS,
  previous_id: ['anonymous_id', 'user_id', 'email_hash'],
  from_person_id: ANONYMOUS_ID_KINDS,
  to_person_id: ANONYMOUS_ID_KINDS,
  edge_anonymous_id: ANONYMOUS_ID_KINDS,
  client_id: ANONYMOUS_ID_KINDS,
  user_id: ['user_id', 'email_hash'],
  email_hash: ['email_hash'],
  key_value: ['anonymous_id', 'user_id', 'email_hash'],
  from_value: ['anonymous_id', 'user_id', 'email_hash'],
  to_value: ['anonymous_id', 'user_id', 'email_hash'],
};

/** Columns of events in which an identifier may stand anywhere. */
export const EVENT_TEXTS = [
  'page_url',
  'page_title',
  'referrer',
  'event',
  'group_id',
  'user_id',
  'properties',
  'traits',
  'context',
  'integrations',
];
/** Those of them that are JSON. */
export const JSON_TEXTS: ReadonlySet<string> = new Set(['properties', 'traits', 'context', 'integrations']);

/**
 * Whether a row of a table names an erased person: a condition over its bare columns that is never NULL.
 * @returns undefined for a table that names nobody.
 */
export function namesErased(dialect: Dialect, target: Pick<TableDefinition, 'name' | 'columns'>, ids: ErasedIds): Sql | undefined {
  if (target.name === FAILED_EVENTS.name) return payloadNames(dialect, ids);
  const conditions = target.columns.flatMap(({ name, type, mode }) => {
    const kinds = type === 'STRING' && mode !== 'repeated' ? NAMING_COLUMNS[name] : undefined;
    return kinds === undefined ? [] : [isOneOf(dialect, raw(name), kinds, ids)];
  });
  if (target.name === EVENTS.name || target.name === EVENTS_RAW.name) conditions.push(...textsName(dialect, ids));
  return conditions.length === 0 ? undefined : sql`(${join(conditions, ' or ')})`;
}

/** Whether an identifier of these kinds is an erased one; false for NULL. */
export function isOneOf(dialect: Dialect, value: Sql, kinds: readonly ErasedKind[], ids: ErasedIds): Sql {
  const values = kinds.flatMap((kind) => ids[kind]);
  return sql`coalesce(${dialect.isIn(value, sql`${arrayParam(values, 'STRING')}`)}, false)`;
}

function textsName(dialect: Dialect, ids: ErasedIds): Sql[] {
  const pattern = textPattern(ids);
  if (pattern === undefined) return [];
  const texts = EVENT_TEXTS.map((name) => (JSON_TEXTS.has(name) ? dialect.jsonString(raw(name)) : raw(name)));
  const hashes = dialect.lower(dialect.jsonString(raw('email_hashes')));
  return [...texts, hashes].map((text) => sql`coalesce(${dialect.regexpContains(text, pattern)}, false)`);
}

/** The payload of a rejected event is text, and may be cut off. */
function payloadNames(dialect: Dialect, ids: ErasedIds): Sql {
  const patterns = [textPattern(ids), memberPattern(ids)].filter((pattern) => pattern !== undefined);
  if (patterns.length === 0) return raw('false');
  const text = sql`coalesce(${dialect.regexpContains(raw('payload'), patterns.join('|'))}, false)`;
  return sql`(${text} or coalesce(${dialect.regexpContains(raw('detail'), patterns.join('|'))}, false))`;
}

/** Members of a message that name a person by an identifier of any length. */
export function memberPattern(ids: ErasedIds): string | undefined {
  const alternatives = Object.entries(NAMING_MEMBERS).flatMap(([member, kinds]) => {
    const values = kinds.flatMap((kind) => ids[kind]).map((value) => escaped(JSON.stringify(value).slice(1, -1)));
    return values.length === 0 ? [] : [String.raw`"${member}"\s*:\s*"?(?:${values.join('|')})["\s,}]`];
  });
  return alternatives.length === 0 ? undefined : alternatives.join('|');
}
