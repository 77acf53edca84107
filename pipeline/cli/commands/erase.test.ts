import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  CANARY,
  DESKTOP,
  type ErasureWorld,
  JANE_HASH,
  landStory,
  MAX,
  openErasureWorld,
  PHONE,
} from '../../privacy/testing/erasure-world.ts';
import { namingTables } from '../../privacy/places.ts';
import { duckDbDialect } from '../../warehouse/duckdb/dialect.ts';
import { renderErasure } from '../render/erasure.ts';
import { registerErase } from './erase.ts';
import { registerPerson } from './person.ts';
import { run } from './testing/run-command.ts';

let world: ErasureWorld;
let config: string;
beforeAll(async () => {
  world = await openErasureWorld();
  await landStory(world);
  await world.night('2026-03-05T03:00:00.000Z');
  await world.land('20260305T100000.000Z-c.ndjson', 3, [
    { event: { message_id: 'p3', anonymous_id: PHONE, received_at: '2026-03-05T10:00:00.000Z', page_title: 'Not yet loaded' } },
    { event: { message_id: 'm5', anonymous_id: MAX, received_at: '2026-03-05T10:01:00.000Z' } },
  ]);
  config = path.join(world.folder, 'touchtrail.config.js');
  writeFileSync(config, `export default ${JSON.stringify(world.config)};\n`);
});
afterAll(() => world.close());

const erase = (...args: string[]) => run(registerErase, world.dataFolder, ['--config', config, 'erase', ...args]);
const person = (...args: string[]) => run(registerPerson, world.dataFolder, ['--config', config, 'person', ...args]);

test.each([
  [[], 'expected one of --anonymous-id, --user-id and --email, found none'],
  [['--email', 'a@b.example', '--user-id', 'u'], 'expected one of --anonymous-id, --user-id and --email, found 2'],
  [['--email', 'jane'], '--email "jane": expected an e-mail address, or its SHA-256 in hex (64 digits)'],
  [['--user-id', ' '], '--user-id: the identifier is empty'],
])('%j is refused', async (args, message) => {
  await expect(erase(...args)).rejects.toMatchObject({ name: 'UserError', exitCode: 2, message });
});

test('a dry run says which identifiers and how many rows, and writes nothing', async () => {
  const before = await world.tables();
  const { stdout } = await erase('--email', ' Jane@Fernhill.example', '--dry-run');
  expect(stdout).toContain(
    `Identifiers of this person:\n  anonymous id ${DESKTOP}\n  anonymous id ${PHONE}\n  user id u7\n  e-mail hash 441a0dd2…\n`,
  );
  const counts = Object.fromEntries(
    [...stdout.matchAll(/^([a-z_]+) +(\d+) {2,}(.+?) *$/gm)].map(([, place, rows, fate]) => [place, `${rows} ${fate}`]),
  );
  expect(counts).toMatchObject({
    events_raw: '4 deleted',
    events: '4 deleted',
    failed_events: '1 deleted',
    sessions: '2 deleted',
    identities: '2 deleted',
    report_event_funnels: '1 deleted',
    crm_leads: '1 kept; the columns that identify are left out when the export is loaded',
    conversions: '1 kept without identifiers, (not attributed); gone where its query reads events',
    landing: '6 deleted',
  });
  expect(stdout).toContain('1 of these are not processed yet');
  expect(await world.tables()).toEqual(before);
  expect(await world.rows('select count(*) as n from erasures')).toEqual([{ n: 0 }]);
});

test('without --yes nobody is erased where nobody can be asked', async () => {
  await expect(erase('--email', 'jane@fernhill.example')).rejects.toThrow('nothing was erased: look at --dry-run first, then say --yes');
});

