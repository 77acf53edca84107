import { describe, expect, test } from 'vitest';
import { type Sql, sql } from '../../warehouse/sql.ts';
import type { Message } from '../message.ts';
import { countryCode } from './country.ts';
import { ga4Event } from './event.ts';
import { paramsOf } from './params.ts';
import { collected } from '../testing/collected.ts';
import { type Ga4Dataset, ga4Tables } from './tables.ts';

const text = (key: string, value: string) => ({
  key,
  value: { string_value: value, int_value: null, float_value: null, double_value: null },
});
const int = (key: string, value: string) => ({ key, value: { int_value: value } });

/** A page view as `bq extract` writes it: integers as text, members without a value left out. */
const PAGE_VIEW = {
  event_date: '20240506',
  event_timestamp: '1714979289123456',
  event_name: 'page_view',
  event_params: [
    text('page_location', 'https://www.shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=Brand&gclid=G-1'),
    text('page_referrer', 'https://www.google.com/'),
    text('page_title', 'Shop'),
    int('ga_session_id', '1714979280'),
    int('ga_session_number', '1'),
    int('engagement_time_msec', '1500'),
    int('entrances', '1'),
    text('color', 'red'),
    int('big', '9007199254740993'),
    text('nothing', '(not set)'),
  ],
  event_bundle_sequence_id: '-77',
  batch_ordering_id: '3',
  batch_event_index: '2',
  user_id: 'u-7',
  user_pseudo_id: '1234567890.1714979280',
  privacy_info: { analytics_storage: 'Yes', ads_storage: 'Yes' },
  user_properties: [{ key: 'plan', value: { string_value: 'team', set_timestamp_micros: '1' } }],
  device: {
    category: 'mobile',
    mobile_brand_name: 'Apple',
    mobile_model_name: 'iPhone',
    operating_system: 'iOS',
    operating_system_version: 'iOS 17.4',
    language: 'de-de',
    web_info: { browser: 'Safari', browser_version: '17.4', hostname: 'www.shop.example' },
  },
  geo: { city: 'Cologne', country: 'Germany', continent: 'Europe', region: 'North Rhine-Westphalia', metro: '(not set)' },
  traffic_source: { name: 'Spring', medium: 'email', source: 'newsletter' },
  collected_traffic_source: {
    manual_source: 'google',
    manual_medium: 'cpc',
    manual_campaign_name: 'Brand',
    manual_campaign_id: '42',
    manual_term: 'shoes',
    gclid: 'G-1',
  },
  stream_id: '555',
  platform: 'WEB',
};

const found = (row: object) => ga4Event({ part: 'p', line: 1, value: row as Record<string, unknown> });

function converted(row: object): Message {
  const outcome = found(row);
  if ('message' in outcome) return outcome.message;
  throw new Error(JSON.stringify(outcome));
}
const campaignOf = (row: object) => (converted({ ...PAGE_VIEW, ...row })['context'] as Record<string, unknown>)['campaign'];

test('a page view becomes a page call of its visitor', () => {
  const { messageId, ...message } = converted(PAGE_VIEW);
  expect(messageId).toMatch(/^import-[0-9a-f]{64}$/);
  expect(message).toEqual({
    type: 'page',
    anonymousId: '1234567890.1714979280',
    userId: 'u-7',
    timestamp: '2024-05-06T07:08:09.123456Z',
    sequence: 3002,
    properties: {
      ga_session_id: 1_714_979_280,
      ga_session_number: 1,
      entrances: 1,
      color: 'red',
      // It would be rounded.
      big: '9007199254740993',
      engaged_seconds: 1.5,
    },
    context: {
      page: {
        url: 'https://www.shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=Brand&gclid=G-1',
        referrer: 'https://www.google.com/',
        title: 'Shop',
      },
      campaign: { source: 'google', medium: 'cpc', name: 'Brand', id: '42', term: 'shoes' },
      clickIds: { gclid: 'G-1' },
      gaClientId: '1234567890.1714979280',
      location: { country: 'DE', region: 'North Rhine-Westphalia', city: 'Cologne' },
      locale: 'de-de',
      device: { type: 'mobile', manufacturer: 'Apple', model: 'iPhone' },
      os: { name: 'iOS', version: 'iOS 17.4' },
      browser: { name: 'Safari', version: '17.4' },
      traits: { plan: 'team' },
      ga4: { stream_id: '555', platform: 'WEB' },
    },
  });
});

