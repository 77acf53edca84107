import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publish } from '../../query/testing/publish.ts';
import { JOURNEY_TABLES } from '../../query/testing/journey-world.ts';
import { REPORT_TABLES } from '../../query/testing/world.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { raw, sql } from '../../warehouse/sql.ts';
import { registerFunnel } from './funnel.ts';
import { registerJourney } from './journey.ts';
import { registerReport } from './report.ts';
import { run } from './testing/run-command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-report-'));
  await publish(folder, [...REPORT_TABLES, ...JOURNEY_TABLES]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const report = (...args: string[]) => run(registerReport, folder, ['report', ...args]);

const conversions = (model: string) => `closed_won.${model}.conversions`;

describe('touchtrail report', () => {
  test('without options shows the last stage of the funnel by channel, in the last 30 published days', async () => {
    const { stdout, stderr } = await report();
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'Fernhill · Closed/Won by channel',
      '19 Feb 2026 – 20 Mar 2026, by conversion time · Europe/Berlin · EUR · published Wed 1 Apr 2026 05:00',
    ]);
    expect(stdout).toMatch(/^Total {3,}0 +— +2 +€10,500 +—$/m);
    expect(stderr).toBe('');
  });

  test('takes dimensions, models, metrics, filters, order and basis', async () => {
    const { stdout } = await report(
      '--last',
      'all',
      '--by',
      'channel,campaign',
      '--conversion',
      'closed_won',
      '--model',
      'first_click,last_click',
      '--csv',
      '--metrics',
      'cost,conversions,roas',
      '--basis',
      'click',
      '--filter',
      'channel=Paid Search|Email',
      '--sort',
      'campaign',
    );
    expect(stdout.split('\r\n')).toEqual([
      'channel,campaign,cost,closed_won.first_click.conversions,closed_won.first_click.roas,closed_won.last_click.conversions,closed_won.last_click.roas',
      'Paid Search,brand,100,1,100,0,0',
      'Paid Search,generic,300,0,0,0,0',
      'Email,january,,0,,1,',
      '',
    ]);
  });

  test('as JSON has rows, totals and what they were made of', async () => {
    const { stdout } = await report('--json', '--last', 'all', '--by', 'total', '--metrics', 'sessions,cost');
    expect(JSON.parse(stdout)).toMatchObject({
      rows: [{ dimensions: {}, figures: { sessions: 5, cost: 600 } }],
      totals: { figures: { sessions: 5, cost: 600 } },
      meta: { date_range: { start_date: '2026-01-05', end_date: '2026-03-20' }, currency: 'EUR', row_count: 1 },
    });
  });

  test('tells on stderr what a CSV has no place for, and where data lies if there is none', async () => {
    const cut = await report('--last', 'all', '--by', 'device_type', '--metrics', 'sessions,cost', '--limit', '1', '--csv');
    expect(cut.stdout).toBe('device_type,sessions,cost\r\ndesktop,4,\r\n');
    expect(cut.stderr).toBe('1 of 2 rows shown; more with --limit\nad costs are not known by device_type: they stand in the total only\n');
    const empty = await report('--from', '2030-01-01', '--to', '2030-01-31');
    expect(empty.stderr).toBe('nothing in these dates; published are the days from 2026-01-05 to 2026-03-20: try --last all\n');
  });

  test('by a custom parameter of the conversions, as CSV and filtered', async () => {
    const by = [
      '--last',
      'all',
      '--by',
      'param.plan',
      '--metrics',
      'conversions',
      '--conversion',
      'lead',
      '--model',
      'first_click',
      '--csv',
    ];
    const header = 'param.plan,lead.first_click.conversions\r\n';
    expect((await report(...by, '--sort', 'param.plan')).stdout).toBe(`${header}basic,1\r\npro,1\r\n,1\r\n`);
    expect((await report(...by, '--filter', 'param.plan=pro')).stdout).toBe(`${header}pro,1\r\n`);
  });

  test('shows all models, how far they lie from one of them, and the change since another period', async () => {
    const models = ['--last', 'all', '--model', 'all', '--by', 'total', '--metrics', 'conversions', '--base-model', 'last_click', '--csv'];
    expect((await report(...models)).stdout.split('\r\n')).toEqual([
      `${conversions('first_click')},${conversions('first_click')}.vs.last_click,${conversions('last_click')},${conversions('linear')},${conversions('linear')}.vs.last_click`,
      '2,0,2,1,-0.5',
      '',
    ]);
    const february = ['--from', '2026-02-01', '--to', '2026-02-28', '--metrics', 'sessions,cost', '--by', 'total'];
    expect((await report(...february, '--compare', '2026-01-01..2026-01-31', '--csv')).stdout.split('\r\n')).toEqual([
      'sessions,sessions.comparison,cost,cost.comparison',
      '2,3,200,400',
      '',
    ]);
    const { stdout } = await report(...february, '--compare', '2026-01-01..2026-01-31');
    expect(stdout).toContain('by conversion time · ± against 1 Jan 2026 – 31 Jan 2026 · Europe/Berlin');
    expect(stdout).toMatch(/^ +2 +-33% +€200.00 +-50%$/m);
    await expect(report('--base-model', 'linear')).rejects.toThrow('the base model: unknown model of this report "linear"');
    await expect(report('--compare', 'yesterday')).rejects.toThrow('--compare yesterday: expected "previous", "year" or two dates');
  });

  test('counts the qualified conversions alone where it is asked to, and leaves sessions and cost as they are', async () => {
    const query = [
      '--last',
      'all',
      '--by',
      'total',
      '--metrics',
      'sessions,cost,conversions',
      '--conversion',
      'lead',
      '--model',
      'first_click',
    ];
    expect((await report(...query, '--csv', '--filter', 'is_qualified=true')).stdout.split('\r\n')[1]).toBe('5,600,0');
    await expect(report(...query, '--filter', 'is_qualified=yes')).rejects.toThrow('expected "is_qualified" to equal "true" or "false"');
  });

  test('writes a Parquet file with typed columns, and says where it cannot', async () => {
    const file = path.join(folder, "it's a report.parquet");
    const query = ['--last', 'all', '--by', 'date,channel', '--metrics', 'sessions,cost', '--filter', 'date<2026-01-07'];
    expect((await report(...query, '--parquet', file)).stdout).toBe('');
    const reader = await openDuckDb(':memory:');
    try {
      const parquet = raw(`read_parquet('${file.replace("'", "''")}')`);
      expect(await reader.rows(sql`select column_name, column_type from (describe select * from ${parquet})`)).toEqual([
        { column_name: 'date', column_type: 'DATE' },
        { column_name: 'channel', column_type: 'VARCHAR' },
        { column_name: 'sessions', column_type: 'BIGINT' },
        { column_name: 'cost', column_type: 'DOUBLE' },
      ]);
      expect(await reader.rows(sql`select * from ${parquet}`)).toEqual([
        { date: '2026-01-05', channel: 'Paid Search', sessions: 1, cost: 100 },
        { date: '2026-01-06', channel: 'Paid Search', sessions: 1, cost: 300 },
      ]);
    } finally {
      await reader.close();
    }
    await expect(report('--parquet', path.join(folder, 'nowhere', 'x.parquet'))).rejects.toThrow(/x\.parquet: there is no folder/);
  });

  test('answers an unknown name with the nearest', async () => {
    await expect(report('--by', 'chanel')).rejects.toThrow('did you mean "channel"?');
    await expect(report('--by', 'param.plam')).rejects.toThrow('unknown dimension "param.plam", did you mean "param.plan"?');
    const problem = await report('--conversion', 'close_won').catch((error: unknown) => error);
    expect(problem).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^--conversion: unknown conversion "close_won", did you mean "closed_won"\?/),
    });
    await expect(report('--model', 'first_clik')).rejects.toThrow('--model: unknown model "first_clik", did you mean "first_click"?');
  });

  test('takes the label of a conversion in any letter case for its name', async () => {
    expect((await report('--conversion', 'closed/won')).stdout).toBe((await report('--conversion', 'closed_won')).stdout);
  });

  test('whose filter matches nothing says so, and counts the rows that a condition on a metric hides', async () => {
    const empty = await report('--last', 'all', '--filter', 'channel=Nowhere');
    expect(empty.stderr).toBe('in these dates nothing matches --filter "channel=Nowhere"\n');
    const hidden = await report('--last', 'all', '--by', 'campaign', '--metrics', 'cost', '--filter', 'cost>250');
    expect(hidden.stdout).toMatch(/\n1 of \d rows shown; the total counts all\n/);
  });
});

