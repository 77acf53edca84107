import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPORT_EVENT_FUNNELS, REPORT_FUNNEL } from '../../models/funnels/tables.ts';
import { publish } from '../../query/testing/publish.ts';
import { PUBLICATION, REPORT_TABLES } from '../../query/testing/world.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import { registerFunnel } from './funnel.ts';
import { bothFiles } from './testing/parquet.ts';
import { run } from './testing/run-command.ts';

const won = (id: string, lead_id: string | null, date: string, leadDate: string, value: number): Row => ({
  conversion_name: 'closed_won',
  id,
  lead_id,
  linked_by: lead_id === null ? null : 'lead_id',
  conversion_time: `${date}T12:00:00.000000Z`,
  conversion_date: date,
  lead_time: lead_id === null ? null : `${leadDate}T12:00:00.000000Z`,
  value_micros: value * 1_000_000,
  is_first: lead_id !== null,
  lead_conversions: lead_id === null ? null : 1,
  lead_valued: lead_id === null ? null : 1,
  lead_value_micros: lead_id === null ? null : value * 1_000_000,
});
const FUNNEL: readonly Row[] = [
  won('D1', 'L1', '2026-03-10', '2026-01-20', 10_000),
  won('D3', 'L3', '2026-03-20', '2026-02-10', 500),
  won('D7', null, '2026-03-15', '', 70),
];

const way = (session_id: string, entry_date: string, ...seconds: readonly number[]): Row[] =>
  [0, ...seconds].map((second, i) => ({
    funnel_name: 'demo',
    write_key_id: 'wk',
    message_id: `m-${session_id}`,
    step: i + 1,
    anonymous_id: 'a',
    session_id,
    entry_date,
    since_entry_micros: second * 1_000_000,
    since_previous_micros: second * 1_000_000,
  }));
const STEPS = [
  { name: 'pricing', label: 'Pricing' },
  { name: 'request', label: 'Request' },
];
const eventFunnels = [{ name: 'demo', label: 'Demo request', steps: STEPS, windowHours: null, order: 'sequential' as const }];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-funnel-'));
  const tables = [
    ...REPORT_TABLES,
    [REPORT_FUNNEL, FUNNEL] as const,
    [REPORT_EVENT_FUNNELS, [...way('s1', '2026-01-05', 95), ...way('s3', '2026-01-06'), ...way('s4', '2026-02-02', 7200)]] as const,
  ];
  await publish(folder, tables, { config: { ...PUBLICATION.config, eventFunnels } });
});
afterAll(() => rm(folder, { recursive: true }));

const funnel = (...args: string[]) => run(registerFunnel, folder, ['funnel', '--last', 'all', ...args]);
const lines = async (...args: string[]) => (await funnel(...args)).stdout.split('\n');

