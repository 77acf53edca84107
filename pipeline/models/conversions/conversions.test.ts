import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { IDENTITIES, USER_IDENTITIES } from '../identity/tables.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { type World, instant, openWorld } from '../../testing/world.ts';
import { conversions } from './conversions.ts';

let world: World;
afterEach(() => world.close());

const FILTER = 'created >= @from and created < @to';

/** A world with one conversion `deal` whose query is given, and a person `p` (visitor a) with a session at 10:00. */
async function open(query: string): Promise<void> {
  world = await openWorld({ conversions: [{ name: 'deal', label: 'Deal', sql: 'deal.sql', value: 'money' }] });
  await world.file('deal.sql', query);
  await person('p', 'a', 1, '10:00');
}

async function person(
  id: string,
  visitor: string,
  key: number,
  session: string | null,
  keys: Readonly<Record<string, string>> = {},
): Promise<void> {
  await world.load(IDENTITIES, [{ anonymous_id: visitor, person_id: id, person_key: key, first_seen: instant('09:00') }]);
  await world.load(
    USER_IDENTITIES,
    Object.entries(keys).map(([name, value]) => ({
      person_id: id,
      key_name: name,
      key_value: value,
      first_seen: instant('09:00'),
      last_seen: instant('09:00'),
    })),
  );
  if (session === null) return;
  const times = { started_at: instant(session), ended_at: instant(session), start_date: '2026-03-02' };
  const source = { source: 'direct', medium: 'none', channel: 'Direct', is_direct: true };
  await world.load(SESSIONS, [
    { session_id: `s-${visitor}`, anonymous_id: visitor, ...times, events: 1, page_views: 1, engaged_seconds: 0, ...source },
  ]);
}

/** A query over literal rows, with the filter every query has. */
const literal = (columns: string, ...rows: readonly string[]) =>
  `select * from (values ${rows.map((row) => `(${row})`).join(', ')}) as t(${columns}) where ${FILTER} or created is null`;
const at = (time: string) => `timestamp '2026-03-02 ${time}'`;