test('other events keep their names; views of screens are screen calls, and an app has no GA client id', () => {
  expect(converted({ ...PAGE_VIEW, event_name: 'sign_up' })).toMatchObject({ type: 'track', event: 'sign_up' });
  const params = [text('firebase_screen', 'Home')];
  const app = converted({ ...PAGE_VIEW, event_name: 'screen_view', platform: 'IOS', event_params: params });
  expect(app).toMatchObject({ type: 'screen', name: 'Home' });
  expect(app['context']).not.toHaveProperty('gaClientId');
});

test('a purchase keeps what was bought, without what is empty', () => {
  const ecommerce = { transaction_id: 'T1', purchase_revenue: 12.5, refund_value: null, unique_items: '1' };
  const items = [{ item_id: 'A', item_name: '(not set)', price: 12.5, coupon: '' }];
  expect(
    converted({ ...PAGE_VIEW, event_name: 'purchase', event_params: [], ecommerce, items, event_value_in_usd: 13.1 })['properties'],
  ).toEqual({
    event_value_in_usd: 13.1,
    ecommerce: { transaction_id: 'T1', purchase_revenue: 12.5, unique_items: '1' },
    items: [{ item_id: 'A', price: 12.5 }],
  });
});

describe('the campaign', () => {
  const none = { collected_traffic_source: null };
  const params = [text('source', 'bing'), text('medium', 'organic'), text('campaign', '(organic)')];

  test('is what was collected with the event', () => {
    expect(campaignOf({ event_params: params })).toMatchObject({ source: 'google', medium: 'cpc' });
  });
  test('else what its parameters say, without words in brackets', () => {
    expect(campaignOf({ ...none, event_params: params })).toEqual({ source: 'bing', medium: 'organic' });
    expect(
      campaignOf({ ...none, event_params: [text('source', '(direct)'), text('medium', '(none)')], traffic_source: null }),
    ).toBeUndefined();
  });
  test("else that of the user's first visit, but only where that begins", () => {
    const spring = { source: 'newsletter', medium: 'email', name: 'Spring' };
    expect(campaignOf({ ...none, event_params: [int('ga_session_number', '1'), int('entrances', '1')] })).toEqual(spring);
    expect(campaignOf({ ...none, event_name: 'first_visit', event_params: [] })).toEqual(spring);
    expect(campaignOf({ ...none, event_params: [int('ga_session_number', '1')] })).toBeUndefined();
    expect(campaignOf({ ...none, event_name: 'session_start', event_params: [int('ga_session_number', '2')] })).toBeUndefined();
  });
});

const id = (row: object) => converted(row)['messageId'];

test('the same event has the same id in the daily table, in the one of today, and with numbers as numbers; another has another', () => {
  const table = { ...PAGE_VIEW, event_timestamp: 1_714_979_289_123_456, event_bundle_sequence_id: -77, batch_event_index: 2 };
  const numbers = PAGE_VIEW.event_params.map((param) =>
    'int_value' in param.value && param.key !== 'big' && param.value.int_value
      ? { key: param.key, value: { int_value: Number(param.value.int_value) } }
      : param,
  );
  expect(id({ ...table, event_params: numbers.toReversed(), traffic_source: null, geo: null, user_properties: [] })).toBe(id(PAGE_VIEW));
  for (const other of [
    { event_timestamp: '1714979289123457' },
    { event_name: 'scroll' },
    { user_pseudo_id: 'x' },
    { event_bundle_sequence_id: '-78' },
    { event_params: [] },
  ]) {
    expect(id({ ...PAGE_VIEW, ...other })).not.toBe(id(PAGE_VIEW));
  }
});

