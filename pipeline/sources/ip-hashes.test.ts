import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ConfigInput } from '../config/schema.ts';
import { events } from '../models/events/events.ts';
import { identity } from '../models/identity/identity.ts';
import { openWorld } from '../testing/world.ts';
import { ipHashKeyOf, withIpHashes } from './ip-hashes.ts';
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
