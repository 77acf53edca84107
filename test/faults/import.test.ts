import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LandingLine } from '../../edge/contract/delivery.ts';
import { pendingSegments } from '../../pipeline/embedded/landing/folders.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { sql } from '../../pipeline/warehouse/sql.ts';
import { touchtrail, touchtrailJson } from '../cli.ts';
import { startTestServer } from '../test-server.ts';

const program = join(import.meta.dirname, '..', '..', 'pipeline', 'cli', 'touchtrail.mjs');
const config = (edge: string) => `export default { project: { name: 'Shop', timeZone: 'UTC', currency: 'EUR' }, edge: { ${edge} } };\n`;

let folder: string;
const running: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-import-faults-'));
});
afterAll(async () => {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

interface ImportResult {
  readonly complete: boolean;
  readonly read: number;
  readonly stored: number;
  readonly rejected: number;
  readonly rejected_file: string | null;
}

const event = (i: number) => ({
  type: i % 3 === 0 ? 'track' : 'page',
  ...(i % 3 === 0 && { event: 'Clicked' }),
  anonymousId: `visitor-${i % 97}`,
  timestamp: new Date(1_714_979_289_000 + i * 1000).toISOString(),
  properties: { number: i },
});

/** How often the import has noted how far it is. */
function notes(data: string): number {
  const imports = join(data, 'imports');
  const name = existsSync(imports) ? readdirSync(imports).find((entry) => existsSync(join(imports, entry, 'journal.ndjson'))) : undefined;
  return name === undefined ? 0 : readFileSync(join(imports, name, 'journal.ndjson'), 'utf8').split('\n').length - 2;
}

test('an import that is killed with -9, several times, ends with exactly the events, none twice', async () => {
  const EVENTS = 1500;
  const data = join(folder, 'killed');
  const file = join(folder, 'history.ndjson');
  // Every 300th line is torn.
  const lines = Array.from({ length: EVENTS }, (_, i) => (i % 300 === 150 ? '{"type":' : JSON.stringify(event(i))));
  await writeFile(file, `${lines.join('\n')}\n`);
  await writeFile(join(folder, 'touchtrail.config.ts'), config(''));
  const args = ['import', file, '--format', 'segment', '--batch', '10', '--data', data, '--config', join(folder, 'touchtrail.config.ts')];

  for (const [turn, until] of [10, 30].entries()) {
    const child = spawn(process.execPath, [program, ...args, ...(turn > 0 ? ['--resume'] : [])], { stdio: 'ignore' });
    running.push(child);
    const ended = once(child, 'exit');
    await expect.poll(() => notes(data), { interval: 2, timeout: 60_000 }).toBeGreaterThanOrEqual(until);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    // It went on where it was: a beginning would have noted the first positions anew.
    expect(notes(data)).toBeLessThan(EVENTS / 10);
  }
  const result = await touchtrailJson<ImportResult>([...args, '--resume']);
  expect(result).toMatchObject({ complete: true, read: EVENTS, stored: EVENTS - 5, rejected: 5 });
  const rejected = (await readFile(result.rejected_file!, 'utf8')).trim().split('\n');
  expect(rejected.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual([151, 451, 751, 1051, 1351]);

  const landed = new Map<string, number>();
  for (const segment of await pendingSegments(data)) {
    for (const line of (await readFile(segment, 'utf8')).split('\n').filter(Boolean)) {
      const parsed = JSON.parse(line) as LandingLine;
      if ('event' in parsed) landed.set(parsed.event.message_id, (landed.get(parsed.event.message_id) ?? 0) + 1);
    }
  }
  expect(landed.size).toBe(EVENTS - 5);
  // At most what was on its way at each kill was sent again.
  expect([...landed.values()].reduce((sum, copies) => sum + copies, 0)).toBeLessThanOrEqual(EVENTS - 5 + 2 * 10);

  expect((await touchtrail(['run', ...args.slice(-4)])).code).toBe(0);
  const warehouse = await openDuckDb(join(data, 'warehouse.duckdb'), { readOnly: true });
  try {
    const rows = await warehouse.rows<{ properties: string }>(sql`select properties from events`);
    const numbers = rows.map(({ properties }) => (JSON.parse(properties) as { number: number }).number);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: EVENTS }, (_, i) => i).filter((i) => i % 300 !== 150));
  } finally {
    await warehouse.close();
  }
});

// Where the system says how much memory a process has.
test.runIf(process.platform === 'linux')('60,000 events are imported in as much memory as 15,000', async () => {
  const EVENTS = 60_000;
  const file = join(folder, 'large.ndjson');
  // Fewer and larger ones: together as much to hold, and less to do.
  const text = 'x'.repeat(1000);
  const out = createWriteStream(file);
  for (let i = 0; i < EVENTS; i += 1000) {
    const lines = Array.from({ length: 1000 }, (_, k) =>
      JSON.stringify({ ...event(i + k), messageId: `m-${i + k}`, properties: { text } }),
    );
    if (!out.write(`${lines.join('\n')}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');

  // An edge that takes everything, and looks at the memory of whoever sends.
  let child: ChildProcess | undefined;
  let taken = 0;
  const keys = new Set<unknown>();
  const peaks: { readonly taken: number; readonly megabytes: number }[] = [];
  const edge = await startTestServer('the edge', async (request, response) => {
    const { batch } = JSON.parse(gunzipSync(await buffer(request)).toString()) as { batch: unknown[] };
    taken += batch.length;
    keys.add(request.headers['x-write-key']);
    const status = await readFile(`/proc/${child!.pid}/status`, 'utf8');
    peaks.push({ taken, megabytes: Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) / 1024 });
    response.end(JSON.stringify({ success: true, results: batch.map(() => ({ status: 'ok' })) }));
  });
  try {
    const configFile = join(folder, 'deployed.config.ts');
    await writeFile(configFile, config(`url: 'http://127.0.0.1:${edge.port}/'`));
    const args = [
      'import',
      file,
      '--format',
      'segment',
      '--edge',
      '--batch',
      '500',
      '--json',
      '--data',
      join(folder, 'large'),
      '--config',
      configFile,
    ];
    // With the whole file in memory this heap would not do.
    const env = { ...process.env, TOUCHTRAIL_SERVER_KEY: 'sk_of-the-deployed-edge', NODE_OPTIONS: '--max-old-space-size=160' };
    child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    running.push(child);
    const [stdout, [code]] = await Promise.all([buffer(child.stdout!), once(child, 'exit')]);
    expect([code, JSON.parse(stdout.toString())]).toMatchObject([0, { complete: true, stored: EVENTS, before_tracking: null }]);
  } finally {
    await edge.close();
  }
  expect([taken, [...keys]]).toEqual([EVENTS, ['sk_of-the-deployed-edge']]);
  const early = peaks.findLast((peak) => peak.taken <= EVENTS / 4)!;
  expect(peaks.at(-1)!.megabytes - early.megabytes).toBeLessThan(100);
});
