import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Config, type ConfigInput } from '../../config/schema.ts';
import { sql } from '../../warehouse/sql.ts';
import { CONVERSIONS } from '../conversions/tables.ts';
import { EVENTS } from '../events/tables.ts';
import { IDENTITIES } from '../identity/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { type World, instant, openWorld } from '../../testing/world.ts';
import { attribution } from './attribution.ts';
import { sessionRow } from './testing/worlds.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const MICROS = 1_000_000;
type ModelInput = NonNullable<NonNullable<ConfigInput['attribution']>['models']>[number];

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

  test('equal thirds add up exactly: what is left over goes to the least session id', async () => {
    await conversion('13:00', { value_micros: 100 });
    const expected = [
      ['s3', 333_333_333, 33],
      ['s1', 333_333_334, 34],
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
    expect((await shares('linear')).map(([, , value]) => value)).toEqual([-33, -34, -33]);
  });

  test('values far beyond 1e9 micros stay exact', async () => {
    await conversion('13:00', { value_micros: 9_007_199_254_740_991 });
    // value × credit / 1e9 = …027.18, …027.18, …936.64: the micro that is left over goes to the largest remainder.
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
