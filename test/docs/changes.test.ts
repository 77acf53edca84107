import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerDiff } from '../../pipeline/cli/commands/diff.ts';
import { registerPublications } from '../../pipeline/cli/commands/publications.ts';
import { registerReport } from '../../pipeline/cli/commands/report.ts';
import { bothFiles } from '../../pipeline/cli/commands/testing/parquet.ts';
import { run } from '../../pipeline/cli/commands/testing/run-command.ts';
import { CAUSE_NAMES, CAUSES } from '../../pipeline/query/diff/causes.ts';
import { type CrmRow, type Nights, openNights } from '../../pipeline/query/diff/testing/nights.ts';
import { FEWEST_CONVERSIONS, LONGEST_LAG } from '../../pipeline/query/projection/lag.ts';
import { LEAST_MATURITY } from '../../pipeline/query/projection/projection.ts';
import { projectionTables, PUBLISHED } from '../../pipeline/query/projection/testing/world.ts';
import { publish } from '../../pipeline/query/testing/publish.ts';
import { type EventInput, page } from '../../pipeline/testing/world.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const text = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'changes.md'), 'utf8');
const blocks = await codeBlocks('changes.md');

const visit = (who: string, at: string, query: string): EventInput => ({ who, at, ...page(`https://www.fernhill.example/${query}`) });
const [AD, NEWSLETTER] = ['?utm_source=google&utm_medium=cpc', '?utm_source=newsletter&utm_medium=email'];
const deal = (id: string, client_id: string, value: number, more: Partial<CrmRow> = {}): CrmRow => ({
  id,
  client_id,
  value,
  created: '2026-06-20T10:00:00Z',
  ...more,
});

// Anna, Ben, Cem and Dana clicked an ad; in the night to 2 July Ben's deal was cancelled, Cem's grew, Dana's newsletter visit
// arrived late, and Eva bought.
let nights: Nights;
/** Of the example of projections. */
let projected: string;
beforeAll(async () => {
  projected = await mkdtemp(join(tmpdir(), 'touchtrail-docs-projections-'));
  await publish(projected, projectionTables(), PUBLISHED);
  nights = await openNights();
  const deals = [
    deal('D-1', 'anna', 12_000),
    deal('D-2', 'ben', 8000),
    deal('D-3', 'cem', 5000),
    deal('D-4', 'dana', 9000),
    deal('D-5', 'anna', 2500, { currency: 'USD' }),
  ];
  await nights.run({
    now: '2026-07-01T01:00:00.000Z',
    events: ['anna', 'ben', 'cem', 'dana'].map((who) => visit(who, '2026-06-10 09:00', AD)),
    leads: [],
    deals,
    rates: 'Date,USD\n2026-06-19,1.25\n',
  });
  await nights.run({
    now: '2026-07-02T01:00:00.000Z',
    events: [visit('dana', '2026-06-18 09:00', NEWSLETTER), visit('eva', '2026-07-01 09:00', AD)],
    leads: [],
    deals: [
      ...deals.filter(({ id }) => id !== 'D-2').map((one) => (one.id === 'D-3' ? { ...one, value: 6500 } : one)),
      deal('D-6', 'eva', 4000, { created: '2026-07-01T15:00:00Z' }),
    ],
    rates: 'Date,USD\n2026-06-19,1.25\n2026-06-20,1.2\n',
  });
}, 120_000);
afterAll(async () => {
  await nights?.close();
  await rm(projected, { recursive: true, force: true });
});

const commands = { publications: registerPublications, diff: registerDiff, report: registerReport };

test.each([...blocks].filter(([info]) => info.startsWith('console ')))('%s is what the page says', async (info, block) => {
  const [first, ...shown] = block.trimEnd().split('\n');
  const args = [...first!.matchAll(/"([^"]+)"|(\S+)/g)].map((match) => match[1] ?? match[2]!).slice(2);
  const { stdout } = await run(
    commands[args[0] as keyof typeof commands],
    info === 'console projections' ? projected : nights.dataFolder,
    args,
  );
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd()),
  ).toEqual(shown);
});

test.each([[[]], [['--list']]])('diff %j as a Parquet file holds what the CSV does', async (more) => {
  const asked = ['diff', '2026-07-01', '--model', 'last_click', '--metrics', 'conversions,conversion_value', ...more];
  const { csv, parquet } = await bothFiles(registerDiff, nights.dataFolder, asked);
  expect(csv.split('\r\n').length).toBeGreaterThan(4);
  expect(parquet).toBe(csv);
});

test('projections are columns of the files of their report', async () => {
  const asked = ['report', '--basis', 'click', '--projections', '--model', 'first_click', '--metrics', 'conversions'];
  const { csv, parquet } = await bothFiles(registerReport, projected, [...asked, '--from', '2026-06-09', '--to', '2026-06-29']);
  const names = ['conversions', 'projected_conversions', 'projected_value', 'maturity'].map((name) => `closed_won.first_click.${name}`);
  expect(csv.split('\r\n')[0]).toBe(['channel', ...names].join(','));
  expect(csv).toMatch(/\r\nEmail,161,210,21000,0\.76/);
  expect(parquet).toBe(csv);
});

test('the causes of the page are those there are, in their order', () => {
  expect(tableOf(text, 'Because of | What happened').map(([label]) => label)).toEqual(CAUSE_NAMES.map((name) => CAUSES[name].label));
});

test('the thresholds of the page are those of projections', () => {
  expect(text).toContain(`at least ${FEWEST_CONVERSIONS} conversions`);
  expect(text).toContain(`less than ${LEAST_MATURITY * 100} %`);
  expect(text).toContain(`${LONGEST_LAG} days`);
  expect(blockOf(blocks, 'text projection')).toContain('F(j − 1) = F(j) × (1 − n(j) / r(j))');
});
