import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../pipeline/config/schema.ts';
import { conversions } from '../../pipeline/models/conversions/conversions.ts';
import { deriveConversions } from '../../pipeline/models/conversions/derive.ts';
import { deriveRules } from '../../pipeline/models/conversions/testing/derive-rules.ts';
import { derivedByBruteForce } from '../../pipeline/models/conversions/testing/derive-oracle.ts';
import { DeriveWorlds, projectWith, rulesWith } from '../../pipeline/models/conversions/testing/derive-worlds.ts';
import { events } from '../../pipeline/models/events/events.ts';
import { identity } from '../../pipeline/models/identity/identity.ts';
import { sessions } from '../../pipeline/models/sessions/sessions.ts';
import { withQueryIpHashes } from '../../pipeline/sources/ip-hashes.ts';
import { syncRates } from '../../pipeline/sources/rates.ts';
import { syncSources } from '../../pipeline/sources/sources.ts';
import { randomNumbers } from '../../pipeline/testing/random.ts';
import { openWorld } from '../../pipeline/testing/world.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

let engine: GoogleSql;
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(() => engine?.stop());

describe('conversions are made of their records on GoogleSQL, too', () => deriveRules(async () => new GoogleSqlWarehouse(engine)));

test('after each night of random worlds they are what brute force makes of them, rates included', async () => {
  const cap = 2;
  const worlds = new DeriveWorlds(randomNumbers(77), 12);
  const world = await openWorld(projectWith(cap), new GoogleSqlWarehouse(engine));
  for (let night = 0; night <= 2; night++) {
    worlds.change(night === 0 ? 20 : 4);
    await worlds.write(world);
    await world.run(syncRates, deriveConversions);
    const rows = await world.rows(
      'select conversion_name, id, conversion_date, raw_value_micros, value_micros, rate, rate_date, self_reported_channel, ' +
        'person_id, matched_by, parent_name, parent_id from conversions order by conversion_name, id',
    );
    expect(rows, `night ${night}`).toEqual(derivedByBruteForce(worlds.state, rulesWith(cap)));
    await worlds.forget(world);
  }
  await world.close();
});

describe('the address of a conversion that a query returns', () => {
  const key = { id: 'k1', key: 'a key that is long enough to be one' };
  const hashOf = (address: string) => createHmac('sha256', key.key).update(address).digest('hex');

  test.each([
    ['DuckDB', (): undefined => undefined],
    ['GoogleSQL', (): GoogleSqlWarehouse => new GoogleSqlWarehouse(engine)],
  ] as const)('finds who was seen with it, and is stored as its hash: %s', async (_, warehouse) => {
    const project: Partial<ConfigInput> = {
      sources: { leads: { csv: 'leads.csv', columns: { lead: 'STRING', made: 'TIMESTAMP', address: 'STRING' }, key: ['lead'] } },
      conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }],
    };
    const world = await openWorld(project, warehouse());
    await world.file(
      'leads.csv',
      'lead,made,address\nL1,2026-03-05T10:00:00Z, 203.0.113.7\nL2,2026-03-05T10:00:01Z,203.0.113.7\nL3,2026-03-05T10:00:00Z,none\n',
    );
    await world.file(
      'lead.sql',
      'select lead as id, made as created, cast(null as string) as client_id, address as ip_address from leads where made >= @from and made < @to',
    );
    // Three days before the first lead to the second.
    await world.events({ who: 'near', at: '2026-03-02 10:00', ip_hash: hashOf('203.0.113.7'), ip_key_id: key.id });
    const results = await world.run(events, syncSources, sessions, identity, withQueryIpHashes(conversions, key));
    expect(results.at(-1)!.warnings).toEqual([]);
    expect(await world.rows('select id, ip_key, person_id, matched_by from conversions order by id')).toEqual([
      { id: 'L1', ip_key: `k1:${hashOf('203.0.113.7')}`, person_id: 'near', matched_by: 'ip_address' },
      { id: 'L2', ip_key: `k1:${hashOf('203.0.113.7')}`, person_id: null, matched_by: null },
      { id: 'L3', ip_key: null, person_id: null, matched_by: null },
    ]);
    expect(await world.rows('select address from staged_ip_hashes')).toEqual([]);
    await world.close();
  });
});