describe('a row of the query', () => {
  test('becomes a conversion with value, dates and everything it returned', async () => {
    await open(`
      select 'D1' as id, ${at('12:00:00')} as created, timestamp '2026-02-01 08:00:00' as attribution_time, 'a' as client_id, 'L1' as lead_id,
        1234.565 as value, 'EUR' as currency, true as is_qualified, [{'key': 'plan', 'value': 'pro'}] as params
      where ${at('12:00:00')} between @from and @to`);
    const [result] = await world.run(conversions);
    expect(result).toEqual({
      changes: {
        conversion_records: { inserted: 1, updated: 0, deleted: 0 },
        conversions: { inserted: 1, updated: 0, deleted: 0 },
        rejected_conversions: { inserted: 0, updated: 0, deleted: 0 },
      },
      warnings: [],
    });
    expect(await world.rows('select * from conversions')).toEqual([
      {
        conversion_name: 'deal',
        id: 'D1',
        conversion_time: '2026-03-02T12:00:00.000000Z',
        attribution_time: '2026-02-01T08:00:00.000000Z',
        conversion_date: '2026-03-02',
        client_id: 'a',
        lead_id: 'L1',
        user_id: null,
        email_hash: null,
        ip_key: null,
        self_reported_source: null,
        self_reported_channel: null,
        raw_value_micros: 1_234_565_000,
        value_micros: 1_234_565_000,
        rate: null,
        rate_date: null,
        parent_name: null,
        parent_id: null,
        original_value: 1234.565,
        currency: 'EUR',
        is_qualified: true,
        params: [{ key: 'plan', value: 'pro' }],
        person_id: 'p',
        person_key: 1,
        matched_by: 'client_id',
      },
    ]);
  });

  test('with a date stands for the end of that day in the project time zone, also on the days when clocks change', async () => {
    await open(
      literal(
        'id, client_id, created',
        "'1', 'a', date '2026-03-28'",
        "'2', 'a', date '2026-03-29'",
        "'3', 'a', date '2026-10-25'",
        "'4', 'a', date '2026-12-31'",
      ),
    );
    await world.run(conversions);
    expect(await world.rows('select id, conversion_time, conversion_date from conversions order by id')).toEqual([
      { id: '1', conversion_time: '2026-03-28T22:59:59.999999Z', conversion_date: '2026-03-28' },
      { id: '2', conversion_time: '2026-03-29T21:59:59.999999Z', conversion_date: '2026-03-29' },
      { id: '3', conversion_time: '2026-10-25T22:59:59.999999Z', conversion_date: '2026-10-25' },
      { id: '4', conversion_time: '2026-12-31T22:59:59.999999Z', conversion_date: '2026-12-31' },
    ]);
  });

  test('with a raw e-mail keeps its hash only', async () => {
    await open(literal('id, client_id, email, created', `'1', 'a', ' Kim@Example.com ', ${at('12:00:00')}`));
    await world.run(conversions);
    const hash = createHash('sha256').update('kim@example.com').digest('hex');
    expect(await world.rows('select email_hash from conversions')).toEqual([{ email_hash: hash }]);
    const stored = JSON.stringify([await world.rows('select * from conversions'), await world.rows('select * from staged_conversions')]);
    expect(stored.toLowerCase()).not.toContain('kim@example.com');
  });

  test('in another currency keeps its value apart from the totals, with a warning; without one it is in the project currency', async () => {
    await open(
      literal('id, client_id, value, currency, created', `'1', 'a', 10, 'usd', ${at('12:00:00')}`, `'2', 'a', 20, null, ${at('12:00:00')}`),
    );
    const [result] = await world.run(conversions);
    expect(await world.rows('select id, value_micros, original_value, currency from conversions order by id')).toEqual([
      { id: '1', value_micros: null, original_value: 10, currency: 'USD' },
      { id: '2', value_micros: 20_000_000, original_value: 20, currency: 'EUR' },
    ]);
    expect(result!.warnings).toEqual([
      expect.stringMatching(/^conversion deal: 1 value in USD is in no total: there are no exchange rates to EUR yet/),
    ]);
  });

  test('with a value that is no finite amount is kept without it', async () => {
    await open(
      literal(
        'id, client_id, value, created',
        `'1', 'a', 'nan'::double, ${at('12:00:00')}`,
        `'2', 'a', 'infinity'::double, ${at('12:00:00')}`,
        `'3', 'a', -5.0, ${at('12:00:00')}`,
      ),
    );
    const [result] = await world.run(conversions);
    expect(await world.rows('select id, value_micros from conversions order by id')).toEqual([
      { id: '1', value_micros: null },
      { id: '2', value_micros: null },
      { id: '3', value_micros: -5_000_000 },
    ]);
    expect(result!.warnings).toEqual(['conversion deal: 2 values are no finite amounts and left out']);
  });
});

test('rows without id or time and duplicates are refused with the reason and stop nothing; of duplicates the earliest stays', async () => {
  await open(
    literal(
      'id, client_id, user_id, created',
      `null, 'a', 'x', ${at('12:00:00')}`,
      `'', 'a', 'y', ${at('12:00:00')}`,
      `'1', 'a', 'x', null`,
      `'2', 'a', 'late', ${at('13:00:00')}`,
      `'2', 'a', 'early', ${at('12:00:00')}`,
      `'2', 'a', 'late', ${at('13:00:00')}`,
    ),
  );
  const [result] = await world.run(conversions);
  expect(await world.rows('select id, user_id from conversions')).toEqual([{ id: '2', user_id: 'early' }]);
  expect(await world.rows('select id, reason from rejected_conversions order by reason, id nulls first')).toEqual([
    { id: '2', reason: 'duplicate_id' },
    { id: '1', reason: 'missing_created' },
    { id: null, reason: 'missing_id' },
    { id: null, reason: 'missing_id' },
  ]);
  expect(result!.warnings).toEqual([
    'conversion deal: 1 rows repeat the id of another row, of which the earliest is kept, for example 2; see rejected_conversions',
    'conversion deal: 1 rows have no created, for example 1; see rejected_conversions',
    'conversion deal: 2 rows have no id; see rejected_conversions',
  ]);
});

