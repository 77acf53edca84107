import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Config, type ConfigInput } from '../../pipeline/config/schema.ts';
import { brokenDeliveries, instanceEnds, ledgerRows, sequenceGaps, statesOf } from '../../pipeline/models/accounting/ledger.ts';
import { attribution } from '../../pipeline/models/attribution/attribution.ts';
import { conversions } from '../../pipeline/models/conversions/conversions.ts';
import { syncCosts } from '../../pipeline/sources/costs.ts';
import { events } from '../../pipeline/models/events/events.ts';
import { DELIVERIES, FAILED_EVENTS } from '../../pipeline/models/events/tables.ts';
import { identity } from '../../pipeline/models/identity/identity.ts';
import { openJournal } from '../../pipeline/night/journal.ts';
import { acquireLease } from '../../pipeline/night/lease.ts';
import { latestArrival, unchangedSince } from '../../pipeline/night/publish.ts';
import { NIGHT_TABLES } from '../../pipeline/night/tables.ts';
import { projectTables } from '../../pipeline/sources/project-tables.ts';
import { reports } from '../../pipeline/models/reports/reports.ts';
import { sessions } from '../../pipeline/models/sessions/sessions.ts';
import { createPoller } from '../../pipeline/query/tail/poll.ts';
import { type World, openWorld, page } from '../../pipeline/testing/world.ts';
import { syncSources } from '../../pipeline/sources/sources.ts';
import { createTable } from '../../pipeline/warehouse/bigquery/statements.ts';
import { render } from '../../pipeline/warehouse/bigquery/render.ts';
import { sql, table } from '../../pipeline/warehouse/sql.ts';
import { contents } from './contents.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

const hash = (address: string) => createHash('sha256').update(address).digest('hex');
const form = (address: string) => [{ hash: hash(address), origin: 'form' as const }];
const link = (address: string) => [{ hash: hash(address), origin: 'url' as const }];
const SITE = 'https://www.fernhill.example';

const PROJECT: Partial<ConfigInput> = {
  sources: {
    crm_leads: {
      csv: 'leads.csv',
      columns: { lead_id: 'STRING', created_at: 'TIMESTAMP', email: 'STRING', anonymous_id: 'STRING' },
      key: ['lead_id'],
      identity: { anonymous_id: 'anonymous_id', email: 'email', lead_id: 'crm_lead_id' },
      seen: 'created_at',
    },
    crm_deals: {
      csv: 'deals.csv',
      columns: { deal_id: 'STRING', lead_id: 'STRING', closed_at: 'DATE', amount: 'FLOAT64', currency: 'STRING' },
      key: ['deal_id'],
    },
  },
  costs: [{ csv: 'google.csv', platform: 'google_ads', source: 'google', medium: 'cpc' }],
  conversions: [
    { name: 'lead', label: 'Lead', sql: 'lead.sql' },
    { name: 'closed_won', label: 'Closed/Won', sql: 'closed_won.sql', value: 'money' },
  ],
  funnel: ['lead', 'closed_won'],
};

