import { accessSync, chmodSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * Miniflare starts workerd as a child, and a child outlives a parent that was killed: it would keep the port, and answer 503
 * to everybody. This script stands between: it becomes workerd itself (`exec` keeps the process id) and leaves a watcher
 * behind that ends workerd within a second of its parent.
 */
const SCRIPT = `#!/bin/sh
parent=$PPID
runtime=$$
echo "$runtime" > "$TOUCHTRAIL_RUNTIME_PID_FILE"
(
  while kill -0 "$parent" 2>/dev/null && kill -0 "$runtime" 2>/dev/null; do sleep 1; done
  kill -9 "$runtime" 2>/dev/null
) </dev/null >/dev/null 2>&1 3>&- &
exec "$TOUCHTRAIL_WORKERD" "$@"
`;

/** Taken before it is overwritten below. */
const chosenWorkerd = process.env['MINIFLARE_WORKERD_PATH'];

/** What the embedded runtime needs to know about its workerd process. */
export interface Leash {
  /** Environment for the workerd process. */
  readonly environment: Record<string, string>;
  /** Holds the process id of workerd. */
  readonly pidFile: string;
}

/**
 * Has Miniflare start workerd through the script. Not on Windows, which has no shell for it; there a killed `up` may leave a
 * workerd process behind.
 */
export function leashWorkerd(dataFolder: string, log: (line: string) => void): Leash {
  const folder = join(dataFolder, 'runtime');
  mkdirSync(folder, { recursive: true });
  const pidFile = join(folder, 'workerd.pid');
  if (process.platform === 'win32') return { environment: {}, pidFile };
  const script = join(folder, 'workerd.sh');
  writeFileSync(script, SCRIPT, { mode: 0o700 });
  chmodSync(script, 0o700);
  try {
    accessSync(script, constants.X_OK);
  } catch {
    log(`${script} may not be executed there: should this process be killed, workerd may stay behind and hold the port`);
    return { environment: {}, pidFile };
  }
  process.env['MINIFLARE_WORKERD_PATH'] = script;
  return { environment: { TOUCHTRAIL_WORKERD: chosenWorkerd ?? workerdPath(), TOUCHTRAIL_RUNTIME_PID_FILE: pidFile }, pidFile };
}

/** The workerd that belongs to the installed Miniflare. */
function workerdPath(): string {
  const require = createRequire(createRequire(import.meta.url).resolve('miniflare'));
  return (require('workerd') as { default: string }).default;
}
