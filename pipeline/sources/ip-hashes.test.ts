import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ConfigInput } from '../config/schema.ts';
import { events } from '../models/events/events.ts';
import { identity } from '../models/identity/identity.ts';
import { openWorld } from '../testing/world.ts';
import { conversions } from '../models/conversions/conversions.ts';
import { ipHashKeyOf, withIpHashes, withQueryIpHashes } from './ip-hashes.ts';
import { syncSources } from './sources.ts';

const KEY = { id: 'k1', key: 'a key that is long enough to be one' };
const hashOf = (address: string) => createHmac('sha256', KEY.key).update(address).digest('hex');

const sources: ConfigInput['sources'] = {
  leads: {
    csv: 'leads.csv',
    columns: { lead_id: 'STRING', created_at: 'TIMESTAMP', address: 'STRING', anonymous_id: 'STRING' },
    key: ['lead_id'],
    identity: { anonymous_id: 'anonymous_id', address: 'ip_address' },
    seen: 'created_at',
  },
};

const from = (who: string, at: string, address: string) => ({ who, at, ip_hash: hashOf(address), ip_key_id: KEY.id });

/** Who is one person, and what the run says. */
async function people(key: typeof KEY | undefined, blocked: readonly string[] = []) {
  const world = await openWorld({ sources, identity: { blocked: { ip: [...blocked] } } });
  try {
    await world.file(
      'leads.csv',
      [
        'lead_id,created_at,address,anonymous_id',
        'L1,2026-03-05T10:00:00Z, 203.0.113.7,a',
        'L2,2026-03-05T10:00:01Z,2001:DB8:0:1::9,b',
        'L3,2026-03-05T10:00:00Z,not an address,c',
      ].join('\n'),
    );
    await world.events(
      { who: 'a', at: '2026-01-01 10:00' },
      { who: 'b', at: '2026-01-01 10:00' },
      { who: 'c', at: '2026-01-01 10:00' },
      // Three days before the lead to the second, and one second more; an address of the same /64.
      from('near', '2026-03-02 10:00', '203.0.113.7'),
      from('far', '2026-03-02 10:00', '2001:db8:0:1::/64'),
      from('other', '2026-03-02 10:00', 'not an address'),
    );
    const results = await world.run(events, syncSources, withIpHashes(identity, key));
    const rows = await world.rows('select anonymous_id, person_id from identities order by anonymous_id');
    expect(await world.rows('select * from staged_ip_hashes')).toEqual([]);
    return { joined: rows.filter((row) => row['anonymous_id'] !== row['person_id']), warnings: results.at(-1)!.warnings };
  } finally {
    await world.close();
  }
}

test("a lead's address joins visits from the same one at most 3 days away; the mapping is gone afterwards", async () => {
  expect(await people(KEY)).toEqual({ joined: [{ anonymous_id: 'near', person_id: 'a' }], warnings: [] });
});

test('an address that the config blocks joins nobody', async () => {
  expect((await people(KEY, ['203.0.113.7'])).joined).toEqual([]);
});

test('without the key nothing is joined, and the run says so', async () => {
  expect(await people(undefined)).toEqual({
    joined: [],
    warnings: [
      'sources.leads.identity.address: addresses link and block nobody, because the key they are hashed with is not known here; ' +
        'set IP_HASH_KEY and IP_HASH_KEY_ID to the secrets of the edge',
    ],
  });
});

test('the key of the deployed edge is two secrets, without the line break of a file', () => {
  expect(ipHashKeyOf({ IP_HASH_KEY: 'secret\n', IP_HASH_KEY_ID: '2026-03\n' })).toEqual({ id: '2026-03', key: 'secret' });
  expect(ipHashKeyOf({ IP_HASH_KEY: 'secret' })).toBeUndefined();
});

test('the address of a conversion is stored as its hash alone, and finds who was seen with it; the night after changes nothing', async () => {
  const world = await openWorld({ conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }] });
  try {
    await world.file(
      'lead.sql',
      `select id, timestamp '2026-03-05 10:00:00' as created, cast(null as varchar) as client_id, ip_address
       from (values ('L1', ' 203.0.113.7'), ('L2', '2001:DB8:0:1::9'), ('L3', 'not an address'), ('L4', null)) as t(id, ip_address)
       where timestamp '2026-03-05 10:00:00' between @from and @to`,
    );
    await world.events(from('near', '2026-03-02 10:00', '203.0.113.7'), from('six', '2026-03-05 12:00', '2001:db8:0:1::/64'));
    const step = withQueryIpHashes(conversions, KEY);
    const results = await world.run(events, identity, step);
    expect(results.at(-1)!.warnings).toEqual([]);
    expect(await world.rows('select id, ip_key, person_id, matched_by from conversions order by id')).toEqual([
      { id: 'L1', ip_key: `k1:${hashOf('203.0.113.7')}`, person_id: 'near', matched_by: 'ip_address' },
      { id: 'L2', ip_key: `k1:${hashOf('2001:db8:0:1::/64')}`, person_id: 'six', matched_by: 'ip_address' },
      { id: 'L3', ip_key: null, person_id: null, matched_by: null },
      { id: 'L4', ip_key: null, person_id: null, matched_by: null },
    ]);
    expect(await world.rows('select * from staged_ip_hashes')).toEqual([]);
    for (const name of ['conversion_records', 'conversions', 'staged_conversions', 'conversion_changes', 'rejected_conversions'])
      expect(JSON.stringify(await world.rows(`select cast(${name} as varchar) as line from ${name}`)), name).not.toMatch(
        /203\.0\.113\.7|2001:|not an address/,
      );
    const [again] = await world.run(step);
    expect(Object.values(again!.changes).every(({ inserted, updated, deleted }) => inserted + updated + deleted === 0)).toBe(true);
    expect(again!.warnings).toEqual([]);
  } finally {
    await world.close();
  }
});

test('without the key no conversion is found by its address, and the run says so', async () => {
  const world = await openWorld({ conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }] });
  try {
    await world.file(
      'lead.sql',
      `select 'L1' as id, timestamp '2026-03-05 10:00:00' as created, '203.0.113.7' as ip_address, 'x' as client_id
       where timestamp '2026-03-05 10:00:00' between @from and @to`,
    );
    const [result] = await world.run(withQueryIpHashes(conversions, undefined));
    expect(await world.rows('select ip_key from conversions')).toEqual([{ ip_key: null }]);
    expect(result!.warnings).toEqual([
      'conversions: no ip_address finds a person, because the key that addresses are hashed with is not known here; ' +
        'set IP_HASH_KEY and IP_HASH_KEY_ID to the secrets of the edge',
    ]);
  } finally {
    await world.close();
  }
});
