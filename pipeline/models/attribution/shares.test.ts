import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Config, type ConfigInput } from '../../config/schema.ts';
import { sql } from '../../warehouse/sql.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { type World, openWorld } from '../../testing/world.ts';
import { attribution } from './attribution.ts';
import { type ConversionColumns, MICROS, type Touch, loadConversion, loadTouches } from './testing/one-path.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const touches = (...given: readonly Touch[]) => loadTouches(world, ...given);
const conversion = (at: string, more?: ConversionColumns) => loadConversion(world, at, more);

type ModelInput = NonNullable<NonNullable<ConfigInput['attribution']>['models']>[number];

/** Credits of one model in the order of the sessions: [session, credit, value]. */
async function shares(model: ModelInput, query?: string): Promise<unknown[][]> {
  if (query !== undefined) await world.file('weights.sql', query);
  const config = Config.parse({ project: world.config.project, attribution: { models: [model] } });
  await attribution({ warehouse: world.warehouse, config, configFolder: world.folder, now: '2026-07-02T03:00:00.000Z' });
  const rows = await world.rows('select session_id, credit, value_micros from attribution order by click_time, session_id');
  return rows.map((row) => [row['session_id'], row['credit'], row['value_micros']]);
}
const custom = { name: 'own', type: 'custom', sql: 'weights.sql' } as const;
const weighed = (weight: string) => `select conversion_name, conversion_id, session_id, ${weight} as weight from touches`;

describe('shares', () => {
  beforeEach(() => touches({ id: 's3', at: '10:00' }, { id: 's1', at: '11:00' }, { id: 's2', at: '12:00' }));

  test('equal thirds add up exactly: what is left over goes to the least session id, of a value where it is full', async () => {
    await conversion('13:00', { value_micros: 100 });
    // By session id: 33.3, 66.6 and 100 rounded down, less what those before have.
    const expected = [
      ['s3', 333_333_333, 34],
      ['s1', 333_333_334, 33],
      ['s2', 333_333_333, 33],
    ];
    expect(await shares('linear')).toEqual(expected);
    expect(await shares(custom, weighed('1'))).toEqual(expected);
  });

  test('40 / 20 / 40 is exact, and a touch without weight gets no row', async () => {
    await conversion('13:00', { value_micros: 5 * MICROS });
    const expected = [
      ['s3', 400_000_000, 2_000_000],
      ['s1', 200_000_000, 1_000_000],
      ['s2', 400_000_000, 2_000_000],
    ];
    expect(await shares('position_based')).toEqual(expected);
    expect(await shares(custom, weighed('case position when 2 then 2 else 4 end'))).toEqual(expected);
    const ends = [
      ['s3', 500_000_000, 2_500_000],
      ['s2', 500_000_000, 2_500_000],
    ];
    expect(await shares({ name: 'ends', type: 'position_based', first: 0.5, last: 0.5 })).toEqual(ends);
    expect(await shares(custom, weighed('if(position = 2, 0, 0.1)'))).toEqual(ends);
  });

  test('a refund is divided like a payment', async () => {
    await conversion('13:00', { value_micros: -100 });
    expect((await shares('linear')).map(([, , value]) => value)).toEqual([-34, -33, -33]);
  });

  test('values far beyond 1e9 micros stay exact', async () => {
    await conversion('13:00', { value_micros: 9_007_199_254_740_991 });
    // By the remainders of the credits: s1, with s3 and with s2 have …027.18, …054.36 and all, rounded down, less what those before have.
    expect(await shares(custom, weighed('case position when 3 then 5 else 1 end'))).toEqual([
      ['s3', 142_857_143, 1_286_742_751_964_027],
      ['s1', 142_857_143, 1_286_742_751_964_027],
      ['s2', 714_285_714, 6_433_713_750_812_937],
    ]);
  });
});