/** The same inputs for both engines: one of each case that an engine could read differently. */
async function fill(world: World): Promise<void> {
  await world.file(
    'leads.csv',
    [
      'lead_id,created_at,email,anonymous_id',
      'L1,2026-03-29T00:30:00Z,"Ann@Fernhill.example",laptop',
      'L2,2026-03-02T12:00:00Z,bob@fernhill.example,',
      'L3,2026-03-02T12:00:00Z,nobody@fernhill.example,',
      'L4,2025-01-01T00:00:00Z,early@fernhill.example,early',
      'L5,2026-10-25T00:30:00Z,,quiet',
      'Mail@Fernhill.example,2026-03-02T12:00:00Z,,laptop',
    ].join('\n'),
  );
  await world.file(
    'deals.csv',
    'deal_id,lead_id,closed_at,amount,currency\nD1,L1,2026-06-17,50000.005,EUR\nD2,L2,2026-10-25,0.1,EUR\nD3,L3,2026-03-29,12.5,USD\nD4,L1,2026-06-18,,\n',
  );
  await world.file(
    'google.csv',
    'date,account_id,campaign_id,campaign,ad_group_id,ad_group,ad_id,ad,cost,impressions,clicks\n2026-03-02,1,11,Dispatch,,,,,12.34,100,5\n2026-03-29,1,12,,,,,,0.005,10,0\n',
  );
  await world.file(
    'lead.sql',
    'select lead_id as id, created_at as created, anonymous_id as client_id, email from crm_leads where created_at >= @from and created_at < @to ' +
      // Duplicates, told apart by the hash of the row alone.
      "union all select lead_id, created_at, anonymous_id, 'zoë@fernhill.example' from crm_leads where lead_id in ('L1', 'L5')",
  );
  await world.file(
    'closed_won.sql',
    `select d.deal_id as id, d.closed_at as created, l.anonymous_id as client_id, l.email, l.lead_id,
       l.created_at as attribution_time, d.amount as value, d.currency
     from crm_deals as d inner join crm_leads as l on l.lead_id = d.lead_id
     where d.closed_at >= cast(@from as date) and d.closed_at < cast(@to as date)`,
  );
  await world.events(
    // One person on two devices: an ad click, a form, and the link of an e-mail on the phone.
    {
      who: 'laptop',
      at: '10:00',
      ...page(`${SITE}/?utm_source=Google&utm_medium=CPC&utm_campaign=Dispatch&gclid=Abc`),
      country: 'DE',
      device_type: 'desktop',
    },
    { who: 'laptop', at: '10:20', ...page(`${SITE}/demo`), engaged_seconds: 12.345678 },
    { who: 'laptop', at: '10:21', type: 'track', event: 'Form Submitted', email_hashes: form('ann@fernhill.example') },
    {
      who: 'phone',
      at: '2026-03-28 22:59',
      ...page(`${SITE}/pricing?utm_source=newsletter&utm_medium=email`),
      email_hashes: link('ann@fernhill.example'),
    },
    // A pause of exactly the time-out, one a microsecond longer, and a session over the hour that summer time skips.
    { who: 'quiet', at: '2026-03-29 00:30', ...page(`${SITE}/`, 'https://www.google.de/') },
    { who: 'quiet', at: '2026-03-29 01:00', ...page(`${SITE}/a`) },
    { who: 'quiet', at: '2026-03-29T01:30:00.000001Z', ...page(`${SITE}/b`) },
    // Both hours of the night when clocks go back.
    { who: 'quiet', at: '2026-10-25 00:30', ...page(`${SITE}/`, 'https://chatgpt.com/') },
    { who: 'quiet', at: '2026-10-25 01:30', ...page(`${SITE}/`, 'android-app://com.google.android.gm/') },
    // A new campaign within the pause; the same instant twice, ordered by the client's counter.
    { who: 'hopper', at: '12:00', ...page(`${SITE}/?utm_source=a&utm_medium=b`), sequence: 2 },
    { who: 'hopper', at: '12:00', ...page(`${SITE}/?utm_source=c&utm_medium=d&fbclid=Xy`), sequence: 1 },
    { who: 'hopper', at: '12:05', ...page(`${SITE}/?li_fat_id=Z`), user_id: 'u-1', ga_client_id: '1.2' },
    // Copies within one delivery, told apart by their contents alone: texts, arrays, JSON.
    { who: 'twice', at: '13:30', message_id: 'tie', click_ids: [{ name: 'gclid', value: 'Ä' }], properties: '{"a":1}' },
    { who: 'twice', at: '13:30', message_id: 'tie', click_ids: [{ name: 'gclid', value: 'B' }], properties: '{"a":1}' },
    { who: 'twice', at: '13:30', message_id: 'tie', click_ids: [], properties: '{"a":2}', country: 'DE' },
    // Copies of an event, the later one loaded first; text beyond ASCII; a bot; events of nobody.
    { who: 'copied', at: '13:00', message_id: 'copy', received_at: '2026-03-02T14:00:00.000Z', ...page(`${SITE}/später`) },
    {
      who: 'copied',
      at: '13:00',
      message_id: 'copy',
      received_at: '2026-03-02T13:00:00.000Z',
      ...page(`${SITE}/日本?utm_campaign=Größe 🚚`),
    },
    { who: 'robot', at: '13:00', ...page(`${SITE}/`), is_bot: true },
    // A user id of two browsers; two addresses on one; a forwarded mail.
    { who: 'tablet', at: '14:00', ...page(`${SITE}/`), user_id: 'u-1' },
    { who: 'forwarded', at: '15:00', ...page(`${SITE}/`), email_hashes: link('ann@fernhill.example') },
    {
      who: 'forwarded',
      at: '15:01',
      type: 'identify',
      user_id: 'u-2',
      email_hashes: [{ hash: hash('cy@fernhill.example'), origin: 'identify' }],
    },
    { who: 'bob', at: '16:00', ...page(`${SITE}/`, 'https://partner.example/list'), email_hashes: form('bob@fernhill.example') },
  );
}

const NIGHT = [events, syncSources, syncCosts, sessions, identity, conversions, attribution, reports];

let engine: GoogleSql;
let duckdb: World;
let googlesql: World;

beforeAll(async () => {
  engine = await GoogleSql.start();
  duckdb = await openWorld(PROJECT);
  const warehouse = new GoogleSqlWarehouse(engine);
  googlesql = await openWorld(PROJECT, warehouse);
  for (const world of [duckdb, googlesql]) {
    await fill(world);
    await world.run(...NIGHT);
  }
});

