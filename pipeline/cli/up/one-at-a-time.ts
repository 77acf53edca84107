import { UserError } from '../../config/user-error.ts';
import type { RunChoices } from '../../models/step.ts';
import type { RunEvent, RunSummary } from '../../night/run.ts';

type Run = (configFile: string, onProgress: (event: RunEvent) => void, signal: AbortSignal, choices: RunChoices) => Promise<RunSummary>;

/** Lets one run at a time through: another is refused and told since when the first is in progress. */
export function oneAtATime(run: Run) {
  const stop = new AbortController();
  let current: { readonly since: string; readonly ended: Promise<unknown> } | undefined;
  return {
    since: () => current?.since ?? null,
    start: async (configFile: string, onProgress: (event: RunEvent) => void, choices: RunChoices = {}): Promise<RunSummary> => {
      if (current) throw new UserError(`a run is in progress: held by touchtrail up, process ${process.pid}, since ${current.since}`);
      const running = run(configFile, onProgress, stop.signal, choices);
      // The caller gets the failure; this only waits for the end.
      current = { since: new Date().toISOString(), ended: running.catch(() => {}) };
      try {
        return await running;
      } finally {
        current = undefined;
      }
    },
    stop: async () => {
      stop.abort();
      await current?.ended;
    },
  };
}
