import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CLICK_ID_PARAMETERS } from '../../edge/contract/click-ids.ts';
import type { EventRow } from '../../edge/contract/event-row.ts';
import { Config, type ConfigInput } from '../config/schema.ts';
import { openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import { raw } from '../warehouse/sql.ts';
import type { Row, TableDefinition, Warehouse } from '../warehouse/warehouse.ts';
import { EVENTS_RAW } from '../models/events/tables.ts';
import { projectTables } from '../sources/project-tables.ts';
import type { Step, StepResult } from '../models/step.ts';

const CLICK_IDS: ReadonlySet<string> = new Set(CLICK_ID_PARAMETERS.map(({ name }) => name));

/** An event as a test writes it: who and when; everything else has a default. */
export type EventInput = Partial<EventRow> & { readonly at: string; readonly who: string };

/** A small warehouse in memory for tests of models: rows in, rows out. */
export interface World {
  readonly warehouse: Warehouse;
  readonly config: Config;
  /** Folder of the config, for CSV and SQL files. */
  readonly folder: string;
  /** Appends events to events_raw. `at` is occurred_at; without a date the day is 2026-03-02. */
  events(...inputs: readonly EventInput[]): Promise<void>;
  file(name: string, text: string): Promise<void>;
  load(target: TableDefinition, rows: readonly Row[]): Promise<void>;
  /** Runs steps in order. */
  run(...steps: readonly Step[]): Promise<StepResult[]>;
  /** Rows of a query, for comparison with literals. */
  rows(query: string): Promise<Row[]>;
  close(): Promise<void>;
}

/**
 * @param changes what differs from a minimal project in Europe/Berlin with EUR.
 * @param opened the warehouse to use; default: DuckDB in memory.
 */
export async function openWorld(changes: Partial<ConfigInput> = {}, opened?: Warehouse): Promise<World> {
  const config = Config.parse({
    project: { name: 'Test', timeZone: 'Europe/Berlin', currency: 'EUR' },
    site: { domains: ['www.fernhill.example'] },
    ...changes,
  });
  const warehouse = opened ?? (await openDuckDb(':memory:'));
  await warehouse.migrate(projectTables(config));
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-models-'));
  let messages = 0;
  return {
    warehouse,
    config,
    folder,
    async events(...inputs) {
      await warehouse.load(
        EVENTS_RAW,
        inputs.map((input) => eventRow(input, `m${++messages}`)),
      );
    },
    file: (name, text) => writeFile(path.join(folder, name), text),
    async load(target, rows) {
      await warehouse.load(target, rows);
    },
    async run(...steps) {
      const results = [];
      for (const step of steps) results.push(await step({ warehouse, config, configFolder: folder, now: '2026-07-01T03:00:00.000Z' }));
      return results;
    },
    rows: (query) => warehouse.rows(raw(query)),
    async close() {
      await warehouse.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** `10:00`, `2026-03-02 10:00` or ISO, as ISO in UTC. */
export function instant(text: string): string {
  const [day, time] = text.includes(' ') ? text.split(' ') : ['2026-03-02', text];
  const full = /^\d\d:\d\d$/.test(time!) ? `${time}:00.000` : /^\d\d:\d\d:\d\d$/.test(time!) ? `${time}.000` : time!;
  return text.includes('T') ? text : `${day}T${full}Z`;
}

/** A page address with what the tracker reads from it: path, UTM parameters and click ids. */
export function page(url: string, referrer: string | null = null): Partial<EventRow> {
  const { pathname, searchParams } = new URL(url);
  const utm = (name: string) => searchParams.get(`utm_${name}`);
  return {
    type: 'page',
    page_url: url,
    page_path: pathname,
    referrer,
    utm_source: utm('source'),
    utm_medium: utm('medium'),
    utm_campaign: utm('campaign'),
    utm_term: utm('term'),
    utm_content: utm('content'),
    utm_id: utm('id'),
    click_ids: [...searchParams]
      .filter(([name]) => CLICK_IDS.has(name.toLowerCase()))
      .map(([name, value]) => ({ name: name.toLowerCase(), value })),
  };
}

function eventRow({ at, who, ...given }: EventInput, messageId: string): Row {
  const occurredAt = instant(at);
  return {
    write_key_id: 'wk_1',
    message_id: messageId,
    type: 'page',
    anonymous_id: who,
    occurred_at: occurredAt,
    received_at: occurredAt,
    email_hashes: [],
    click_ids: [],
    is_bot: false,
    is_internal: false,
    library: 'touchtrail.js/0.1.0',
    edge_instance: 'edge-1',
    edge_sequence: 1,
    ...given,
  };
}
