import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { LandingLine } from '../../edge/contract/delivery.ts';
import { Config } from '../../pipeline/config/schema.ts';
import { createKey } from '../../pipeline/embedded/keys.ts';
import { pendingSegments } from '../../pipeline/embedded/landing/folders.ts';
import { sealAbandoned } from '../../pipeline/embedded/landing/segment-writer.ts';
import { EVENTS } from '../../pipeline/models/events/tables.ts';
import { runNight } from '../../pipeline/night/run.ts';
import { LEDGER_COUNTS } from '../../pipeline/query/reconcile/ledger.ts';
import { reconcile, type Reconciliation } from '../../pipeline/query/reconcile/reconcile.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { sql, table } from '../../pipeline/warehouse/sql.ts';
import { Random } from '../simulator/random.ts';

const BATCHES = 240;
const EVENTS_PER_BATCH = 10;
const CLIENTS = 4;
/** What is killed, one after the other, while the clients send. */
const VICTIMS = ['workerd', 'parent', 'both', 'workerd', 'parent', 'both'] as const;

let data: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'touchtrail-kill-'));
  await createKey(data, { kind: 'browser', name: 'site', key: 'demo' });
});

afterAll(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(data, { recursive: true });
});

/** Starts the edge and returns its address. */
async function start(port: number): Promise<string> {
  const script = fileURLToPath(new URL('edge-process.ts', import.meta.url));
  child = spawn(process.execPath, [script, data, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line.startsWith('ready ')) return line.slice('ready '.length);
  }
  throw new Error('the edge ended before it was ready');
}

const runtimePid = async () => Number(await readFile(join(data, 'runtime', 'workerd.pid'), 'utf8'));

/** `kill -9`; a process that is gone already is as good as killed. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function killAndRestart(victim: (typeof VICTIMS)[number], port: number): Promise<void> {
  const pid = await runtimePid();
  if (victim === 'workerd') {
    // Its parent starts it again.
    kill(pid);
    return;
  }
  child!.kill('SIGKILL');
  if (victim === 'both') kill(pid);
  await once(child!, 'exit');
  await start(port);
}

/** Sends until acknowledged, as the real clients do: again after an error, a 5xx or silence, and never after a 4xx. */
async function sendUntilAcknowledged(url: string, batch: readonly { messageId: string }[]): Promise<void> {
  for (;;) {
    let response: Response;
    try {
      const body = JSON.stringify({ writeKey: 'demo', sentAt: new Date().toISOString(), batch });
      response = await fetch(`${url}/v1/batch`, { method: 'POST', body, signal: AbortSignal.timeout(15_000) });
      const text = await response.text();
      if (response.status === 200) {
        const { results } = JSON.parse(text) as { results: { message_id: string; status: string }[] };
        expect(results).toEqual(batch.map(({ messageId }) => ({ message_id: messageId, status: 'ok' })));
        return;
      }
    } catch (error) {
      if (error instanceof Error && error.name === 'AssertionError') throw error;
      await sleep(30);
      continue;
    }
    expect(response.status, 'an event that is merely not stored is never refused for good').toBe(503);
    await sleep(30);
  }
}

test('kill -9 of any process at any moment loses nothing that was acknowledged', async () => {
  const random = new Random(20260701);
  const killAfter = VICTIMS.map((_, index) => Math.floor(((index + 0.2 + 0.6 * random.next()) * BATCHES) / VICTIMS.length));
  const url = await start(0);
  const port = Number(new URL(url).port);

  const acknowledged = new Set<string>();
  let next = 0;
  let done = 0;
  const client = async () => {
    while (next < BATCHES) {
      const number = next++;
      const batch = Array.from({ length: EVENTS_PER_BATCH }, (_, i) => ({
        type: 'track',
        event: 'Clicked',
        anonymousId: `a-${number % 17}`,
        messageId: `m-${number}-${i}`,
        properties: { pad: 'x'.repeat(Math.floor(random.next() * 2_000)) },
      }));
      await sendUntilAcknowledged(url, batch);
      for (const { messageId } of batch) acknowledged.add(messageId);
      done++;
    }
  };
  const killer = async () => {
    for (const [index, victim] of VICTIMS.entries()) {
      while (done < killAfter[index]!) await sleep(1);
      await sleep(random.next() * 10);
      await killAndRestart(victim, port);
    }
  };
  await Promise.all([killer(), ...Array.from({ length: CLIENTS }, client)]);
  expect(acknowledged.size).toBe(BATCHES * EVENTS_PER_BATCH);

  // The last kill: what nobody had the time to seal must be there, too.
  child!.kill('SIGKILL');
  kill(await runtimePid());
  await once(child!, 'exit');
  await sealAbandoned(data);

  const stored = new Set<string>();
  for (const file of await pendingSegments(data)) {
    const lines = (await readFile(file, 'utf8')).split('\n');
    // After the last line feed stands nothing, or what a killed process was writing.
    lines.pop();
    for (const [index, line] of lines.entries()) {
      const parsed = readLine(line);
      expect(parsed, `${basename(file)} line ${index + 1}`).toBeDefined();
      if (parsed && 'event' in parsed) stored.add(parsed.event.message_id);
    }
  }
  expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);

  // Deliveries may have arrived twice; in the warehouse each event stands once.
  const config = Config.parse({ project: { name: 'Test', timeZone: 'Europe/Berlin', currency: 'EUR' } });
  const landed = await accounts(config);
  await runNight({ config, configFolder: data, dataFolder: data });
  const warehouse = await openDuckDb(join(data, 'warehouse.duckdb'), { readOnly: true });
  try {
    const rows = await warehouse.rows<{ message_id: string }>(sql`select message_id from ${table(EVENTS.name)}`);
    const ids = rows.map(({ message_id }) => message_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual([...acknowledged].toSorted());
  } finally {
    await warehouse.close();
  }

  // The ledger adds up before and after: what was cut off or skipped by a kill was never acknowledged.
  const loaded = await accounts(config);
  expect(landed).toMatchObject({ balanced: true, broken: [], rows: [{ pending: landed.rows[0]!.accepted, missing: 0 }] });
  const { accepted } = landed.rows[0]!;
  const duplicate = accepted - acknowledged.size;
  expect(loaded).toMatchObject({
    balanced: true,
    broken: [],
    cut_off: landed.cut_off,
    rows: [{ accepted, stored: acknowledged.size, duplicate, pending: 0, missing: 0 }],
  });
});

/** The accounts of everything; the test may run across midnight. */
async function accounts({ warehouse }: Config): Promise<Reconciliation> {
  const days = { timeZone: 'UTC', from: '2020-01-01', to: '2100-01-01' };
  const result = await reconcile({ config: warehouse, dataFolder: data, ...days, now: new Date() });
  const [first, ...more] = result.rows;
  for (const row of more) for (const name of LEDGER_COUNTS) first![name] += row[name];
  return { ...result, rows: [first!] };
}

function readLine(line: string): LandingLine | undefined {
  try {
    return JSON.parse(line) as LandingLine;
  } catch {
    return undefined;
  }
}

test('a workerd whose parent was killed ends by itself and gives the port back', async () => {
  const url = await start(0);
  child!.kill('SIGKILL');
  await once(child!, 'exit');
  await vi.waitFor(async () => await expect(fetch(`${url}/health`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } }), {
    timeout: 30_000,
  });
  expect(await start(Number(new URL(url).port))).toBe(url);
  expect((await fetch(`${url}/health`)).status).toBe(200);
});