/** Touches on these days of March at 10:00, channels by day; the conversion follows on the 29th at 10:00. */
async function days(...given: readonly (number | readonly [day: number, channel: string])[]): Promise<void> {
  const list = given.map((one) => (typeof one === 'number' ? ([one, 'Email'] as const) : one));
  await touches(...list.map(([day]) => ({ id: `s${day}`, at: `2026-03-${String(day).padStart(2, '0')} 10:00` })));
  for (const [day, channel] of list) {
    await world.warehouse.merge(SESSIONS, sql`select * replace (${channel} as channel) from sessions where session_id = ${`s${day}`}`);
  }
  await conversion('2026-03-29 10:00', { value_micros: null });
}
const creditsBy = async (model: ModelInput) => (await shares(model)).map(([, credit]) => credit);

describe('multi-touch models', () => {
  test('time decay: 14, 7 and 0 days before, half of it after each half-life', async () => {
    await days(15, 22, 29);
    expect(await creditsBy('time_decay')).toEqual([142_857_143, 285_714_286, 571_428_571]);
  });

  test('time decay counts from the latest touch: a path that is far away as a whole is divided like a near one', async () => {
    await days(1, 8, 15);
    expect(await creditsBy({ name: 'daily', type: 'time_decay', halfLifeDays: 3.5 })).toEqual([47_619_048, 190_476_190, 761_904_762]);
  });

  test.each<[readonly number[], readonly number[]]>([
    [[29], [1_000_000_000]],
    [
      [20, 29],
      [500_000_000, 500_000_000],
    ],
    [
      [10, 20, 29],
      [400_000_000, 200_000_000, 400_000_000],
    ],
    [
      [11, 12, 13, 14, 15],
      [400_000_000, 66_666_667, 66_666_667, 66_666_666, 400_000_000],
    ],
  ])('position-based, 40/20/40: touches on %j', async (on, expected) => {
    await days(...on);
    expect(await creditsBy('position_based')).toEqual(expected);
  });

  test('position-based with shares of one’s own: of two touches they are scaled up, without any all is in the middle', async () => {
    await days(11, 12);
    expect(await creditsBy({ name: 'own', type: 'position_based', first: 0.1, last: 0.3 })).toEqual([250_000_000, 750_000_000]);
    await world.close();
    world = await openWorld();
    await days(11, 12, 13, 14);
    expect(await shares({ name: 'middle', type: 'position_based', first: 0, last: 0 })).toEqual([
      ['s12', 500_000_000, null],
      ['s13', 500_000_000, null],
    ]);
  });

  test('Shapley: each channel has an equal part, and each of its touches an equal part of that', async () => {
    await days([11, 'Email'], [12, 'Paid Search'], [13, 'Email'], [14, 'Email'], [15, 'Referral']);
    // A third to each channel; Email's three touches have a ninth each. Remainders 1/9, 1/9, 1/9, 1/3, 1/3: one part is left over.
    expect(await creditsBy('shapley')).toEqual([111_111_111, 333_333_334, 111_111_111, 111_111_111, 333_333_333]);
  });
});

describe('the last significant click with a filter', () => {
  const paid = { name: 'paid', type: 'last_significant_click', significant: { dimension: 'source', equals: 'google' } } as const;
  const unpaid = { ...paid, significant: { dimension: 'source', equals: 'nobody' } } as const;

  test('is the last session that passes it; where none does, the last that is not direct, else the last', async () => {
    await touches({ id: 's1', at: '10:00' }, { id: 's2', at: '11:00', direct: true });
    await conversion('13:00');
    expect((await shares(paid)).map(([session]) => session)).toEqual(['s1']);
    expect((await shares({ ...paid, significant: { dimension: 'source', equals: 'direct' } })).map(([session]) => session)).toEqual(['s2']);
    expect((await shares(unpaid)).map(([session]) => session)).toEqual(['s1']);
    await world.warehouse.delete(SESSIONS, sql`select 's1' as session_id`);
    const all = { ...unpaid, name: 'all_direct' };
    expect((await shares(all)).map(([session]) => session)).toEqual(['s2']);
  });
});

