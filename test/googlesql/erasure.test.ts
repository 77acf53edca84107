import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { conversions } from '../../pipeline/models/conversions/conversions.ts';
import { events } from '../../pipeline/models/events/events.ts';
import { DELIVERIES, FAILED_EVENTS } from '../../pipeline/models/events/tables.ts';
import { identity } from '../../pipeline/models/identity/identity.ts';
import { sessions } from '../../pipeline/models/sessions/sessions.ts';
import type { Step, StepResult } from '../../pipeline/models/step.ts';
import { applyErasures, eraseAgain, eraseTraces, type ErasureContext } from '../../pipeline/privacy/apply.ts';
import { exportPerson } from '../../pipeline/privacy/export.ts';
import { withoutErasedConversions } from '../../pipeline/privacy/left-out.ts';
import { countInTables, countOrphans } from '../../pipeline/privacy/places.ts';
import { requestErasure } from '../../pipeline/privacy/request.ts';
import { readErasures, writeErasures } from '../../pipeline/privacy/tombstones.ts';
import { expireEvents, expireInputs, expireSessions } from '../../pipeline/privacy/retention.ts';
import { ledgerRows } from '../../pipeline/models/accounting/ledger.ts';
import { openWorld, type World } from '../../pipeline/testing/world.ts';
import type { Row } from '../../pipeline/warehouse/warehouse.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

let server: GoogleSql;
let dataFolder: string;
beforeAll(async () => {
  server = await GoogleSql.start();
  dataFolder = await mkdtemp(path.join(tmpdir(), 'touchtrail-googlesql-erasure-'));
});
afterAll(async () => {
  server.stop();
  await rm(dataFolder, { recursive: true, force: true });
});

const JANE = { email_hashes: [{ hash: '4'.repeat(64), origin: 'form' as const }] };
const PHONE = 'phone-of-jane-0000-0001';

/** The hash of an address whose erasure is verified: what the warehouse has of it is a tombstone. */
const KIM = 'c5'.repeat(32);

async function fill(world: World): Promise<void> {
  await world.file(
    'lead.sql',
    `select 'L1' as id, cast('2026-06-30 12:00:00+00' as timestamp) as created, '${PHONE}' as client_id from (select 1 as one) as nothing where @from < @to`,
  );
  await world.events(
    { who: 'desktop', at: '2026-06-29 10:00', message_id: 'd1', ...JANE, sequence: 1 },
    { who: PHONE, at: '2026-06-30 10:00', message_id: 'p1', ...JANE },
    { who: PHONE, at: '2026-06-30 10:01', message_id: 'p2', user_id: 'u7' },
    { who: 'max', at: '2026-06-30 10:02', message_id: 'm1', properties: '{"userId":"u7"}' },
    // Mentions an identifier that nobody else could have.
    { who: 'eve', at: '2026-06-30 10:03', message_id: 'e1', properties: `{"invited_by":"${PHONE}"}` },
    { who: 'eve', at: '2026-06-30 10:04', message_id: 'e2' },
    { who: 'old', at: '2026-03-01 10:00', message_id: 'o1' },
  );
  const failed = {
    write_key_id: 'wk_1',
    received_at: '2026-06-30T10:00:00.000Z',
    reason: 'invalid_type',
    edge_instance: 'edge-1',
    edge_sequence: 1,
  };
  await world.load(FAILED_EVENTS, [
    { ...failed, position: 7, payload: '{"userId":"u7","tra' },
    { ...failed, position: 8, payload: '{"userId":"u70"}' },
  ]);
  await world.load(DELIVERIES, [
    { edge_instance: 'edge-1', edge_sequence: 1, received_at: '2026-06-29T10:00:00.000Z', write_key_id: 'wk_1', count: 9 },
  ]);
}

