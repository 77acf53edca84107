import { afterEach, describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../../config/schema.ts';
import { UserError } from '../../../config/user-error.ts';
import { type World, openWorld, page } from '../../../testing/world.ts';
import type { Row, TableDefinition } from '../../../warehouse/warehouse.ts';
import { conversions } from '../conversions.ts';
import { events } from '../../events/events.ts';
import { identity } from '../../identity/identity.ts';
import { sessions } from '../../sessions/sessions.ts';
import { checkConversion, type ConversionCheck } from './check.ts';

const LEADS: TableDefinition = {
  name: 'crm_leads',
  description: 'Leads.',
  columns: [
    { name: 'lead_id', type: 'STRING', description: 'Id.' },
    { name: 'created_at', type: 'TIMESTAMP', description: 'Time.' },
    { name: 'closed_on', type: 'DATE', description: 'Day.' },
    { name: 'anonymous_id', type: 'STRING', description: 'Cookie.' },
    { name: 'email', type: 'STRING', description: 'Address.' },
    { name: 'amount', type: 'FLOAT64', description: 'Amount.' },
  ],
  key: ['lead_id'],
};
/** SHA-256 of jane@fernhill.example (sha256sum). */
const JANE = '441a0dd2034ffeefcf4bd61d040cfe4a00122686fb0f5ca11ef633fb55d9d527';
/** The night in which is checked; the window of 30 days begins with 1 June in Berlin. */
const NOW = '2026-07-01T03:00:00.000Z';

let world: World;
afterEach(() => world?.close());

async function check(query: string, leads: readonly Row[] = [], more: Partial<ConfigInput> = {}, name = 'lead'): Promise<ConversionCheck> {
  world = await openWorld({ conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }], ...more });
  await world.file('lead.sql', query);
  await world.warehouse.migrate([LEADS]);
  await world.load(LEADS, leads);
  return await checked(name);
}

const checked = (name: string) =>
  checkConversion(
    { warehouse: world.warehouse, config: world.config, configFolder: world.folder, now: NOW },
    world.config.conversions.find((one) => one.name === name)!,
  );

const lead = (lead_id: string, created_at: string, more: Row = {}): Row => ({ lead_id, created_at, anonymous_id: 'a', ...more });
const GOOD = `select lead_id as id, created_at as created, anonymous_id as client_id, email from crm_leads where created_at >= @from and created_at < @to`;

test('front matter is no part of the definition: label and window change no row', async () => {
  world = await openWorld({ conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }] });
  const query = "select 'L1' as id, timestamp '2026-06-20 10:00:00' as created, 'a' as client_id where @from < @to";
  const definition = () => world.rows("select definition_hash from definitions where name = 'conversion lead'");
  await world.file('lead.sql', `/* ---\nlabel: Lead\n--- */\n${query}`);
  await world.run(events, conversions);
  const before = await definition();
  expect(before).toHaveLength(1);
  await world.file('lead.sql', `/* ---\nlabel: "A lead"\nadjustmentDays: 90\n--- */\n${query}`);
  await world.run(events, conversions);
  expect(await definition()).toEqual(before);
  await world.file('lead.sql', `/* ---\nlabel: Lead\n--- */\n${query} and true`);
  await world.run(events, conversions);
  expect(await definition()).not.toEqual(before);
});

