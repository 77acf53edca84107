import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Config } from '../config/schema.ts';
import { UserError } from '../config/user-error.ts';
import { COSTS } from '../models/costs/tables.ts';
import { RUN_HISTORY_FILE, RunHistory } from '../models/reports/run-history.ts';
import { openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import { raw, sql, type Sql } from '../warehouse/sql.ts';
import type { Row } from '../warehouse/warehouse.ts';
import { runNight, type RunEvent, type RunOptions } from './run.ts';
import type { NightContext, NightStep } from './steps.ts';

let dataFolder: string;
beforeEach(() => {
  dataFolder = mkdtempSync(path.join(os.tmpdir(), 'touchtrail-run-'));
});
afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

const config = Config.parse({ project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' } });
const now = '2026-07-01T03:00:00.000Z';

const run = (steps: readonly NightStep[], more: Partial<RunOptions> = {}) =>
  runNight({ config, configFolder: dataFolder, dataFolder, now, steps, ...more });

/** A step that makes the table of costs hold this campaign, or fails after it did. */
function costStep(name: string, campaign: string, failure?: Error): NightStep {
  return {
    name,
    transaction: true,
    run: async ({ warehouse }) => {
      const row = sql`select cast('2026-06-30' as date) as date, 'google_ads' as platform, '' as account_id, ${campaign} as campaign_id, ${campaign} as campaign,
        '' as ad_group_id, cast(null as string) as ad_group, '' as ad_id, cast(null as string) as ad, 'google' as source, 'cpc' as medium, 'Paid Search' as channel,
        1000000 as cost_micros, 1.0 as original_cost, 'EUR' as currency, 10 as impressions, 1 as clicks`;
      const change = await warehouse.merge(COSTS, row, {});
      if (failure) throw failure;
      return { changes: { costs: change }, warnings: [`${name} has a word to say`] };
    },
  };
}

async function rows(query: Sql): Promise<Row[]> {
  const warehouse = await openDuckDb(path.join(dataFolder, 'warehouse.duckdb'));
  try {
    return await warehouse.rows(query);
  } finally {
    await warehouse.close();
  }
}

test('a run carries out its steps in order, records them, and sums up what they touched', async () => {
  const events: RunEvent[] = [];
  const summary = await run([costStep('first', 'Brand'), costStep('second', 'Generic')], {
    onProgress: (event) => void events.push(event),
  });
  expect(summary).toMatchObject({
    runId: '20260701T030000Z-000001',
    changes: { costs: { inserted: 2, updated: 0, deleted: 0 } },
    warnings: ['first has a word to say', 'second has a word to say'],
  });
  expect(events.map((event) => (event.type === 'step' ? `${event.step} ${event.status}` : event.message))).toEqual([
    'first running',
    'first done',
    'first has a word to say',
    'second running',
    'second done',
    'second has a word to say',
  ]);
  expect(await rows(sql`select position, step, status, inserted, updated, deleted, message from run_steps order by position`)).toEqual([
    { position: 1, step: 'first', status: 'done', inserted: 1, updated: 0, deleted: 0, message: null },
    { position: 2, step: 'second', status: 'done', inserted: 1, updated: 0, deleted: 0, message: null },
  ]);
  const [recorded] = await rows(sql`select run_id, token, status, message, warnings, started_at from runs`);
  expect(recorded).toEqual({
    run_id: '20260701T030000Z-000001',
    token: 1,
    status: 'done',
    message: null,
    warnings: '["first has a word to say","second has a word to say"]',
    started_at: '2026-07-01T03:00:00.000000Z',
  });
  expect(existsSync(path.join(dataFolder, 'run.json'))).toBe(false);
});

test('readers are told of the last runs, latest first, with the message of one that failed', async () => {
  await run([costStep('first', 'Brand')]);
  await run([costStep('first', 'Brand'), costStep('second', 'Generic', new Error('the bank is closed'))], {
    now: '2026-07-02T03:00:00.000Z',
  }).catch(() => {});
  const history = RunHistory.parse(JSON.parse(readFileSync(path.join(dataFolder, RUN_HISTORY_FILE), 'utf8')));
  expect(
    history.runs.map(({ run_id, status, message, warnings, steps }) => [run_id, status, message, warnings, steps.map((one) => one.step)]),
  ).toEqual([
    ['20260702T030000Z-000002', 'failed', 'step "second" failed: the bank is closed', ['first has a word to say'], ['first', 'second']],
    ['20260701T030000Z-000001', 'done', null, ['first has a word to say'], ['first']],
  ]);
  expect(history.runs[0]!.steps[1]).toMatchObject({ status: 'failed', message: 'the bank is closed', inserted: 0 });
});

test('what readers cannot be told is a warning: the run is done', async () => {
  mkdirSync(path.join(dataFolder, RUN_HISTORY_FILE));
  const { warnings } = await run([costStep('first', 'Brand')]);
  expect(warnings).toEqual(['first has a word to say', expect.stringContaining('the history of runs cannot be written: ')]);
  expect(await rows(sql`select status from runs`)).toEqual([{ status: 'done' }]);
});

test('--full with a name that is no conversion is refused before anything is opened', async () => {
  const defined = Config.parse({
    project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
    conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }],
  });
  const refused = run([costStep('first', 'Brand')], { config: defined, full: ['leed'] });
  await expect(refused).rejects.toMatchObject({ message: '--full: there is no conversion "leed"; did you mean "lead"?', exitCode: 2 });
  expect(existsSync(path.join(dataFolder, 'warehouse.duckdb'))).toBe(false);
});

test('a step that fails takes its own writes back, ends the run, and is recorded with its message', async () => {
  const failing = costStep('second', 'Generic', new Error('the disk is full'));
  await expect(run([costStep('first', 'Brand'), failing, costStep('third', 'Display')])).rejects.toThrow(
    new UserError('step "second" failed: the disk is full'),
  );
  expect(await rows(sql`select campaign from costs`)).toEqual([{ campaign: 'Brand' }]);
  expect(await rows(sql`select step, status, inserted, message from run_steps order by position`)).toEqual([
    { step: 'first', status: 'done', inserted: 1, message: null },
    { step: 'second', status: 'failed', inserted: 0, message: 'the disk is full' },
  ]);
  expect(await rows(sql`select status, message from runs`)).toEqual([
    { status: 'failed', message: 'step "second" failed: the disk is full' },
  ]);
});

test('after a failed run the next one starts at once, with a higher token', async () => {
  await expect(run([costStep('only', 'Brand', new Error('no'))])).rejects.toThrow('no');
  const summary = await run([costStep('only', 'Brand')]);
  expect(summary.runId).toBe('20260701T030000Z-000002');
});

test('a step that ends because the run is told to stop is told as stopped, not as broken', async () => {
  const stop = new AbortController();
  const stopping: NightStep = {
    name: 'first',
    transaction: true,
    run: () => {
      stop.abort();
      return Promise.reject(new UserError('merge sessions: stopped: the BigQuery job touchtrail_1 was cancelled'));
    },
  };
  const error: unknown = await run([stopping], { signal: stop.signal }).catch((reason: unknown) => reason);
  expect((error as Error).message).toBe(
    'the run was stopped in step "first" (merge sessions: stopped: the BigQuery job touchtrail_1 was cancelled); start it again to finish',
  );
  expect((await run([costStep('only', 'Brand')])).runId).toBe('20260701T030000Z-000002');
});

test('a run that is told to stop ends before its next step', async () => {
  const stop = new AbortController();
  const first = costStep('first', 'Brand');
  const stopping: NightStep = { ...first, run: (context: NightContext) => (stop.abort(), first.run(context)) };
  await expect(run([stopping, costStep('second', 'Generic')], { signal: stop.signal })).rejects.toThrow(
    'the run was stopped before step "second"',
  );
  expect(await rows(sql`select campaign from costs`)).toEqual([{ campaign: 'Brand' }]);
});

test('a second run in the same process is refused and told who runs since when', async () => {
  const second = { error: undefined as unknown };
  const during: NightStep = {
    name: 'during',
    transaction: false,
    run: async () => {
      second.error = await run([]).catch((error: unknown) => error);
      return { changes: {}, warnings: [] };
    },
  };
  await run([during], { clock: () => new Date('2026-07-01T03:00:07Z') });
  expect((second.error as Error).message).toBe(
    `a run is in progress: held by ${os.hostname()}, process ${process.pid}, since 2026-07-01T03:00:07.000Z`,
  );
});

/** Opens the warehouse in a process of its own, says so, and keeps it until it is killed. */
const HOLDER = `
  const { openDuckDb } = await import(process.argv[1]);
  await openDuckDb(process.argv[2]);
  console.log('open');
  setInterval(() => {}, 1000);
`;

test('a run in another process is named by its process and its start', async () => {
  const module = new URL('../warehouse/duckdb/duckdb.ts', import.meta.url).href;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, module, path.join(dataFolder, 'warehouse.duckdb')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(holder.stdout, 'data');
    const file = { pid: holder.pid, holder: `here, process ${holder.pid}`, started_at: now };
    writeFileSync(path.join(dataFolder, 'run.json'), JSON.stringify(file));
    await expect(run([])).rejects.toThrow(`a run is in progress: held by here, process ${holder.pid}, since ${now}`);
    expect(JSON.parse(readFileSync(path.join(dataFolder, 'run.json'), 'utf8'))).toEqual(file);
  } finally {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  }
});

