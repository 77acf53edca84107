import { EVENTS_RAW } from '../models/events/tables.ts';
import { RUNS } from '../night/tables.ts';
import { param, sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { ageOf, type Finding, note, ok, problem } from './finding.ts';

const HOUR = 3_600_000;
/** A night and half a day: one that was missed is told. */
const OLDEST_RUN = 36 * HOUR;
/** Beyond this, events are not looked for: BigQuery bills the days that are read. */
const DAYS = 7;

/** The last run, and the last event in the warehouse. @param latestLanded of events that wait to be loaded, ISO. */
export async function examineActivity(warehouse: Warehouse, now: Date, latestLanded?: string): Promise<Finding[]> {
  const [run] = await warehouse.rows<{ status: string; started_at: string; finished_at: string | null; message: string | null }>(
    sql`select status, started_at, finished_at, message from ${table(RUNS.name)} order by started_at desc, run_id desc limit 1`,
    'doctor: last run',
  );
  const since = new Date(now.getTime() - DAYS * 24 * HOUR).toISOString();
  const [events] = await warehouse.rows<{ latest: string | null }>(
    sql`select max(received_at) as latest from ${table(EVENTS_RAW.name)} where received_at >= ${param(since, 'TIMESTAMP')}`,
    'doctor: last event',
  );
  return [judgeRun(run, now), judgeEvents([events?.latest, latestLanded], now)];
}

/** A warehouse that no run has filled yet. */
export function beforeFirstRun(now: Date, latestLanded?: string): Finding[] {
  return [judgeRun(undefined, now), judgeEvents([latestLanded], now)];
}

function judgeRun(
  run: { status: string; started_at: string; finished_at: string | null; message: string | null } | undefined,
  now: Date,
): Finding {
  if (!run) return note('Last run', 'there has been none', 'npx touchtrail run');
  const age = ageOf(run.finished_at ?? run.started_at, now);
  if (run.status === 'running') return note('Last run', `one has been running for ${age}`);
  if (run.status !== 'done') {
    return problem(
      'Last run',
      `${run.status} ${age} ago${run.message === null ? '' : `: ${run.message}`}`,
      'npx touchtrail run takes up where it ended',
    );
  }
  return now.getTime() - Date.parse(run.finished_at ?? run.started_at) > OLDEST_RUN
    ? problem(
        'Last run',
        `done ${age} ago: none since`,
        'run it every night: "npx touchtrail up" does, or a scheduler that calls "npx touchtrail run"',
      )
    : ok('Last run', `done ${age} ago`);
}

function judgeEvents(candidates: readonly (string | null | undefined)[], now: Date): Finding {
  const latest = candidates
    .filter((instant) => typeof instant === 'string')
    .toSorted((a, b) => Date.parse(a) - Date.parse(b))
    .at(-1);
  if (latest === undefined) {
    return problem(
      'Events',
      `none in the last ${DAYS} days`,
      'is the script on the site? npx touchtrail doctor --site https://www.example.com/',
    );
  }
  return ok('Events', `the last one came ${ageOf(latest, now)} ago`);
}
