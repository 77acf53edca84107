import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type EventRow, EVENT_COLUMNS } from '../../../edge/contract/event-row.ts';
import { ATTRIBUTION } from '../../models/attribution/tables.ts';
import { CONVERSIONS } from '../../models/conversions/tables.ts';
import { IDENTITIES, IDENTITY_EDGES, USER_IDENTITIES } from '../../models/identity/tables.ts';
import { SESSIONS } from '../../models/sessions/tables.ts';
import type { Row, TableDefinition } from '../../warehouse/warehouse.ts';

/** SHA-256 of jane@fernhill.example and of max@other.example (sha256sum). */
export const JANE = '441a0dd2034ffeefcf4bd61d040cfe4a00122686fb0f5ca11ef633fb55d9d527';
export const MAX = '933915116930f31b6ba17c6019dcbe11096a3e52a15e193618c65f108fb9ae5b';

const session = (session_id: string, anonymous_id: string, started_at: string, more: Row): Row => ({
  session_id,
  anonymous_id,
  started_at,
  ended_at: started_at.replace(':00.000000Z', ':50.000000Z'),
  start_date: started_at.slice(0, 10),
  events: 3,
  page_views: 2,
  engaged_seconds: 30,
  click_ids: [],
  is_direct: false,
  country: 'DE',
  city: 'Berlin',
  device_type: 'desktop',
  browser: 'Chrome',
  os: 'Windows',
  ...more,
});

const edge = (anonymous_id: string, key_name: string, key_value: string, origin: string, first_seen: string, more: Row = {}): Row => ({
  anonymous_id,
  key_name,
  key_value,
  origin,
  first_seen,
  last_seen: first_seen,
  tier: 'deterministic',
  verdict: 'used',
  ...more,
});

const credit = (
  conversion_name: string,
  conversion_id: string,
  model: string,
  session_id: string,
  click_time: string,
  more: Row = {},
): Row => ({
  conversion_name,
  conversion_id,
  model,
  session_id,
  click_time,
  credit: 1_000_000_000,
  ...more,
});

const FROM_L1 = { inherited_from_name: 'lead', inherited_from_id: 'L1' };

/**
 * The person of the story in world.ts, as the tables of a journey hold her: Jane has a desktop (a1) and a phone (a2),
 * joined by the hash of her address; the deal D1 is hers. Somebody else (b1) was on her desktop's office network, and the
 * lead L9 belongs to nobody.
 */