test('who did not agree is left out, or not tied to ads', () => {
  expect(ga4Event({ part: 'p', line: 1, value: { ...PAGE_VIEW, user_pseudo_id: null, user_id: null } })).toEqual({
    leftOut: 'rows without user_pseudo_id and user_id (no consent)',
  });
  expect(converted({ ...PAGE_VIEW, privacy_info: { analytics_storage: 'No' } })['context']).toMatchObject({ consent: 'denied' });
});

test('what is no row of the export says so', () => {
  expect(found({ type: 'page' })).toMatchObject({ path: 'event_name' });
  expect(found({ ...PAGE_VIEW, event_timestamp: '2024-05-06' })).toMatchObject({ path: 'event_timestamp' });
});

test('parameters are read whichever member has the value', () => {
  expect(
    paramsOf([
      text('a', 'x'),
      int('b', '5'),
      { key: 'c', value: { double_value: 1.5 } },
      { key: 'd', value: {} },
      { value: { int_value: '1' } },
      null,
    ]),
  ).toEqual({ a: 'x', b: 5, c: 1.5 });
  expect(paramsOf(undefined)).toEqual({});
});

test.each([
  ['Germany', 'DE'],
  ['United States', 'US'],
  ['United Kingdom', 'GB'],
  ['Türkiye', 'TR'],
  ['Turkey', 'TR'],
  ['Czechia', 'CZ'],
  ['South Korea', 'KR'],
  ['Russia', 'RU'],
  ['Côte d’Ivoire', 'CI'],
  ['Hong Kong', 'HK'],
  ['Bosnia & Herzegovina', 'BA'],
  ['Atlantis', undefined],
])('%s is %s', (name, code) => {
  expect(countryCode(name)).toBe(code);
});

const textOf = ({ parts }: Sql) =>
  parts.map((part) => (typeof part === 'string' ? part : part.kind === 'table' ? part.name : '?')).join('');

describe('the tables of a dataset', () => {
  const DAYS = [
    'events_20240504',
    'events_20240505',
    'events_intraday_20240505',
    'events_intraday_20240506',
    'events_fresh_20240506',
    'pseudonymous_users_20240504',
  ];
  const asked: string[] = [];
  /** A dataset whose tables hold one row each, which names its table. */
  const dataset: Ga4Dataset = {
    rows: async <Result>(query: Sql) => {
      expect(textOf(query)).toBe(
        textOf(
          sql`select table_name as name from INFORMATION_SCHEMA.TABLES where starts_with(table_name, 'events_') order by name nulls last`,
        ),
      );
      return DAYS.map((name) => ({ name })) as Result[];
    },
    batches: async function* (query) {
      const name = /from (\w+) as event$/.exec(textOf(query))![1]!;
      asked.push(name);
      yield [[JSON.stringify({ ...PAGE_VIEW, user_pseudo_id: name })]];
    },
    dryRun: async () => ({ columns: [], bytes: 1000 }),
  };

  test('are read day by day; what is not finished only where nothing else is there', async () => {
    const { parts, scannedBytes } = await ga4Tables(dataset, 'p.analytics_1', {});
    expect(parts.map(({ name }) => name)).toEqual(['events_20240504', 'events_20240505', 'events_intraday_20240506']);
    expect(asked).toEqual([]);
    const found = await collected(parts[2]!.read(() => {}));
    expect(found).toMatchObject([{ part: 'events_intraday_20240506', line: 1, value: { user_pseudo_id: 'events_intraday_20240506' } }]);
    expect(await scannedBytes()).toBe(3000);
  });

  test('are those between two days', async () => {
    const { parts } = await ga4Tables(dataset, 'p.analytics_1', { from: '2024-05-05', to: '2024-05-05' });
    expect(parts.map(({ name }) => name)).toEqual(['events_20240505']);
    await expect(ga4Tables(dataset, 'p.analytics_1', { from: '2025-01-01' })).rejects.toThrow(
      'nothing between --from and --to; its days are 2024-05-04 to 2024-05-06',
    );
    await expect(ga4Tables({ ...dataset, rows: async () => [] }, 'p.other', {})).rejects.toThrow(
      '--bigquery p.other: it has no tables events_YYYYMMDD',
    );
  });
});
