import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMetrics } from '../../edge/metrics.ts';
import { createKey } from '../../pipeline/embedded/keys.ts';
import { readableLogLine } from '../../pipeline/embedded/edge-log.ts';
import { type RunningUp, startUp, touchtrail } from '../cli.ts';
import { blockOf, codeBlocks } from './markdown.ts';

const root = join(import.meta.dirname, '..', '..');
const program = join(root, 'pipeline', 'cli', 'touchtrail.mjs');
const page = await readFile(join(root, 'docs', 'operations.md'), 'utf8');
const blocks = await codeBlocks('operations.md');
const TOKEN = 'a-token-of-the-operator';

let folder: string;
let up: RunningUp;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-operations-'));
  await writeFile(
    join(folder, 'touchtrail.config.ts'),
    `import { defineConfig } from 'touchtrail';
    export default defineConfig({ project: { name: 'Example', timeZone: 'Europe/Berlin', currency: 'EUR' } });`,
  );
  await createKey(join(folder, 'data'), { kind: 'browser', name: 'website', key: 'demo' });
  process.env['TOUCHTRAIL_ADMIN_TOKEN'] = TOKEN;
  up = await startUp([], { cwd: folder });
});

afterAll(async () => {
  delete process.env['TOUCHTRAIL_ADMIN_TOKEN'];
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  await up?.stop();
  await rm(folder, { recursive: true, force: true });
});

const argumentsOf = (info: string) => blockOf(blocks, info).trim().split(' ').slice(2);

/** Starts `touchtrail tail`; `nextLines` waits for so many lines of its output. */
function startTail(args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    nextLines: async (count: number) => {
      const read: string[] = [];
      while (read.length < count) {
        const { value, done } = (await lines.next()) as IteratorResult<string>;
        if (done) break;
        read.push(value);
      }
      return read;
    },
    end: async () => {
      child.kill('SIGINT');
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    },
  };
}

async function send(...batch: object[]): Promise<void> {
  const response = await fetch(`${up.url}/v1/batch`, { method: 'POST', body: JSON.stringify({ writeKey: 'demo', batch }) });
  expect(response.status).toBe(200);
}

const visitor = { anonymousId: '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55' };
const PRICING = {
  ...visitor,
  type: 'page',
  messageId: 'm1',
  properties: {},
  context: { page: { url: 'https://www.example.com/pricing?utm_source=google&utm_medium=cpc', path: '/pricing' } },
};
const FORM = {
  ...visitor,
  type: 'track',
  messageId: 'm2',
  event: 'Form Submitted',
  context: { page: { url: 'https://www.example.com/demo', path: '/demo' } },
};
const WRONG = { ...visitor, type: 'track', messageId: 'm3', event: 7 };

/** The parts of a line that differ from day to day. */
const masked = (line: string) => line.replace(/^\d\d:\d\d:\d\d/, 'hh:mm:ss').replace(/(invalid_value at event): .*/, '$1: …');

const undated = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\d/g, 'yyyy-mm-dd');
const shape = (line: string) => line.replace(/edge_instance="[^"]+"/, 'edge_instance="…"').replace(/ \d+$/, ' n');

/** First, while the edge has received nothing else. */
test('the accounts are those of the page', async () => {
  await send(PRICING, FORM, WRONG);
  await send(FORM);
  expect((await touchtrail(['run', '--quiet'], { cwd: folder })).code).toBe(0);
  await send({ ...PRICING, messageId: 'm4' });
  const { code, stdout } = await touchtrail(argumentsOf('sh reconcile'), { cwd: folder });
  expect([code, undated(stdout)]).toEqual([0, undated(blockOf(blocks, 'text reconcile'))]);

  const csv = await touchtrail(['reconcile', '--csv'], { cwd: folder });
  expect(undated(csv.stdout)).toBe(
    'date,write_key_id,accepted,stored,duplicate,failed,erased,quarantined,pending,missing\r\n' +
      'yyyy-mm-dd,wk_2a97516c354b6884,5,2,1,1,0,0,1,0\r\n',
  );
  expect(csv.stderr).toBe('Every row that was acknowledged is accounted for.\n');
});

