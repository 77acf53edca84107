import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../config/schema.ts';
import { raw } from '../../warehouse/sql.ts';
import { CONVERSIONS } from '../conversions/tables.ts';
import { EVENTS } from '../events/tables.ts';
import { IDENTITIES } from '../identity/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { type World, instant, openWorld } from '../../testing/world.ts';
import { attribution } from './attribution.ts';
import { creditRows } from './credits.ts';
import { ATTRIBUTION } from './tables.ts';
import { sessionRow } from './testing/worlds.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const MICROS = 1_000_000;

interface Touch {
  readonly id: string;
  readonly at: string;
  readonly direct?: boolean;
  readonly who?: string;
}

/** Sessions of one person `p` (or of `who`), and the event with which tracking began. */
async function touches(...given: readonly Touch[]): Promise<void> {
  const visitors = [...new Set(given.map(({ who }) => who ?? 'p'))];
  const began = {
    write_key_id: 'wk_1',
    message_id: 'm1',
    type: 'page',
    anonymous_id: 'p',
    is_bot: false,
    is_internal: false,
    edge_instance: 'e',
    edge_sequence: 1,
  };
  await world.load(EVENTS, [{ ...began, occurred_at: instant('2025-01-01 00:00'), received_at: instant('2025-01-01 00:00') }]);
  await world.load(
    IDENTITIES,
    visitors.map((who) => ({ anonymous_id: who, person_id: 'p', person_key: 1, first_seen: instant('10:00') })),
  );
  await world.load(
    SESSIONS,
    given.map(({ id, at, direct = false, who = 'p' }) => sessionRow({ id, visitor: who, at: instant(at), direct })),
  );
}

async function conversion(at: string, more: Record<string, string | number | null> = {}): Promise<void> {
  await world.load(CONVERSIONS, [
    {
      conversion_name: 'lead',
      id: 'L1',
      conversion_time: instant(at),
      attribution_time: instant(at),
      conversion_date: '2026-03-02',
      client_id: 'p',
      value_micros: 100 * MICROS,
      person_id: 'p',
      person_key: 1,
      matched_by: 'client_id',
      ...more,
    },
  ]);
}

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
    { attribution: { inserted: 3, updated: 0, deleted: 0 } },
    { attribution: { inserted: 0, updated: 0, deleted: 0 } },
  ]);
  const { warehouse, config } = world;
  const fewer = { ...config, attribution: { ...config.attribution, models: ['first_click' as const] } };
  expect((await attribution({ warehouse, config: fewer, configFolder: '', now: '2026-07-02T03:00:00.000Z' })).changes).toEqual({
    attribution: { inserted: 1, updated: 0, deleted: 3 },
  });
  expect(await world.rows('select model from attribution')).toEqual([{ model: 'first_click' }]);
});

const shares = async (weight: string) => {
  const source = creditRows(
    world.warehouse.dialect,
    { ...world.config, attribution: { models: ['first_click'], lookbackDays: 90 } },
    { names: { but: [] }, weights: { first_click: raw(weight) } },
  );
  await world.warehouse.merge(ATTRIBUTION, source, { deleteUnmatched: true });
  return (await world.rows('select session_id, credit, value_micros from attribution order by session_id')).map((row) => [
    row['session_id'],
    row['credit'],
    row['value_micros'],
  ]);
};

describe('shares', () => {
  beforeEach(() => touches({ id: 's3', at: '10:00' }, { id: 's1', at: '11:00' }, { id: 's2', at: '12:00' }));

  test('equal thirds add up exactly: what is left over goes to the least session id', async () => {
    await conversion('13:00', { value_micros: 100 });
    expect(await shares('1')).toEqual([
      ['s1', 333_333_334, 34],
      ['s2', 333_333_333, 33],
      ['s3', 333_333_333, 33],
    ]);
  });

  test('40 / 20 / 40 is exact, and a touch without weight gets no row', async () => {
    await conversion('13:00', { value_micros: 5 * MICROS });
    expect(await shares('case position when 2 then 2 else 4 end')).toEqual([
      ['s1', 200_000_000, 1_000_000],
      ['s2', 400_000_000, 2_000_000],
      ['s3', 400_000_000, 2_000_000],
    ]);
    expect(await shares('if(position = 2, 0, 1)')).toEqual([
      ['s2', 500_000_000, 2_500_000],
      ['s3', 500_000_000, 2_500_000],
    ]);
  });

  test('a refund is divided like a payment', async () => {
    await conversion('13:00', { value_micros: -100 });
    expect((await shares('1')).map(([, , value]) => value)).toEqual([-34, -33, -33]);
  });

  test('values far beyond 1e9 micros stay exact', async () => {
    await conversion('13:00', { value_micros: 9_007_199_254_740_991 });
    // value × credit / 1e9 = …027.18, …936.64, …027.18: the micro that is left over goes to the largest remainder.
    expect(await shares('case position when 1 then 1 when 2 then 1 else 5 end')).toEqual([
      ['s1', 142_857_143, 1_286_742_751_964_027],
      ['s2', 714_285_714, 6_433_713_750_812_937],
      ['s3', 142_857_143, 1_286_742_751_964_027],
    ]);
  });
});
