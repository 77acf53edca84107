import { rmSync } from 'node:fs';
import path from 'node:path';
import { longestLookbackDays } from '../config/attribution.ts';
import { addDays } from '../config/calendar.ts';
import type { Config } from '../config/schema.ts';
import { landingFolders, segmentsIn } from '../embedded/landing/folders.ts';
import { noteRemovals } from '../models/erasures/removal.ts';
import { addChanges } from '../models/events/changes.ts';
import { EVENTS, EVENTS_RAW, FAILED_EVENTS } from '../models/events/tables.ts';
import { SESSIONS } from '../models/sessions/tables.ts';
import type { StepResult } from '../models/step.ts';
import { type Sql, join, param, raw, sql, table } from '../warehouse/sql.ts';
import type { Change, TableDefinition, Warehouse } from '../warehouse/warehouse.ts';
import type { ErasureContext } from './apply.ts';

/** Days that each place is kept, with what follows from the others; undefined: for ever. */
export interface KeptDays {
  readonly events_raw: number | undefined;
  readonly events: number | undefined;
  readonly sessions: number | undefined;
  readonly failed_events: number | undefined;
  readonly landing: number | undefined;
}

/** A table is kept at most as long as the one that it is made from: else a rebuild would not find what a night has kept. */
export function keptDays({ retention }: Pick<Config, 'retention'>): KeptDays {
  const { events_raw, failed_events, landing } = retention;
  const events = retention.events ?? events_raw;
  return { events_raw, events, sessions: retention.sessions ?? events, failed_events, landing };
}

/** The first day (UTC) that is kept. */
export const firstKeptDay = (now: string, days: number): string => addDays(now.slice(0, 10), -days);

/** Before `events`: deliveries and rejected events that are too old. What was made from them goes with them. */
export async function expireInputs({ warehouse, config, now }: ErasureContext): Promise<StepResult> {
  const kept = keptDays(config);
  const changes: Record<string, Change> = {};
  if (kept.events_raw !== undefined) changes['events_raw'] = await expire(warehouse, EVENTS_RAW, firstKeptDay(now, kept.events_raw));
  if (kept.failed_events !== undefined)
    changes['failed_events'] = await expire(warehouse, FAILED_EVENTS, firstKeptDay(now, kept.failed_events));
  return { changes, warnings: lookBackWarnings(config) };
}

/** Behind `events`: events that are too old, and the models that read them are told. */
export async function expireEvents({ warehouse, config, now }: ErasureContext): Promise<StepResult> {
  const days = keptDays(config).events;
  if (days === undefined) return { changes: {}, warnings: [] };
  const first = firstKeptDay(now, days);
  await noteRemovals(warehouse, before(EVENTS, first));
  return { changes: { events: await expire(warehouse, EVENTS, first) }, warnings: [] };
}

/** Behind `sessions`: sessions that began too long ago. */
export async function expireSessions({ warehouse, config, now }: ErasureContext): Promise<StepResult> {
  const days = keptDays(config).sessions;
  if (days === undefined) return { changes: {}, warnings: [] };
  const first = firstKeptDay(now, days);
  // What is made of sessions learns of it; the sessions themselves would be made anew.
  const places = sql`select anonymous_id, started_at as occurred_at, true as is_removal from ${table(SESSIONS.name)} where ${before(SESSIONS, first)}`;
  await addChanges(warehouse, places, ['conversions', 'reports']);
  return { changes: { sessions: await expire(warehouse, SESSIONS, first) }, warnings: [] };
}

/** Whole partitions: a day is kept or it is not. */
async function expire(warehouse: Warehouse, target: TableDefinition, first: string): Promise<Change> {
  const column = raw(target.partitionBy!);
  const days = await warehouse.rows<{ day: string }>(
    sql`select distinct ${warehouse.dialect.localDate(column, 'UTC')} as day from ${table(target.name)} where ${before(target, first)} order by 1 nulls first`,
    `days of ${target.name} before ${first}`,
  );
  if (days.length === 0) return { inserted: 0, updated: 0, deleted: 0 };
  const columns = join(target.columns.map(({ name }) => raw(name)));
  return warehouse.replacePartitions(
    target,
    days.map(({ day }) => day),
    sql`select ${columns} from ${table(target.name)} where false`,
    `expire ${target.name}`,
  );
}

function before(target: TableDefinition, day: string): Sql {
  return sql`${raw(target.partitionBy!)} < cast(${param(day, 'DATE')} as timestamp)`;
}

/** Deletes loaded segments that are too old; the name of a segment begins with the time it was made. */
export async function expireSegments({ config, dataFolder, now }: Omit<ErasureContext, 'warehouse'>): Promise<void> {
  const days = keptDays(config).landing;
  if (days === undefined) return;
  const first = firstKeptDay(now, days);
  for (const file of await segmentsIn(landingFolders(dataFolder).loaded)) {
    if (path.basename(file).slice(0, 8) < first.replaceAll('-', '') && /^\d{8}T/.test(path.basename(file))) rmSync(file, { force: true });
  }
}

/** A conversion looks back for its sessions; what is deleted before cannot be found. */
export function lookBackWarnings(config: Config): string[] {
  const { sessions } = keptDays(config);
  const lookbackDays = longestLookbackDays(config);
  if (sessions === undefined || sessions >= lookbackDays) return [];
  return [
    `retention: sessions are kept for ${sessions} days, and the longest look-back window is ${lookbackDays} days: ` +
      `conversions look back for sessions that are deleted, and older touches get no credit; keep them for at least ${lookbackDays} days`,
  ];
}