export const JOURNEY_TABLES: readonly (readonly [TableDefinition, readonly Row[]])[] = [
  [
    SESSIONS,
    [
      session('s1', 'a1', '2026-01-05T09:00:00.000000Z', {
        channel: 'Paid Search',
        source: 'google',
        medium: 'cpc',
        campaign: 'brand',
        landing_path: '/pricing',
      }),
      session('s2', 'a2', '2026-01-20T18:30:00.000000Z', {
        channel: 'Email',
        source: 'newsletter',
        medium: 'email',
        campaign: 'january',
        landing_path: '/',
        device_type: 'mobile',
        browser: 'Safari',
        os: 'iOS',
        page_views: 1,
      }),
      session('s3', 'b1', '2026-01-06T10:00:00.000000Z', { channel: 'Paid Search', source: 'google', medium: 'cpc', campaign: 'generic' }),
    ],
  ],
  [
    IDENTITIES,
    [
      { anonymous_id: 'a1', person_id: 'a1', person_key: 1, first_seen: '2026-01-05T09:00:00.000000Z' },
      { anonymous_id: 'a2', person_id: 'a1', person_key: 1, first_seen: '2026-01-20T18:30:00.000000Z' },
      { anonymous_id: 'b1', person_id: 'b1', person_key: 2, first_seen: '2026-01-06T10:00:00.000000Z' },
    ],
  ],
  [
    IDENTITY_EDGES,
    [
      edge('a1', 'email_hash', JANE, 'form', '2026-01-05T09:04:00.000000Z'),
      edge('a2', 'email_hash', JANE, 'url', '2026-01-20T18:30:00.000000Z', { tier: 'weak' }),
      edge('a1', 'lead_id', 'L1', 'crm_leads', '2026-01-05T09:04:00.000000Z'),
      edge('a2', 'user_id', 'u7', 'identify', '2026-01-20T18:31:00.000000Z', { verdict: 'refused', reason: 'shared_key' }),
    ],
  ],
  [
    USER_IDENTITIES,
    [
      {
        person_id: 'a1',
        key_name: 'email_hash',
        key_value: JANE,
        first_seen: '2026-01-05T09:04:00.000000Z',
        last_seen: '2026-01-20T18:30:00.000000Z',
      },
      {
        person_id: 'a1',
        key_name: 'lead_id',
        key_value: 'L1',
        first_seen: '2026-01-05T09:04:00.000000Z',
        last_seen: '2026-01-05T09:04:00.000000Z',
      },
    ],
  ],
  [
    CONVERSIONS,
    [
      {
        conversion_name: 'lead',
        id: 'L1',
        conversion_time: '2026-01-20T18:32:00.000000Z',
        attribution_time: '2026-01-20T18:32:00.000000Z',
        conversion_date: '2026-01-20',
        lead_id: 'L1',
        params: [],
        person_id: 'a1',
        person_key: 1,
        matched_by: 'client_id',
        client_id: 'a1',
      },
      {
        conversion_name: 'closed_won',
        id: 'D1',
        conversion_time: '2026-03-10T22:59:59.999999Z',
        attribution_time: '2026-01-20T18:32:00.000000Z',
        conversion_date: '2026-03-10',
        lead_id: 'L1',
        params: [],
        person_id: 'a1',
        person_key: 1,
        matched_by: 'email_hash',
        email_hash: JANE,
        value_micros: 10_000_000_000,
        original_value: 10_000,
        currency: 'EUR',
      },
      {
        conversion_name: 'lead',
        id: 'L9',
        conversion_time: '2026-02-15T12:00:00.000000Z',
        attribution_time: '2026-02-15T12:00:00.000000Z',
        conversion_date: '2026-02-15',
        lead_id: 'L9',
        params: [],
        email_hash: MAX,
      },
    ],
  ],
  [
    ATTRIBUTION,
    [
      credit('lead', 'L1', 'first_click', 's1', '2026-01-05T09:00:00.000000Z'),
      credit('lead', 'L1', 'last_click', 's2', '2026-01-20T18:30:00.000000Z'),
      credit('closed_won', 'D1', 'first_click', 's1', '2026-01-05T09:00:00.000000Z', { ...FROM_L1, value_micros: 10_000_000_000 }),
      credit('closed_won', 'D1', 'linear', 's1', '2026-01-05T09:00:00.000000Z', {
        ...FROM_L1,
        credit: 500_000_000,
        value_micros: 5_000_000_000,
      }),
      credit('closed_won', 'D1', 'linear', 's2', '2026-01-20T18:30:00.000000Z', {
        ...FROM_L1,
        credit: 500_000_000,
        value_micros: 5_000_000_000,
      }),
      credit('lead', 'L9', 'first_click', '', '2026-02-15T12:00:00.000000Z', { reason: 'unknown_identifier' }),
      credit('lead', 'L9', 'last_click', '', '2026-02-15T12:00:00.000000Z', { reason: 'unknown_identifier' }),
      credit('lead', 'L9', 'linear', '', '2026-02-15T12:00:00.000000Z', { reason: 'self_reported', channel: 'Podcast (SRA)' }),
    ],
  ],
];

/** An event as it lands; everything that is not given is empty. */
export function landed(event: Pick<EventRow, 'message_id' | 'anonymous_id' | 'received_at'> & Partial<EventRow>): EventRow {
  const empty = Object.fromEntries(
    EVENT_COLUMNS.map(({ name, type, mode }) => [name, mode === 'repeated' ? [] : type === 'BOOL' ? false : null]),
  );
  const defaults = { write_key_id: 'wk_1', type: 'page', occurred_at: event.received_at, edge_instance: 'e1', edge_sequence: 1 };
  return { ...empty, ...defaults, ...event } as EventRow;
}

/** Writes a landing segment. @param torn text after the last whole line, as a killed process leaves it. */
export async function land(dataFolder: string, name: string, events: readonly EventRow[], torn = ''): Promise<void> {
  const file = path.join(dataFolder, 'landing', name);
  await mkdir(path.dirname(file), { recursive: true });
  const header = JSON.stringify({ delivery: { edge_instance: 'e1', edge_sequence: 1, count: events.length } });
  await writeFile(file, [header, ...events.map((event) => JSON.stringify({ event }))].map((line) => line + '\n').join('') + torn);
}
