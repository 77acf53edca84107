import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMPATIBILITY_DATE } from '../../pipeline/embedded/up.ts';

const root = join(import.meta.dirname, '..', '..');

let folder: string;
let output: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-wrangler-'));
  const env = {
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
  const outdir = join(folder, 'worker');
  const ran = await promisify(execFile)('wrangler', ['deploy', '--dry-run', '--outdir', outdir], { cwd: root, env, maxBuffer: 1 << 26 });
  output = ran.stdout + ran.stderr;
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('wrangler packs the Worker for production with the bindings it needs, and without a warning', () => {
  for (const binding of ['env.KEYS', 'env.LANDING']) expect(output).toContain(binding);
  expect(output).not.toMatch(/warning|error/i);
});

test('what is deployed stays below 60 KB of gzip, 41 KB of them without the scripts inside', async () => {
  const worker = join(folder, 'worker');
  const files = (await readdir(worker)).filter((name) => !name.endsWith('.map') && name !== 'README.md');
  const texts = await Promise.all(files.map((name) => readFile(join(worker, name))));
  expect(texts.some((text) => text.includes('touchtrail.js'))).toBe(true);
  const scripts = await readFile(join(root, 'dist', 'edge', 'scripts.js'));
  const bytes = gzipSync(Buffer.concat(texts), { level: 9 }).byteLength;
  expect(bytes).toBeLessThanOrEqual(60 * 1024);
  expect(bytes - gzipSync(scripts, { level: 9 }).byteLength).toBeLessThanOrEqual(41 * 1024);
});

test('the embedded runtime and production behave as of the same date', async () => {
  const config = await readFile(join(root, 'wrangler.toml'), 'utf8');
  expect(/^compatibility_date = "(.*)"$/m.exec(config)?.[1]).toBe(COMPATIBILITY_DATE);
});
