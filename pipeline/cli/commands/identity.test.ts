import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emailHash } from '../../../edge/contract/email.ts';
import { events } from '../../models/events/events.ts';
import { identity } from '../../models/identity/identity.ts';
import { openWorld } from '../../testing/world.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { hubsView } from '../render/identity.ts';
import { PLAIN } from '../render/text.ts';
import { askedOf, registerIdentity } from './identity.ts';
import { run } from './testing/run-command.ts';

const HASH = emailHash('jane@example.com');
let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-identity-'));
  data = path.join(folder, 'data');
  await mkdir(data);
  await writeFile(
    path.join(folder, 'touchtrail.config.mjs'),
    `export default { project: { name: 'X', timeZone: 'Europe/Berlin', currency: 'EUR' } };`,
  );
  const world = await openWorld({}, await openDuckDb(path.join(data, 'warehouse.duckdb')));
  const mail = { email_hashes: [{ hash: HASH, origin: 'form' as const }] };
  await world.events(
    { who: 'laptop', at: '09:00', message_id: 'm-demo', type: 'track', event: 'Form Submitted', page_path: '/demo', ...mail },
    { who: 'phone', at: '10:00', page_path: '/blog', ...mail },
    { who: 'other', at: '11:00', user_id: 'null' },
    { who: 'another', at: '11:00', user_id: 'null' },
  );
  await world.run(events, identity);
  await world.close();
});
afterAll(() => rm(folder, { recursive: true }));

const ask = (...args: readonly string[]) =>
  run(registerIdentity, data, ['--config', path.join(folder, 'touchtrail.config.mjs'), 'identity', ...args]);

describe('identity explain', () => {
  test('prints the chain of evidence in the time of the project', async () => {
    const { stdout } = await ask('explain', 'laptop', 'phone');
    expect(stdout).toBe(`One person: anonymous id laptop and anonymous id phone belong to laptop.

1. laptop — email_hash ${HASH.slice(0, 8)}…
   deterministic, from a form; seen Mon 2 Mar 2026 10:00
   first told by track "Form Submitted" on /demo, Mon 2 Mar 2026 10:00, message m-demo
2. phone — email_hash ${HASH.slice(0, 8)}…
   deterministic, from a form; seen Mon 2 Mar 2026 11:00
   first told by page on /blog, Mon 2 Mar 2026 11:00, message m2
`);
  });

  test('says why two ids are not one person', async () => {
    const { stdout } = await ask('explain', 'other', 'another');
    expect(stdout).toMatch(/^Not one person: .*\n\n1\. REFUSED: other — user_id null\n.*\n.*\n {3}refused: the value is blocked/);
  });

  test('an address is hashed; nothing that is printed holds it, nor the whole hash', async () => {
    const { stdout } = await ask('explain', 'phone', '--email', ' Jane@example.com', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'one_person',
      steps: [{ anonymous_id: 'phone', key_value: `${HASH.slice(0, 8)}…` }],
    });
    expect(stdout).not.toMatch(new RegExp(`jane|${HASH}`, 'i'));
  });

  test('an unknown id is an error', async () => {
    await expect(ask('explain', 'nobody', 'phone')).rejects.toThrow(
      /anonymous id nobody is not in the identity graph: .* 4 anonymous ids of 3 persons/,
    );
  });

  test.each([
    [['a'], {}, /expected two identifiers, found 1/],
    [['a', 'b'], { email: ['c@example.com'] }, /found 3/],
    [['a'], { email: ['nobody'] }, /--email "nobody": expected an e-mail address/],
    [['a', 'c@example.com'], {}, /ask with --email c@example\.com/],
    [['a', 'a'], {}, /the two identifiers are the same/],
    [['a', ' '], {}, /an identifier is empty/],
    [['a'], { key: ['ga_client_id'] }, /--key ga_client_id: expected name=value/],
  ])('%j %j is wrong usage', (ids, options, message) => {
    expect(() => askedOf(ids, options)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) as string }),
    );
  });
});

test('identity stats, hubs and changes are tables, CSV and JSON', async () => {
  const stats = await ask('stats');
  expect(stats.stdout).toMatch(/^3 persons, 4 anonymous ids\n/);
  expect(stats.stdout).toMatch(/email_hash +deterministic +1 +2 +2/);
  expect((await ask('stats', '--csv')).stdout).toBe(
    'signal,tier,joins,edges_used,anonymous_ids,refused_blocked_value\r\nuser_id,deterministic,0,0,0,2\r\nemail_hash,deterministic,1,2,2,0\r\n',
  );
  expect((await ask('hubs', '--csv', '--limit', '1')).stdout).toBe(
    `signal,key_value,episode_start,anonymous_ids,used,refused,reason,cap\r\nemail_hash,${HASH.slice(0, 8)}…,,2,2,0,,100\r\n`,
  );
  expect(JSON.parse((await ask('hubs', '--json')).stdout)).toHaveLength(2);
  expect((await ask('changes')).stdout).toBe('No person has changed.\n');
  // An address that one id submitted and another has from a link joins them, and neither signal has a second holder.
  expect(hubsView([], 'UTC').text({ width: 80, emphasis: PLAIN })).toMatch(/^No value .* by the same signal/);
  await expect(ask('changes', '--since', 'yesterday')).rejects.toMatchObject({ exitCode: 2 });
});

test('without a warehouse it says what to run', async () => {
  const empty = path.join(folder, 'empty');
  await expect(run(registerIdentity, empty, ['--config', path.join(folder, 'touchtrail.config.mjs'), 'identity', 'stats'])).rejects.toThrow(
    /no warehouse yet at .*: run `touchtrail run`/,
  );
});