/** A process that has the warehouse open for reading, as `touchtrail query` does, until its input ends. */
const READER = `
  const { openDuckDb } = await import(process.argv[1]);
  const warehouse = await openDuckDb(process.argv[2], { readOnly: true });
  console.log('open');
  process.stdin.resume().once('end', async () => { await warehouse.close(); process.exit(0); });
`;

test('a run waits for a reader that holds the file; one that does not let go is named', async () => {
  await run([]);
  const module = new URL('../warehouse/duckdb/duckdb.ts', import.meta.url).href;
  const file = path.join(dataFolder, 'warehouse.duckdb');
  const reader = spawn(process.execPath, ['--input-type=module', '-e', READER, module, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(reader, 'exit');
  try {
    await once(reader.stdout, 'data');
    await expect(run([], { filePatienceMilliseconds: 0 })).rejects.toThrow(
      new RegExp(`${file} is in use by process ${reader.pid} \\(.*\\): wait until it has finished, or stop it`),
    );
    const told: RunEvent[] = [];
    const waiting = run([costStep('only', 'Brand')], { onProgress: (event) => told.push(event) });
    setTimeout(() => reader.stdin.end(), 500);
    expect((await waiting).changes).toEqual({ costs: { inserted: 1, updated: 0, deleted: 0 } });
    expect(told.filter(({ type }) => type === 'waiting')).toEqual([
      { type: 'waiting', message: `waiting for process ${reader.pid}, which reads the warehouse` },
    ]);
  } finally {
    reader.kill('SIGKILL');
    await ended;
  }
});

test('an error of the run is told where releasing the lease fails, too', async () => {
  const broken: NightStep = {
    name: 'broken',
    transaction: false,
    run: async ({ warehouse }) => {
      await warehouse.close();
      throw new UserError('the export is empty', { exitCode: 2 });
    },
  };
  const error: unknown = await run([broken]).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toMatch(/^step "broken" failed: the export is empty/);
  expect((error as UserError).exitCode).toBe(2);
});

test('what a killed run left in run.json does not keep the next one out', async () => {
  const gone = spawn(process.execPath, ['-e', '']);
  await once(gone, 'exit');
  writeFileSync(path.join(dataFolder, 'run.json'), JSON.stringify({ pid: gone.pid, holder: 'gone', started_at: now }));
  await run([costStep('only', 'Brand')]);
  expect(await rows(raw('select count(*) as n from costs'))).toEqual([{ n: 1 }]);
});