describe('touchtrail funnel', () => {
  test('--view cohort follows leads, and says what belongs to none', async () => {
    expect(await lines('--view', 'cohort')).toEqual([
      'Fernhill · Lead cohort by channel, first click',
      'leads of 5 Jan 2026 – 20 Mar 2026 · Europe/Berlin · EUR · published Wed 1 Apr 2026 05:00',
      '',
      '                  ─ Lead ──  ───────────── Closed/Won ──────────────',
      'Channel           Leads  #   Leads  #     Rate   Lost  Days    Value',
      '────────────────  ─────  ──  ─────  ──  ───────  ────  ────  ───────',
      'Organic Search        1  1       1  2▼  100.0%      0  38.0     €500',
      'Paid Search           1  1       1  1   100.0%      0  49.0  €10,000',
      '(not attributed)      1          0        0.0%      1     —       €0',
      '────────────────  ─────  ──  ─────  ──  ───────  ────  ────  ───────',
      'Total                 3          2       66.7%      1  43.5  €10,500',
      '',
      'Leads that reached the stage, by the credits of the lead. # is the place at the stage: by value where it has one, else by leads.',
      'Rate and Lost are from the stage before, Days the median between both.',
      'Closed/Won: 1 of these dates (€70) belong to no lead and are in no row.',
      'too few conversions to tell how long leads take: Closed/Won; no lead is marked as open there',
      '',
    ]);
  });

  test('--view cohort by month and in all, as CSV', async () => {
    const { stdout } = await funnel('--view', 'cohort', '--interval', 'month', '--by', 'total', '--csv');
    expect(stdout.split('\r\n')).toEqual([
      'month,stage,leads,conversions,value,rate_from_lead,rate_from_previous,dropped,skipped,open,median_days,rank',
      '2026-01-01,lead,1,1,,1,,,,,,1',
      '2026-01-01,closed_won,1,1,10000,1,1,0,0,,49,1',
      '2026-02-01,lead,2,2,,1,,,,,,1',
      '2026-02-01,closed_won,1,1,500,0.5,0.5,1,0,,38,1',
      '',
    ]);
  });

  test('--compare puts another period beside, in every view', async () => {
    const january = ['--from', '2026-01-01', '--to', '2026-01-31', '--compare', '2026-02-01..2026-02-28'];
    const row = async (name: string, ...args: string[]) => {
      const { stdout } = await run(registerFunnel, folder, ['funnel', ...january, ...args]);
      const cells = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
      return cells.find(([first]) => first === name);
    };
    const columns = 'Leads|Before|#|Leads|Before|#|Rate|Before|Lost|Days|Value|Before';
    expect((await row('Channel', '--view', 'cohort'))!.slice(1).join('|')).toBe(columns);
    expect(await row('Organic Search', '--view', 'cohort')).toEqual([
      'Organic Search',
      '0',
      '1',
      '0',
      '1',
      '—',
      '100.0%',
      '0',
      '—',
      '€0',
      '€500',
    ]);
    expect(await row('Paid Search', '--view', 'stages')).toEqual(['Paid Search', '1', '0', '1', '0', '0', '€0', '€0']);
    // Costs of February alone, of which January knows nothing.
    expect((await row('abm', '--view', 'ads'))!.slice(0, 6)).toEqual(['abm', '—', '—', '4,000', '—', '10']);
    expect(await row('Organic Search', '--view', 'events')).toEqual([
      'Organic Search',
      '0',
      '1',
      '0',
      '0',
      '1',
      '0',
      '—',
      '100.0%',
      '0',
      '—',
    ]);
  });

  test('--view ads goes from impressions to conversions', async () => {
    expect(await lines('--view', 'ads', '--filter', 'ad_platform=google_ads')).toEqual([
      'Fernhill · Ad funnel to Closed/Won by campaign, first click',
      'conversions by click time, 5 Jan 2026 – 20 Mar 2026 · Europe/Berlin · EUR · published Wed 1 Apr 2026 05:00',
      '',
      '                Impressions  ───── Clicks ─────  ─── Landings ────  ─── Conversions ───',
      'Campaign  Cost        Count  Count  Rate   Lost  Count  Rate  Lost  Count    Rate  Lost    Value',
      '────────  ────  ───────────  ─────  ────  ─────  ─────  ────  ────  ─────  ──────  ────  ───────',
      'generic   €300        2,000     50  2.5%  1,950      1  2.0%    49      0    0.0%     1       €0',
      'brand     €100        1,000     20  2.0%    980      1  5.0%    19      1  100.0%     0  €10,000',
      '────────  ────  ───────────  ─────  ────  ─────  ─────  ────  ────  ─────  ──────  ────  ───────',
      'Total     €400        3,000     70  2.3%  2,930      2  2.9%    68      1   50.0%     1  €10,000',
      '',
      'Impressions and clicks are those that the platforms report, landings the visits from ads that the site saw.',
      'Rate and Lost are from the step before; Lost is below zero where there are more visits than clicks.',
      '',
    ]);
  });

  test('--view events shows the steps with the time between them', async () => {
    expect((await lines('--view', 'events')).slice(0, 10)).toEqual([
      'Fernhill · Demo request by channel',
      'entries of 5 Jan 2026 – 20 Mar 2026 · Europe/Berlin · EUR · published Wed 1 Apr 2026 05:00',
      '',
      '                ─── Pricing ────  ────────────── Request ───────────────',
      'Channel         Entries  Persons  Entries  Persons    Rate  Lost    Time',
      '──────────────  ───────  ───────  ───────  ───────  ──────  ────  ──────',
      'Paid Search           2        2        1        1   50.0%     1  1m 35s',
      'Organic Search        1        1        1        1  100.0%     0  2h 00m',
      '──────────────  ───────  ───────  ───────  ───────  ──────  ────  ──────',
      'Total                 3        3        2        2   66.7%     1  1h 00m',
    ]);
    expect((await funnel('--view', 'events', '--by', 'medium', '--csv')).stdout.split('\r\n').slice(0, 3)).toEqual([
      'medium,step,entries,persons,rate_from_previous,rate_from_entry,dropped,median_seconds',
      'cpc,pricing,2,2,,1,,',
      'cpc,request,1,1,0.5,0.5,1,95',
    ]);
  });

  test.each([
    [
      ['--view', 'stages'],
      ['VARCHAR', 'VARCHAR', 'DOUBLE', 'DOUBLE', 'BIGINT'],
    ],
    [
      ['--view', 'cohort', '--interval', 'month', '--split', 'closed_won'],
      ['DATE', 'VARCHAR', 'BOOLEAN', 'VARCHAR', ...Array.from({ length: 9 }, () => 'DOUBLE'), 'BIGINT'],
    ],
    [
      ['--view', 'ads', '--compare', 'previous'],
      ['VARCHAR', 'VARCHAR', ...Array.from({ length: 10 }, () => 'DOUBLE')],
    ],
    [
      ['--view', 'events', '--by', 'total'],
      ['VARCHAR', 'BIGINT', 'BIGINT', 'DOUBLE', 'DOUBLE', 'BIGINT', 'DOUBLE'],
    ],
  ])('%j as a Parquet file holds what the CSV does', async (args, expected) => {
    const { csv, parquet, types } = await bothFiles(registerFunnel, folder, ['funnel', '--last', 'all', ...args]);
    expect(csv.split('\r\n').length).toBeGreaterThan(2);
    expect(parquet).toBe(csv);
    expect(types).toEqual(expected);
  });

  test('every view as JSON names what it shows', async () => {
    for (const view of ['stages', 'cohort', 'ads', 'events']) {
      const { meta, rows, dimension } = JSON.parse((await funnel('--view', view, '--json')).stdout);
      expect([meta.publication_id, rows.length > 0, dimension], view).toEqual([
        PUBLICATION.publication_id,
        true,
        view === 'ads' ? 'campaign' : 'channel',
      ]);
    }
  });

  test.each([
    [['--view', 'leads'], '--view leads: expected one of stages, cohort, ads, events'],
    [['--split', 'mql'], '--split means nothing to --view stages: it is for --view cohort'],
    [
      ['--view', 'events', '--model', 'linear'],
      '--model means nothing to --view events: it is for --view stages and --view cohort and --view ads',
    ],
    [['--view', 'events', '--name', 'dmo'], 'name: unknown event funnel "dmo", did you mean "demo"?'],
    [['--view', 'ads', '--filter', 'channel=Email'], '--filter on channel: the ad funnel takes ad_platform=NAME and campaign=NAME'],
    [['--view', 'cohort', '--stages', 'lead,won'], 'stages[1]: unknown stage "won"'],
  ])('%j is refused in words', async (args, message) => {
    await expect(funnel(...args)).rejects.toThrow(message);
    await expect(funnel(...args)).rejects.toMatchObject({ exitCode: 2 });
  });
});