afterAll(async () => {
  await duckdb?.close();
  await googlesql?.close();
  engine?.stop();
});

const TABLES = projectTables(Config.parse({ project: { name: 'Test', timeZone: 'Europe/Berlin', currency: 'EUR' }, ...PROJECT }));
const OUTPUTS = TABLES.filter(({ name }) => !name.startsWith('staged_'));

describe('a whole night gives the same rows on DuckDB and on the GoogleSQL reference evaluator', () => {
  test.each(OUTPUTS.map((definition) => [definition.name, definition] as const))('%s', async (_, definition) => {
    const [ours, googles] = [await contents(duckdb.warehouse, definition), await contents(googlesql.warehouse, definition)];
    expect(googles).toEqual(ours);
  });

  test('and none of the tables that a night fills is empty', async () => {
    for (const name of [
      'events',
      'sessions',
      'identity_keys',
      'identity_edges',
      'identities',
      'conversions',
      'attribution',
      'rejected_conversions',
      'costs',
      'report_credits',
    ]) {
      expect((await duckdb.warehouse.rows(sql`select 1 as one from ${table(name)}`)).length, name).toBeGreaterThan(0);
    }
  });

  test('and a second night touches no row on either', async () => {
    for (const world of [duckdb, googlesql]) {
      const results = await world.run(...NIGHT.filter((step) => step !== syncSources && step !== syncCosts));
      const touched = results
        .flatMap(({ changes }) => Object.entries(changes))
        .filter(([, { inserted, updated, deleted }]) => inserted + updated + deleted > 0);
      expect(touched).toEqual([]);
    }
  });
});

/** Minutes pass from one look at the clock to the next, so that every row is of its own instant. */
const clockOf = (from: string) => {
  let at = Date.parse(from);
  return () => new Date((at += 60_000));
};

describe('the night keeps its books on both engines alike', () => {
  test('lease, journal, and whether there is something to publish', async () => {
    const told = [];
    for (const { warehouse } of [duckdb, googlesql]) {
      await warehouse.migrate(NIGHT_TABLES);
      const lines: unknown[] = [];
      const clock = clockOf('2026-07-01T03:00:00.000Z');
      const request = { clock, exclusive: false, runId: (token: number) => `run-${token}` };
      const night = async (holder: string, inserted: number, publicationId: string | null) => {
        const lease = await acquireLease(warehouse, { ...request, holder });
        const { runId, token } = lease;
        const journal = openJournal(warehouse, { runId, token, holder, startedAt: clock().toISOString() });
        await journal.beginRun();
        const step = { position: 1, step: 'events', startedAt: clock().toISOString() };
        await journal.beginStep(step);
        lines.push(await acquireLease(warehouse, { ...request, holder: 'another' }).catch((error: Error) => error.message));
        await lease.renew();
        const change = { inserted, updated: 0, deleted: 0 };
        await journal.endStep(step, { status: 'done', durationMs: 12.4, change, statements: [], message: null });
        if (publicationId !== null) {
          const end = { finishedAt: clock().toISOString(), message: null, warnings: ['it\'s "odd"'], publicationId };
          await journal.endRun({ status: 'done', ...end });
        }
        await lease.release();
      };
      await night('first', 3, 'run-1');
      lines.push(await unchangedSince(warehouse, { publication_id: 'run-1' }));
      // It changed nothing and confirmed what is published; the next one changed a row and was killed.
      await night('second', 0, 'run-1');
      lines.push(await unchangedSince(warehouse, { publication_id: 'run-1' }));
      await night('third', 1, null);
      lines.push(
        await unchangedSince(warehouse, { publication_id: 'run-1' }),
        await unchangedSince(warehouse, { publication_id: 'run-9' }),
      );
      await night('fourth', 0, 'run-4');
      lines.push(await latestArrival(warehouse, '2026-07-01T03:00:00.000Z'));
      told.push(lines);
    }
    expect(told[0]).toEqual([
      expect.stringContaining('a run is in progress: held by first since'),
      true,
      expect.stringContaining('held by second since'),
      true,
      expect.stringContaining('held by third since'),
      false,
      false,
      expect.stringContaining('held by fourth since'),
      '2026-10-25T01:30:00.000000Z',
    ]);
    expect(told[1]).toEqual(told[0]);
    for (const definition of NIGHT_TABLES) {
      const ours = await contents(duckdb.warehouse, definition);
      expect(ours.length, definition.name).toBeGreaterThan(0);
      expect(await contents(googlesql.warehouse, definition)).toEqual(ours);
    }
    const states = await googlesql.warehouse.rows(sql`select run_id, status from ${table('runs')} order by run_id`);
    expect(states.map(({ status }) => status)).toEqual(['done', 'done', 'killed', 'done']);
  });
});

