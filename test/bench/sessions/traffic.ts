import { EVENT_COLUMNS } from '../../../edge/contract/event-row.ts';
import { columnType, identifier } from '../../../pipeline/warehouse/duckdb/syntax.ts';

/** Events of a visit in the mean: four pages, two of them looked at for a while, and something done. */
export const EVENTS_PER_VISIT = 7;
/** Days that the history lies in; the following night is the day after. */
export const DAYS = 365;

export interface Traffic {
  readonly seed: number;
  /** Visits to make: the first has this number, and the last the one before `to`. */
  readonly from: number;
  readonly to: number;
  /** Visits of the whole history: how far apart they begin, and who may come again. */
  readonly visits: number;
}

/** Pages of the site, and what people come from. */
const PAGES = [
  '/',
  '/pricing',
  '/products',
  '/products/crew',
  '/products/dispatch',
  '/blog',
  '/blog/rosters',
  '/about',
  '/contact',
  '/demo',
];
const REFERRERS = [
  'https://www.google.com/',
  'https://www.google.de/search',
  'https://www.bing.com/',
  'https://www.linkedin.com/feed/',
  'https://news.example/items/7',
  'https://www.fernhill.example/',
];
const DEVICES = ['desktop', 'mobile', 'tablet'];
const BROWSERS = ['Chrome', 'Safari', 'Firefox', 'Edge'];
const SYSTEMS = ['Windows', 'iOS', 'Android', 'macOS'];

/** A UUID of version 4 from two numbers, as SQL. */
const hex = (high: string, low: string) =>
  `printf('%08x-%04x-4%03x-a%03x-%012x', ${high} >> 32, (${high} >> 16) & 65535, ${high} & 4095, (${low} >> 48) & 4095, ${low} & 281474976710655)`;

/**
 * A query of deliveries of events as they are stored, of visits that follow one another through the year: a random number
 * of events each, most of them seconds or minutes apart; half of the visits are of people who have been there before; a
 * third comes from a campaign, most of those with a click id; one event in 200 arrives twice, one in 2,000 is a bot's.
 * Everything is a hash of the seed and a number, so that it is the same in every run.
 */
export function deliveries({ seed, from, to, visits }: Traffic): string {
  /** A whole number from 0 to below `below`, decided by the seed, what it is for, and SQL that names the row. */
  const draw = (purpose: string, row: string, below: number | string) => `(hash(${seed}, '${purpose}', ${row}) % ${below})::bigint`;
  const id = (purpose: string, row: string) =>
    hex(draw(`${purpose} 1`, row, '9223372036854775807'), draw(`${purpose} 2`, row, '9223372036854775807'));
  const second = (DAYS * 86_400) / visits;
  return `
with visit as (
  select
    visit,
    timestamp '2025-01-01' + to_microseconds(cast((visit * ${second} + ${draw('start', 'visit', 3600)}) * 1000000 as bigint) + ${draw('micros', 'visit', 1_000_000)}) as started_at,
    -- Whoever comes again is one of those who came first in an earlier visit.
    case when ${draw('again', 'visit', 2)} = 0 or visit < 100 then visit else ${draw('who', 'visit', 'greatest(visit, 1)')} end as person,
    ${draw('campaign', 'visit', 30)} as campaign_number,
    1 + ${draw('length', 'visit', 2 * EVENTS_PER_VISIT - 1)} as length
  from range(${from}, ${to}) as numbers(visit)
),
visitor as (
  select
    visit, started_at, campaign_number, length, person,
    ${id('person', 'person')} as anonymous_id,
    ${draw('place', 'person', 12)} as place,
    ${draw('device', 'person', 3)} as device,
    ${draw('system', 'person', 4)} as system,
    sha256(concat('ip', ${draw('ip', 'person', visits)}::varchar)) as ip_hash,
    case when campaign_number < 10 then ${pick(['google', 'bing', 'linkedin', 'newsletter', 'meta'], 'campaign_number % 5')} end as utm_source,
    case when campaign_number < 10 then ${pick(['cpc', 'cpc', 'paid-social', 'email', 'paid-social'], 'campaign_number % 5')} end as utm_medium,
    case when campaign_number < 10 then concat('campaign-', ${draw('name', 'visit', 40)}) end as utm_campaign,
    case when campaign_number in (0, 1, 2, 5, 6) then ${pick(['gclid', 'msclkid', 'li_fat_id'], 'campaign_number % 5')} end as click_name,
    concat('Cj0K', ${id('click', 'visit')}) as click_value,
    case when campaign_number < 20 then ${pick(REFERRERS, draw('referrer', 'visit', REFERRERS.length))} end as referrer
  from visit
),
event as (
  select
    visitor.*, n,
    visit * 64 + n as number,
    started_at + to_microseconds(n * 41000000 + ${draw('moment', 'visit * 64 + n', 40_000_000)} + case when n > 9 and visit % 97 = 0 then 2400000000 else 0 end) as occurred_at,
    ${draw('type', 'visit * 64 + n', 10)} as kind,
    ${draw('page', 'visit * 64 + n // 2', PAGES.length)} as page
  from visitor, range(0, length) as events(n)
),
delivered as (
  select event.*, copy
  from event, range(0, case when ${draw('copies', 'number', 200)} = 0 then 2 else 1 end) as copies(copy)
),
described as (
  select
    delivered.*,
    case when n = 0 then 'page' when kind < 5 then 'page' when kind = 9 and visit % 11 = 0 then 'identify' else 'track' end as type,
    ${pick(PAGES, 'page')} as path,
    n < 2 and utm_source is not null as is_tagged
  from delivered
)
select ${EVENT_COLUMNS.map((column) => `cast(${value(column.name, id)} as ${columnType(column)}) as ${identifier(column.name)}`).join(',\n  ')}
from described`;
}