describe('windows', () => {
  test('of a model beat that of the conversion, which beats that of the project; where one is shorter, only it has no path', async () => {
    await touches({ id: 'far', at: '2026-01-01 10:00' }, { id: 'near', at: '2026-02-25 10:00' });
    await conversion('2026-03-01 10:00');
    await conversion('2026-03-01 10:00', { conversion_name: 'deal' });
    const config = Config.parse({
      project: world.config.project,
      conversions: [
        { name: 'lead', label: 'Lead', sql: 'x.sql' },
        { name: 'deal', label: 'Deal', sql: 'x.sql', lookbackDays: 3 },
      ],
      attribution: {
        models: [
          'first_click',
          { name: 'month', type: 'first_click', lookbackDays: 30 },
          { name: 'deals', type: 'first_click', lookbackDays: { deal: 90, lead: 1 } },
        ],
        lookbackDays: 80,
      },
    });
    await attribution({ warehouse: world.warehouse, config, configFolder: world.folder, now: '2026-07-02T03:00:00.000Z' });
    const rows = await world.rows(
      `select conversion_name || ' ' || model || ': ' || coalesce(nullif(session_id, ''), reason) as line from attribution order by line`,
    );
    expect(rows.map(({ line }) => line)).toEqual([
      'deal deals: far',
      'deal first_click: no_session_in_window',
      'deal month: near',
      'lead deals: no_session_in_window',
      'lead first_click: far',
      'lead month: near',
    ]);
  });
});

describe('a model of one’s own', () => {
  beforeEach(async () => {
    await touches({ id: 's1', at: '10:00' }, { id: 's2', at: '11:00', direct: true });
    await conversion('13:00');
  });

  test('sees the touches, and may look at the whole path', async () => {
    const query = `-- Paid search, twice as much where it is first.
with paid as (select * from touches where channel = 'Paid Search')
select conversion_name, conversion_id, session_id, if(position = 1 and path_length = 2, 0.5, 0.25) as weight from paid`;
    expect(await shares(custom, query)).toEqual([['s1', 1_000_000_000, 100 * MICROS]]);
  });

  test('that weighs nothing leaves the credit to the last significant click', async () => {
    expect(await shares(custom, weighed('0'))).toEqual([['s1', 1_000_000_000, 100 * MICROS]]);
    expect(await shares(custom, `${weighed('1')} where false`)).toEqual([['s1', 1_000_000_000, 100 * MICROS]]);
  });

  test.each([
    ['a negative weight', weighed('if(is_direct, -1, 1)'), 'conversion lead "L1", session "s2": the weight is -1'],
    ['a weight that is no number', weighed("if(is_direct, cast('nan' as double), 1)"), 'session "s2": the weight is nan'],
    ['an infinite weight', weighed("if(is_direct, 1, cast('inf' as double))"), 'session "s1": the weight is inf'],
    ['a touch twice', `${weighed('1')} union all ${weighed('2')}`, 'session "s1": the query returns it more than once'],
    [
      'a session that is no touch',
      weighed('1').replace('session_id', "'s9' as session_id"),
      'session "s9": the query returns it, but it is no touch',
    ],
    [
      'a column that is missing',
      'select conversion_name, session_id, 1 as weight from touches',
      'column "conversion_id" is missing; expected STRING',
    ],
    ['a column too many', weighed('1 as way, 1'), 'column "way" is unknown; expected conversion_name, conversion_id, session_id, weight'],
    ['a weight that is a text', weighed("'1'"), 'column "weight" is STRING; expected FLOAT64 or INT64'],
    ['parameters', `${weighed('1')} where started_at > @from`, 'the query uses @from; expected none'],
    ['no query', 'delete from touches', 'expected one SELECT'],
    ['a column that touches do not have', `-- first\n${weighed('clicks')}`, /weights\.sql\), line 2: .*clicks/],
  ])('%s is an error that says what and where', async (_, query, message) => {
    await expect(shares(custom, query)).rejects.toThrow(message);
    await expect(shares(custom, query)).rejects.toThrow('attribution model own (');
  });

  test('whose file is not there is an error', async () => {
    await expect(shares(custom)).rejects.toThrow('the file cannot be read; expected a SQL file with one SELECT over touches');
  });
});
