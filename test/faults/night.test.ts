import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../pipeline/config/load.ts';
import { runNight, type RunSummary } from '../../pipeline/night/run.ts';
import { NIGHT_STEPS, type NightStep } from '../../pipeline/night/steps.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { sql } from '../../pipeline/warehouse/sql.ts';
import type { Row } from '../../pipeline/warehouse/warehouse.ts';
import { contents, copyProject, createProject, secondDay, type SmallProject } from './small-project.ts';

const projects: SmallProject[] = [];
/** After its first night, with a second day landed. */
let prepared: SmallProject;
/** What an undisturbed second night does, and what the tables hold after it. */
let calmly: RunSummary;
let undisturbed: Record<string, readonly Row[]>;

beforeAll(async () => {
  prepared = keep(createProject());
  await night(prepared);
  secondDay(prepared);
  const calm = keep(copyProject(prepared));
  calmly = await night(calm);
  undisturbed = await contents(calm);
});
afterAll(() => {
  for (const { folder } of projects) rmSync(folder, { recursive: true, force: true });
});

function keep(project: SmallProject): SmallProject {
  projects.push(project);
  return project;
}

async function night(project: SmallProject, steps?: readonly NightStep[]): Promise<RunSummary> {
  const { config, configFolder } = await loadConfig(project.configFile);
  return runNight({ config, configFolder, dataFolder: project.dataFolder, ...(steps && { steps }) });
}

/** Where nobody is erased and everything is kept these have nothing to do; erasure.test.ts kills nights that erase. */
const IDLE: ReadonlySet<string> = new Set([
  'erasures',
  'retention',
  'erased events',
  'retention of events',
  'retention of sessions',
  'erased traces',
]);
const STEPS = NIGHT_STEPS.map(({ name }) => name).filter((name) => !IDLE.has(name));
const pointer = (project: SmallProject): string => readFileSync(join(project.dataFolder, 'publications', 'current.json'), 'utf8');

test('the undisturbed nights did what the tests below compare with', () => {
  expect(Object.fromEntries(Object.entries(undisturbed).map(([name, rows]) => [name, rows.length]))).toMatchObject({
    events_raw: 8,
    events: 7,
    sessions: 5,
    crm_leads: 3,
    crm_deals: 2,
    costs: 2,
    conversions: 5,
    report_funnel: 2,
    'published sessions': 5,
    'published costs': 2,
  });
});

test('every step that is killed below has work in the second night', () => {
  const changed = Object.entries(calmly.changes).filter(([, { inserted, updated, deleted }]) => inserted + updated + deleted > 0);
  expect(changed.map(([name]) => name)).toEqual(
    expect.arrayContaining(
      ['events_raw', 'events', 'crm_leads', 'costs', 'sessions', 'identities', 'conversions', 'model_versions', 'applied_versions']
        .concat(['attribution', 'report_funnel', 'report_event_funnels', 'report_sessions', 'report_credits', 'ad_references', 'report_ads']), // prettier-ignore
    ),
  );
});

test('a second run on unchanged data changes no row and keeps the publication', async () => {
  const project = keep(copyProject(prepared));
  const first = await night(project);
  const second = await night(project);
  const touched = Object.entries(second.changes).filter(([, { inserted, updated, deleted }]) => inserted + updated + deleted > 0);
  expect(touched).toEqual([]);
  expect(second.publicationKept).toBe(true);
  expect(second.publicationId).toBe(first.publicationId);
});

test('runs that fail one after the other in every step keep the publication, and the next run ends in the same state', async () => {
  const project = keep(copyProject(prepared));
  const before = pointer(project);
  for (const fatal of STEPS) {
    await expect(night(project, failingIn(fatal))).rejects.toThrow(`step "${fatal}" failed: injected`);
    expect(pointer(project)).toBe(before);
  }
  await night(project);
  expect(await contents(project)).toEqual(undisturbed);
});

/** The steps, of which one fails after its work: before it, where that work could not be taken back. */
function failingIn(fatal: string): readonly NightStep[] {
  return NIGHT_STEPS.map((step) => ({
    ...step,
    run: async (context: Parameters<typeof step.run>[0]) => {
      if (step.name === fatal && !step.transaction) throw new Error('injected');
      const result = await step.run(context);
      if (step.name === fatal) throw new Error('injected');
      return result;
    },
  }));
}

test.each(STEPS)('a run killed in the step "%s" and started again ends in the same state', async (fatal) => {
  const project = keep(copyProject(prepared));
  const script = join(import.meta.dirname, 'interrupted-night.ts');
  const child = spawn(process.execPath, [script, project.configFile, project.dataFolder, fatal], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
  expect(existsSync(join(project.dataFolder, 'run.json'))).toBe(true);
  await night(project);
  expect(await contents(project)).toEqual(undisturbed);
  const warehouse = await openDuckDb(join(project.dataFolder, 'warehouse.duckdb'));
  const statuses = await warehouse.rows(sql`select token, status from runs order by token`);
  await warehouse.close();
  expect(statuses).toEqual([
    { token: 1, status: 'done' },
    { token: 2, status: 'killed' },
    { token: 3, status: 'done' },
  ]);
});
