import { loadConfig } from '../config/load.ts';
import { keepFilesPrivate } from './private-files.ts';
import { UserError } from '../config/user-error.ts';
import { type RunEvent, runNight } from './run.ts';
import type { ChildReply, ChildRequest } from './run-in-child.ts';

// The process a run has to itself: started by run-in-child.ts, it takes one request, runs it and ends.
keepFilesPrivate();
const stop = new AbortController();
const reply = (message: ChildReply): void => void process.send?.(message);

process.once('disconnect', () => stop.abort());
process.once('SIGTERM', () => stop.abort());
// Ctrl-C reaches the whole group of processes; the parent decides.
process.on('SIGINT', () => {});

process.once('message', (request: ChildRequest) => {
  work(request)
    .catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      reply({
        error: {
          message,
          exitCode: error instanceof UserError ? error.exitCode : 1,
          ...(error instanceof Error && error.stack && { stack: error.stack }),
        },
      });
    })
    .finally(() => process.disconnect?.());
});

async function work({ configFile, dataFolder, full, allowMassDelete, refit }: ChildRequest): Promise<void> {
  const { config, configFolder } = await loadConfig(configFile);
  const onProgress = (event: RunEvent): void => reply({ event });
  const result = await runNight({ config, configFolder, dataFolder, full, allowMassDelete, refit, signal: stop.signal, onProgress });
  reply({ result });
}
