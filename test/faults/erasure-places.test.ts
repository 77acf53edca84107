import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { reconcile } from '../../pipeline/query/reconcile/reconcile.ts';
import { requestErasure } from '../../pipeline/privacy/request.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { raw } from '../../pipeline/warehouse/sql.ts';
import {
  CANARY,
  DESKTOP,
  type ErasureWorld,
  JANE_HASH,
  landStory,
  landStoryWithoutJane,
  MAX,
  MAX_HASH,
  openErasureWorld,
  PHONE,
} from '../../pipeline/privacy/testing/erasure-world.ts';

/** After the night of the story; each test begins with a copy. */
let story: ErasureWorld;
let world: ErasureWorld;
beforeAll(async () => {
  story = await openErasureWorld();
  await landStory(story);
  await story.night('2026-03-05T03:00:00.000Z');
});
afterAll(() => story.close());
beforeEach(async () => {
  world = await story.copy();
});
afterEach(() => world.close());

/** The user id is found as JSON and SQL hold it: two letters by themselves stand in any binary file. */
const NEEDLES = [DESKTOP, PHONE, JANE_HASH, CANARY, 'jane@fernhill.example'];
const JANE = { kind: 'email_hash', value: JANE_HASH } as const;

/** A line of what an import refused. */
const refused = (record: object) => `${JSON.stringify({ file: 'a.csv', line: 1, reason: 'invalid_type', record })}\n`;

const accounts = async (now: string) => {
  const { config, dataFolder } = world;
  return reconcile({ config: config.warehouse, dataFolder, now: new Date(now), timeZone: 'UTC', from: '2026-03-01', to: '2026-03-31' });
};

