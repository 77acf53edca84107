import { afterAll, beforeAll, expect, test } from 'vitest';
import { attribution } from '../../pipeline/models/attribution/attribution.ts';
import { APPLIED_VERSIONS } from '../../pipeline/models/attribution/fitted-tables.ts';
import { qualityOf } from '../../pipeline/models/attribution/visits/quality.ts';
import { STAGED_VISIT_VALUES, STAGED_VISIT_VECTORS, VISIT_COEFFICIENTS } from '../../pipeline/models/attribution/visits/tables.ts';
import { type VisitorInput, loadVisitors } from '../../pipeline/models/attribution/visits/testing/visitors.ts';
import { train } from '../../pipeline/models/attribution/visits/train.ts';
import { valueRows, vectorRows } from '../../pipeline/models/attribution/visits/vectors.ts';
import { randomNumbers } from '../../pipeline/testing/random.ts';
import { type World, openWorld } from '../../pipeline/testing/world.ts';
import { raw, sql, table } from '../../pipeline/warehouse/sql.ts';
import type { TableDefinition } from '../../pipeline/warehouse/warehouse.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

let engine: GoogleSql;
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(() => engine?.stop());

const PROJECT = {
  conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }],
  attribution: { models: ['visit_scoring' as const] },
};
const WINDOWS = ['2026-03-01', '2026-04-01'].map((month, i) => ({
  month,
  from: '2026-02-01T00:00:00.000Z',
  to: `2026-0${4 + i}-01T00:00:00.000Z`,
}));
const MONTHS = WINDOWS.map(({ month }) => month);
const CHANNELS = ['Direct', 'Display', 'Email', 'Paid Search'];

/** Persons who come now and then, some with a conversion. */
function visitors(next: (below: number) => number): VisitorInput[] {
  const at = (day: number) =>
    `2026-0${2 + Math.floor(day / 28)}-${String(1 + (day % 28)).padStart(2, '0')} ${10 + next(10)}:${10 + next(50)}`;
  return Array.from({ length: 24 }, (_, number): VisitorInput => {
    const days = Array.from({ length: 1 + next(5) }, () => next(80)).toSorted((a, b) => a - b);
    const visits = days.map((day) => ({
      at: at(day),
      channel: CHANNELS[next(CHANNELS.length)]!,
      seconds: next(400) / 8,
      pages: next(9),
      device: [null, 'mobile', 'desktop'][next(3)]!,
    }));
    const converts = next(3) === 0 ? { conversions: { [`c${number}`]: at(days.at(-1)! + 1) } } : {};
    return { person: `p${number}`, key: number + 1, visits, ...converts };
  });
}

async function contentOf({ warehouse }: World, name: string, columns: readonly string[]): Promise<string[]> {
  const rows = await warehouse.rows(sql`select ${raw(columns.join(', '))} from ${table(name)}`);
  return rows.map((row) => JSON.stringify(Object.values(row))).toSorted();
}

const namesOf = ({ columns }: TableDefinition): string[] => columns.map(({ name }) => name);

/** Learns and credits by the parts of a fit, for so few persons would be too little data. */
async function learned(world: World) {
  const { warehouse } = world;
  await warehouse.append(STAGED_VISIT_VECTORS, vectorRows(warehouse.dialect, 'lead', 60, WINDOWS));
  await warehouse.append(STAGED_VISIT_VALUES, valueRows(warehouse.dialect));
  const terms = await train(warehouse, MONTHS);
  const quality = await qualityOf(warehouse);
  const key = { model: 'visit_scoring', conversion_name: 'lead' };
  await warehouse.load(
    VISIT_COEFFICIENTS,
    [...terms].flatMap(([month, all]) => all.map(({ feature, value, coefficient }) => ({ ...key, month, feature, value, coefficient }))),
  );
  await warehouse.load(
    APPLIED_VERSIONS,
    MONTHS.map((month) => ({ ...key, month, version_month: month, is_provisional: false, version_hash: month })),
  );
  await world.run(attribution);
  return {
    vectors: await contentOf(world, 'staged_visit_vectors', namesOf(STAGED_VISIT_VECTORS)),
    values: await contentOf(world, 'staged_visit_values', namesOf(STAGED_VISIT_VALUES)),
    terms: [...terms],
    quality: [...quality],
    credits: await contentOf(world, 'attribution', ['conversion_id', 'session_id', 'credit', 'reason']),
  };
}

test('both engines learn the same of visits, judge it alike and credit by it alike', async () => {
  const all = visitors(randomNumbers(17));
  const worlds = [await openWorld(PROJECT), await openWorld(PROJECT, new GoogleSqlWarehouse(engine))];
  const results = [];
  for (const world of worlds) {
    await loadVisitors(world, all);
    results.push(await learned(world));
    await world.close();
  }
  expect(results[1]).toEqual(results[0]);
  const { vectors, terms, credits, quality } = results[0]!;
  expect(vectors.length).toBeGreaterThan(50);
  expect(terms.map(([, own]) => own.length).every((count) => count > 20)).toBe(true);
  expect(quality).toHaveLength(MONTHS.length);
  // More than one session of a conversion has a credit, and not all the same.
  expect(credits.length).toBeGreaterThan(new Set(all.flatMap(({ conversions = {} }) => Object.keys(conversions))).size);
});
