import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/schema.ts';
import { syncFolder, writeAtomically } from '../embedded/durable.ts';
import { accountedDays, PUBLISHED_ACCOUNTS, type PublishedAccount, publishedAccounts } from '../models/accounting/published.ts';
import { APPLIED_VERSIONS, CHANNEL_EFFECTS, MODEL_VERSIONS } from '../models/attribution/fitted-tables.ts';
import { ATTRIBUTION } from '../models/attribution/tables.ts';
import { CONVERSION_CHANGES, CONVERSIONS } from '../models/conversions/tables.ts';
import { COSTS, REPORT_ADS } from '../models/costs/tables.ts';
import { EVENTS_RAW } from '../models/events/tables.ts';
import { REPORT_EVENT_FUNNELS, REPORT_FUNNEL } from '../models/funnels/tables.ts';
import { keyRules } from '../models/identity/rules.ts';
import { graphStatistics, PUBLISHED_IDENTITY } from '../models/identity/statistics.ts';
import { IDENTITIES, IDENTITY_EDGES, IDENTITY_KEYS, USER_IDENTITIES } from '../models/identity/tables.ts';
import { Pointer, POINTER_FILE, PUBLICATION, publishedConfig, PUBLICATIONS_FOLDER } from '../models/reports/publication.ts';
import { PUBLISHED_DEFINITIONS, type PublishedDefinition, publishedDefinitions } from '../models/reports/published-definitions.ts';
import { REPORT_COSTS, REPORT_CREDITS, REPORT_OTHER_COSTS, REPORT_SESSIONS, REPORT_SOURCES } from '../models/reports/tables.ts';
import { SESSIONS } from '../models/sessions/tables.ts';
import { openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import { sql, table } from '../warehouse/sql.ts';
import type { TableDefinition, Warehouse } from '../warehouse/warehouse.ts';
import { RUN_STEPS, RUNS } from './tables.ts';

/** What a publication holds: all that readers need, and nothing of the raw events. */
export const PUBLISHED_TABLES: readonly TableDefinition[] = [
  REPORT_SESSIONS,
  REPORT_CREDITS,
  REPORT_COSTS,
  REPORT_FUNNEL,
  REPORT_EVENT_FUNNELS,
  REPORT_OTHER_COSTS,
  REPORT_SOURCES,
  REPORT_ADS,
  SESSIONS,
  IDENTITIES,
  IDENTITY_KEYS,
  IDENTITY_EDGES,
  USER_IDENTITIES,
  CONVERSIONS,
  CONVERSION_CHANGES,
  ATTRIBUTION,
  MODEL_VERSIONS,
  CHANNEL_EFFECTS,
  APPLIED_VERSIONS,
  COSTS,
  RUNS,
  RUN_STEPS,
];

export interface CurrentRun {
  readonly runId: string;
  /** @throws UserError where another run has taken over. */
  readonly renewLease: () => Promise<void>;
}

export interface PublishRequest {
  readonly warehouse: Warehouse;
  readonly config: Config;
  readonly dataFolder: string;
  readonly now: string;
  readonly run: CurrentRun;
}

export interface PublishResult {
  readonly publicationId: string;
  /** Whether the former publication stays, because nothing changed since. */
  readonly kept: boolean;
}

/**
 * Gives readers what the run made: a fresh snapshot file, then one switch of the pointer. A crash before the switch
 * leaves the former publication. Where neither a table nor the config changed since, the former one stays.
 */
export async function publish(request: PublishRequest): Promise<PublishResult> {
  const { warehouse, config, dataFolder, now, run } = request;
  const folder = path.join(dataFolder, PUBLICATIONS_FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeUnfinished(folder);

  const content = publishedConfig(config);
  const definitions = await publishedDefinitions(warehouse, config);
  const definition = createHash('sha256')
    .update(
      JSON.stringify([content, definitions, PUBLISHED_TABLES, PUBLICATION, PUBLISHED_DEFINITIONS, PUBLISHED_ACCOUNTS, PUBLISHED_IDENTITY]),
    )
    .digest('hex');
  const current = readPointer(folder);
  if (current?.definition === definition && existsSync(path.join(folder, current.file)) && (await unchangedSince(warehouse, current))) {
    return { publicationId: current.publication_id, kept: true };
  }

  const publicationId = run.runId;
  const file = `${publicationId}.duckdb`;
  const temporary = path.join(folder, `${file}.tmp`);
  await warehouse.snapshot(PUBLISHED_TABLES, temporary);
  const days = isAccounted(config) ? accountedDays(now, config.project.timeZone) : undefined;
  const description = {
    publication_id: publicationId,
    published_at: now,
    data_up_to: await latestArrival(warehouse, now),
    config: JSON.stringify({
      ...content,
      params: await paramNames(warehouse),
      hasIdentityStatistics: true,
      ...(days && { accounted: { from: days.from, to: days.to } }),
    }),
  };
  const accounts = days ? await publishedAccounts(warehouse, days) : [];
  await describeSnapshot(temporary, { description, definitions, accounts, config });
  // The snapshot may have taken long.
  await run.renewLease();
  await moveDurably(temporary, path.join(folder, file));
  const pointer: Pointer = { publication_id: publicationId, file, published_at: now, definition };
  await writeAtomically(path.join(folder, POINTER_FILE), JSON.stringify(pointer) + '\n', 0o600);
  prune(folder, file, config.publications.keep);
  return { publicationId, kept: false };
}

/**
 * Whether no step touched a row since the run that made the publication, or last confirmed it. A step that did not
 * finish may have touched some.
 */
export async function unchangedSince(warehouse: Warehouse, pointer: Pick<Pointer, 'publication_id'>): Promise<boolean> {
  const [answer] = await warehouse.rows<{ published: number; changed: number }>(
    sql`with confirmed as (
        select max(token) as token from ${table(RUNS.name)} where publication_id = ${pointer.publication_id} and status = 'done'
      ),
      later_steps as (
        select steps.step
        from ${table(RUN_STEPS.name)} steps
        join ${table(RUNS.name)} runs on runs.run_id = steps.run_id
        cross join confirmed
        where runs.token > confirmed.token
          and (steps.inserted + steps.updated + steps.deleted > 0 or (steps.status <> 'done' and steps.step <> 'publish'))
      )
      select (select count(token) from confirmed) as published, (select count(*) from later_steps) as changed`,
    'changes since the last publication',
  );
  return answer?.published === 1 && answer.changed === 0;
}

/**
 * When the last event that the run had arrived; without events, the run's own instant. Copies count: of an event that
 * came again, `events` keeps the arrival of the first.
 */
export async function latestArrival(warehouse: Warehouse, now: string): Promise<string> {
  const [row] = await warehouse.rows<{ latest: string | null }>(
    sql`select max(received_at) as latest from ${table(EVENTS_RAW.name)}`,
    'latest event',
  );
  return row?.latest ?? now;
}

/** Names of the custom parameters that conversions have, in order. */
async function paramNames(warehouse: Warehouse): Promise<string[]> {
  const given = warehouse.dialect.unnestColumn(sql`${table(CONVERSIONS.name)}`, ['id'], 'params', 'given');
  const rows = await warehouse.rows<{ name: string }>(
    sql`select distinct given.key as name from (${given}) as params order by name nulls first`,
    'custom parameters',
  );
  return rows.map(({ name }) => name);
}

/** The ledger reads all of the events: not every night, where a warehouse charges for it. */
const isAccounted = ({ warehouse }: Config): boolean => warehouse.type === 'duckdb';

interface SnapshotDescription {
  readonly description: { publication_id: string; published_at: string; data_up_to: string; config: string };
  readonly definitions: readonly PublishedDefinition[];
  readonly accounts: readonly PublishedAccount[];
  readonly config: Config;
}

/**
 * Writes the row that names the publication, what it was made by, the accounts of the edge and what the identity graph amounts to
 * into the snapshot itself: file and name cannot be taken apart.
 */
async function describeSnapshot(file: string, { description, definitions, accounts, config }: SnapshotDescription): Promise<void> {
  const snapshot = await openDuckDb(file);
  try {
    await snapshot.migrate([PUBLICATION, PUBLISHED_DEFINITIONS, PUBLISHED_ACCOUNTS, PUBLISHED_IDENTITY]);
    await snapshot.load(PUBLISHED_ACCOUNTS, accounts, { replace: true });
    await snapshot.load(PUBLISHED_DEFINITIONS, definitions, { replace: true });
    // Counted in the snapshot: to ask a warehouse that charges for it costs money.
    const statistics = JSON.stringify(await graphStatistics(snapshot, keyRules(config)));
    await snapshot.load(PUBLISHED_IDENTITY, [{ statistics }], { replace: true });
    await snapshot.load(PUBLICATION, [description], { replace: true });
  } finally {
    await snapshot.close();
  }
}

/** The pointer; one that cannot be read points nowhere, and this publication takes its place. */
function readPointer(folder: string): Pointer | undefined {
  const file = path.join(folder, POINTER_FILE);
  if (!existsSync(file)) return undefined;
  try {
    return Pointer.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The bytes reach the disk before the name does. */
async function moveDurably(from: string, to: string): Promise<void> {
  const handle = await open(from, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(from, to);
  await syncFolder(path.dirname(to));
}

/** What a killed run left; nobody else writes here while this run holds the lease. */
function removeUnfinished(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/^\.|\.tmp(?:\.wal)?$/.test(name)) rmSync(path.join(folder, name), { force: true });
  }
}

/** Removes all but the newest publications. A reader that has one of them open keeps it until it closes the file. */
function prune(folder: string, current: string, keep: number): void {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.duckdb') && name !== current)
    .sort()
    .toReversed();
  for (const name of files.slice(keep - 1)) rmSync(path.join(folder, name));
}
