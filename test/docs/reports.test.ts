import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerReport } from '../../pipeline/cli/commands/report.ts';
import { run } from '../../pipeline/cli/commands/testing/run-command.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import { NOT_OF_OTHER_COSTS, OTHER_COST_DIMENSIONS, otherCost } from '../../pipeline/config/other-costs.ts';
import { publishedConfig } from '../../pipeline/models/reports/publication.ts';
import { reports } from '../../pipeline/models/reports/reports.ts';
import { REPORT_OTHER_COSTS } from '../../pipeline/models/reports/tables.ts';
import { conditionOf } from '../../pipeline/cli/commands/filters.ts';
import { DIMENSION_NAMES, isOfCosts } from '../../pipeline/query/dimensions.ts';
import { METRIC_NAMES } from '../../pipeline/query/metrics.ts';
import { publish } from '../../pipeline/query/testing/publish.ts';
import { REPORT_TABLES } from '../../pipeline/query/testing/world.ts';
import { openWorld } from '../../pipeline/testing/world.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const page = await readFile(path.join(import.meta.dirname, '..', '..', 'docs', 'reports.md'), 'utf8');
const blocks = await codeBlocks('reports.md');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-docs-reports-'));
  for (const name of ['lead.sql', 'closed_won.sql']) await writeFile(path.join(folder, name), 'select 1');
  await writeFile(path.join(folder, 'touchtrail.config.ts'), blockOf(blocks, 'ts touchtrail.config.ts'));
  const { config } = await loadConfig(path.join(folder, 'touchtrail.config.ts'));
  const world = await openWorld(config);
  await world.run(reports);
  const otherCosts = await world.rows(`select * from ${REPORT_OTHER_COSTS.name}`);
  await world.close();
  const tables = REPORT_TABLES.map(([table, rows]) => [table, table === REPORT_OTHER_COSTS ? otherCosts : rows] as const);
  // The facts are written by hand, without keys of their sources and without dates of earlier visits.
  await publish(folder, tables, { config: { ...publishedConfig(config), params: [], hasSourceKeys: false, hasPreviousDates: false } });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(['models', 'custom', 'roi', 'compare'])('the example "%s" writes what the page shows', async (name) => {
  const command = blockOf(blocks, `sh ${name}`).trim().split(' ');
  expect(command.slice(0, 3)).toEqual(['npx', 'touchtrail', 'report']);
  const { stdout, stderr } = await run(registerReport, folder, command.slice(2));
  expect(stdout).toBe(blockOf(blocks, `text ${name}`));
  expect(stderr).toBe('');
});

test('other costs stand beside ad costs by every dimension that they name', async () => {
  const asked = ['report', '--from', '2026-01-01', '--to', '2026-03-31', '--metrics', 'other_cost', '--csv', '--by'];
  const lines = async (by: string) => (await run(registerReport, folder, [...asked, by])).stdout.trimEnd().split('\r\n').slice(1);
  expect((await lines('account')).filter((line) => !line.endsWith(',')).toSorted()).toEqual([',2000', 'North,900']);
  expect((await lines('ad')).filter((line) => !line.endsWith(','))).toEqual([',2900']);
});

describe('the tables of the page name', () => {
  test('every dimension, and whether costs have it', () => {
    const rows = tableOf(page, 'Dimension').filter(([name]) => !name!.includes('.'));
    expect(rows.map(([name, , ofCosts]) => [name, ofCosts === 'yes'])).toEqual(
      DIMENSION_NAMES.map((name) => [name, isOfCosts(name, { dimensions: {} })]),
    );
  });

  test('every metric, in the order of the query schema', () => {
    expect(tableOf(page, 'Metric').map(([name]) => name)).toEqual(METRIC_NAMES);
  });

  test('the members of other costs', () => {
    const named = tableOf(page, 'Member of an entry of `otherCosts`').map(([name]) => name);
    expect(
      Object.keys(otherCost.shape).filter((name) => name === 'channel' || !(OTHER_COST_DIMENSIONS as readonly string[]).includes(name)),
    ).toEqual(named);
    // Every dimension of reports can be named, or it is said why not.
    expect([...OTHER_COST_DIMENSIONS, ...Object.keys(NOT_OF_OTHER_COSTS)].toSorted()).toEqual(DIMENSION_NAMES.toSorted());
    expect(OTHER_COST_DIMENSIONS.every((name) => isOfCosts(name, { dimensions: {} }))).toBe(true);
    for (const name of OTHER_COST_DIMENSIONS) expect(page).toContain(`\`${name}\``);
  });

  test('conditions that the command line understands', () => {
    const operators = tableOf(page.replaceAll('\\|', '¦'), 'Condition').map(([text]) => conditionOf(text!.replaceAll('¦', '|')).operator);
    expect(operators).toEqual(['equals', 'in', 'contains', 'not_set', 'is_set', 'gte', 'gt', 'equals']);
  });
});
