import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../config/schema.ts';
import { type World, instant, openWorld } from '../../testing/world.ts';
import { attribution } from './attribution.ts';
import { type ConversionColumns, MICROS, type Touch, loadConversion, loadTouches } from './testing/one-path.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const touches = (...given: readonly Touch[]) => loadTouches(world, ...given);
const conversion = (at: string, more?: ConversionColumns) => loadConversion(world, at, more);

/** Credited session by model. */
async function credited(): Promise<Record<string, string>> {
  await world.run(attribution);
  const rows = await world.rows('select model, session_id, credit, value_micros from attribution order by model');
  expect(rows.every((row) => row['credit'] === 1_000_000_000 && row['value_micros'] === 100 * MICROS)).toBe(true);
  return Object.fromEntries(rows.map((row) => [row['model'], row['session_id']])) as Record<string, string>;
}

const reasons = async () => {
  await world.run(attribution);
  return (await world.rows('select distinct session_id, credit, click_time, reason from attribution')).map((row) => row['reason']);
};

describe('the rule models', () => {
  test('first, last and last that is not direct', async () => {
    await touches({ id: 's1', at: '10:00' }, { id: 's2', at: '11:00', who: 'phone' }, { id: 's3', at: '12:00', direct: true });
    await conversion('13:00');
    expect(await credited()).toEqual({ first_click: 's1', last_click: 's3', last_significant_click: 's2' });
  });

  test('where all are direct, the last one counts as significant', async () => {
    await touches({ id: 's1', at: '10:00', direct: true }, { id: 's2', at: '11:00', direct: true });
    await conversion('13:00');
    expect(await credited()).toEqual({ first_click: 's1', last_click: 's2', last_significant_click: 's2' });
  });

  test('sessions that start in the same instant are ordered by their id', async () => {
    await touches({ id: 's2', at: '10:00' }, { id: 's1', at: '10:00' }, { id: 's3', at: '10:00' });
    await conversion('13:00');
    expect(await credited()).toEqual({ first_click: 's1', last_click: 's3', last_significant_click: 's3' });
  });

  test('the click time is the start of the credited session', async () => {
    await touches({ id: 's1', at: '10:00' }, { id: 's2', at: '11:00' });
    await conversion('13:00');
    await world.run(attribution);
    expect(await world.rows("select click_time, reason from attribution where model = 'first_click'")).toEqual([
      { click_time: '2026-03-02T10:00:00.000000Z', reason: null },
    ]);
  });

  test('two conversions of one person have their own paths', async () => {
    await touches({ id: 's1', at: '10:00' }, { id: 's2', at: '11:00' });
    await conversion('10:30');
    await conversion('12:00', { id: 'L2' });
    await world.run(attribution);
    expect(await world.rows("select conversion_id, session_id from attribution where model = 'last_click' order by conversion_id")).toEqual(
      [
        { conversion_id: 'L1', session_id: 's1' },
        { conversion_id: 'L2', session_id: 's2' },
      ],
    );
  });
});

describe('the look-back window', () => {
  const window = { attribution: { lookbackDays: 90 } } satisfies Partial<ConfigInput>;

  test.each([
    ['exactly 90 days before counts', '2025-12-02T13:00:00.000Z', null],
    ['a microsecond more does not', '2025-12-02T12:59:59.999999Z', 'no_session_in_window'],
    ['exactly 5 minutes after counts', '2026-03-02T13:05:00.000Z', null],
    ['a microsecond later does not', '2026-03-02T13:05:00.000001Z', 'no_session_in_window'],
  ])('a session that starts %s', async (_, at, reason) => {
    await world.close();
    world = await openWorld(window);
    await touches({ id: 's1', at });
    await conversion('13:00');
    expect(await reasons()).toEqual([reason]);
  });

  test('is anchored at the attribution time, not at the conversion time', async () => {
    await touches({ id: 's1', at: '2025-10-01 10:00' });
    await conversion('13:00', { attribution_time: instant('2025-11-01 10:00') });
    expect(await reasons()).toEqual([null]);
  });
});

describe('a conversion without a path is not attributed, for every model and with its reason', () => {
  test('no_session_in_window, and its click time is its attribution time', async () => {
    await touches({ id: 's1', at: '2025-02-01 10:00' });
    await conversion('13:00');
    await world.run(attribution);
    expect(await world.rows('select model, session_id, credit, value_micros, click_time, reason from attribution order by model')).toEqual(
      ['first_click', 'last_click', 'last_significant_click'].map((model) => ({
        model,
        session_id: '',
        credit: 1_000_000_000,
        value_micros: 100 * MICROS,
        click_time: '2026-03-02T13:00:00.000000Z',
        reason: 'no_session_in_window',
      })),
    );
  });

  const nobody = { person_id: null, person_key: null, matched_by: null };
  test.each([
    ['no_identifier', '13:00', { ...nobody, client_id: null }],
    ['unknown_identifier', '13:00', nobody],
    ['before_tracking', '2024-12-31 23:59', { ...nobody, client_id: null }],
  ])('%s', async (reason, at, more) => {
    await touches({ id: 's1', at: '10:00' });
    await conversion(at, more);
    expect(await reasons()).toEqual([reason]);
  });

  test('before_tracking where there has never been an event', async () => {
    await conversion('13:00', nobody);
    expect(await reasons()).toEqual(['before_tracking']);
  });

  test('a conversion without a value has credits without one', async () => {
    await touches({ id: 's1', at: '10:00' });
    await conversion('13:00', { value_micros: null });
    await world.run(attribution);
    expect(await world.rows('select distinct credit, value_micros from attribution')).toEqual([
      { credit: 1_000_000_000, value_micros: null },
    ]);
  });
});

test('a model that is taken out of the config disappears, and a second run changes nothing', async () => {
  await touches({ id: 's1', at: '10:00' });
  await conversion('13:00');
  expect((await world.run(attribution, attribution)).map(({ changes }) => changes)).toEqual([
    { attribution: { inserted: 1, updated: 0, deleted: 0 } },
    { attribution: { inserted: 0, updated: 0, deleted: 0 } },
  ]);
  const { warehouse, config } = world;
  const fewer = { ...config, attribution: { ...config.attribution, models: ['first_click' as const] } };
  expect((await attribution({ warehouse, config: fewer, configFolder: '', now: '2026-07-02T03:00:00.000Z' })).changes).toEqual({
    attribution: { inserted: 1, updated: 0, deleted: 1 },
  });
  expect(await world.rows('select model from attribution')).toEqual([{ model: 'first_click' }]);
});
