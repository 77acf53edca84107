import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PUBLISHED_ACCOUNTS } from '../../models/accounting/published.ts';
import { RUN_HISTORY_FILE, type RunHistory, type StepRecord } from '../../models/reports/run-history.ts';
import { RUN_STEPS, RUNS } from '../../night/tables.ts';
import { PUBLICATION, REPORT_TABLES } from '../../query/testing/world.ts';
import { linksOf, openDashboard, rowsOf, type TestDashboard, textOf } from '../testing/dashboard.ts';

// The run that published, and one after it that failed with a message of the CRM's making.
const HOSTILE = '<svg onload=alert(1)>';
const ID = PUBLICATION.publication_id;
const STARTED = '2026-04-01T02:59:48.000000Z';
const step = (name: string, duration_ms: number, more: Partial<StepRecord> = {}): StepRecord => ({
  step: name,
  status: 'done',
  duration_ms,
  inserted: 0,
  updated: 0,
  deleted: 0,
  bytes: 0,
  message: null,
  ...more,
});
const HISTORY: RunHistory = {
  runs: [
    {
      run_id: 'run-2',
      started_at: '2026-04-02T03:00:00.000Z',
      finished_at: '2026-04-02T03:00:01.500Z',
      status: 'failed',
      message: `step "sources" failed: unknown column ${HOSTILE}`,
      warnings: [],
      publication_id: null,
      steps: [step('landing', 1200, { inserted: 10 }), step('sources', 300, { status: 'failed', message: `unknown column ${HOSTILE}` })],
    },
    {
      run_id: ID,
      started_at: STARTED,
      finished_at: '2026-04-01T03:02:58.000Z',
      status: 'done',
      message: null,
      warnings: [`12 events were rejected ${HOSTILE}`],
      publication_id: ID,
      steps: [step('landing', 65_000, { inserted: 1000 }), step('publish', 125_000)],
    },
  ],
};
const account = (date: string, write_key_id: string | null, accepted: number, stored: number, missing = 0) => ({
  date,
  write_key_id,
  accepted,
  stored,
  duplicate: accepted - stored - missing,
  failed: 0,
  erased: 0,
  pending: 0,
  missing,
});

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await openDashboard(
    [
      ...REPORT_TABLES,
      // As the snapshot was taken, its own run had not ended.
      [RUNS, [{ run_id: ID, token: 1, started_at: STARTED, finished_at: null, status: 'running', holder: 'host', warnings: '[]' }]],
      [
        RUN_STEPS,
        [
          { run_id: ID, position: 1, started_at: STARTED, ...step('landing', 65_000, { inserted: 1000 }), statements: 1 },
          { run_id: ID, position: 2, started_at: STARTED, ...step('publish', 0, { status: 'running', duration_ms: null }), statements: 0 },
        ],
      ],
      [PUBLISHED_ACCOUNTS, [account('2026-03-30', 'wk_1', 100, 99), account('2026-03-31', HOSTILE, 50, 47, 3)]],
    ],
    { config: { ...PUBLICATION.config, accounted: { from: '2026-03-03', to: '2026-04-01' } } },
  );
  await writeFile(path.join(dashboard.dataFolder, RUN_HISTORY_FILE), JSON.stringify(HISTORY));
});
afterAll(() => dashboard.close());

const part = (page: string, heading: string) => page.split('<section').find((text) => text.includes(`<h2>${heading}`)) ?? '';

test('the last run is shown with its steps, one that failed with its message; markup in it is text', async () => {
  const page = await dashboard.get('/runs');
  const last = part(page, 'Run of Thu 2 Apr 2026 05:00');
  expect(textOf(last)).toContain(`Failed: step "sources" failed: unknown column ${HOSTILE}`);
  expect(rowsOf(last).slice(1)).toEqual([
    ['landing', 'done', '1.2 s', '', '10', '—', '—'],
    ['sources', 'failed', '300 ms', '', '—', '—', '—'],
  ]);
  expect(page).not.toContain('<svg onload');
  expect(textOf(page)).toContain('Last run Failed Thu 2 Apr 2026 05:00 It took 1.5 s median 1 min 36 s');
});

test('the history leads to every run', async () => {
  const page = await dashboard.get('/runs');
  expect(rowsOf(part(page, 'History')).slice(1)).toEqual([
    ['Thu 2 Apr 2026 05:00', `failed step "sources" failed: unknown column ${HOSTILE}`, '1.5 s', 'landing, 1.2 s', '10', '—', '—'],
    ['Wed 1 Apr 2026 04:59', 'done', '3 min 10 s', 'publish, 2 min 5 s', '1,000', '1', `${ID} (this one)`],
  ]);
  const [address] = linksOf(page, 'Wed 1 Apr 2026 04:59');
  expect(textOf(await dashboard.get(address!))).toContain(`12 events were rejected ${HOSTILE}`);
  expect(textOf(await dashboard.get('/runs?run=run-9', 400))).toContain('run=run-9: expected one of the last 2 runs');
});

test('the accounts of the edge say what is missing', async () => {
  const accounts = part(await dashboard.get('/runs'), 'Accounts of the edge');
  expect(textOf(accounts)).toContain('3 acknowledged rows are missing.');
  expect(rowsOf(accounts).slice(1)).toEqual([
    ['31 Mar 2026', HOSTILE, '50', '47', '—', '—', '—', '—', '3'],
    ['30 Mar 2026', 'wk_1', '100', '99', '1', '—', '—', '—', '—'],
    ['All', '', '150', '146', '1', '0', '0', '0', '3'],
  ]);
});

test('runs, steps and accounts as CSV', async () => {
  expect((await dashboard.get('/runs?format=csv')).split('\r\n')[2]).toBe(
    `${ID},${STARTED},2026-04-01T03:02:58.000Z,done,190000,1000,1,${ID},`,
  );
  expect((await dashboard.get(`/runs?format=csv&table=steps&run=${ID}`)).split('\r\n')[1]).toBe(`${ID},landing,done,65000,1000,0,0,0,`);
  expect((await dashboard.get('/runs?format=csv&table=accounts')).split('\r\n')[2]).toBe('2026-03-30,wk_1,100,99,1,0,0,0,0');
});

test('without the file of runs the publication tells of its own, and says that it knows no later one', async () => {
  await rm(path.join(dashboard.dataFolder, RUN_HISTORY_FILE));
  const page = await dashboard.get('/runs');
  expect(rowsOf(part(page, 'History')).slice(1)).toEqual([
    ['Wed 1 Apr 2026 04:59', 'done', '12 s', 'landing, 1 min 5 s', '1,000', '—', `${ID} (this one)`],
  ]);
  expect(textOf(page)).toContain('runs after it, and any that failed since, are not in it');
  await writeFile(path.join(dashboard.dataFolder, RUN_HISTORY_FILE), '{"runs": 1}');
  expect(textOf(await dashboard.get('/runs', 503))).toContain('is not what a run writes: remove it');
});
