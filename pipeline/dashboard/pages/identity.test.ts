import { afterAll, beforeAll, expect, test } from 'vitest';
import { PUBLISHED_IDENTITY } from '../../models/identity/statistics.ts';
import { IDENTITIES, IDENTITY_EDGES } from '../../models/identity/tables.ts';
import { PUBLICATION, REPORT_TABLES } from '../../query/testing/world.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import { linksOf, openDashboard, rowsOf, type TestDashboard, textOf } from '../testing/dashboard.ts';

// a1 and a2 share a user id, a2 and a3 an address: one person. b is alone; its user id is a script, and blocked.
const HOSTILE = '<script>alert(1)</script>';
const SEEN = '2026-03-01T10:00:00.000000Z';
const id = (anonymous_id: string, person_id = anonymous_id, person_key = 1): Row => ({
  anonymous_id,
  person_id,
  person_key,
  first_seen: SEEN,
  has_events: true,
});
const edge = (anonymous_id: string, key_name: string, key_value: string, reason: string | null = null): Row => ({
  anonymous_id,
  key_name,
  key_value,
  key_node: key_value,
  tier: 'deterministic',
  origin: 'form',
  first_seen: SEEN,
  last_seen: SEEN,
  verdict: reason === null ? 'used' : 'refused',
  reason,
});
const HASH = 'ab'.repeat(32);
const key = (name: string, priority: number) => ({
  name,
  tier: 'deterministic' as const,
  priority,
  windowDays: null,
  maxAnonymousIds: 100,
  exclusive: false,
});

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await openDashboard(
    [
      ...REPORT_TABLES,
      [IDENTITIES, [id('a1'), id('a2', 'a1'), id('a3', 'a1'), id('b', 'b', 2)]],
      [
        IDENTITY_EDGES,
        [
          edge('a1', 'user_id', 'u1'),
          edge('a2', 'user_id', 'u1'),
          edge('a2', 'email_hash', HASH),
          edge('a3', 'email_hash', HASH),
          edge('b', 'user_id', HOSTILE, 'blocked_value'),
        ],
      ],
    ],
    { config: { ...PUBLICATION.config, identityKeys: [key('user_id', 1), key('email_hash', 2)] } },
  );
});
afterAll(() => dashboard.close());

const part = (page: string, heading: string) => page.split('<section').find((text) => text.includes(`<h2>${heading}</h2>`)) ?? '';

test('what every signal joined and what was refused of it, the strongest first', async () => {
  const page = await dashboard.get('/identity');
  expect(rowsOf(part(page, 'Evidence by signal')).slice(1)).toEqual([
    ['Signal', 'Tier', 'Joins', 'Of all joins', 'Edges', 'Anonymous ids', 'Blocked'],
    ['User id of the site', 'deterministic', '1', '50%', '2', '2', '1'],
    ['E-mail address, given', 'deterministic', '1', '50%', '2', '2', '—'],
    ['All', '', '2', '', '4', '', '1'],
  ]);
  expect(textOf(page)).toContain('Persons 2 Anonymous ids 4 2.00 per person Persons with several devices 1 50.0% of persons');
});

test('persons by their devices, the largest with a way to their journey', async () => {
  const page = await dashboard.get('/identity');
  expect(rowsOf(part(page, 'Devices per person')).slice(1)).toEqual([
    ['1', '1', '50%'],
    ['3', '1', '50%'],
  ]);
  expect(rowsOf(part(page, 'Persons with most devices')).slice(1)).toEqual([['a1', '1 Mar 2026', '3']]);
  expect(linksOf(page, 'a1')).toEqual(['/journeys?anonymous_id=a1']);
});

test('refused values with their reason and limit; markup in one is text', async () => {
  const page = await dashboard.get('/identity');
  expect(rowsOf(part(page, 'Values that were refused')).slice(1)).toEqual([[HOSTILE, 'User id of the site', 'blocked', '1', '1', '100']]);
  expect(page).not.toContain('<script>alert');
});

test('the signals as CSV', async () => {
  expect(await dashboard.get('/identity?format=csv')).toBe(
    'signal,tier,joins,edges_used,anonymous_ids,refused_blocked_value\r\nuser_id,deterministic,1,2,2,1\r\nemail_hash,deterministic,1,2,2,0\r\n',
  );
});

test('the figures are those that the run has counted: the page of a graph of millions waits for nothing', async () => {
  const statistics = {
    devices: [
      { devices: 1, persons: 2_000_000 },
      { devices: 2, persons: 500_000 },
    ],
    signals: [
      { signal: 'user_id', tier: 'deterministic', edges_used: 900_000, anonymous_ids: 800_000, joins: 500_000, refused: { shared_key: 7 } },
    ],
  };
  const counted = await openDashboard(
    [...REPORT_TABLES, [IDENTITIES, [id('a1')]], [IDENTITY_EDGES, []], [PUBLISHED_IDENTITY, [{ statistics: JSON.stringify(statistics) }]]],
    { config: { ...PUBLICATION.config, hasIdentityStatistics: true } },
  );
  try {
    const page = await counted.get('/identity');
    const text = textOf(page);
    expect(text).toContain('Persons 2,500,000 Anonymous ids 3,000,000 1.20 per person');
    expect(text).toContain('Evidence refused 7');
    expect(rowsOf(page).find(([signal]) => signal === 'User id of the site')).toEqual([
      'User id of the site',
      'deterministic',
      '500,000',
      '100%',
      '900,000',
      '800,000',
      '7',
    ]);
  } finally {
    await counted.close();
  }
});
