import { readdirSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LandingLine } from '../../../edge/contract/delivery.ts';
import { type DeliveryRow, EVENT_COLUMNS, type EventRow } from '../../../edge/contract/event-row.ts';
import { Config, type ConfigInput } from '../../config/schema.ts';
import { runNight, type RunSummary } from '../../night/run.ts';
import { NIGHT_STEPS } from '../../night/steps.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { raw } from '../../warehouse/sql.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import type { NamedPerson } from '../person-ids.ts';
import { requestErasure } from '../request.ts';

/** SHA-256 of jane@fernhill.example and of max@other.example (sha256sum). */
export const JANE_HASH = '441a0dd2034ffeefcf4bd61d040cfe4a00122686fb0f5ca11ef633fb55d9d527';
export const MAX_HASH = '933915116930f31b6ba17c6019dcbe11096a3e52a15e193618c65f108fb9ae5b';
/** Jane's two browsers, and Max's. */
export const DESKTOP = '11111111-aaaa-4aaa-8aaa-000000000001';
export const PHONE = '22222222-bbbb-4bbb-8bbb-000000000002';
export const MAX = '33333333-cccc-4ccc-8ccc-000000000003';
/** Stands in everything that Jane sent, and nowhere else. */
export const CANARY = 'canary-of-jane-4711';

/** A data folder with a config, as `up` and the night see it. */
export interface ErasureWorld {
  readonly folder: string;
  readonly dataFolder: string;
  readonly config: Config;
  /** Another world that begins as this one is now. */
  copy(): Promise<ErasureWorld>;
  /** Seals a segment with one delivery of these rows. */
  land(name: string, sequence: number, rows: readonly LandedRow[], header?: Partial<DeliveryRow>): Promise<void>;
  night(now: string, more?: Partial<Parameters<typeof runNight>[0]>): Promise<RunSummary>;
  /** As `touchtrail erase --yes` does it. @returns the id of the erasure. */
  erase(person: NamedPerson, now: string): Promise<string>;
  rows(query: string): Promise<Row[]>;
  /** All rows, as JSON, of all tables that are no book-keeping of runs or erasures, by table, in a fixed order. */
  tables(): Promise<Record<string, string[]>>;
  /** Files below the data folder that hold one of these texts, each with the texts. */
  filesWith(...texts: readonly string[]): Record<string, string[]>;
  crm(text: string): Promise<void>;
  close(): Promise<void>;
}

export type LandedRow = { readonly event: Partial<EventRow> } | { readonly failed: Record<string, unknown> };

const SQL = `select lead_id as id, created_at as created, anonymous_id as client_id, email, user_id, 10.0 as value from crm_leads where created_at >= @from and created_at < @to`;

const BOOK_KEEPING =
  /^(?:runs|run_steps|run_lease|erasures|erased_ids|erased_rows|loaded_segments|definitions|conversion_watches|conversion_reads|staged_.*)$/;

/** @param changes of the config. */
export async function openErasureWorld(changes: Partial<ConfigInput> = {}): Promise<ErasureWorld> {
  const root = await mkdtemp(path.join(tmpdir(), 'touchtrail-erasure-'));
  await mkdir(path.join(root, 'data', 'landing', 'sealed'), { recursive: true });
  await writeFile(path.join(root, 'lead.sql'), SQL);
  const world = worldIn(root, changes);
  await world.crm('');
  return world;
}

