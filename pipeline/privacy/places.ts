import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { ATTRIBUTION } from '../models/attribution/tables.ts';
import { ANONYMOUS_ID_KINDS, type ErasedIds, isOneOf, namesErased } from '../models/erasures/predicates.ts';
import { ERASURE_TABLES } from '../models/erasures/tables.ts';
import type { ErasedKind } from '../models/erasures/tables.ts';
import { IDENTITY_BLOCKED_VALUES } from '../models/identity/tables.ts';
import { REPORT_EVENT_FUNNELS } from '../models/funnels/tables.ts';
import { REPORT_CREDITS, REPORT_SESSIONS } from '../models/reports/tables.ts';
import { SESSIONS } from '../models/sessions/tables.ts';
import { projectTables } from '../sources/project-tables.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { type Sql, join, sql, table } from '../warehouse/sql.ts';
import type { TableDefinition, Warehouse } from '../warehouse/warehouse.ts';
import { keptFiles, waitingFiles } from './files.ts';
import { type LineJudge } from '../../edge/contract/erased-lines.ts';
import { rewriteMarker } from './database-file.ts';
import { countInPublications } from './publications.ts';
import { countErasedLines } from './segments.ts';

/** The tables that name persons, each with its condition. */
export interface NamingTable {
  readonly target: TableDefinition;
  readonly condition: Sql;
}

/**
 * Which rows of which tables name one of these persons: by their columns, so that a new table is never forgotten. A value that is
 * blocked because many share it names nobody.
 */
export function namingTables(dialect: Dialect, config: Config, ids: ErasedIds): NamingTable[] {
  const own = new Set([...ERASURE_TABLES, IDENTITY_BLOCKED_VALUES].map(({ name }) => name));
  return projectTables(config).flatMap((target) => {
    if (own.has(target.name)) return [];
    const source = config.sources[target.name];
    const condition = source ? sourceNames(dialect, source, ids) : withGrouping(dialect, target, ids);
    return condition === undefined ? [] : [{ target, condition }];
  });
}

/** A cluster bears the name of its earliest member, on the rows of others, too. */
function withGrouping(dialect: Dialect, target: TableDefinition, ids: ErasedIds): Sql | undefined {
  const condition = namesErased(dialect, target, ids);
  if (condition === undefined || !target.columns.some(({ name }) => name === 'cluster_id')) return condition;
  return sql`(${condition} or ${isOneOf(dialect, sql`cluster_id`, ANONYMOUS_ID_KINDS, ids)})`;
}

/** Kinds of identifier of the columns of a CRM source; an address is compared by its hash. */
const SOURCE_KINDS: Readonly<Record<string, readonly ErasedKind[]>> = {
  anonymous_id: ANONYMOUS_ID_KINDS,
  user_id: ['user_id', 'email_hash'],
  email: ['email_hash'],
  email_hash: ['email_hash'],
};

/** Kind and comparable text of what a CRM column holds; undefined for a column that the tombstones do not know. */
export function sourceIdentifier(kind: string): readonly ErasedKind[] | undefined {
  return SOURCE_KINDS[kind];
}

function sourceNames(dialect: Dialect, source: Config['sources'][string], ids: ErasedIds): Sql | undefined {
  const conditions = Object.entries(source.identity).flatMap(([column, kind]) => {
    const kinds = SOURCE_KINDS[kind];
    if (kinds === undefined) return [];
    const text = dialect.castText(dialect.identifier(column));
    const value =
      kind === 'email' ? dialect.emailHash(text) : kind === 'email_hash' ? dialect.lower(dialect.trim(text)) : dialect.trim(text);
    const asAddress = kind === 'user_id' || kind === 'anonymous_id' ? [isOneOf(dialect, dialect.emailHash(text), ['email_hash'], ids)] : [];
    return [isOneOf(dialect, value, kinds, ids), ...asAddress];
  });
  return conditions.length === 0 ? undefined : sql`(${join(conditions, ' or ')})`;
}

/** Rows, lines or files of these persons in one place. */
export interface PlaceCount {
  readonly place: string;
  readonly count: number;
  /** What becomes of them, where they are not simply deleted. */
  readonly note?: string;
}

/** Rows by table that name these persons, one query per table; tables without any are left out. */
export async function countInTables(warehouse: Warehouse, config: Config, ids: ErasedIds): Promise<PlaceCount[]> {
  const counts: PlaceCount[] = [];
  for (const { target, condition } of namingTables(warehouse.dialect, config, ids)) {
    const [row] = await warehouse.rows<{ row_count: number }>(
      sql`select count(*) as row_count from ${table(target.name)} where ${condition}`,
      `rows of ${target.name}`,
    );
    const note = config.sources[target.name] && { note: 'kept; the columns that identify are left out when the export is loaded' };
    counts.push({ place: target.name, count: row!.row_count, ...note });
  }
  return counts;
}

/** Rows of derived tables that stand for a session that is no more: its id is a hash of the visitor's. */
export async function countOrphans(warehouse: Warehouse): Promise<PlaceCount[]> {
  const counts: PlaceCount[] = [];
  for (const { name } of [ATTRIBUTION, REPORT_CREDITS, REPORT_SESSIONS, REPORT_EVENT_FUNNELS]) {
    const [row] = await warehouse.rows<{ row_count: number }>(
      sql`select count(*) as row_count from ${table(name)} as derived
        left join ${table(SESSIONS.name)} as sessions on sessions.session_id = derived.session_id
        where derived.session_id <> '' and sessions.session_id is null`,
      `orphans of ${name}`,
    );
    counts.push({ place: name, count: row!.row_count });
  }
  return counts;
}

/** Everything that still names these persons, place by place: what an erasure is verified by. */
export async function countEverywhere(
  warehouse: Warehouse,
  { config, dataFolder, ids, judge }: { config: Config; dataFolder: string; ids: ErasedIds; judge: LineJudge },
): Promise<PlaceCount[]> {
  return [
    ...(await countInTables(warehouse, config, ids)),
    ...(await countOrphans(warehouse)),
    ...(await countInFiles(dataFolder, ids, judge)),
    ...(config.warehouse.type === 'duckdb'
      ? [
          {
            place: 'database file',
            count: existsSync(rewriteMarker(dataFolder)) ? 1 : 0,
            note: 'is written anew when a run ends, so that deleted rows leave no bytes',
          },
        ]
      : []),
  ];
}

/** Lines and rows in the files of the data folder. */
export async function countInFiles(dataFolder: string, ids: ErasedIds, judge: LineJudge): Promise<PlaceCount[]> {
  return [
    { place: 'landing', count: await countErasedLines([...(await waitingFiles(dataFolder)), ...(await keptFiles(dataFolder))], judge) },
    { place: 'publications', count: await countInPublications(dataFolder, ids) },
  ];
}