/** Packing of a delivery that was received on 3 March in Berlin. */
const of = (edge_sequence: number, second: number) => ({
  edge_instance: 'edge-1',
  edge_sequence,
  received_at: `2026-03-02T23:00:0${second}.000000Z`,
  write_key_id: 'wk_1',
});
const packed = (message_id: string, edge_sequence: number, second: number) => ({
  who: 'a',
  at: '10:00',
  message_id,
  ...of(edge_sequence, second),
});

describe('the ledger of the edge adds up on both engines alike', () => {
  test('accepted, stored, duplicate, failed, waiting and missing rows, broken deliveries, and gaps', async () => {
    const told = [];
    for (const opened of [undefined, new GoogleSqlWarehouse(engine)]) {
      const world = await openWorld({}, opened);
      const { warehouse } = world;
      try {
        await warehouse.load(DELIVERIES, [
          { ...of(1, 1), count: 4 },
          { ...of(1, 1), count: 4 },
          { ...of(1, 0), count: 0 },
          { ...of(4, 4), count: 3 },
        ]);
        await world.events(packed('m1', 1, 1), packed('m1', 1, 1), packed('m2', 1, 1), packed('m1', 4, 4));
        await world.run(events);
        await world.events(packed('m3', 5, 5));
        const failed = { ...of(1, 1), reason: 'too_deep' };
        await warehouse.load(FAILED_EVENTS, [
          { ...failed, position: 2 },
          { ...failed, position: 3 },
          { ...failed, position: 3 },
          { ...failed, message_id: 'm1', reason: 'warehouse_rejected' },
        ]);
        const days = { timeZone: 'Europe/Berlin', from: '2026-03-03', to: '2026-03-03' };
        const { dialect } = warehouse;
        const queries = [
          ledgerRows(dialect, days),
          brokenDeliveries(dialect, days, 10),
          sequenceGaps(dialect, days),
          statesOf(dialect, days.timeZone, ['4:edge-1']),
          instanceEnds(dialect, ['edge-1']),
        ];
        const results = [];
        for (const query of queries) results.push(await warehouse.rows(query));
        told.push(results);
      } finally {
        await world.close();
      }
    }
    expect(told[0]).toEqual([
      [
        {
          date: '2026-03-03',
          write_key_id: 'wk_1',
          deliveries: 3,
          accepted: 8,
          stored: 2,
          duplicate: 1,
          failed: 2,
          waiting: 1,
          missing: 2,
          in_both: 1,
          erased: 0,
        },
      ],
      [
        { ...of(4, 4), date: '2026-03-03', counted: 3, found: 1, erased: 0 },
        { ...of(5, 5), date: '2026-03-03', counted: null, found: 1, erased: 0 },
      ],
      [
        {
          edge_instance: 'edge-1',
          first_missing: 2,
          last_missing: 3,
          next_received_at: '2026-03-02T23:00:04.000000Z',
          last_received_at: '2026-03-02T23:00:05.000000Z',
        },
      ],
      [{ ...of(4, 4), date: '2026-03-03', counted: 3, found: 1, erased: 0 }],
      [{ edge_instance: 'edge-1', last_sequence: 4, last_received_at: '2026-03-02T23:00:04.000000Z' }],
    ]);
    expect(told[1]).toEqual(told[0]);
  });
});

test('whoever watches events arrive sees the same on both engines', async () => {
  const told = [];
  for (const opened of [undefined, new GoogleSqlWarehouse(engine)]) {
    const world = await openWorld({}, opened);
    try {
      const poller = createPoller(world.warehouse, {});
      await world.events(packed('before', 1, 1));
      const looks = [await poller.look(new Date('2026-03-02T23:01:00.000Z'))];
      await world.events({ ...packed('m1', 2, 2), click_ids: [{ name: 'gclid', value: 'A' }] }, packed('m1', 2, 2));
      await world.warehouse.load(FAILED_EVENTS, [{ ...of(2, 3), reason: 'too_deep', position: 1 }]);
      for (const second of ['05', '10']) looks.push(await poller.look(new Date(`2026-03-02T23:01:${second}.000Z`)));
      told.push(looks.map((look) => look.map(({ received_at, type, reason }) => [received_at, type, reason])));
    } finally {
      await world.close();
    }
  }
  expect(told[0]).toEqual([
    [],
    [
      ['2026-03-02T23:00:02.000000Z', 'page', null],
      ['2026-03-02T23:00:03.000000Z', 'rejected', 'too_deep'],
    ],
    [],
  ]);
  expect(told[1]).toEqual(told[0]);
});

describe('BigQuery would take the definition of each table', () => {
  test.each([...TABLES, ...NIGHT_TABLES].map((definition) => [definition.name, definition] as const))('%s', async (_, definition) => {
    await expect(engine.analyze(render(createTable(definition), 'project.dataset').query, [])).resolves.toBeUndefined();
  });
});
