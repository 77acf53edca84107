import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs what the lockfile of a folder names into its node_modules, unless that has been done. Heavy packages that only
 * tests or benches need live in such folders, so that trying the product stays light. npm speaks on stderr: stdout belongs
 * to results.
 * @param what is said while it takes its time: `the packages that …`.
 * @throws Error where npm fails.
 */
export function installPackages(folder: string, what: string): void {
  const stamp = join(folder, 'node_modules', '.installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stderr.write(`installing ${what} …\n`);
  const { status, error } = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) {
    throw new Error(`npm install failed in ${folder} (${error?.message ?? `exit code ${status}`}); its own words stand above`, {
      cause: error,
    });
  }
  writeFileSync(stamp, wanted);
}