test.each([
  ['params', 'params', "[{'key': 'plan', 'value': 'pro'}]", "[{'key': 'plan', 'value': 'team'}]"],
  ['a value that is no amount', 'value', "'nan'::double", 'null::double'],
  ['less than a millionth of the value', 'value', '1.00000001::double', '1.00000002::double'],
])('of duplicates that differ in %s alone the same one stays in either order, and both are told apart', async (_, column, one, other) => {
  const found = [];
  for (const [first, second] of [
    [one, other],
    [other, one],
  ]) {
    await open(
      literal(`id, client_id, ${column}, created`, `'1', 'a', ${first}, ${at('12:00:00')}`, `'1', 'a', ${second}, ${at('12:00:00')}`),
    );
    await world.run(conversions);
    found.push([
      await world.rows('select original_value, params from conversions'),
      await world.rows('select row_hash, reason from rejected_conversions'),
    ]);
    await world.close();
  }
  expect(found[0]![0]).toHaveLength(1);
  expect(found[0]).toEqual(found[1]);
});

test('of equal rows one is a conversion and one refusal is listed', async () => {
  await open(literal('id, client_id, created', `'1', 'a', ${at('12:00:00')}`, `'1', 'a', ${at('12:00:00')}`));
  await world.run(conversions);
  expect(await world.rows('select count(*) as rows from conversions')).toEqual([{ rows: 1 }]);
  expect(await world.rows('select id, reason from rejected_conversions')).toEqual([{ id: '1', reason: 'duplicate_id' }]);
});

test('a second run changes nothing; a row that disappears from the CRM is deleted, one that changes is updated', async () => {
  await open(literal('id, client_id, value, created', `'1', 'a', 1, ${at('12:00:00')}`, `'2', 'a', 2, ${at('12:00:00')}`));
  await world.run(conversions);
  expect((await world.run(conversions))[0]!.changes['conversions']).toEqual({ inserted: 0, updated: 0, deleted: 0 });
  await world.file('deal.sql', literal('id, client_id, value, created', `'2', 'a', 3, ${at('12:00:00')}`));
  expect((await world.run(conversions))[0]!.changes['conversions']).toEqual({ inserted: 0, updated: 1, deleted: 1 });
});

const resolved = async (row: string) => {
  const typed = row.replaceAll('null', 'cast(null as string)');
  await open(literal('id, client_id, user_id, email_hash, created', `'1', ${typed}, ${at('12:00:00')}`));
  await person('q', 'b', 2, '10:00', { ga_client_id: 'GA1', user_id: 'u1' });
  await person('r', 'c', 3, '10:00', { email_hash: 'h1' });
  await person('old', 'd', 4, '2025-01-01 10:00', { user_id: 'u-old' });
  await world.run(conversions);
  const [found] = await world.rows('select person_id, matched_by from conversions');
  return [found!['person_id'], found!['matched_by']];
};

describe('the person of a conversion', () => {
  test.each([
    ['is found by client_id as anonymous_id, before anything else', `'a', 'u1', 'h1'`, ['p', 'client_id']],
    ['is found by client_id as GA client id', `'GA1', null, 'h1'`, ['q', 'client_id']],
    ['is found by user id', `null, 'u1', 'h1'`, ['q', 'user_id']],
    ['is found by e-mail hash, in any case of letters', `null, null, 'H1'`, ['r', 'email_hash']],
    ['falls through to the next signal where one is unknown', `'unknown', 'unknown', 'h1'`, ['r', 'email_hash']],
    ['falls through where the person has no session in the window', `'d', null, 'h1'`, ['r', 'email_hash']],
    ['is the first that is known where none has a session in the window', `'d', 'u-old', null`, ['old', 'client_id']],
    ['is nobody where no signal is known', `'unknown', null, null`, [null, null]],
    ['is nobody where there is no signal', `null, ' ', null`, [null, null]],
  ])('%s', async (_, row, expected) => {
    expect(await resolved(row)).toEqual(expected);
  });
});