/** The world in a folder that one was made in. */
export function worldIn(root: string, changes: Partial<ConfigInput> = {}): ErasureWorld {
  const dataFolder = path.join(root, 'data');
  const crm = (text: string): Promise<void> =>
    writeFile(path.join(root, 'leads.csv'), `lead_id,created_at,email,anonymous_id,user_id\n${text}`);
  const config = Config.parse({
    project: { name: 'Test', timeZone: 'Europe/Berlin', currency: 'EUR' },
    sources: {
      crm_leads: {
        csv: 'leads.csv',
        columns: { lead_id: 'STRING', created_at: 'TIMESTAMP', email: 'STRING', anonymous_id: 'STRING', user_id: 'STRING' },
        key: ['lead_id'],
        identity: { anonymous_id: 'anonymous_id', email: 'email', user_id: 'user_id' },
        seen: 'created_at',
      },
    },
    conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql', value: 'money' }],
    eventFunnels: [
      {
        name: 'visit',
        label: 'Visit',
        steps: [
          { name: 'home', page_path: '/' },
          { name: 'blog', page_path: '/blog' },
        ],
      },
    ],
    ...changes,
  });
  const file = path.join(dataFolder, 'warehouse.duckdb');
  const reading = async <Result>(work: (query: (text: string) => Promise<Row[]>) => Promise<Result>): Promise<Result> => {
    const warehouse = await openDuckDb(file, { readOnly: true });
    try {
      return await work((text) => warehouse.rows(raw(text)));
    } finally {
      await warehouse.close();
    }
  };
  return {
    folder: root,
    dataFolder,
    config,
    async copy() {
      const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-erasure-'));
      await cp(root, folder, { recursive: true });
      return worldIn(folder, changes);
    },
    crm,
    async land(name, sequence, rows, header) {
      await writeFile(path.join(dataFolder, 'landing', 'sealed', name), segment(sequence, rows, header));
    },
    night: (now, more = {}) => runNight({ config, configFolder: root, dataFolder, now, ...more }),
    async erase(person, now) {
      let id = '';
      const steps = [{ name: 'erasure', run: requestErasure(person, (written) => (id = written)), transaction: true }, ...NIGHT_STEPS];
      await runNight({ config, configFolder: root, dataFolder, now, steps });
      return id;
    },
    rows: (query) => reading((read) => read(query)),
    tables: () =>
      reading(async (read) => {
        const names = await read('select table_name as name from duckdb_tables() order by 1');
        const entries: [string, string[]][] = [];
        for (const { name } of names.filter(({ name }) => !BOOK_KEEPING.test(name as string))) {
          const rows = await read(`select cast(to_json(row_of_it) as varchar) as row from "${name as string}" as row_of_it order by 1`);
          entries.push([name as string, rows.map(({ row }) => row as string)]);
        }
        return Object.fromEntries(entries);
      }),
    filesWith(...texts) {
      const found: Record<string, string[]> = {};
      for (const entry of readdirSync(dataFolder, { recursive: true, encoding: 'utf8' })) {
        const whole = path.join(dataFolder, entry);
        if (!statSync(whole).isFile()) continue;
        const bytes = readFileSync(whole);
        const held = texts.filter((text) => bytes.includes(text));
        if (held.length > 0) found[entry] = held;
      }
      return found;
    },
    close: () => rm(root, { recursive: true, force: true }),
  };
}