test('the tail shows the lines of the page as events arrive, filtered ones on request, and ends with 0 on Ctrl-C', async () => {
  const all = startTail(argumentsOf('sh tail'));
  const failed = startTail(['tail', '--failed', '--json', '--key', 'website']);
  const others = startTail(['tail', '--type', 'group']);
  // Nothing tells from outside that all three listen: what is sent until each shows something is sent for that.
  const [isUp, isUpFailed, isUpOthers] = [all.nextLines(1), failed.nextLines(1), others.nextLines(1)];
  const state = { heard: false };
  const heard = Promise.all([isUp, isUpFailed, isUpOthers]).then(() => (state.heard = true));
  for (let i = 0; !state.heard; i++) {
    await send({ ...visitor, type: 'group', groupId: 'g', messageId: `warm-up-${i}` }, { ...visitor, type: 'track', event: 7 });
    await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  await send({ ...visitor, type: 'alias', userId: 'u', previousId: 'p', messageId: 'mark' });
  for (let last = ''; !last.includes('alias');) last = (await all.nextLines(1))[0]!;

  await send(PRICING, FORM, WRONG);
  expect((await all.nextLines(3)).map(masked)).toEqual(blockOf(blocks, 'text tail').trimEnd().split('\n').map(masked));
  const [rejected] = await failed.nextLines(1);
  expect(JSON.parse(rejected!)).toMatchObject({ type: 'rejected', reason: 'invalid_value', path: 'event', anonymous_id: null });
  expect(await Promise.all([all.end(), failed.end(), others.end()])).toEqual([0, 0, 0]);
});

test('each option in the table is one of the command', async () => {
  const { stdout } = await touchtrail(['tail', '--help']);
  const options = [...page.matchAll(/^\| `(--[a-z]+)/gm)].map(([, option]) => option!);
  expect(options).toEqual(['--type', '--key', '--failed', '--json', '--interval']);
  for (const option of options) expect(stdout).toContain(option);
});

test('without a running up there is a clear error, as for a key that does not exist', async () => {
  const nobody = await touchtrail(['tail', '--data', join(folder, 'other')], { cwd: folder });
  expect([nobody.code, nobody.stdout]).toEqual([1, '']);
  expect(nobody.stderr).toContain('"touchtrail up" is not running for');
  const misspelt = await touchtrail(['tail', '--key', 'websit'], { cwd: folder });
  expect([misspelt.code, misspelt.stderr]).toEqual([2, expect.stringContaining('did you mean "website"?') as string]);
  const type = await touchtrail(['tail', '--type', 'pgae'], { cwd: folder });
  expect([type.code, type.stderr]).toEqual([2, expect.stringContaining('did you mean "page"?') as string]);
});

test('the metrics are told to the operator alone, with the counts of the isolate', async () => {
  expect((await fetch(`${up.url}/metrics`)).status).toBe(404);
  expect((await fetch(`${up.url}/metrics`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(404);
  expect(blockOf(blocks, 'sh metrics')).toContain('/metrics');
  const response = await fetch(`${up.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  expect(text.split('\n').map(shape)).toEqual(
    expect.arrayContaining(blockOf(blocks, 'text metrics').trimEnd().split('\n').map(shape)) as string[],
  );
});

test('each metric on the page exists, with its label', () => {
  const metrics = createMetrics('i');
  const counters = [
    'accepted',
    'duplicate',
    'sampled',
    'rejected',
    'refused',
    'not_stored',
    'delivered',
    'failed',
    'retried',
    'archived',
  ] as const;
  for (const name of counters) metrics.count(name, 'x');
  const told = [...metrics.text().matchAll(/^(touchtrail_\w+_total)\{edge_instance="i",(\w+)="x"\} 1$/gm)].map(
    ([, name, label]) => `${name} ${label}`,
  );
  const listed = [...page.matchAll(/^\| `(touchtrail_\w+_total)` \| `(\w+)` \|/gm)].map(([, name, label]) => `${name} ${label}`);
  expect(listed).toEqual(told);
  expect(told).toHaveLength(counters.length);
});

test('the log line of the page is shown as the page says', () => {
  expect(`${readableLogLine(blockOf(blocks, 'json'))}\n`).toBe(blockOf(blocks, 'text log'));
});