test('after an erasure no stored byte names the person, and everything else is as if they had never been there', async () => {
  // What other parts keep beside the warehouse.
  const files = {
    'imports/i1/rejected.ndjson': `${JSON.stringify({ line: 3, row: { anonymousId: PHONE } })}\n${JSON.stringify({ line: 4, row: { anonymousId: MAX } })}\n`,
    'landing/corrupt/20260303T100000.000Z-c.ndjson': `{"event":{"anonymous_id":"${DESKTOP}","page_\n{"event":{"anonymous_id":"${MAX}","page_\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(world.dataFolder, name)), { recursive: true });
    writeFileSync(path.join(world.dataFolder, name), text);
  }
  expect(Object.keys(world.filesWith(...NEEDLES)).toSorted()).toEqual([
    'imports/i1/rejected.ndjson',
    'landing/corrupt/20260303T100000.000Z-c.ndjson',
    'landing/loaded/20260302T100000.000Z-a.ndjson',
    'landing/loaded/20260304T100000.000Z-b.ndjson',
    'publications/20260305T030000Z-000001.duckdb',
    'warehouse.duckdb',
  ]);
  expect(world.filesWith(CANARY)['warehouse.duckdb']).toEqual([CANARY]);
  const publication = path.join(world.dataFolder, 'publications', '20260305T030000Z-000001.duckdb');
  const reader = await openDuckDb(publication, { readOnly: true });
  try {
    const id = await world.erase(JANE, '2026-03-06T03:00:00.000Z');

    expect(world.filesWith(...NEEDLES)).toEqual({});
    expect(await world.rows(`select count(*) as n from user_identities where key_value = 'u7'`)).toEqual([{ n: 0 }]);
    for (const [name, text] of Object.entries(files)) {
      expect(readFileSync(path.join(world.dataFolder, name), 'utf8')).toBe(text.split('\n').slice(1).join('\n'));
    }
    const [receipt] = await world.rows('select erasure_id, kind, verified_at, sealed_ids, restorable_until, places from erasures');
    expect(receipt).toMatchObject({
      erasure_id: id,
      kind: 'email_hash',
      verified_at: '2026-03-06T03:00:00.000000Z',
      sealed_ids: null,
      restorable_until: null,
    });
    const places = JSON.parse(receipt!['places'] as string) as { place: string; deleted: number; left: number }[];
    expect(places.every(({ left }) => left === 0)).toBe(true);
    expect(Object.fromEntries(places.filter(({ deleted }) => deleted > 0).map(({ place, deleted }) => [place, deleted]))).toEqual({
      events_raw: 4,
      events: 4,
      event_ids: 4,
      failed_events: 1,
      // Four events, a rejected one, one line of a damaged segment, one of an import.
      landing: 7,
      publications: 1,
    });
    // Who had the publication open reads on what they had.
    expect(await reader.rows(raw('select count(*) as n from sessions'))).toEqual([{ n: 4 }]);
  } finally {
    await reader.close();
  }
  const control = await openErasureWorld();
  try {
    await landStoryWithoutJane(control);
    await control.night('2026-03-06T03:00:00.000Z');
    expect(await world.tables()).toEqual(await control.tables());
  } finally {
    await control.close();
  }
  const { rows, balanced } = await accounts('2026-03-06T04:00:00.000Z');
  expect(balanced).toBe(true);
  expect(rows.map(({ date, accepted, stored, failed, erased, missing }) => ({ date, accepted, stored, failed, erased, missing }))).toEqual([
    { date: '2026-03-02', accepted: 4, stored: 1, failed: 0, erased: 3, missing: 0 },
    { date: '2026-03-04', accepted: 5, stored: 2, failed: 1, erased: 2, missing: 0 },
  ]);
});

test('a kept publication keeps its totals: what the person brought is not attributed, and others are as they were', async () => {
  const file = path.join(world.dataFolder, 'publications', '20260305T030000Z-000001.duckdb');
  const read = async (query: string) => {
    const warehouse = await openDuckDb(file, { readOnly: true });
    try {
      return await warehouse.rows(raw(query));
    } finally {
      await warehouse.close();
    }
  };
  const credits = `select conversion_id, model, session_id <> '' as attributed, credit, value_micros, reason, channel from report_credits where model = 'first_click' order by conversion_id`;
  const max = {
    conversion_id: 'L2',
    model: 'first_click',
    attributed: true,
    credit: 1_000_000_000,
    value_micros: 10_000_000,
    reason: null,
    channel: 'Direct',
  };
  expect(await read(credits)).toEqual([{ ...max, conversion_id: 'L1', channel: 'Email' }, max]);
  const others = `select cast(to_json(s) as varchar) as row from sessions as s where anonymous_id = '${MAX}' order by 1`;
  const before = await read(others);
  await world.erase({ kind: 'anonymous_id', value: PHONE }, '2026-03-06T03:00:00.000Z');
  expect(await read(credits)).toEqual([
    { ...max, conversion_id: 'L1', attributed: false, reason: 'no_identifier', channel: '(not attributed)' },
    max,
  ]);
  expect(await read(others)).toEqual(before);
  expect(await read('select id, client_id, user_id, email_hash, person_id, value_micros from conversions order by id')).toEqual([
    { id: 'L1', client_id: null, user_id: null, email_hash: null, person_id: null, value_micros: 10_000_000 },
    { id: 'L2', client_id: MAX, user_id: null, email_hash: MAX_HASH, person_id: MAX, value_micros: 10_000_000 },
  ]);
});

test('what arrives later with an erased identifier is not stored, counts as erased, and changes nothing', async () => {
  await world.erase(JANE, '2026-03-06T03:00:00.000Z');
  await world.land('20260307T100000.000Z-d.ndjson', 3, [
    { event: { message_id: 'p3', anonymous_id: PHONE, received_at: '2026-03-07T10:00:00.000Z' } },
    {
      event: {
        message_id: 'n1',
        anonymous_id: 'a-new-browser-of-jane',
        received_at: '2026-03-07T10:01:00.000Z',
        email_hashes: [{ hash: JANE_HASH, origin: 'form' }],
      },
    },
    { event: { message_id: 'n2', anonymous_id: 'a-new-browser-of-jane', user_id: 'u7', received_at: '2026-03-07T10:02:00.000Z' } },
    { event: { message_id: 'm4', anonymous_id: MAX, received_at: '2026-03-07T10:03:00.000Z' } },
    // Her address in the words of somebody else, and as the id of a browser.
    {
      event: {
        message_id: 'x1',
        anonymous_id: MAX,
        received_at: '2026-03-07T10:03:10.000Z',
        page_url: `https://a.example/?e=${JANE_HASH}`,
      },
    },
    { event: { message_id: 'x2', anonymous_id: MAX, received_at: '2026-03-07T10:03:20.000Z', properties: `{"to":"${JANE_HASH}"}` } },
    {
      event: {
        message_id: 'x3',
        anonymous_id: MAX,
        received_at: '2026-03-07T10:03:30.000Z',
        type: 'identify',
        traits: `{"note":"${JANE_HASH}"}`,
      },
    },
    { event: { message_id: 'x4', anonymous_id: JANE_HASH, received_at: '2026-03-07T10:03:40.000Z' } },
    // A copy of an event that was erased.
    { event: { message_id: 'd1', anonymous_id: DESKTOP, received_at: '2026-03-07T10:04:00.000Z' } },
    { failed: { received_at: '2026-03-07T10:05:00.000Z', position: 5, payload: '{"userId":"u7","trait' } },
  ]);
  // An import has refused lines of her.
  const rejected = path.join(world.dataFolder, 'imports', 'i2', 'rejected.ndjson');
  mkdirSync(path.dirname(rejected), { recursive: true });
  writeFileSync(rejected, [{ browser: PHONE }, { browser: MAX }, { note: `of ${JANE_HASH}` }].map(refused).join(''));
  const { warnings } = await world.night('2026-03-08T03:00:00.000Z');
  expect(readFileSync(rejected, 'utf8')).toBe(refused({ browser: MAX }));
  expect(warnings.filter((text) => text.includes('erased person'))).toEqual([
    expect.stringMatching(/^sources\.crm_leads: 1 row names an erased person: loaded without identifiers\. Erase them in the CRM, too: /),
  ]);
  expect(world.filesWith(...NEEDLES, 'a-new-browser-of-jane')).toEqual({});
  expect(await world.rows(`select message_id from events_raw order by 1`)).toEqual(
    ['m1', 'm2', 'm3', 'm4'].map((message_id) => ({ message_id })),
  );
  const { rows, balanced } = await accounts('2026-03-08T04:00:00.000Z');
  expect(balanced).toBe(true);
  expect(rows.at(-1)).toMatchObject({ date: '2026-03-07', accepted: 10, stored: 1, failed: 0, erased: 9, pending: 0, missing: 0 });
  const unchanged = await world.night('2026-03-09T03:00:00.000Z');
  expect(unchanged).toMatchObject({ publicationKept: true });
  expect(Object.values(unchanged.changes).flatMap(({ inserted, updated, deleted }) => [inserted, updated, deleted])).not.toContain(1);
});