test('an export holds all that is stored of a person, wherever it lies, and nothing of others', async () => {
  const out = path.join(world.folder, 'jane.json');
  const { stdout, stderr } = await person('export', '--user-id', 'u7', '--out', out);
  expect(stdout).toBe('');
  expect(stderr).toBe(
    '2 identities, 2 user_identities, 5 identity_keys, 4 identity_edges, 2 sessions, 4 events, 1 failed_events, 1 conversions, 1 conversion_records, 3 attribution, 1 report_event_funnels, 1 crm_leads, 1 not_yet_processed\n',
  );
  expect(statSync(out).mode & 0o777).toBe(0o600);
  const text = readFileSync(out, 'utf8');
  expect(text).not.toContain(MAX);
  const document = JSON.parse(text) as Record<string, { rows: Record<string, unknown>[] }> & { identifiers: object; asked_for: object };
  expect(document.asked_for).toEqual({ kind: 'user_id', value: 'u7' });
  expect(document.identifiers).toEqual({ anonymous_id: [DESKTOP, PHONE], user_id: ['u7'], email_hash: [JANE_HASH] });
  expect(document['events']!.rows.map(({ message_id }) => message_id)).toEqual(['d1', 'd2', 'p1', 'p2']);
  expect(document['events']!.rows[0]).toMatchObject({
    properties: { note: CANARY },
    page_url: 'https://fernhill.example/?utm_source=news',
    utm_source: 'news',
  });
  expect(document['sessions']!.rows.map(({ anonymous_id, source, medium }) => [anonymous_id, source, medium])).toEqual([
    [DESKTOP, 'news', 'email'],
    [PHONE, 'direct', 'none'],
  ]);
  expect(document['conversions']!.rows).toMatchObject([{ id: 'L1', client_id: DESKTOP, value_micros: 10_000_000 }]);
  expect(document['crm_leads']!.rows).toMatchObject([{ lead_id: 'L1', email: 'jane@fernhill.example' }]);
  expect(document['report_event_funnels']!.rows).toMatchObject([
    { funnel_name: 'visit', message_id: 'd1', anonymous_id: DESKTOP, step: 1 },
  ]);
  expect(document['failed_events']!.rows).toMatchObject([{ position: 3, reason: 'invalid_type' }]);
  expect(document['not_yet_processed']!.rows).toMatchObject([{ event: { message_id: 'p3', page_title: 'Not yet loaded' } }]);
});

test('every table that names persons is in the export, but for copies of events and what the models need to work', async () => {
  const ids = { anonymous_id: ['a'], user_id: ['u'], email_hash: ['h'] };
  const naming = namingTables(duckDbDialect, world.config, ids).map(({ target }) => target.name);
  const { stdout } = await person('export', '--anonymous-id', DESKTOP);
  const exported = Object.keys(JSON.parse(stdout) as object);
  expect(naming.filter((name) => !exported.includes(name) && !name.startsWith('staged_'))).toEqual([
    'events_raw',
    'event_ids',
    'event_changes',
    'person_changes',
  ]);
});

test('an export of somebody unknown says that nothing is stored', async () => {
  const { stdout, stderr } = await person('export', '--anonymous-id', 'nobody');
  expect(stderr).toBe('nothing is stored of this person\n');
  expect(JSON.parse(stdout)).toMatchObject({
    identifiers: { anonymous_id: ['nobody'], user_id: [], email_hash: [] },
    events: { rows: [] },
  });
});

