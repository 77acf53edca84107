import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../pipeline/config/load.ts';
import { parseQuery } from '../../pipeline/models/conversions/user-sql.ts';
import { sourceTable } from '../../pipeline/sources/sources.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import type { Row, Warehouse } from '../../pipeline/warehouse/warehouse.ts';
import { GoogleSql } from '../../test/googlesql/googlesql.ts';
import { GoogleSqlWarehouse } from '../../test/googlesql/warehouse.ts';

/** March 2026, as a nightly run would ask for it. */
const MARCH = { from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' };

const lead = { email: 'a@x.example', anonymous_id: 'browser-1', form: 'demo', mql_at: null, hand_raised_at: null };
const LEADS: Row[] = [
  { ...lead, lead_id: 'L-1', created_at: '2026-02-28T23:59:59.000Z', mql_at: '2026-03-01T00:00:00.000Z' },
  { ...lead, lead_id: 'L-2', created_at: '2026-03-01T00:00:00.000Z', hand_raised_at: '2026-03-02T09:00:00.000Z' },
  { ...lead, lead_id: 'L-3', created_at: '2026-04-01T00:00:00.000Z', mql_at: '2026-04-01T00:00:00.000Z' },
];
const deal = { lead_id: 'L-1', name: 'Acme', stage: 'proposal', closed_at: null, amount: 1200.5, currency: 'EUR' };
const DEALS: Row[] = [
  { ...deal, deal_id: 'D-1', created_at: '2026-03-05T12:00:00.000Z' },
  { ...deal, deal_id: 'D-2', created_at: '2026-01-05T12:00:00.000Z', stage: 'closed_won', closed_at: '2026-03-31' },
  { ...deal, deal_id: 'D-3', created_at: '2026-01-05T12:00:00.000Z', stage: 'closed_lost', closed_at: '2026-03-31' },
  { ...deal, deal_id: 'D-4', created_at: '2026-01-05T12:00:00.000Z', stage: 'closed_won', closed_at: '2026-02-28' },
  // The first day of the range, and the first day after it: a day belongs to one of two ranges that follow each other.
  { ...deal, deal_id: 'D-6', created_at: '2026-01-05T12:00:00.000Z', stage: 'closed_won', closed_at: '2026-03-01' },
  { ...deal, deal_id: 'D-7', created_at: '2026-01-05T12:00:00.000Z', stage: 'closed_won', closed_at: '2026-04-01' },
  { ...deal, deal_id: 'D-5', created_at: '2026-03-05T12:00:00.000Z', lead_id: 'L-gone' },
];

/** Conversion → the ids and what else matters of the rows it must return for March. */
const EXPECTED = {
  lead: [{ id: 'L-2', lead_id: 'L-2', client_id: 'browser-1', email: 'a@x.example' }],
  mql: [{ id: 'L-1', lead_id: 'L-1' }],
  hand_raiser: [{ id: 'L-2', lead_id: 'L-2' }],
  opportunity: [{ id: 'D-1', lead_id: 'L-1', client_id: 'browser-1', value: 1200.5, currency: 'EUR' }],
  closed_won: [
    { id: 'D-2', lead_id: 'L-1', email: 'a@x.example', value: 1200.5, currency: 'EUR', created: '2026-03-31' },
    { id: 'D-6', lead_id: 'L-1', created: '2026-03-01' },
  ],
};

const { config } = await loadConfig(join(import.meta.dirname, 'touchtrail.config.ts'));
const warehouses: Record<string, Warehouse> = {};
let googleSql: GoogleSql;

beforeAll(async () => {
  googleSql = await GoogleSql.start();
  warehouses['GoogleSQL'] = new GoogleSqlWarehouse(googleSql);
  warehouses['DuckDB'] = await openDuckDb(':memory:');
  const tables = { crm_leads: LEADS, crm_deals: DEALS };
  for (const warehouse of Object.values(warehouses)) {
    for (const [name, rows] of Object.entries(tables)) {
      const definition = sourceTable(name, config.sources[name]!);
      await warehouse.migrate([definition]);
      await warehouse.load(definition, rows);
    }
  }
});
afterAll(async () => {
  await warehouses['DuckDB']?.close();
  googleSql?.stop();
});

describe.each(['DuckDB', 'GoogleSQL'])('the example conversions on %s', (engine) => {
  test.each(config.conversions.filter((one) => one.kind === 'sql'))(
    '$name returns what happened in the range, and no more',
    async ({ name, sql }) => {
      const warehouse = warehouses[engine]!;
      const text = await readFile(join(import.meta.dirname, sql), 'utf8');
      const rows = await warehouse.rows<{ id: string }>(parseQuery(text, warehouse.dialect.name, MARCH, sql).query);
      const expected = EXPECTED[name as keyof typeof EXPECTED];
      expect(rows).toHaveLength(expected.length);
      expect(rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toMatchObject(expected);
    },
  );
});
