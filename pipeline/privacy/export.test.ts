import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONVERSION_CHANGES, CONVERSION_RECORDS } from '../models/conversions/tables.ts';
import { events } from '../models/events/events.ts';
import { identity } from '../models/identity/identity.ts';
import { sessions } from '../models/sessions/sessions.ts';
import { openWorld, page, type World } from '../testing/world.ts';
import { exportPerson } from './export.ts';
import type { Joined } from './joined-ids.ts';

const HASH = 'a'.repeat(64);

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await world.events(
    // Sam, who read the newsletter first, on a link that Ann had forwarded.
    { who: 'sams-tablet', at: '09:00', user_id: 'sams-user-id', ga_client_id: 'GA.sam' },
    {
      who: 'sams-tablet',
      at: '09:01',
      ...page(`https://www.fernhill.example/blog?ehash=${HASH}&gclid=sams-click`),
      email_hashes: [{ hash: HASH, origin: 'url' }],
    },
    { who: 'anns-laptop', at: '10:00', ...page('https://www.fernhill.example/?gclid=anns-click') },
    { who: 'anns-laptop', at: '10:01', email_hashes: [{ hash: HASH, origin: 'form' }] },
    { who: 'anns-phone', at: '11:00', ga_client_id: 'GA.ann', email_hashes: [{ hash: HASH, origin: 'form' }] },
  );
  await world.run(events, sessions, identity);
});
afterAll(() => world.close());

type Document = Readonly<Record<string, { readonly rows: readonly Record<string, unknown>[] }>>;

async function exported(joined: Joined): Promise<{ text: string; told: unknown }> {
  let text = '';
  let told: unknown;
  await exportPerson({
    warehouse: world.warehouse,
    config: world.config,
    dataFolder: world.folder,
    person: { kind: 'email_hash', value: HASH },
    joined,
    onLeftOut: (others) => (told = others),
    now: '2026-07-01T03:00:00.000Z',
    write: (piece) => void (text += piece),
  });
  return { text, told };
}

test('whom only a forwarded link joins with the person is told beside, and in no row of the document', async () => {
  // The graph has made one person of both, named after Sam's tablet.
  expect(await world.rows('select distinct person_id from identities')).toEqual([{ person_id: 'sams-tablet' }]);
  const { text, told } = await exported('deterministic');
  expect(told).toEqual([
    { signal: 'email_hash', tier: 'weak', ids: { anonymous_id: ['sams-tablet'], user_id: ['sams-user-id'], email_hash: [] } },
  ]);
  expect(text.match(/sams-[a-z-]+|GA\.sam/g)).toBeNull();
  const document = JSON.parse(text) as Document;
  expect(document['identities']!.rows.map((row) => row['anonymous_id'])).toEqual(['anns-laptop', 'anns-phone']);
  expect(document['user_identities']!.rows.map(({ key_name, key_value }) => `${String(key_name)} ${String(key_value)}`)).toEqual([
    'click_id gclid=anns-click',
    `email_hash ${HASH}`,
    'ga_client_id GA.ann',
  ]);
  expect(document['identity_edges']!.rows).toHaveLength(4);
  expect(document['events']!.rows.map((row) => row['anonymous_id'])).toEqual(['anns-laptop', 'anns-laptop', 'anns-phone']);
});

test('who asks for all that is joined gets it, with the name that the graph gives the person', async () => {
  const { text } = await exported('all');
  const document = JSON.parse(text) as Document;
  expect(document['identities']!.rows.map((row) => [row['anonymous_id'], row['person_id']])).toEqual([
    ['anns-laptop', 'sams-tablet'],
    ['anns-phone', 'sams-tablet'],
    ['sams-tablet', 'sams-tablet'],
  ]);
  expect(document['events']!.rows).toHaveLength(5);
});

test('a conversion whose value fell to zero is no conversion, and what is stored of it is in the document, with its changes', async () => {
  const record = {
    conversion_name: 'deal',
    row_hash: 'h',
    conversion_time: '2026-03-03T10:00:00Z',
    attribution_time: '2026-03-03T10:00:00Z',
  };
  await world.load(CONVERSION_RECORDS, [
    { ...record, id: 'D1', email_hash: HASH, original_value: 0, params: [], is_removed: true },
    { ...record, id: 'D2', email_hash: 'b'.repeat(64), original_value: 0, params: [], is_removed: true },
  ]);
  const change = { changed_at: '2026-03-04T03:00:00Z', conversion_name: 'deal', change: 'deleted', column_name: '', reason: 'zero' };
  await world.load(CONVERSION_CHANGES, [
    { ...change, id: 'D1', from_value: '500' },
    { ...change, id: 'D2', from_value: '500' },
  ]);
  const document = JSON.parse((await exported('deterministic')).text) as Document;
  expect(document['conversions']!.rows).toEqual([]);
  expect(document['conversion_records']!.rows).toMatchObject([{ conversion_name: 'deal', id: 'D1', email_hash: HASH, is_removed: true }]);
  expect(document['conversion_changes']!.rows).toMatchObject([{ id: 'D1', change: 'deleted', from_value: '500' }]);
});
