import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Config } from '../config/schema.ts';
import { pendingSegments } from '../embedded/landing/folders.ts';
import { ATTRIBUTION } from '../models/attribution/tables.ts';
import { CONVERSION_CHANGES, CONVERSION_RECORDS, CONVERSIONS } from '../models/conversions/tables.ts';
import { ANONYMOUS_ID_KINDS, type ErasedIds, isOneOf, namesErased, unionOf } from '../models/erasures/predicates.ts';
import { EVENTS, FAILED_EVENTS } from '../models/events/tables.ts';
import { REPORT_EVENT_FUNNELS } from '../models/funnels/tables.ts';
import { IDENTITIES, IDENTITY_CHANGES, IDENTITY_EDGES, IDENTITY_KEYS, USER_IDENTITIES } from '../models/identity/tables.ts';
import { SESSIONS } from '../models/sessions/tables.ts';
import { sourceTable } from '../sources/sources.ts';
import { type Sql, join, raw, sql, table } from '../warehouse/sql.ts';
import type { Row, TableDefinition, Value, Warehouse } from '../warehouse/warehouse.ts';
import { judgeOf, namesErasedPerson } from '../../edge/contract/erased-lines.ts';
import { idsOfPerson, type Joined, type WeaklyJoined } from './joined-ids.ts';
import type { NamedPerson } from './person-ids.ts';
import { namingTables } from './places.ts';

/** One part of an export: a list under a name, with what it holds in words. */
interface Section {
  readonly name: string;
  readonly description: string;
  readonly target: TableDefinition;
  readonly query: Sql;
}

export interface ExportRequest {
  readonly warehouse: Warehouse;
  readonly config: Config;
  readonly dataFolder: string;
  readonly person: NamedPerson;
  /** Which identifiers count as theirs; default: those joined by what only they have. */
  readonly joined?: Joined;
  /** Is told what is joined by weaker signals, and not in the document. */
  readonly onLeftOut?: (others: readonly WeaklyJoined[]) => void;
  /** ISO in UTC. */
  readonly now: string;
  /** Takes the text of the document piece by piece; nothing more is read before it has resolved. */
  readonly write: (text: string) => Promise<void> | void;
}

/** Columns that name a group by the id that was seen first in it, which may be somebody else's: then the row is shown without it. */
const GROUP_COLUMNS: ReadonlySet<string> = new Set(['person_id', 'cluster_id', 'from_person_id', 'to_person_id', 'edge_anonymous_id']);

/** Rows of an export, by section. */
export type ExportCounts = Readonly<Record<string, number>>;

/**
 * Writes all that is stored of a person as one JSON document: identifiers, events with their properties, sessions with where they
 * came from, conversions with the credit of each touch, their ways through event funnels, rows of the CRM, rejected events, and what no
 * run has processed yet. Of those whom only weaker signals join with the person it holds no row and no id. It is streamed: its size is
 * bounded by nothing but the disk.
 */
export async function exportPerson(request: ExportRequest): Promise<ExportCounts> {
  const { warehouse, config, dataFolder, person, joined, onLeftOut, now, write } = request;
  const { ids, others } = await idsOfPerson(warehouse, person, joined);
  onLeftOut?.(others);
  const counts: Record<string, number> = {};
  await write(`{\n  "exported_at": ${JSON.stringify(now)},\n  "project": ${JSON.stringify(config.project.name)},\n`);
  await write(`  "asked_for": ${JSON.stringify(person)},\n  "identifiers": ${JSON.stringify(ids)}`);
  const isOwn = ofPerson(ids);
  for (const section of sections(warehouse, config, ids, strangersAmong(others, ids))) {
    await write(`,\n  ${JSON.stringify(section.name)}: {\n    "description": ${JSON.stringify(section.description)},\n    "rows": [`);
    counts[section.name] = await writeRows(rowsOf(warehouse, section, isOwn), write);
    await write(']\n  }');
  }
  await write(
    ',\n  "not_yet_processed": {\n    "description": "Events and rejected events that have been received and that no run has loaded yet.",\n    "rows": [',
  );
  counts['not_yet_processed'] = await writeRows(waitingRows(dataFolder, ids), write);
  await write(']\n  }\n}\n');
  return counts;
}

/** The anonymous ids that only weaker signals join. */
function strangersAmong(others: readonly WeaklyJoined[], ids: ErasedIds): ErasedIds {
  const { anonymous_id: all } = unionOf(...others.map((other) => other.ids));
  return { ...unionOf(), anonymous_id: all.filter((id) => !ids.anonymous_id.includes(id)) };
}

function ofPerson(ids: ErasedIds): (id: Value) => boolean {
  const own: ReadonlySet<Value> = new Set(ANONYMOUS_ID_KINDS.flatMap((kind) => ids[kind]));
  return (id) => own.has(id);
}

async function writeRows(rows: AsyncIterable<unknown>, write: ExportRequest['write']): Promise<number> {
  let count = 0;
  for await (const row of rows) {
    await write(`${count === 0 ? '' : ','}\n      ${JSON.stringify(row)}`);
    count++;
  }
  if (count > 0) await write('\n    ');
  return count;
}