test('erasing prints the receipt, which status repeats, and which names nobody', { timeout: 120_000 }, async () => {
  const { stdout } = await erase('--email', 'jane@fernhill.example', '--yes', '--quiet');
  const id = /^Erasure (\S+), requested \S+ by e-mail hash$/m.exec(stdout)![1]!;
  expect(stdout).toMatch(/^Verified \S+: a scan of every place found nothing\.$/m);
  expect(stdout).toContain('Nothing can be restored from the warehouse.');
  // The preview counts the rows of all kept publications, the receipt the files.
  expect(stdout).toMatch(/^publications +\d+ +0 +files, written anew *$/m);
  expect((await erase('status', id)).stdout).toBe(stdout);
  const [receipt] = JSON.parse((await erase('status', '--json')).stdout) as [Record<string, unknown>];
  expect(receipt).toMatchObject({ erasure_id: id, status: 'verified', restorable_until: null });
  expect(JSON.stringify(receipt)).not.toMatch(new RegExp(`${JANE_HASH}|${DESKTOP}|u7`));
  await expect(erase('status', 'nonsense')).rejects.toThrow(`there is no erasure nonsense; the latest are ${id}`);
  expect(world.filesWith(DESKTOP, PHONE, JANE_HASH, CANARY)).toEqual({});
  expect(JSON.parse((await person('export', '--email', 'jane@fernhill.example')).stdout)).toMatchObject({
    identifiers: { anonymous_id: [], user_id: [], email_hash: [JANE_HASH] },
    events: { rows: [] },
    not_yet_processed: { rows: [] },
  });
});

const at = (minute: number) => `2026-03-06T10:0${minute}:00.000Z`;

/** SHA-256 of una@example.com (sha256sum). */
const UNA_HASH = '2ddb21f0797bbd3bb4b0285aaf1164f7744e399c2f5aca429440fc07864c10ec';

test('erasing loads and joins first what has arrived, and takes no colleague behind the same address', { timeout: 120_000 }, async () => {
  const office = { ip_key_id: 'k1', ip_hash: 'e'.repeat(64) };
  await world.land('20260306T100000.000Z-d.ndjson', 4, [
    { event: { message_id: 'una1', anonymous_id: 'una-tab', received_at: at(0), ...office } },
    {
      event: {
        message_id: 'una2',
        anonymous_id: 'una-tab',
        received_at: at(1),
        type: 'identify',
        email_hashes: [{ hash: UNA_HASH, origin: 'form' }],
      },
    },
    // Sites that take addresses for ids of browsers.
    { event: { message_id: 'una3', anonymous_id: UNA_HASH, received_at: at(2) } },
    { event: { message_id: 'col1', anonymous_id: 'col-tab', received_at: at(3), ...office } },
  ]);
  const { stdout } = await erase('--anonymous-id', 'una@example.com', '--yes', '--quiet');
  expect(stdout).toMatch(/^Verified \S+: a scan of every place found nothing\.$/m);
  expect(await world.rows("select message_id from events where message_id like 'una%' or message_id like 'col%'")).toEqual([
    { message_id: 'col1' },
  ]);
  expect(world.filesWith('una-tab', UNA_HASH)).toEqual({});
  expect(stdout).toContain('Not included: 1 further identifier is joined only by ip_hash (probabilistic).\n');
  expect(stdout).not.toContain('NOTHING WAS FOUND');
  const known = await person('export', '--anonymous-id', 'col-tab');
  expect(JSON.parse(known.stdout)).toMatchObject({ identifiers: { anonymous_id: ['col-tab'] } });
});

test('a receipt of somebody unknown cannot be taken for one of somebody who was erased', () => {
  const receipt = {
    erasure_id: '20260306T100000Z-00000000',
    requested_at: '2026-03-06T10:00:00.000Z',
    kind: 'user_id',
    value_hash: '',
    key_id: '',
    sealed_ids: null,
    places: [{ place: 'events', deleted: 0, left: 0 }],
    verified_at: '2026-03-06T10:00:01.000Z',
    restorable_until: null,
  } as const;
  const nothing = 'NOTHING WAS FOUND: no event and no line of a file had this identifier.';
  expect(renderErasure(receipt, 100)).toContain(nothing);
  expect(renderErasure(receipt, 100)).toContain('The tombstone stands');
  expect(renderErasure({ ...receipt, places: [{ place: 'events', deleted: 1, left: 0 }] }, 100)).not.toContain(nothing);
  expect(renderErasure({ ...receipt, verified_at: null }, 100)).not.toContain(nothing);
});