const failure = async (query: string) => {
  await open(query);
  return world.run(conversions).then(
    () => '',
    (error: unknown) => (error as Error).message,
  );
};

describe('a query that does not fit stops the run before anything is written', () => {
  test.each([
    [`select 'x' as ident, ${at('12:00:00')} as created, 'a' as client_id`, 'column "id" is missing; expected STRING'],
    [
      `select 'x' as id, ${at('12:00:00')} as creatd, 'a' as client_id`,
      'column "created" is missing; expected TIMESTAMP or DATE; did you mean it by "creatd"? Then write: creatd as created',
    ],
    [`select 'x' as id, ${at('12:00:00')} as created`, 'column "client_id" is missing; expected STRING (or lead_id)'],
    [
      `select 1 as id, ${at('12:00:00')} as created, 'a' as client_id`,
      'column "id" is INT64; expected STRING, for example by cast(… as string)',
    ],
    [`select 'x' as id, '2026-03-02' as created, 'a' as client_id`, 'column "created" is STRING; expected TIMESTAMP or DATE'],
    [`select 'x' as id, ${at('12:00:00')} as created, 'a' as client_id, '5' as value`, 'column "value" is STRING; expected FLOAT64'],
    [`select 'x' as id, ${at('12:00:00')} as created, 'a' as client_id, 5 as valeu`, 'column "valeu" is unknown; did you mean "value"?'],
    [
      `select 'x' as id, ${at('12:00:00')} as created, 'a' as client_id, 5 as favourite_dish`,
      'column "favourite_dish" is unknown; expected one of id, created,',
    ],
    [
      `select 'x' as id, ${at('12:00:00')} as created, 'a' as client_id, ['x'] as params`,
      'column "params" is ARRAY<STRING>; expected ARRAY<STRUCT<key STRING, value STRING>>',
    ],
    [`select 'x' as id from nowhere`, 'nowhere'],
    [`with gone as (select 1) insert into events select * from gone`, 'deal.sql'],
  ])('%s', async (query, message) => {
    expect(await failure(query)).toContain(message);
    expect(await failure(query)).toContain('conversion deal (');
  });

  test('an error of the engine names the line of the file and shows its lines, in no words of ours', async () => {
    const message = await failure(
      `-- deals\nselect\n  'x' as id,\n  ${at('12:00:00')} as created,\n  nothing as client_id\nwhere @from < @to`,
    );
    expect(message).toMatch(/^conversion deal \(.*deal\.sql\), line 5: Binder Error: Referenced column "nothing" was not found/);
    expect(message).toContain(
      ["  4 |   timestamp '2026-03-02 12:00:00' as created,", '> 5 |   nothing as client_id', '  6 | where @from < @to'].join('\n'),
    );
    expect(message).not.toContain('dry run');
  });

  test('a lead id is enough in place of a client id', async () => {
    expect(await failure(literal('id, lead_id, created', `'1', 'L1', ${at('12:00:00')}`))).toBe('');
  });

  test('a file that is not there is named', async () => {
    world = await openWorld({ conversions: [{ name: 'deal', label: 'Deal', sql: 'nowhere.sql' }] });
    await expect(world.run(conversions)).rejects.toThrow(/conversion deal \(.*nowhere\.sql\): the file cannot be read/);
  });
});

test('a query that ignores the range is warned about', async () => {
  await open(
    `select 'x' as id, ${at('12:00:00')} as created, 'a' as client_id where created >= @from`.replace(
      'where created',
      `where ${at('12:00:00')}`,
    ),
  );
  const [result] = await world.run(conversions);
  expect(result!.warnings).toEqual([
    expect.stringContaining('the query does not use @to: whatever range it is asked for, it returns rows beyond it'),
  ]);
});
