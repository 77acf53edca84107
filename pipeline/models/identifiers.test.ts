import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { projectTables } from '../sources/project-tables.ts';
import { syncSources } from '../sources/sources.ts';
import { type World, openWorld, page } from '../testing/world.ts';
import { attribution } from './attribution/attribution.ts';
import { conversions } from './conversions/conversions.ts';
import { events } from './events/events.ts';
import { identity } from './identity/identity.ts';
import { sessions } from './sessions/sessions.ts';

let world: World;
afterEach(() => world.close());

const ADDRESS = 'Jane@fernhill.example';
/** What the edge stores where a site uses addresses as user ids. */
const HASH = createHash('sha256').update('jane@fernhill.example').digest('hex');

test('an address used as an id joins people by its hash, and stands in no table but those of the CRM', async () => {
  const columns = { login: 'STRING', device: 'STRING' } as const;
  world = await openWorld({
    sources: { crm_users: { csv: 'users.csv', columns, key: ['login'], identity: { login: 'user_id', device: 'anonymous_id' } } },
    conversions: [{ name: 'payment', label: 'Payment', sql: 'payment.sql', value: 'money' }],
  });
  await world.file('users.csv', `login,device\n${ADDRESS},dev1\n`);
  await world.file(
    'payment.sql',
    `select '${ADDRESS}' as id, '${ADDRESS}' as client_id, login as lead_id, login as user_id, '${ADDRESS}' as email_hash,
       timestamp '2026-03-02 12:00:00' as created, 10.0 as value from crm_users`,
  );
  await world.events(
    { at: '10:00', who: 'dev1', ...page('https://www.fernhill.example/?utm_source=google&utm_medium=cpc') },
    { at: '11:00', who: 'dev2', ...page('https://www.fernhill.example/'), user_id: HASH },
  );
  await world.run(events, sessions, syncSources, identity, conversions, attribution);

  expect(await world.rows('select anonymous_id, person_id from identities order by anonymous_id')).toEqual([
    { anonymous_id: 'dev1', person_id: 'dev1' },
    { anonymous_id: 'dev2', person_id: 'dev1' },
  ]);
  expect(await world.rows('select id, client_id, lead_id, user_id, email_hash, person_id, matched_by from conversions')).toEqual([
    { id: HASH, client_id: HASH, lead_id: HASH, user_id: HASH, email_hash: HASH, person_id: 'dev1', matched_by: 'user_id' },
  ]);
  expect(await world.rows("select count(*) as credits from attribution where session_id <> ''")).toEqual([{ credits: 3 }]);
  for (const { name } of projectTables(world.config)) {
    const rows = await world.rows(`select cast(to_json(stored) as varchar) as stored from "${name}" as stored`);
    expect([name, /@fernhill/i.test(JSON.stringify(rows))]).toEqual([name, name === 'crm_users']);
  }
});

test('what only looks like an address stays as it is', async () => {
  const columns = { login: 'STRING', device: 'STRING' } as const;
  world = await openWorld({
    sources: { crm_users: { csv: 'users.csv', columns, key: ['login'], identity: { login: 'user_id', device: 'anonymous_id' } } },
  });
  await world.file('users.csv', 'login,device\nroot@10.0.0.1,dev1\n@jane,dev1\na@b,dev1\n');
  await world.events({ at: '10:00', who: 'dev1', ...page('https://www.fernhill.example/') });
  await world.run(events, sessions, syncSources, identity);
  const keys = await world.rows('select key_value from identity_keys order by key_value');
  expect(keys.map((row) => row['key_value'])).toEqual(['@jane', 'a@b', 'root@10.0.0.1']);
});
