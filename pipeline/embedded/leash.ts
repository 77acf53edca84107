import { accessSync, chmodSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * Miniflare starts workerd as a child, and a child outlives a parent that was killed: it would stay behind for good. This script
 * stands between: it becomes workerd itself (`exec` keeps the process id) and leaves a watcher behind that ends workerd within a
 * second of its parent.
 */
const SCRIPT = `#!/bin/sh
parent=$PPID
runtime=$$
echo "$runtime" > "$TOUCHTRAIL_RUNTIME_PID_FILE"
(
  while kill -0 "$parent" && kill -0 "$runtime"; do
    sleep 1
    # A killed parent that nobody has reaped yet still answers to kill -0, but it has lost its children.
    if [ -r "/proc/$runtime/status" ]; then
      while read -r name value; do
        if [ "$name" = PPid: ] && [ "$value" != "$parent" ]; then break 2; fi
      done < "/proc/$runtime/status"
    fi
  done
  kill -9 "$runtime"
) </dev/null >/dev/null 2>&1 3>&- &
exec "$TOUCHTRAIL_WORKERD" "$@"
`;

/** Taken before it is overwritten below. */
const chosenWorkerd = process.env['MINIFLARE_WORKERD_PATH'];

/**
 * Has Miniflare start workerd through the script. Not on Windows, which has no shell for it; there a killed `up` may leave a
 * workerd process behind.
 * @returns the environment the workerd process needs.
 */
export function leashWorkerd(dataFolder: string, log: (line: string) => void): Record<string, string> {
  if (process.platform === 'win32') return {};
  const folder = join(dataFolder, 'runtime');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const script = join(folder, 'workerd.sh');
  writeFileSync(script, SCRIPT, { mode: 0o700 });
  chmodSync(script, 0o700);
  try {
    accessSync(script, constants.X_OK);
  } catch {
    log(`${script} may not be executed there: should this process be killed, workerd may stay behind`);
    return {};
  }
  process.env['MINIFLARE_WORKERD_PATH'] = script;
  return { TOUCHTRAIL_WORKERD: chosenWorkerd ?? workerdPath(), TOUCHTRAIL_RUNTIME_PID_FILE: join(folder, 'workerd.pid') };
}

/** The workerd that belongs to the installed Miniflare. */
function workerdPath(): string {
  const require = createRequire(createRequire(import.meta.url).resolve('miniflare'));
  return (require('workerd') as { default: string }).default;
}
