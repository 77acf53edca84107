import { afterAll, beforeAll, expect, test } from 'vitest';
import { ads } from '../../pipeline/models/costs/ads.ts';
import { AD_NAMES, AD_REFERENCES, COSTS, REPORT_ADS } from '../../pipeline/models/costs/tables.ts';
import { AD_CASES, AD_PROJECT, FOUND, arriveWithAds } from '../../pipeline/models/costs/testing/ad-cases.ts';
import { reports } from '../../pipeline/models/reports/reports.ts';
import { costCoverage } from '../../pipeline/query/coverage/coverage.ts';
import { platformDifferences } from '../../pipeline/query/coverage/differences.ts';
import { notAttributed } from '../../pipeline/query/coverage/not-attributed.ts';
import { parseCoverageQuery } from '../../pipeline/query/coverage/schema.ts';
import { COVERAGE_TABLES } from '../../pipeline/query/coverage/testing/world.ts';
import { PUBLICATION } from '../../pipeline/query/testing/world.ts';
import { syncCosts } from '../../pipeline/sources/costs.ts';
import { TRANSFER_COSTS, TRANSFER_PROJECT, loadTransfers, readCosts } from '../../pipeline/sources/testing/transfers.ts';
import { type World, openWorld } from '../../pipeline/testing/world.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { contents } from './contents.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

let engine: GoogleSql;
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(() => engine?.stop());

test('both engines find the same ads, by the same references', { timeout: 120_000 }, async () => {
  const google = await openWorld(AD_PROJECT, new GoogleSqlWarehouse(engine));
  const duckdb = await openWorld(AD_PROJECT);
  try {
    for (const world of [google, duckdb]) {
      await arriveWithAds(world);
      await world.run(syncCosts, reports, ads);
    }
    const rows = await google.rows(FOUND);
    const found = new Map(rows.map(({ session_id, ...row }) => [session_id, Object.values(row)]));
    expect(AD_CASES.map(([name]) => [name, found.get(name)])).toEqual(AD_CASES.map(([name, , expected]) => [name, expected]));
    for (const table of [COSTS, AD_NAMES, AD_REFERENCES, REPORT_ADS]) {
      expect(await contents(google.warehouse, table), table.name).toEqual(await contents(duckdb.warehouse, table));
    }
  } finally {
    await google.close();
    await duckdb.close();
  }
});

test('the tables of the transfers are read alike', { timeout: 120_000 }, async () => {
  const world: World = await openWorld(TRANSFER_PROJECT, new GoogleSqlWarehouse(engine));
  try {
    await loadTransfers(world);
    await world.run(syncCosts);
    expect(await readCosts(world)).toEqual(TRANSFER_COSTS);
  } finally {
    await world.close();
  }
});

test('both engines say the same of how far costs and sessions belong together', { timeout: 120_000 }, async () => {
  const config = { ...PUBLICATION.config, platformConversions: { google_ads: 'closed_won' } };
  const date_range = { start_date: '2026-01-01', end_date: '2026-03-31' };
  const query = parseCoverageQuery({ date_range, models: ['last_click', 'first_click'] }, config);
  const answers: unknown[] = [];
  for (const warehouse of [await openDuckDb(':memory:'), new GoogleSqlWarehouse(engine)]) {
    try {
      await warehouse.migrate(COVERAGE_TABLES.map(([table]) => table));
      for (const [table, rows] of COVERAGE_TABLES) await warehouse.load(table, rows, { replace: true });
      const coverage = await costCoverage(warehouse, { ...PUBLICATION, config }, query);
      answers.push([coverage, await platformDifferences(warehouse, query, coverage), await notAttributed(warehouse, query)]);
      // Brand, Forgotten with its February, Meta as a whole, LinkedIn without a rate.
      expect(coverage.campaigns.map(({ cost }) => cost)).toEqual([525, 100, 30, null]);
    } finally {
      await warehouse.close();
    }
  }
  expect(answers[1]).toEqual(answers[0]);
});