test('a run that fails half-way says that the erasure is pending, and the next one finishes it', async () => {
  await world.crm('not,a,header\n"');
  await expect(world.erase(JANE, '2026-03-06T03:00:00.000Z')).rejects.toThrow('step "sources" failed');
  expect(await world.rows('select verified_at, sealed_ids is null as forgotten from erasures')).toEqual([
    { verified_at: null, forgotten: false },
  ]);
  expect(await world.rows(`select count(*) as n from events_raw where anonymous_id in ('${DESKTOP}', '${PHONE}')`)).toEqual([{ n: 0 }]);
  // What is encrypted names nobody, and the models have not been told yet.
  expect(Object.keys(world.filesWith(CANARY))).toEqual([]);
  await world.crm(`L1,2026-03-04T18:30:00Z,jane@fernhill.example,${DESKTOP},u7\nL2,2026-03-04T19:30:00Z,max@other.example,${MAX},\n`);
  await world.night('2026-03-07T03:00:00.000Z');
  expect(await world.rows('select verified_at, sealed_ids from erasures')).toEqual([
    { verified_at: '2026-03-07T03:00:00.000000Z', sealed_ids: null },
  ]);
  expect(world.filesWith(...NEEDLES)).toEqual({});
});

test('with another key a run stops before anything is stored: nobody could say whom it must not store', async () => {
  await world.night('2026-03-06T03:00:00.000Z', { steps: [{ name: 'erasure', run: requestErasure(JANE, () => {}), transaction: true }] });
  const secrets = path.join(world.dataFolder, 'secrets.json');
  writeFileSync(secrets, readFileSync(secrets, 'utf8').replace(/"key": "..../, '"key": "0000'));
  await expect(world.night('2026-03-07T03:00:00.000Z')).rejects.toThrow(/was made with the key \w{8}, and the key here is \w{8}/);
  expect(readdirSync(path.join(world.dataFolder, 'landing', 'sealed'))).toEqual([]);
});