describe('the check of a query', () => {
  test('names each column that is missing, of another type or unknown, and does not run the query', async () => {
    const result = await check(
      `select 5 as id, created_at as creatd, 'a' as client_id, 'pro' as plan from crm_leads where created_at >= @from and created_at < @to`,
      [lead('L1', '2026-06-20T10:00:00.000Z')],
    );
    expect(result.columns).toEqual([
      { name: 'id', type: 'INT64', problem: 'column "id" is INT64; expected STRING, for example by cast(… as string)' },
      { name: 'creatd', type: 'TIMESTAMP', problem: 'column "creatd" is unknown; did you mean "created"?' },
      { name: 'client_id', type: 'STRING', problem: null },
      {
        name: 'plan',
        type: 'STRING',
        problem:
          'column "plan" is unknown; expected one of id, created, client_id, lead_id, user_id, email, email_hash, ip_address, attribution_time, value, currency, self_reported_source, is_qualified, params; other values belong into params',
      },
      {
        name: 'created',
        type: null,
        problem: 'column "created" is missing; expected TIMESTAMP or DATE; did you mean it by "creatd"? Then write: creatd as created',
      },
    ]);
    expect(result.problems).toHaveLength(4);
    expect(result).toMatchObject({ rows: 0, sample: [], from: null });
  });

  test('asks for lead_id where the conversion inherits', async () => {
    const conversions: ConfigInput['conversions'] = [
      { name: 'lead', label: 'Lead', sql: 'lead.sql' },
      { name: 'mql', label: 'MQL', sql: 'lead.sql', inherit: { from: 'lead' } },
    ];
    const result = await check(GOOD, [], { conversions }, 'mql');
    expect(result.problems).toEqual(['column "lead_id" is missing; expected STRING, the id of the conversion it inherits from']);
    expect((await checked('lead')).problems).toEqual([]);
  });

  test.each([
    ['anything but one SELECT', 'delete from crm_leads', 'the query begins with "delete"; expected one SELECT'],
    ['two statements', 'select 1;\nselect 2', 'line 2: a second statement follows the first; expected one SELECT'],
    ['a column that is not there, by line', 'select\n  lead_idd as id\nfrom crm_leads', 'line 2'],
  ])('refuses %s', async (_, query, message) => {
    const refused = check(query);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(UserError);
  });

  test('says of a source that is not loaded yet what loads it', async () => {
    const sources: ConfigInput['sources'] = { crm_deals: { csv: 'deals.csv', columns: { deal_id: 'STRING' }, key: ['deal_id'] } };
    world = await openWorld({ conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }] });
    await world.file('lead.sql', 'select deal_id as id from crm_deals');
    const config = { ...world.config, sources: { crm_deals: { ...sources['crm_deals']!, identity: {}, maximumShrink: 0.3 } } };
    const context = { warehouse: world.warehouse, config, configFolder: world.folder, now: NOW };
    await expect(checkConversion(context, config.conversions[0]!)).rejects.toThrow(
      'crm_deals is a source of the config that has not been loaded yet: touchtrail run loads it',
    );
  });

  test('refuses rows without time or id, and warns of ids twice and of columns that are always empty', async () => {
    const result = await check(
      `select lead_id as id, created_at as created, anonymous_id as client_id, ' ' as user_id, email, amount as value from crm_leads
       where created_at is null or (created_at >= @from and created_at < @to)`,
      [
        lead('L1', '2026-06-20T10:00:00.000Z', { amount: 5 }),
        lead('L1', '2026-06-21T10:00:00.000Z'),
        lead('', '2026-06-22T10:00:00.000Z'),
        { lead_id: 'L2', anonymous_id: 'a', created_at: null },
        lead('L3', '2026-05-31T21:59:59.000Z'),
      ],
    );
    expect(result.problems).toEqual([
      'column "created" is NULL in 1 of the 4 rows: such a row belongs to no day and is refused; leave it out by a condition, or give its time',
      'column "id" is NULL in 1 of the 4 rows: such a row cannot be followed and is refused; leave it out by a condition, or give it an id',
    ]);
    expect(result.warnings).toEqual([
      '1 of the 4 rows repeat the id of another one: of each id the earliest is kept, the others are refused',
      'column "user_id" is empty in all of the 4 rows: without it the query would say the same',
      'column "email" is empty in all of the 4 rows: without it the query would say the same',
    ]);
    expect(result).toMatchObject({ rows: 4, has_more: false, from: '2026-05-31T22:00:00.000Z', bytes: null });
  });

  test.each([
    ['of UTC', ['2026-06-20T00:00:00.000Z', '2026-06-21T00:00:00.000Z'], 'UTC'],
    ['of the project', ['2026-06-19T22:00:00.000Z', '2026-06-20T22:00:00.000Z'], 'Europe/Berlin'],
    ['of no zone', ['2026-06-20T00:00:00.000Z', '2026-06-21T00:00:01.000Z'], undefined],
    ['of one row only', ['2026-06-20T00:00:00.000Z'], undefined],
  ])('warns of times that are all at midnight: %s', async (_, times, zone) => {
    const { warnings } = await check(
      'select lead_id as id, created_at as created, anonymous_id as client_id from crm_leads where created_at >= @from and created_at < @to',
      times.map((time, i) => lead(`L${i}`, time)),
    );
    expect(warnings).toEqual(
      zone === undefined
        ? []
        : [
            `column "created" is midnight (${zone}) in every row: where the source knows days only, return them as DATE, which counts as the end of that day in Europe/Berlin: cast(… as date)`,
          ],
    );
  });

  test('does not take dates for midnights, and finds that ranges of dates agree', async () => {
    const days = Array.from({ length: 90 }, (_, i) => new Date(Date.UTC(2026, 3, 1 + i)).toISOString().slice(0, 10));
    const { problems, warnings, rows } = await check(
      `select lead_id as id, closed_on as created, anonymous_id as client_id from crm_leads
       where closed_on >= cast(@from as date) and closed_on < cast(@to as date)`,
      days.map((closed_on, i) => lead(`L${i}`, '2026-01-01T00:00:00.000Z', { closed_on })),
    );
    // The query compares days of UTC: asked from 22:00 of 31 May on, it returns that day and all of June but the last.
    expect({ problems, warnings, rows }).toEqual({ problems: [], warnings: [], rows: 30 });
  });

  test('finds a query that says of a day what depends on the range', async () => {
    const { problems } = await check(
      `select lead_id as id, created_at as created, anonymous_id as client_id, cast(count(*) over () as double) as value from crm_leads
       where created_at >= @from and created_at < @to`,
      // In the first range (2 May to 1 July) are all four, in the second (1 June to 31 July) three: other values for L2 and L3.
      [
        lead('L1', '2026-05-20T10:00:00.000Z'),
        lead('L2', '2026-06-10T10:00:00.000Z'),
        lead('L3', '2026-06-20T10:00:00.000Z'),
        lead('L4', '2026-06-30T10:00:00.000Z'),
      ],
    );
    expect(problems).toEqual([
      'asked for 2026-05-02 to 2026-07-01, and for 2026-06-01 to 2026-07-31, the query does not say the same of the days that both have: ' +
        '2 rows are in the first answer only, 2 in the second, such as L2. A row must not depend on @from and @to: compute over all rows, ' +
        'and compare created with @from and @to at the end',
    ]);
  });

  test('shows the latest ten rows and the persons they are of, without an address in clear', async () => {
    world = await openWorld({
      conversions: [
        { name: 'lead', label: 'Lead', sql: 'lead.sql' },
        { name: 'mql', label: 'MQL', sql: 'mql.sql', inherit: { from: 'lead' } },
      ],
    });
    await world.file('lead.sql', GOOD);
    await world.file(
      'mql.sql',
      `select lead_id as id, created_at as created, lead_id, anonymous_id as client_id, email from crm_leads where created_at >= @from and created_at < @to`,
    );
    await world.warehouse.migrate([LEADS]);
    await world.events(
      { who: 'browser-1', at: '2026-06-20 10:00', ...page('https://www.fernhill.example/') },
      {
        who: 'browser-2',
        at: '2026-06-20 11:00',
        type: 'identify',
        email_hashes: [{ hash: JANE, origin: 'identify' }],
      },
    );
    await world.load(LEADS, [
      lead('L01', '2026-06-21T10:00:00.000Z', { anonymous_id: 'browser-1' }),
      lead('L02', '2026-06-22T10:00:00.000Z', { anonymous_id: 'unknown', email: ' Jane@Fernhill.example' }),
      ...Array.from({ length: 10 }, (_, i) => lead(`X${i}`, `2026-06-10T1${i}:00:00.000Z`, { anonymous_id: 'nobody' })),
    ]);
    await world.run(events, sessions, identity);
    const result = await checked('lead');
    expect(result.sample.map(({ id, person_id, matched_by }) => [id, person_id, matched_by])).toEqual([
      ['L02', 'browser-2', 'email_hash'],
      ['L01', 'browser-1', 'client_id'],
      ...[9, 8, 7, 6, 5, 4, 3, 2].map((i) => [`X${i}`, null, null]),
    ]);
    expect(result.sample[0]).toEqual({
      id: 'L02',
      conversion_time: '2026-06-22T10:00:00.000000Z',
      attribution_time: '2026-06-22T10:00:00.000000Z',
      value: null,
      currency: 'EUR',
      client_id: 'unknown',
      lead_id: null,
      user_id: null,
      email_hash: JANE,
      person_id: 'browser-2',
      matched_by: 'email_hash',
      has_parent: null,
    });
    expect(JSON.stringify(result)).not.toContain('ernhill.example');
    expect((await checked('mql')).sample[0]).toMatchObject({ id: 'L02', lead_id: 'L02', has_parent: false });
  });

  test('refuses a query that fails as it is run', async () => {
    const refused = check(
      'select lead_id as id, created_at as created, anonymous_id as client_id, cast(email as double) as value from crm_leads where @from < @to',
      [lead('L1', '2026-06-20T10:00:00.000Z', { email: 'four' })],
    );
    await expect(refused).rejects.toThrow(/lead\.sql\): the query fails as it is run: .*'four'/);
    await expect(refused).rejects.toThrow(UserError);
  });

  test('names the line of the file where the query stands behind front matter', async () => {
    const refused = check('/* ---\nlabel: Lead\n--- */\nselect\n  lead_idd as id\nfrom crm_leads');
    await expect(refused).rejects.toThrow(/lead\.sql\), line 5: [\s\S]*> 5 \|   lead_idd as id/);
  });

  test('says so where nothing is returned', async () => {
    expect((await check(GOOD)).warnings).toEqual([
      'the query returns nothing since 2026-05-31 (adjustmentDays: 30): no columns of a row could be looked at',
    ]);
  });
});
