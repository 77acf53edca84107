import { existsSync } from 'node:fs';
import type { LoadedConfig } from '../../config/load.ts';
import { UserError } from '../../config/user-error.ts';
import { callControl, serveControl } from '../../embedded/control.ts';
import { listKeys } from '../../embedded/keys.ts';
import { createTail } from '../../embedded/tail.ts';
import { startUp } from '../../embedded/up.ts';
import type { RunChoices } from '../../models/step.ts';
import { runInChild } from '../../night/run-in-child.ts';
import { type Scheduler, type SchedulerOptions, startScheduler } from '../../night/scheduler.ts';
import { newFolderNotice } from '../options.ts';
import type { DashboardServer } from '../../dashboard/serve.ts';
import { type DashboardPlace, startDashboard } from '../dashboard-server.ts';
import { describeChanges } from '../run-view.ts';
import { afterFailure, withCleanUp } from '../../night/both-errors.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { keepingSignals } from './signals.ts';

export interface ServeOptions {
  readonly loaded: LoadedConfig;
  readonly dataFolder: string;
  readonly host: string;
  readonly port: number;
  /** Where the dashboard listens; undefined: there is none. */
  readonly dashboard?: DashboardPlace | undefined;
  /** One line for the operator. */
  readonly log: (line: string) => void;
}

/** What the control socket answers to `status`; times are ISO in UTC. */
export interface UpStatus {
  readonly pid: number;
  readonly url: string;
  readonly running_since: string | null;
  readonly next_run: string;
  /** Where the dashboard is; null where there is none. */
  readonly dashboard: string | null;
}

export interface Server {
  readonly url: string;
  /** Rejects where the edge has ended and could not be started again; otherwise stays pending. */
  readonly failed: Promise<never>;
  /** Ends a run before its next step, answers what is in flight, and closes. */
  stop(): Promise<void>;
}

/**
 * `touchtrail up`: the edge with its landing zone, the control socket, and the nightly run in a process of its own.
 * @throws UserError where another `up` serves the data folder, or the port is taken.
 */
export async function serve({ loaded, dataFolder, host, port, dashboard: place, log }: ServeOptions): Promise<Server> {
  const other = await callControl<UpStatus>(dataFolder, { command: 'status' });
  if (other) throw new UserError(`touchtrail up is already running for ${dataFolder}: ${other.url}, process ${other.pid}`);

  const failure = Promise.withResolvers<never>();
  // Whoever started the server waits for it; until then it is no unhandled rejection.
  failure.promise.catch(() => {});
  const { path: basePath, script: scriptName, internalIps, trustedProxies } = loaded.config.edge;
  const adminToken = process.env['TOUCHTRAIL_ADMIN_TOKEN'] ?? '';
  const tail = createTail();
  const isNew = !existsSync(dataFolder);
  const runtime = await keepingSignals(() =>
    startUp({
      dataFolder,
      host,
      port,
      basePath,
      scriptName,
      internalIps,
      trustedProxies,
      adminToken,
      onStored: (text) => tail.publish(text),
      log,
      onFailure: failure.reject,
    }),
  );
  if (isNew) log(newFolderNotice(dataFolder));
  const runs = oneAtATime(async (configFile, onProgress, signal, choices) => {
    await runtime.seal();
    return runInChild({ configFile, dataFolder, ...choices }, onProgress, signal);
  });
  let scheduler: Scheduler | undefined;
  let control: Awaited<ReturnType<typeof serveControl>> | undefined;
  // Each part is stopped whatever becomes of the others; whoever waits for a run hears how it ended.
  const stopRuns = async (): Promise<void> => {
    scheduler?.stop();
    await runs.stop();
  };
  const stopControl = async (): Promise<void> => control?.close();
  let dashboard: DashboardServer | undefined;
  const stopDashboard = async (): Promise<void> => dashboard?.stop();
  const stop = (): Promise<void> =>
    withCleanUp(stopRuns, () => withCleanUp(stopDashboard, () => withCleanUp(stopControl, () => runtime.stop())));
  try {
    const nightly = (scheduler = startScheduler(nightlyRun(loaded, runs, log)));
    control = await serveControl(dataFolder, {
      seal: () => runtime.seal(),
      'reload-keys': () => runtime.reloadKeys(),
      tail: ({ filter }, report, connection) => tail.follow(filter ?? {}, report, connection),
      run: ({ configFile, ...request }, report) =>
        runs.start(typeof configFile === 'string' ? configFile : loaded.file, report, choicesOf(request)),
      status: async (): Promise<UpStatus> => ({
        pid: process.pid,
        url: runtime.url,
        running_since: runs.since(),
        next_run: nightly.next().toISOString(),
        dashboard: dashboard?.url ?? null,
      }),
    });
    dashboard = place && (await openDashboard(place, { dataFolder, configFile: loaded.file }, log));
    if ((await listKeys(dataFolder)).every(({ revoked_at }) => revoked_at !== null)) {
      log(`warning: there is no write key in ${dataFolder}, so that every event is refused: npx touchtrail keys create`);
    }
    return { url: runtime.url, failed: failure.promise, stop };
  } catch (error) {
    // Without this the edge would go on receiving, and the command never end.
    await afterFailure(error, stop);
    throw error;
  }
}

/** Whoever cannot read reports still receives events: a port that is taken is told, not thrown. */
async function openDashboard(
  place: DashboardPlace,
  given: { dataFolder: string; configFile: string },
  log: (line: string) => void,
): Promise<DashboardServer | undefined> {
  try {
    const server = await startDashboard(place, given, log);
    log(`dashboard ${server.url}`);
    return server;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log(`warning: no dashboard: ${error.message}; events are received all the same`);
    return undefined;
  }
}

/** What a request asks of a run; what it does not understand, it leaves aside. */
function choicesOf({ full, allowMassDelete, refit }: Readonly<Record<string, unknown>>): RunChoices {
  const names = Array.isArray(full) ? full.filter((name) => typeof name === 'string') : undefined;
  return {
    full: full === 'all' ? 'all' : names,
    allowMassDelete: allowMassDelete === true,
    refit: typeof refit === 'string' ? refit : undefined,
  };
}

/** The nightly run as the scheduler starts it. */
function nightlyRun(loaded: LoadedConfig, runs: ReturnType<typeof oneAtATime>, log: (line: string) => void): SchedulerOptions {
  const { project, nightly } = loaded.config;
  return {
    time: nightly,
    timeZone: project.timeZone,
    run: async () => {
      log('nightly run: started');
      try {
        const summary = await runs.start(loaded.file, (event) => event.type === 'waiting' && log(`nightly run: ${event.message}`));
        for (const warning of summary.warnings) log(`nightly run: warning: ${warning}`);
        log(`nightly run: done, ${describeChanges(summary.changes)}`);
      } catch (error) {
        // Told, not thrown: receiving events goes on, and the next run finishes the work.
        log(`nightly run: error: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
}
