import { afterAll, beforeAll, expect, test } from 'vitest';
import { ads } from '../../pipeline/models/costs/ads.ts';
import { AD_NAMES, AD_REFERENCES, COSTS, REPORT_ADS } from '../../pipeline/models/costs/tables.ts';
import { AD_CASES, AD_PROJECT, FOUND, arriveWithAds } from '../../pipeline/models/costs/testing/ad-cases.ts';
import { reports } from '../../pipeline/models/reports/reports.ts';
import { syncCosts } from '../../pipeline/sources/costs.ts';
import { TRANSFER_COSTS, TRANSFER_PROJECT, loadTransfers, readCosts } from '../../pipeline/sources/testing/transfers.ts';
import { type World, openWorld } from '../../pipeline/testing/world.ts';
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