const funnel = (...args: string[]) => run(registerFunnel, folder, ['funnel', '--last', 'all', ...args]);

test('touchtrail funnel shows every stage, as table, CSV and JSON', async () => {
  expect((await funnel()).stdout).toContain('Paid Search           1  1       1  1   €10,000\n');
  expect((await funnel('--csv', '--model', 'last_click')).stdout.split('\r\n')[1]).toBe('Email,lead,1,,1');
  expect(JSON.parse((await funnel('--json')).stdout)).toMatchObject({
    model: 'first_click',
    totals: [{ conversions: 3 }, { conversions: 2, value: 10_500 }],
  });
});

const journey = (...args: string[]) => run(registerJourney, folder, ['journey', ...args]);

describe('touchtrail journey', () => {
  test('shows a person, as text and as JSON', async () => {
    const { stdout } = await journey('--conversion', 'closed_won/D1');
    expect(stdout.split('\n')[1]).toBe('found by conversion closed_won/D1 · 2 devices, 2 sessions, 2 conversions');
    expect(JSON.parse((await journey('--email', 'jane@fernhill.example', '--json')).stdout)).toMatchObject({ person_ids: ['a1'] });
  });

  test('refuses two selectors, an address that is none and a conversion without an id', async () => {
    await expect(journey('--lead', 'L1', '--email', 'x')).rejects.toThrow('cannot be used with option');
    await expect(journey('--email', 'notanemail')).rejects.toThrow('--email "notanemail": expected an e-mail address, or its SHA-256');
    await expect(journey('--email', '')).rejects.toMatchObject({ exitCode: 2 });
    await expect(journey('--email', 'a'.repeat(64))).rejects.toThrow('nobody was seen with e-mail hash aaaaaaaa…');
    await expect(journey('--conversion', 'D1')).rejects.toThrow('--conversion D1: expected name/id');
  });
});