/** SQL of a column. */
function value(name: string, id: (purpose: string, row: string) => string): string {
  const known: Readonly<Record<string, string>> = {
    write_key_id: `'wk_3f2a9c'`,
    message_id: id('message', 'number'),
    type: 'type',
    event: `case type when 'track' then case when kind = 6 then 'Product Viewed' else 'Page Engaged' end end`,
    anonymous_id: 'anonymous_id',
    user_id: `case when type = 'identify' then concat('user-', person) end`,
    sequence: 'n + 1',
    occurred_at: 'occurred_at',
    received_at: `occurred_at + to_microseconds(180000 + copy * 7000000)`,
    sent_at: `occurred_at + to_microseconds(90000 + copy * 7000000)`,
    original_timestamp: 'occurred_at',
    email_hashes: `case when type = 'identify' then [{'hash': sha256(concat('mail', person)), 'origin': 'identify'}] else [] end`,
    ga_client_id: `case when person % 3 > 0 then concat(1000000000 + person % 1000000000, '.', 1735689600 + person % 31536000) end`,
    page_url: `concat('https://www.fernhill.example', path, case when is_tagged then concat('?utm_source=', utm_source, '&utm_medium=', utm_medium, '&utm_campaign=', utm_campaign, case when click_name is not null then concat('&', click_name, '=', click_value) else '' end) else '' end)`,
    page_path: 'path',
    page_title: `concat('Fernhill ', path)`,
    referrer: `case when n < 2 then referrer else 'https://www.fernhill.example/' end`,
    utm_source: 'case when is_tagged then utm_source end',
    utm_medium: 'case when is_tagged then utm_medium end',
    utm_campaign: 'case when is_tagged then utm_campaign end',
    click_ids: `case when is_tagged and click_name is not null then [{'name': click_name, 'value': click_value}] else [] end`,
    ip_hash: 'ip_hash',
    ip_key_id: `'2025-01'`,
    country: `['DE', 'AT', 'CH', 'NL'][1 + place % 4]`,
    region: `concat('Region ', place)`,
    city: `concat('City ', place)`,
    timezone: `'Europe/Berlin'`,
    user_agent: `concat('Mozilla/5.0 (', ${pick(SYSTEMS, 'system')}, ') AppleWebKit/537.36 (KHTML, like Gecko) Version/', 100 + system * 7 + device, '.0 Safari/537.36')`,
    device_type: pick(DEVICES, 'device'),
    browser: pick(BROWSERS, 'system'),
    os: pick(SYSTEMS, 'system'),
    is_bot: 'visit % 2000 = 7',
    is_internal: 'false',
    consent: `'granted'`,
    engaged_seconds: `case when type = 'track' then round((number % 700) / 10, 1) end`,
    properties: `case when type = 'track' then '{"position":' || kind || ',"list":"best sellers"}' else '{}' end`,
    context: `'{"locale":"de-DE","screen":{"width":1440,"height":900},"page":{"search":""}}'`,
    library: `'touchtrail.js/0.1.0'`,
    edge_instance: `concat('edge-', visit % 8)`,
    edge_sequence: 'number * 2 + copy',
  };
  return known[name] ?? 'null';
}

function pick(values: readonly string[], number: string): string {
  return `[${values.map((text) => `'${text}'`).join(', ')}][1 + ${number}]`;
}
