import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingSecrets } from '../../build/deploy.ts';
import { wranglerTemplate } from '../../pipeline/cli/init/wrangler.ts';
import { COMPATIBILITY_DATE } from '../../pipeline/embedded/up.ts';
import { command } from '../cli.ts';
import { copyOfProject } from './checkout.ts';

const root = join(import.meta.dirname, '..', '..');

let folder: string;
/** A copy of the project, in which the Worker is built. */
let checkout: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-wrangler-'));
  checkout = await copyOfProject(join(folder, 'touchtrail'));
  env = {
    ...process.env,
    PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    // Nothing of the user's own wrangler is read or written, and nobody is asked or told anything.
    XDG_CONFIG_HOME: folder,
    WRANGLER_LOG_PATH: join(folder, 'logs'),
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    CLOUDFLARE_API_TOKEN: '',
    CI: '1',
  };
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The config: for the second environment without the build, which has been done. */
async function configOf(environment: string): Promise<string> {
  const file = join(checkout, 'wrangler.toml');
  if (environment === 'staging') return file;
  const copy = join(folder, 'wrangler.toml');
  const text = await readFile(file, 'utf8');
  await writeFile(
    copy,
    text
      .replace(/\n\[build\]\n(?:.+\n)+/, '\n')
      .replace('"edge/worker.ts"', JSON.stringify(join(checkout, 'edge', 'worker.ts')))
      .replaceAll('"dist/edge/assets"', JSON.stringify(join(checkout, 'dist', 'edge', 'assets'))),
  );
  return copy;
}

/** What wrangler would deploy, and what it prints. */
async function dryRun(cwd: string, ...args: readonly string[]): Promise<string> {
  const ran = await promisify(execFile)('wrangler', ['deploy', '--dry-run', ...args], { cwd, env, maxBuffer: 1 << 26 });
  return ran.stdout + ran.stderr;
}

/** The lines of wrangler's table of bindings, without the spaces between its columns. */
const bindingsIn = (output: string) => output.match(/^env\..*$/gm)?.map((line) => line.trim().replaceAll(/\s{2,}/g, ' '));

describe.each([
  ['staging', '-staging', '_staging'],
  ['production', '', ''],
])('wrangler packs the Worker for %s', (environment, suffix, dataset) => {
  let output: string;
  let outdir: string;
  beforeAll(async () => {
    outdir = join(folder, environment);
    output = await dryRun(checkout, '--config', await configOf(environment), '--env', environment, '--outdir', outdir);
  });

  test('with the bindings it needs, and without a warning', () => {
    expect(bindingsIn(output)).toEqual([
      'env.KEYS (00000000000000000000000000000000) KV Namespace',
      `env.QUEUE (touchtrail-events${suffix}) Queue`,
      `env.ARCHIVE (touchtrail-archive${suffix}) R2 Bucket`,
      `env.METRICS (touchtrail${dataset}) Analytics Engine Dataset`,
      'env.RATE_LIMITER (60000 requests/60s) Rate Limit',
      'env.ASSETS Assets',
      'env.BASE_PATH ("") Environment Variable',
      'env.SCRIPT_NAME ("") Environment Variable',
      'env.INTERNAL_IPS ("") Environment Variable',
      'env.BIGQUERY_PROJECT ("my-project") Environment Variable',
      `env.BIGQUERY_DATASET ("touchtrail${dataset}") Environment Variable`,
      `env.DEAD_QUEUE ("touchtrail-dead${suffix}") Environment Variable`,
    ]);
    expect(output).not.toMatch(/warning|error/i);
  });

  test('what is deployed stays below 60 KB of gzip', async () => {
    const files = (await readdir(outdir)).filter((name) => !name.endsWith('.map') && name !== 'README.md');
    const texts = await Promise.all(files.map((name) => readFile(join(outdir, name))));
    expect(gzipSync(Buffer.concat(texts), { level: 9 }).byteLength).toBeLessThanOrEqual(60 * 1024);
  });
});

test('the wrangler.toml that init writes packs the Worker that comes in the package', async () => {
  const project = join(folder, 'project');
  await mkdir(join(project, 'node_modules'), { recursive: true });
  await symlink(checkout, join(project, 'node_modules', 'touchtrail'));
  const site = new URL('https://www.fernhill.example/');
  await writeFile(
    join(project, 'wrangler.toml'),
    wranglerTemplate({ project: 'fernhill-marketing', dataset: 'touch', location: 'EU', site, path: '/t' }),
  );
  const output = await dryRun(project);
  expect(bindingsIn(output)).toEqual([
    'env.KEYS (00000000000000000000000000000000) KV Namespace',
    'env.QUEUE (touchtrail-events) Queue',
    'env.ARCHIVE (touchtrail-archive) R2 Bucket',
    'env.METRICS (touchtrail) Analytics Engine Dataset',
    'env.RATE_LIMITER (60000 requests/60s) Rate Limit',
    'env.ASSETS Assets',
    'env.BASE_PATH ("/t") Environment Variable',
    'env.SCRIPT_NAME ("") Environment Variable',
    'env.INTERNAL_IPS ("") Environment Variable',
    'env.BIGQUERY_PROJECT ("fernhill-marketing") Environment Variable',
    'env.BIGQUERY_DATASET ("touch") Environment Variable',
    'env.DEAD_QUEUE ("touchtrail-dead") Environment Variable',
  ]);
  expect(output).not.toMatch(/warning|error/i);
});