/** The lines of a delivery. */
export function segment(sequence: number, rows: readonly LandedRow[], more: Partial<DeliveryRow> = {}): string {
  const received = rows
    .map((row) => ('event' in row ? row.event.received_at : row.failed['received_at']))
    .find((time) => time !== undefined);
  const header = {
    edge_instance: 'e1',
    edge_sequence: sequence,
    received_at: received as string,
    write_key_id: 'wk_1',
    count: rows.length,
    ...more,
  };
  const lines: LandingLine[] = [
    { delivery: header },
    ...rows.map((row) =>
      'event' in row ? { event: whole(row.event, sequence) } : { failed: { ...FAILED, ...row.failed, edge_sequence: sequence } },
    ),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

const FAILED = {
  write_key_id: 'wk_1',
  message_id: null,
  received_at: '',
  position: 0,
  reason: 'invalid_type',
  path: null,
  detail: null,
  payload: null,
  edge_instance: 'e1',
};
const EMPTY = Object.fromEntries(
  EVENT_COLUMNS.map(({ name, type, mode }) => [name, mode === 'repeated' ? [] : type === 'BOOL' ? false : null]),
);

function whole(event: Partial<EventRow>, sequence: number): EventRow {
  const defaults = { write_key_id: 'wk_1', type: 'page', occurred_at: event.received_at, edge_instance: 'e1', edge_sequence: sequence };
  return { ...EMPTY, ...defaults, ...event } as EventRow;
}

const at = (day: number, time: string): string => `2026-03-${String(day).padStart(2, '0')}T${time}:00.000Z`;

const JANES: Record<string, LandedRow[]> = {
  first: [
    {
      event: {
        message_id: 'd1',
        anonymous_id: DESKTOP,
        received_at: at(2, '10:00'),
        page_url: 'https://fernhill.example/?utm_source=news',
        page_path: '/',
        utm_source: 'news',
        utm_medium: 'email',
        properties: JSON.stringify({ note: CANARY }),
      },
    },
    {
      event: {
        message_id: 'd2',
        anonymous_id: DESKTOP,
        received_at: at(2, '10:05'),
        type: 'identify',
        email_hashes: [{ hash: JANE_HASH, origin: 'form' }],
        traits: JSON.stringify({ note: CANARY }),
      },
    },
    { failed: { received_at: at(2, '10:07'), position: 3, payload: JSON.stringify({ type: 7, anonymousId: DESKTOP, note: CANARY }) } },
  ],
  second: [
    { event: { message_id: 'p1', anonymous_id: PHONE, received_at: at(4, '18:00'), email_hashes: [{ hash: JANE_HASH, origin: 'form' }] } },
    { event: { message_id: 'p2', anonymous_id: PHONE, user_id: 'u7', received_at: at(4, '18:01'), type: 'identify' } },
  ],
};

const MAXES: Record<string, LandedRow[]> = {
  first: [
    { event: { message_id: 'm1', anonymous_id: MAX, received_at: at(2, '10:06'), page_url: 'https://fernhill.example/', page_path: '/' } },
  ],
  second: [
    {
      event: {
        message_id: 'm2',
        anonymous_id: MAX,
        received_at: at(4, '19:00'),
        type: 'identify',
        email_hashes: [{ hash: MAX_HASH, origin: 'form' }],
      },
    },
    // Somebody else's short identifier, where it means nothing.
    {
      event: { message_id: 'm3', anonymous_id: MAX, received_at: at(4, '19:02'), properties: JSON.stringify({ userId: 'u7', seat: 'u7' }) },
    },
    { failed: { received_at: at(4, '19:01'), position: 1, payload: JSON.stringify({ type: 7, anonymousId: MAX }) } },
  ],
};

/**
 * Jane visits with her desktop, leaves her address, comes back on her phone, signs in there as `u7`, and sends one event that is
 * rejected; Max visits and leaves his address. Both become leads.
 */
export async function landStory(world: ErasureWorld): Promise<void> {
  await landBoth(world, (part) => [...JANES[part]!, ...MAXES[part]!]);
  await world.crm(`L1,2026-03-04T18:30:00Z,jane@fernhill.example,${DESKTOP},u7\nL2,2026-03-04T19:30:00Z,max@other.example,${MAX},\n`);
}

/** The same story as if Jane had never been there: what is left of her is the lead, without a name. */
export async function landStoryWithoutJane(world: ErasureWorld): Promise<void> {
  await landBoth(world, (part) => MAXES[part]!);
  await world.crm(`L1,2026-03-04T18:30:00Z,,,\nL2,2026-03-04T19:30:00Z,max@other.example,${MAX},\n`);
}

async function landBoth(world: ErasureWorld, rows: (part: string) => LandedRow[]): Promise<void> {
  await world.land('20260302T100000.000Z-a.ndjson', 1, rows('first'), { received_at: at(2, '10:00'), count: 4 });
  await world.land('20260304T100000.000Z-b.ndjson', 2, rows('second'), { received_at: at(4, '18:00'), count: 5 });
}
