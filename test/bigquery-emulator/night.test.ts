import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { createBigQuerySink } from '../../edge/delivery/bigquery/sink.ts';
import { Config } from '../../pipeline/config/schema.ts';
import { EVENTS_RAW } from '../../pipeline/models/events/tables.ts';
import { planNight } from '../../pipeline/night/dry-run.ts';
import { runNight } from '../../pipeline/night/run.ts';
import { NIGHT_TABLES } from '../../pipeline/night/tables.ts';
import { openPublication } from '../../pipeline/query/publication.ts';
import { projectTables } from '../../pipeline/sources/project-tables.ts';
import { page } from '../../pipeline/testing/world.ts';
import { openWarehouse } from '../../pipeline/warehouse/open.ts';
import { sql, table } from '../../pipeline/warehouse/sql.ts';

const host = process.env['BIGQUERY_EMULATOR_HOST'];
if (!host) {
  console.warn(
    'not run, because BIGQUERY_EMULATOR_HOST is not set: the night over the wire against a BigQuery emulator. ' +
      'docs/warehouse.md says how to start one: bigquery-emulator --project=fernhill --port=9050, ' +
      'then BIGQUERY_EMULATOR_HOST=http://127.0.0.1:9050 npx vitest run test/bigquery-emulator',
  );
}

const PROJECT = 'fernhill';
const folders: string[] = [];
afterEach(async () => {
  vi.unstubAllGlobals();
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

/** The edge's sink knows one address only; here it is the emulator's. */
function sendToEmulator(): void {
  const send = fetch;
  vi.stubGlobal('fetch', (input: string | URL | Request, init?: RequestInit) => {
    const url = input instanceof Request ? input.url : String(input);
    return send(url.replace('https://bigquery.googleapis.com', host!), init);
  });
}

async function createDataset(): Promise<string> {
  const dataset = `touchtrail_${randomUUID().replaceAll('-', '')}`;
  const answer = await fetch(`${host}/bigquery/v2/projects/${PROJECT}/datasets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ datasetReference: { projectId: PROJECT, datasetId: dataset } }),
  });
  expect(answer.status).toBe(200);
  return dataset;
}

/** A row of events_raw as the consumer writes it: required columns and a page view; JSON as text. */
const visit = (id: string, who: string, at: string, url: string) => ({
  id,
  text: JSON.stringify({
    write_key_id: 'wk_1',
    message_id: id,
    anonymous_id: who,
    occurred_at: at,
    received_at: at,
    type: 'page',
    click_ids: [],
    library: 'touchtrail.js',
    is_bot: false,
    is_internal: false,
    edge_instance: 'edge',
    edge_sequence: 1,
    email_hashes: [],
    ...page(url),
  }),
});

test.skipIf(!host)(
  'tables are created, rows streamed, a night planned and run, and its report read',
  async () => {
    sendToEmulator();
    const dataset = await createDataset();
    const dataFolder = await mkdtemp(join(tmpdir(), 'touchtrail-emulator-'));
    folders.push(dataFolder);
    const config = Config.parse({
      project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
      site: { domains: ['www.fernhill.example'] },
      warehouse: { type: 'bigquery', project: PROJECT, dataset, location: 'US' },
    });
    const options = { config, configFolder: dataFolder, dataFolder, now: '2026-07-01T03:00:00.000Z' };
    const warehouse = await openWarehouse(config.warehouse, dataFolder);
    try {
      await warehouse.migrate([...projectTables(config), ...NIGHT_TABLES]);
      const sink = createBigQuerySink({ project: PROJECT, dataset }, { get: async () => 'emulator', forget: () => undefined });
      const outcomes = await sink.write('events_raw', [
        visit('m1', 'ann', '2026-06-01T10:00:00.000Z', 'https://www.fernhill.example/?utm_source=google&utm_medium=cpc'),
        visit('m2', 'ann', '2026-06-01T10:05:00.000Z', 'https://www.fernhill.example/pricing'),
        visit('m3', 'bob', '2026-06-02T11:00:00.000Z', 'https://www.fernhill.example/'),
      ]);
      expect(outcomes).toEqual([{ status: 'stored' }, { status: 'stored' }, { status: 'stored' }]);
      expect(await warehouse.rows(sql`select count(*) as events from ${table(EVENTS_RAW.name)}`)).toEqual([{ events: 3 }]);

      const plan = await planNight(options);
      expect(plan.rebuilt).toContain('events');
      await runNight(options);
      expect(await warehouse.rows(sql`select count(*) as events from ${table('events')}`)).toEqual([{ events: 3 }]);
    } finally {
      await warehouse.close();
    }

    const { warehouse: snapshot } = await openPublication(dataFolder);
    try {
      expect(
        await snapshot.rows(
          sql`select source, medium, count(*) as sessions from ${table('report_sessions')}
            group by source, medium order by source nulls first, medium nulls first`,
        ),
      ).toEqual([
        { source: 'direct', medium: 'none', sessions: 1 },
        { source: 'google', medium: 'cpc', sessions: 1 },
      ]);
    } finally {
      await snapshot.close();
    }
  },
  240_000,
);
