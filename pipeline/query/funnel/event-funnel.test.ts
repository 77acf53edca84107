import { afterAll, beforeAll, expect, test } from 'vitest';
import { REPORT_ADS } from '../../models/costs/tables.ts';
import { REPORT_EVENT_FUNNELS } from '../../models/funnels/tables.ts';
import { REPORT_SESSIONS } from '../../models/reports/tables.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import type { Publication } from '../publication.ts';
import { PUBLICATION } from '../testing/world.ts';
import { type EventFunnelQueryInput, type EventStep, parseEventFunnelQuery, runEventFunnel } from './event-funnel.ts';

const SIGNUP = {
  name: 'signup',
  label: 'Sign-up',
  steps: [
    { name: 'pricing', label: 'Pricing' },
    { name: 'demo', label: 'Demo' },
    { name: 'signup', label: 'Sign-up' },
  ],
  windowHours: null,
  order: 'sequential' as const,
};
const publication: Publication = { ...PUBLICATION, config: { ...PUBLICATION.config, eventFunnels: [SIGNUP] } };
const JANUARY = { start_date: '2026-01-01', end_date: '2026-01-31' };

/** Session, person, channel and medium, day of the entry, and after how many seconds each further step was reached. */
const ENTRIES: readonly (readonly [string, number, string, string, string, ...number[]])[] = [
  ['s1', 1, 'Email', 'email', '2026-01-05', 10, 300],
  // The same person by the same channel, and by another one.
  ['s2', 1, 'Email', 'email', '2026-01-06', 20],
  ['s3', 1, 'Paid Search', 'cpc', '2026-01-07', 30],
  ['s4', 2, 'Email', 'newsletter', '2026-01-07', 60, 100],
  ['s5', 3, 'Email', 'email', '2026-01-08'],
  ['s6', 4, 'Paid Search', 'cpc', '2026-02-08', 5, 5],
];

let warehouse: DuckDbWarehouse;
beforeAll(async () => {
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([REPORT_EVENT_FUNNELS, REPORT_SESSIONS, REPORT_ADS]);
  const sessions = ENTRIES.map(([session_id, person_key, channel, medium, click_date]): Row => ({
    session_id,
    person_key,
    channel,
    source: 'x',
    medium,
    click_date,
    session_number: 1,
  }));
  const ways = ENTRIES.flatMap(([session_id, , , , entry_date, ...seconds]) =>
    [0, ...seconds].map((second, i): Row => ({
      funnel_name: 'signup',
      write_key_id: 'wk',
      message_id: `m-${session_id}`,
      step: i + 1,
      anonymous_id: `a-${session_id}`,
      session_id,
      entry_date,
      since_entry_micros: second * 1_000_000,
      since_previous_micros: second * 1_000_000,
    })),
  );
  await warehouse.load(REPORT_SESSIONS, sessions);
  await warehouse.load(REPORT_EVENT_FUNNELS, [...ways, { ...ways[0]!, funnel_name: 'another' }]);
});
afterAll(() => warehouse.close());

const ask = (query: Partial<EventFunnelQueryInput>) =>
  runEventFunnel(warehouse, publication, parseEventFunnelQuery({ date_range: JANUARY, name: 'signup', ...query }, publication.config));
/** entries, persons, rate from the step before, rate from the entry, dropped, median. */
const figures = (steps: readonly EventStep[]) => steps.map((one) => Object.values(one));

test('an event funnel shows entries, persons, rates, losses and the time between steps, by a dimension of the session', async () => {
  const { rows, totals, meta } = await ask({});
  expect(rows.map(({ value }) => value)).toEqual(['Email', 'Paid Search']);
  expect(figures(rows[0]!.steps)).toEqual([
    [4, 3, null, 1, null, null],
    [3, 2, 0.75, 0.75, 1, 20],
    [2, 2, 2 / 3, 0.5, 1, 200],
  ]);
  expect(figures(rows[1]!.steps)).toEqual([
    [1, 1, null, 1, null, null],
    [1, 1, 1, 1, 0, 30],
    [0, 0, 0, 0, 1, null],
  ]);
  // Person 1 came by both channels.
  expect(figures(totals.steps)).toEqual([
    [5, 3, null, 1, null, null],
    [4, 2, 0.8, 0.8, 1, 25],
    [2, 2, 0.5, 0.4, 2, 200],
  ]);
  expect(meta).toMatchObject({ row_count: 2, truncated: false, date_range: JANUARY });
});

test('by medium, filtered, compared and limited', async () => {
  const february = { start_date: '2026-02-01', end_date: '2026-02-28' };
  const query: Partial<EventFunnelQueryInput> = {
    dimension: 'medium',
    comparison_date_range: february,
    filters: { or: [{ field: 'channel', operator: 'equals', value: 'Paid Search' }] },
  };
  const { rows, totals } = await ask(query);
  expect(
    rows.map(({ value, steps, comparison }) => [value, steps.map(({ entries }) => entries), comparison!.map(({ entries }) => entries)]),
  ).toEqual([['cpc', [1, 1, 0], [1, 1, 1]]]);
  expect(totals.comparison!.map(({ persons }) => persons)).toEqual([1, 1, 1]);
  const limited = await ask({ dimension: 'medium', limit: 1 });
  expect(limited.rows.map(({ value }) => value)).toEqual(['email']);
  expect(limited.meta).toMatchObject({ row_count: 3, truncated: true });
  const whole = await ask({ dimension: null });
  expect(whole.rows[0]!.steps).toEqual(whole.totals.steps);
});

test.each([
  [{ name: 'sign_up' }, 'name: unknown event funnel "sign_up", did you mean "signup"?'],
  [{ dimension: 'param.plan' }, 'is a parameter of conversions, which sessions do not have'],
  [{ dimension: 'chanel' }, 'did you mean "channel"?'],
])('a query that cannot be answered says why: %o', (query, message) => {
  expect(() => ask(query as never)).toThrow(message);
});

test('without event funnels in the config it says what to do', () => {
  expect(() => parseEventFunnelQuery({ date_range: JANUARY, name: 'signup' }, PUBLICATION.config)).toThrow(
    'describe one in `eventFunnels`',
  );
});
