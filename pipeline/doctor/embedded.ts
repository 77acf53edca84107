import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { callControl } from '../embedded/control.ts';
import { pendingSegments } from '../embedded/landing/folders.ts';
import { openWarehouse } from '../warehouse/open.ts';
import { WarehouseError, WarehouseInUseError } from '../warehouse/warehouse-error.ts';
import { beforeFirstRun, examineActivity } from './activity.ts';
import { examineEdge } from './edge.ts';
import { type Finding, note, ok, problem, unknown, wordsOf } from './finding.ts';

type DuckDbConfig = Extract<Config['warehouse'], { type: 'duckdb' }>;

/** Whether `touchtrail up` runs on the data folder, and answers under the configured path and name. */
export async function examineUp(dataFolder: string, { path, script }: Config['edge']): Promise<Finding[]> {
  let status: { readonly url: string } | undefined;
  try {
    status = await callControl<{ url: string }>(dataFolder, { command: 'status' });
  } catch (error) {
    return [problem('Edge', wordsOf(error), 'stop "touchtrail up" and start it again')];
  }
  if (!status) return [problem('Edge', 'nothing receives events: "touchtrail up" does not run on this data folder', 'npx touchtrail up')];
  return await examineEdge(status.url + path, script);
}

/** The database file, the last run and the last event. */
export async function examineDuckDb(settings: DuckDbConfig, dataFolder: string, now: Date): Promise<Finding[]> {
  const file = isAbsolute(settings.file) ? settings.file : join(dataFolder, settings.file);
  const landed = await latestLanded(dataFolder);
  if (!existsSync(file)) {
    return [note('Warehouse', `${file} is not there yet`, 'the first "npx touchtrail run" makes it'), ...beforeFirstRun(now, landed)];
  }
  try {
    const warehouse = await openWarehouse(settings, dataFolder, { readOnly: true });
    try {
      return [ok('Warehouse', file), ...(await examineActivity(warehouse, now, landed))];
    } finally {
      await warehouse.close();
    }
  } catch (error) {
    if (error instanceof WarehouseInUseError) {
      return [
        note('Warehouse', `a run is writing to it (process ${error.holder})`),
        unknown('Last run', 'not looked at while a run is in progress'),
      ];
    }
    // A run that was killed before it had made its tables.
    if (error instanceof WarehouseError && /does not exist/i.test(error.words))
      return [ok('Warehouse', file), ...beforeFirstRun(now, landed)];
    return [
      problem(
        'Warehouse',
        wordsOf(error),
        'restore the file from a backup, or move it away: the next run builds it from the landed events',
      ),
    ];
  }
}

/** When the latest event was stored that waits for a run, as ISO. */
async function latestLanded(dataFolder: string): Promise<string | undefined> {
  const found = await Promise.all((await pendingSegments(dataFolder)).map((file) => stat(file)));
  const times = found.filter(({ size }) => size > 0).map(({ mtimeMs }) => mtimeMs);
  return times.length === 0 ? undefined : new Date(Math.max(...times)).toISOString();
}
