import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkConfig } from '../../pipeline/config/check.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import { conversions } from '../../pipeline/models/conversions/conversions.ts';
import { syncCosts } from '../../pipeline/sources/costs.ts';
import { loadRates } from '../../pipeline/sources/load-rates.ts';
import { syncRates } from '../../pipeline/sources/rates.ts';
import { type World, openWorld } from '../../pipeline/testing/world.ts';
import type { StepResult } from '../../pipeline/models/step.ts';
import { blockOf, codeBlocks, tableOf } from './markdown.ts';

const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'money.md'), 'utf8');
const blocks = await codeBlocks('money.md');
const DEALS = tableOf(page, 'Deal | Closed | Amount | Currency | In EUR | Rate | Rate of');

const column = (name: string, type: 'STRING' | 'DATE' | 'FLOAT64') => ({ name, type, description: 'Of the CRM.' });

let folder: string;
let world: World;
let results: StepResult[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-docs-money-'));
  for (const name of ['ts touchtrail.config.ts', 'csv rates.csv', 'sql closed_won.sql'])
    await writeFile(join(folder, name.split(' ')[1]!), blockOf(blocks, name));
  await writeFile(
    join(folder, 'meta.csv'),
    'date,account_id,campaign_id,campaign,ad_group_id,ad_group,ad_id,ad,cost,impressions,clicks\n2026-03-08,1,2,Spring,,,,,250,1000,10\n',
  );
  const { config } = await loadConfig(join(folder, 'touchtrail.config.ts'));
  world = await openWorld(config);
  for (const name of ['rates.csv', 'closed_won.sql', 'meta.csv']) await world.file(name, await readFile(join(folder, name), 'utf8'));
  const deals = { name: 'crm_deals', description: 'Of the CRM.', key: [] };
  const table = {
    ...deals,
    columns: [column('id', 'STRING'), column('closed', 'DATE'), column('amount', 'FLOAT64'), column('currency', 'STRING')],
  };
  await world.warehouse.migrate([table]);
  await world.warehouse.load(
    table,
    DEALS.map(([id, closed, amount, currency]) => ({ id: id!, closed: closed!, amount: Number(amount), currency: currency || null })),
  );
  results = await world.run(syncRates, syncCosts, conversions);
});
afterAll(async () => {
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

test('the deals of the page are worth what it says, at the rate of the day it says', async () => {
  const rows = await world.rows('select id, value_micros, rate, rate_date from conversions order by id');
  expect(rows).toEqual(
    DEALS.map(([id, , , , value, rate, rateDate]) => ({
      id,
      value_micros: value ? Number(value) * 1e6 : null,
      rate: rate ? Number(rate) : null,
      rate_date: rateDate || null,
    })),
  );
  expect(results.flatMap(({ warnings }) => warnings).map((warning) => `${warning}\n`)).toEqual([blockOf(blocks, 'text no rate')]);
});

test('cost of a Sunday has the rate of the Friday before', async () => {
  expect(await world.rows('select cost_micros, original_cost, currency, rate, rate_date from costs')).toEqual([
    { cost_micros: 200_000_000, original_cost: 250, currency: 'USD', rate: 1.25, rate_date: '2026-03-06' },
  ]);
});

test('a project in dollars reads the same file through the euro', async () => {
  const dollars = await openWorld({ project: { name: 'Test', timeZone: 'UTC', currency: 'USD' }, rates: { csv: 'rates.csv' } });
  await dollars.file('rates.csv', blockOf(blocks, 'csv rates.csv'));
  await dollars.run(syncRates);
  expect(await dollars.rows("select currency, rate from exchange_rates where date = date '2026-03-06' order by currency")).toEqual([
    { currency: 'EUR', rate: 0.8 },
    { currency: 'GBP', rate: 0.64 },
  ]);
  await dollars.close();
});

test('the file is one that the command takes, and the other form of rates is one that the config takes', async () => {
  const { config } = await loadConfig(join(folder, 'touchtrail.config.ts'));
  expect(await loadRates(join(folder, 'rates.csv'), config, folder)).toMatchObject({ isChecked: true, now: { days: 3 } });
  const other = (await import(`data:text/javascript,export default { ${encodeURIComponent(blockOf(blocks, 'ts table of rates'))} }`)) as {
    default: object;
  };
  expect(checkConfig({ project: config.project, ...other.default }, folder, 'test').rates).toEqual({
    table: 'finance.fx_rates',
    base: 'USD',
  });
});