function sections(warehouse: Warehouse, config: Config, ids: ErasedIds, strangers: ErasedIds): Section[] {
  const { dialect } = warehouse;
  const named = (target: TableDefinition, orderBy: readonly string[]): Section => {
    const isTheirs = namesErased(dialect, target, ids)!;
    const isNoStranger = target.columns.some(({ name }) => name === 'anonymous_id')
      ? sql` and not ${isOneOf(dialect, raw('anonymous_id'), ['anonymous_id'], strangers)}`
      : raw('');
    return {
      name: target.name,
      description: target.description,
      target,
      query: sql`select ${columnsOf(target)} from ${table(target.name)} where ${isTheirs}${isNoStranger} ${ordered(orderBy)}`,
    };
  };
  // A person of the graph may hold identifiers of others, too: theirs are those of their own edges.
  const identifiers = sql`
    select ${join(USER_IDENTITIES.columns.map(({ name }) => raw(`known.${name}`)))}
    from ${table(USER_IDENTITIES.name)} as known
    where exists (
      select 1 from (
        select identities.person_id, edges.key_name, edges.key_value
        from ${table(IDENTITY_EDGES.name)} as edges
        inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = edges.anonymous_id
        where edges.verdict = 'used' and ${isOneOf(dialect, raw('edges.anonymous_id'), ANONYMOUS_ID_KINDS, ids)}
      ) as own
      where own.person_id = known.person_id and own.key_name = known.key_name and own.key_value = known.key_value
    )
    ${ordered(USER_IDENTITIES.key)}`;
  const conversions = namesErased(dialect, CONVERSIONS, ids)!;
  const changes = sql`
    select ${join(CONVERSION_CHANGES.columns.map(({ name }) => raw(`changes.${name}`)))}
    from ${table(CONVERSION_CHANGES.name)} as changes
    where exists (
      select 1 from (
        select conversion_name, id from ${table(CONVERSIONS.name)} where ${conversions}
        union distinct
        select conversion_name, id from ${table(CONVERSION_RECORDS.name)} where ${namesErased(dialect, CONVERSION_RECORDS, ids)!}
      ) as own
      where own.conversion_name = changes.conversion_name and own.id = changes.id
    )
    ${ordered(CONVERSION_CHANGES.key)}`;
  const credits = sql`
    select ${join(ATTRIBUTION.columns.map(({ name }) => raw(`attribution.${name}`)))}
    from ${table(ATTRIBUTION.name)} as attribution
    where exists (
      select 1 from (select conversion_name, id from ${table(CONVERSIONS.name)} where ${conversions}) as own
      where own.conversion_name = attribution.conversion_name and own.id = attribution.conversion_id
    ) or exists (
      select 1 from (
        select session_id from ${table(SESSIONS.name)} where ${isOneOf(dialect, raw('anonymous_id'), ANONYMOUS_ID_KINDS, ids)}
      ) as visits
      where visits.session_id = attribution.session_id
    )
    ${ordered(ATTRIBUTION.key)}`;
  const sources = namingTables(dialect, config, ids).flatMap(({ target, condition }) => {
    const source = config.sources[target.name];
    if (source === undefined) return [];
    const own = sourceTable(target.name, source);
    return [
      {
        name: own.name,
        description: own.description,
        target: own,
        query: sql`select ${columnsOf(own)} from ${table(own.name)} where ${condition} ${ordered(own.key)}`,
      },
    ];
  });
  return [
    named(IDENTITIES, IDENTITIES.key),
    { name: USER_IDENTITIES.name, description: USER_IDENTITIES.description, target: USER_IDENTITIES, query: identifiers },
    named(IDENTITY_KEYS, IDENTITY_KEYS.key),
    named(IDENTITY_EDGES, IDENTITY_EDGES.key),
    named(IDENTITY_CHANGES, IDENTITY_CHANGES.key),
    named(SESSIONS, ['started_at', 'session_id']),
    named(EVENTS, ['occurred_at', 'sequence', 'write_key_id', 'message_id']),
    named(FAILED_EVENTS, ['received_at', 'edge_instance', 'edge_sequence', 'position']),
    named(CONVERSIONS, ['conversion_time', 'conversion_name', 'id']),
    // One whose value fell to zero, or whose parent is not known, is no conversion, and is stored.
    named(CONVERSION_RECORDS, ['conversion_time', 'conversion_name', 'id']),
    { name: CONVERSION_CHANGES.name, description: CONVERSION_CHANGES.description, target: CONVERSION_CHANGES, query: changes },
    { name: ATTRIBUTION.name, description: ATTRIBUTION.description, target: ATTRIBUTION, query: credits },
    named(REPORT_EVENT_FUNNELS, REPORT_EVENT_FUNNELS.key),
    ...sources,
  ];
}

const columnsOf = (target: TableDefinition): Sql => join(target.columns.map(({ name }) => raw(name)));

const ordered = (columns: readonly string[]): Sql => sql`order by ${join(columns.map((name) => raw(`${name} nulls first`)))}`;

/** Rows as objects; JSON columns, which are stored as text, as what they hold. Empty columns are left out. */
async function* rowsOf(warehouse: Warehouse, { target, query, name }: Section, isOwn: (id: Value) => boolean): AsyncGenerator<Row> {
  for await (const columns of warehouse.batches(query, `export of ${name}`, { largeIntegers: 'text' })) {
    for (let i = 0; i < (columns[0]?.length ?? 0); i++) {
      yield Object.fromEntries(
        target.columns.flatMap(({ name: column, type }, at) => {
          const value = columns[at]![i]!;
          if (value === null || (Array.isArray(value) && value.length === 0)) return [];
          if (GROUP_COLUMNS.has(column) && !isOwn(value)) return [];
          return [[column, type === 'JSON' && typeof value === 'string' ? (JSON.parse(value) as Value) : value]];
        }),
      );
    }
  }
}

/** What has landed and is not loaded; the last line of a segment that is being written may be cut off. */
async function* waitingRows(dataFolder: string, ids: ErasedIds): AsyncGenerator {
  const judge = judgeOf(ids);
  for (const file of await pendingSegments(dataFolder)) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      if (!namesErasedPerson(line, judge)) continue;
      const row = parsed(line);
      if (row !== undefined) yield row;
    }
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