test('the embedded runtime and production behave as of the same date', async () => {
  const config = await readFile(join(root, 'wrangler.toml'), 'utf8');
  const written = wranglerTemplate({ project: 'p', dataset: 'd', location: 'EU', site: new URL('https://a.example'), path: '/t' });
  for (const text of [config, written]) expect(/^compatibility_date = "(.*)"$/m.exec(text)?.[1]).toBe(COMPATIBILITY_DATE);
});

test('what is missing of the secrets is told, with what to run', () => {
  expect(missingSecrets(['ADMIN_TOKEN', 'IP_HASH_KEY', 'OTHER'], 'production')).toEqual([
    'the Worker of production has no secret GOOGLE_SERVICE_ACCOUNT: run "npx wrangler secret put GOOGLE_SERVICE_ACCOUNT --env production"',
    'the Worker of production has no secret IP_HASH_KEY_ID: run "npx wrangler secret put IP_HASH_KEY_ID --env production"',
  ]);
});

describe('npm run deploy', () => {
  let project: string;
  let log: string;
  /** `secrets`: what `wrangler secret list` answers, a line of a shell script. */
  const deploy = async (args: readonly string[], secrets: string) => {
    await writeFile(
      join(project, 'bin', 'wrangler'),
      `#!/usr/bin/env bash\necho "$*" >> '${log}'\ncase "$*" in 'secret list'*) ${secrets} ;; esac\n`,
      { mode: 0o755 },
    );
    await writeFile(log, '');
    const ran = await command(process.execPath, [join(root, 'build', 'deploy.ts'), ...args], {
      cwd: project,
      env: { ...env, PATH: `${join(project, 'bin')}${delimiter}${env['PATH']}` },
    });
    return { ...ran, calls: (await readFile(log, 'utf8')).trim().split('\n').filter(Boolean) };
  };
  const ALL = `echo '[{"name":"GOOGLE_SERVICE_ACCOUNT"},{"name":"IP_HASH_KEY"},{"name":"IP_HASH_KEY_ID"},{"name":"ADMIN_TOKEN"}]'`;

  beforeAll(async () => {
    project = join(folder, 'deployed');
    log = join(project, 'calls');
    await mkdir(join(project, 'bin'), { recursive: true });
    const config = await readFile(join(root, 'wrangler.toml'), 'utf8');
    // Staging is filled in, production is not.
    const [staging, production] = config.split('\n[env.production]\n');
    const filled = staging!.replace('0'.repeat(32), '0123456789abcdef0123456789abcdef').replace('"my-project"', '"fernhill-marketing"');
    await writeFile(join(project, 'wrangler.toml'), `${filled}\n[env.production]\n${production}`);
  });

  test('deploys where everything is there', async () => {
    const { code, calls } = await deploy(['--env', 'staging'], ALL);
    expect([code, calls]).toEqual([0, ['secret list --env staging --format json', 'deploy --env staging']]);
  });

  test('refuses where a secret is missing, and where the Worker is not there yet', async () => {
    const { code, calls, stderr } = await deploy(
      ['--env', 'staging'],
      `echo '[{"name":"IP_HASH_KEY"},{"name":"IP_HASH_KEY_ID"},{"name":"ADMIN_TOKEN"}]'`,
    );
    expect([code, calls.length]).toEqual([1, 1]);
    expect(stderr).toBe(
      'nothing was deployed:\n  the Worker of staging has no secret GOOGLE_SERVICE_ACCOUNT: run "npx wrangler secret put GOOGLE_SERVICE_ACCOUNT --env staging"\n',
    );
    const first = await deploy(['--env', 'staging'], 'echo "This Worker does not exist [code: 10007]" >&2; exit 1');
    expect([first.code, first.calls.length, first.stderr.match(/has no secret/g)?.length]).toEqual([1, 1, 4]);
  });

  test('refuses where wrangler may not ask, and says what it said', async () => {
    const { code, stderr } = await deploy(['--env', 'staging'], 'echo "Authentication error" >&2; exit 1');
    expect(code).toBe(1);
    expect(stderr).toContain('"wrangler secret list --env staging" failed: is "npx wrangler login" done?\nAuthentication error');
  });

  test('refuses placeholders before it asks anybody', async () => {
    const { code, calls, stderr } = await deploy(['--env', 'production'], ALL);
    expect([code, calls]).toEqual([1, []]);
    expect(stderr).toContain('the id of KEYS under env.production is a placeholder');
  });

  test.each([[], ['--env', 'prod'], ['--env', 'staging', 'now'], ['--environment', 'staging']])(
    '%s %s %s is wrong usage',
    async (...args) => {
      const { code, calls, stderr } = await deploy(args, ALL);
      expect([code, calls, stderr]).toEqual([2, [], 'usage: npm run deploy -- --env staging|production\n']);
    },
  );
});
