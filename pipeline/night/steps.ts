import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../config/user-error.ts';
import { pendingSegments } from '../embedded/landing/folders.ts';
import { loadSecrets } from '../embedded/secrets.ts';
import { attribution } from '../models/attribution/attribution.ts';
import { models } from '../models/attribution/fitted/models-step.ts';
import { conversions } from '../models/conversions/conversions.ts';
import { ads } from '../models/costs/ads.ts';
import { syncCosts } from '../sources/costs.ts';
import { events } from '../models/events/events.ts';
import { FAILED_EVENTS } from '../models/events/tables.ts';
import { funnels } from '../models/funnels/funnels.ts';
import { identity } from '../models/identity/identity.ts';
import { reports } from '../models/reports/reports.ts';
import { sessions } from '../models/sessions/sessions.ts';
import type { StepContext, StepResult } from '../models/step.ts';
import { applyErasures, eraseAgain, eraseTraces } from '../privacy/apply.ts';
import { fromCleanedSources, withoutErasedConversions } from '../privacy/left-out.ts';
import { expireEvents, expireInputs, expireSegments, expireSessions } from '../privacy/retention.ts';
import { type IpHashKey, ipHashKeyOf, withIpHashes, withQueryIpHashes } from '../sources/ip-hashes.ts';
import { syncRates } from '../sources/rates.ts';
import { syncSources } from '../sources/sources.ts';
import { DuckDbWarehouse } from '../warehouse/duckdb/duckdb.ts';
import { loadSegments } from '../warehouse/duckdb/landing.ts';
import { sql, table } from '../warehouse/sql.ts';
import type { Change, Warehouse } from '../warehouse/warehouse.ts';
import { publish, type CurrentRun, type PublishResult } from './publish.ts';

/** What a step of the night gets beyond a model's context. */
export interface NightContext extends StepContext {
  readonly dataFolder: string;
  readonly run: CurrentRun;
}

export interface NightStepResult extends StepResult {
  /** Only from the last step: what readers see from now on, and whether that is what they saw before. */
  readonly publication?: PublishResult;
}

export interface NightStep {
  readonly name: string;
  readonly run: (context: NightContext) => Promise<NightStepResult>;
  /**
   * Whether the run wraps the step and its record into one transaction. Not where the step has effects outside of the
   * warehouse (files moved, published) that a later roll-back could not take back: such a step orders them itself.
   */
  readonly transaction: boolean;
}

/** The night, in order. */
export const NIGHT_STEPS: readonly NightStep[] = [
  { name: 'erasures', run: applyErasures, transaction: false },
  { name: 'landing', run: loadLanding, transaction: false },
  { name: 'retention', run: expireInputs, transaction: true },
  { name: 'events', run: events, transaction: true },
  { name: 'erased events', run: eraseAgain, transaction: true },
  { name: 'retention of events', run: expireEvents, transaction: true },
  { name: 'sources', run: fromCleanedSources(syncSources), transaction: true },
  { name: 'rates', run: syncRates, transaction: true },
  { name: 'costs', run: syncCosts, transaction: true },
  { name: 'sessions', run: sessions, transaction: true },
  { name: 'retention of sessions', run: expireSessions, transaction: true },
  { name: 'identity', run: identityStep, transaction: true },
  { name: 'conversions', run: conversionsStep, transaction: true },
  { name: 'models', run: models, transaction: true },
  { name: 'attribution', run: attribution, transaction: true },
  { name: 'funnels', run: funnels, transaction: true },
  { name: 'reports', run: reports, transaction: true },
  { name: 'ads', run: ads, transaction: true },
  { name: 'erased traces', run: eraseTraces, transaction: true },
  { name: 'publish', run: publishStep, transaction: false },
];

/** Loads what the embedded edge has landed; in production the queue's consumer has written the rows already. */
async function loadLanding(context: NightContext): Promise<NightStepResult> {
  const { warehouse, dataFolder } = context;
  if (!(warehouse instanceof DuckDbWarehouse)) return refuseLanded(dataFolder);
  const loaded = await loadSegments(warehouse, path.join(dataFolder, 'landing'));
  await expireSegments(context);
  const corrupt = loaded.corrupt.map(({ file, keptAt, lines, badLines }) => {
    const places = lines.slice(0, 3).map(({ line, problem }) => `line ${line}: ${problem}`);
    if (badLines > places.length) places.push(`and ${badLines - places.length} more`);
    return `landing segment ${file} is corrupt (${places.join('; ')}); its good lines are loaded, the file is kept at ${keptAt}`;
  });
  return {
    changes: { deliveries: inserted(loaded.deliveries), events_raw: inserted(loaded.events), failed_events: inserted(loaded.failed) },
    warnings: [...corrupt, ...(loaded.failed > 0 ? [await rejectedEvents(warehouse, loaded.failed)] : [])],
  };
}

/** Rejected events are in no report: whoever runs the pipeline learns of them, with the reason of the latest. */
async function rejectedEvents(warehouse: Warehouse, count: number): Promise<string> {
  const [latest] = await warehouse.rows<{ reason: string }>(
    sql`select reason from ${table(FAILED_EVENTS.name)} order by received_at desc nulls last, reason nulls first limit 1`,
    'rejected events',
  );
  return `${count.toLocaleString('en')} ${count === 1 ? 'event was' : 'events were'} rejected: see the table failed_events, for example ${latest!.reason}`;
}

/**
 * Only DuckDB loads landing segments so far. With another warehouse there must be none: what was acknowledged would
 * silently never arrive.
 */
async function refuseLanded(dataFolder: string): Promise<NightStepResult> {
  const waiting = await pendingSegments(dataFolder);
  if (waiting.length === 0) return { changes: {}, warnings: [] };
  const segments = waiting.length === 1 ? '1 landing segment waits' : `${waiting.length} landing segments wait`;
  throw new UserError(
    `${segments} in ${path.join(dataFolder, 'landing')}, and the embedded edge loads only into DuckDB for now: ` +
      'set `warehouse: { type: "duckdb" }`, or receive events with the deployed edge and move these segments away',
    { exitCode: 2 },
  );
}

function inserted(rows: number): Change {
  return { inserted: rows, updated: 0, deleted: 0 };
}

async function identityStep(context: NightContext): Promise<NightStepResult> {
  return withIpHashes(identity, await ipHashKey(context))(context);
}

async function conversionsStep(context: NightContext): Promise<NightStepResult> {
  return withoutErasedConversions(withQueryIpHashes(conversions, await ipHashKey(context)))(context);
}

/** Of the edge that received the events: of `touchtrail up` it lies in the data folder, of the deployed one it is a secret. */
async function ipHashKey({ config, dataFolder }: NightContext): Promise<IpHashKey | undefined> {
  const isEmbedded = config.warehouse.type === 'duckdb' && existsSync(path.join(dataFolder, 'secrets.json'));
  return isEmbedded ? (await loadSecrets(dataFolder)).ip_hash_key : ipHashKeyOf(process.env);
}

async function publishStep(context: NightContext): Promise<NightStepResult> {
  return { changes: {}, warnings: [], publication: await publish(context) };
}