/** Night, erasure, night, a late arrival and its night; what the tables hold in the end. */
async function story(world: World): Promise<unknown> {
  const now = '2026-07-01T03:00:00.000Z';
  const context: ErasureContext = { warehouse: world.warehouse, config: world.config, dataFolder, now };
  const step =
    (run: (context: ErasureContext) => Promise<StepResult>): Step =>
    (given) =>
      run({ ...given, dataFolder, now });
  const leftOut: Step = (given) => withoutErasedConversions(conversions)({ ...given, dataFolder });
  const night = [
    step(applyErasures),
    step(expireInputs),
    events,
    step(eraseAgain),
    step(expireEvents),
    sessions,
    step(expireSessions),
    identity,
    leftOut,
    step(eraseTraces),
  ];
  await fill(world);
  await world.run(...night);
  let exported = '';
  const counts = await exportPerson({ ...context, person: { kind: 'user_id', value: 'u7' }, write: (text) => void (exported += text) });
  expect((JSON.parse(exported) as { identifiers: object }).identifiers).toEqual({
    anonymous_id: ['desktop', PHONE],
    user_id: ['u7'],
    email_hash: ['4'.repeat(64)],
  });
  await world.run(step(requestErasure({ kind: 'user_id', value: 'u7' }, () => {})), ...night);
  await world.run(step(requestErasure({ kind: 'email_hash', value: KIM }, () => {})));
  const erasures = await readErasures(world.warehouse);
  await writeErasures(
    world.warehouse,
    erasures.map((erasure) => ({ ...erasure, verified_at: now, sealed_ids: null })),
  );
  await world.events(
    { who: 'new-one', at: '2026-06-30 11:00', message_id: 'n1', user_id: 'u7' },
    { who: 'max', at: '2026-06-30 11:01', message_id: 'm2' },
    // Her address, long after its identifiers are forgotten, in other people's events.
    { who: 'max', at: '2026-06-30 11:02', message_id: 'm3', properties: `{"to":"${KIM}"}` },
    { who: 'max', at: '2026-06-30 11:03', message_id: 'm4', page_url: `https://a.example/?next=%3D${KIM}` },
    { who: KIM, at: '2026-06-30 11:04', message_id: 'k1' },
  );
  await world.run(...night);
  const ids = { anonymous_id: ['desktop', PHONE, 'new-one'], user_id: ['u7'], email_hash: ['4'.repeat(64)] };
  const left = [...(await countInTables(world.warehouse, world.config, ids)), ...(await countOrphans(world.warehouse))].filter(
    ({ count }) => count > 0,
  );
  const rows = async (name: string, columns: string): Promise<Row[]> =>
    world.rows(
      `select ${columns} from ${name} order by ${columns
        .split(',')
        .map((one) => `${one} nulls first`)
        .join()}`,
    );
  const ledger = await world.warehouse.rows(ledgerRows(world.warehouse.dialect, { timeZone: 'UTC', from: '2026-06-29', to: '2026-06-30' }));
  return {
    counts,
    left,
    raw: await rows('events_raw', 'message_id'),
    events: await rows('events', 'message_id'),
    sessions: await rows('sessions', 'anonymous_id,started_at,events'),
    identities: await rows('identities', 'anonymous_id,person_id'),
    failed: await rows('failed_events', 'position'),
    conversions: await rows('conversions', 'id,client_id,person_id'),
    erased: await rows('erased_rows', 'edge_instance,edge_sequence,row_hash,received_at'),
    ledger: ledger.map(({ accepted, stored, failed, erased, missing }) => ({ accepted, stored, failed, erased, missing })),
  };
}

test("erasing, exporting and expiring do the same on Google's own engine", { timeout: 120_000 }, async () => {
  const changes = { retention: { events_raw: 60 }, conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }] };
  const results = [];
  for (const warehouse of [undefined, new GoogleSqlWarehouse(server)]) {
    const world = await openWorld(changes, warehouse);
    try {
      results.push(await story(world));
    } finally {
      await world.close();
    }
  }
  const [onDuckDb, onGoogleSql] = results as [Awaited<ReturnType<typeof story>>, unknown];
  expect(onGoogleSql).toEqual(onDuckDb);
  expect(onDuckDb).toMatchObject({
    left: [],
    raw: [{ message_id: 'e2' }, { message_id: 'm1' }, { message_id: 'm2' }],
    events: [{ message_id: 'e2' }, { message_id: 'm1' }, { message_id: 'm2' }],
    identities: [
      { anonymous_id: 'eve', person_id: 'eve' },
      { anonymous_id: 'max', person_id: 'max' },
    ],
    failed: [{ position: 8 }],
    conversions: [{ id: 'L1', client_id: null, person_id: null }],
  });
});
