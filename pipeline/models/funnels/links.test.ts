import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomNumbers } from '../../testing/random.ts';
import { type World, openWorld } from '../../testing/world.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import { TOUCHED_CREDITS } from '../attribution/tables.ts';
import { CONVERSIONS } from '../conversions/tables.ts';
import { forgetDefinitions } from '../definitions.ts';
import type { StepResult } from '../step.ts';
import { linkStages } from './links.ts';
import { STAGES, conversionRow, expectedLinks, type Made, randomConversion, randomWorld } from './testing/link-worlds.ts';

const step = async (context: Parameters<typeof linkStages>[0]): Promise<StepResult> => ({
  changes: await linkStages(context),
  warnings: [],
});

const conversions = [...STAGES, 'newsletter'].map((name) => ({ name, label: name, sql: `${name}.sql` }));
let world: World;
beforeAll(async () => {
  world = await openWorld({ conversions, funnel: [...STAGES] });
});
afterAll(() => world.close());

const links = async (): Promise<Row[]> =>
  world.rows(`select conversion_name, id, lead_id, linked_by, is_first, lead_conversions, lead_valued, lead_value_micros
    from report_funnel order by conversion_name, id`);
const inOrder = <One extends { conversion_name: string; id: string }>(rows: readonly One[]): One[] =>
  rows.toSorted((a, b) => (`${a.conversion_name} ${a.id}` < `${b.conversion_name} ${b.id}` ? -1 : 1));

async function night(now: readonly Made[], touched: readonly Made[]): Promise<StepResult> {
  await world.warehouse.load(CONVERSIONS, now.map(conversionRow), { replace: true });
  await world.warehouse.load(
    TOUCHED_CREDITS,
    touched.map(({ conversion_name, id }) => ({ conversion_name, id })),
    { replace: true },
  );
  return (await world.run(step))[0]!;
}

const keyOf = ({ conversion_name, id }: Made): string => `${conversion_name} ${id}`;

test('on 250 random worlds every conversion belongs to the lead that the definition names, after every night', async () => {
  const next = randomNumbers(77);
  let worlds = Array.from({ length: 250 }, (_, i) => randomWorld(`w${i}`, next));
  await night(worlds.flat(), []);
  expect(await links()).toEqual(inOrder(worlds.flatMap(expectedLinks)));
  const seen = new Set<unknown>();
  for (let count = 0; count < 3; count++) {
    const touched: Made[] = [];
    worlds = worlds.map((former, i) => {
      if (next(4) > 0) return former;
      // Some go, some say otherwise, some come.
      const gone = former.filter(() => next(6) === 0);
      const stay = former
        .filter((one) => !gone.includes(one))
        .map((one) => {
          if (next(5) > 0) return one;
          const changed = { ...randomConversion(`w${i}`, next), conversion_name: one.conversion_name, id: one.id };
          touched.push(changed);
          return changed;
        });
      const come = randomWorld(`w${i}`, next)
        .slice(0, next(3))
        .filter((one) => !former.some((other) => keyOf(other) === keyOf(one)));
      touched.push(...gone, ...come);
      return [...stay, ...come];
    });
    await night(worlds.flat(), touched);
    const found = await links();
    expect(found, `night ${count}`).toEqual(inOrder(worlds.flatMap(expectedLinks)));
    for (const row of found) seen.add(row['linked_by']);
  }
  expect(seen).toEqual(new Set([null, 'lead_id', 'user_id', 'person']));
  const incremental = await world.rows('select * from report_funnel order by all');
  await forgetDefinitions(world.warehouse, ['funnel']);
  await world.run(step);
  expect(await world.rows('select * from report_funnel order by all')).toEqual(incremental);
});

const lead = (id: string, minute: number, more: Partial<Made> = {}): Made => ({
  conversion_name: 'lead',
  id,
  minute,
  lead_id: null,
  user_id: null,
  person_key: null,
  value_micros: null,
  ...more,
});

test('a night links only what shares something with what was touched', async () => {
  const leads = Array.from({ length: 50 }, (_, i) => lead(`n${i}`, i, { person_key: 1000 + i }));
  const deals = leads.map((one, i) => ({ ...one, conversion_name: 'closed_won', id: `d${i}`, minute: 500 }));
  await forgetDefinitions(world.warehouse, ['funnel']);
  await night([...leads, ...deals], []);
  const before = world.warehouse.statements.length;
  expect((await night([...leads, ...deals], [])).changes).toEqual({ report_funnel: { inserted: 0, updated: 0, deleted: 0 } });
  expect(world.warehouse.statements.slice(before).filter(({ label }) => label.startsWith('funnel'))).toHaveLength(1);
  // Lead 7 is gone: of all rows only that of its deal changes.
  const { changes } = await night([...leads.filter(({ id }) => id !== 'n7'), ...deals], [leads[7]!]);
  expect(changes).toEqual({ report_funnel: { inserted: 0, updated: 1, deleted: 0 } });
  expect(await world.rows('select id from report_funnel where lead_id is null')).toEqual([{ id: 'd7' }]);
});

test('a project without a funnel has no links, and forgets those it had', async () => {
  const without = { ...world, config: { ...world.config, funnel: [] } };
  const context = { warehouse: world.warehouse, config: without.config, configFolder: world.folder, now: '2026-07-01T03:00:00.000Z' };
  expect(await linkStages(context)).toMatchObject({ report_funnel: { inserted: 0, updated: 0 } });
  expect(await links()).toEqual([]);
  expect(await linkStages(context)).toEqual({});
});
