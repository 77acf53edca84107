import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toLandingLines } from '../../../edge/contract/delivery.ts';
import { type EventRow, type FailedEventRow } from '../../../edge/contract/event-row.ts';
import { sql } from '../sql.ts';
import { type DuckDbWarehouse, openDuckDb } from './duckdb.ts';
import { loadSegments } from './landing.ts';

let warehouse: DuckDbWarehouse;
let landing: string;
beforeEach(async () => {
  landing = await mkdtemp(join(tmpdir(), 'touchtrail-landing-'));
  await mkdir(join(landing, 'sealed'));
  warehouse = await openDuckDb(':memory:');
});
afterEach(async () => {
  await warehouse.close();
  await rm(landing, { recursive: true });
});

const EVENT: EventRow = {
  write_key_id: 'wk_1',
  message_id: 'm1',
  type: 'page',
  event: 'Preise – "Übersicht" \\ 😀',
  anonymous_id: 'anon-1',
  user_id: null,
  previous_id: null,
  group_id: null,
  sequence: 7,
  occurred_at: '2026-03-29T00:59:59.123456Z',
  received_at: '2026-03-29T01:00:00.000Z',
  sent_at: null,
  original_timestamp: null,
  email_hashes: [
    { hash: 'a'.repeat(64), origin: 'form' },
    { hash: 'b'.repeat(64), origin: 'url' },
  ],
  ga_client_id: null,
  page_url: 'https://www.fernhill.example/?q=1',
  page_path: '/',
  page_title: null,
  referrer: null,
  utm_source: 'newsletter',
  utm_medium: null,
  utm_campaign: null,
  utm_term: null,
  utm_content: null,
  utm_id: null,
  click_ids: [],
  ip_hash: null,
  ip_key_id: null,
  country: 'DE',
  region: null,
  city: null,
  timezone: null,
  user_agent: null,
  device_type: null,
  browser: null,
  os: null,
  is_bot: false,
  is_internal: true,
  consent: null,
  engaged_seconds: 12.5,
  properties: '{"plan":"team","nested":{"list":[1,"zwei"]}}',
  traits: null,
  context: null,
  integrations: null,
  library: 'touchtrail.js/0.1.0',
  edge_instance: 'edge-1',
  edge_sequence: 1,
};
const FAILED: FailedEventRow = {
  write_key_id: null,
  message_id: null,
  received_at: '2026-03-29T01:00:00.000Z',
  position: 1,
  reason: 'invalid_type',
  path: 'type',
  detail: 'expected one of identify, track, page, screen, group, alias',
  payload: '{"type":"pgae"}',
  edge_instance: 'edge-1',
  edge_sequence: 1,
};
const HEADER = { edge_instance: 'edge-1', edge_sequence: 1, received_at: '2026-03-29T01:00:00.000Z', write_key_id: 'wk_1', count: 2 };
const DELIVERY = toLandingLines({ header: HEADER, events: [EVENT], failed: [FAILED] });

const eventLine = (change: Readonly<Record<string, unknown>>) => `${JSON.stringify({ event: { ...EVENT, ...change } })}\n`;
const seal = (name: string, content: string | Buffer) => writeFile(join(landing, 'sealed', name), content);
const filesIn = async (folder: string) => (await readdir(join(landing, folder)).catch(() => [] as string[])).toSorted();
const messages = async () =>
  (await warehouse.rows<{ message_id: string }>(sql`select message_id from events_raw order by message_id nulls first`)).map(
    (row) => row.message_id,
  );

describe('a sound segment', () => {
  test('is loaded into the three tables, value by value, and moved to loaded', async () => {
    await seal('1.ndjson', DELIVERY);
    expect(await loadSegments(warehouse, landing)).toEqual({ files: 1, deliveries: 1, events: 1, failed: 1, tornTails: 0, corrupt: [] });
    expect(await warehouse.rows(sql`select * from events_raw`)).toEqual([{ ...EVENT, received_at: '2026-03-29T01:00:00.000000Z' }]);
    expect(await warehouse.rows(sql`select * from failed_events`)).toEqual([{ ...FAILED, received_at: '2026-03-29T01:00:00.000000Z' }]);
    expect(await warehouse.rows(sql`select * from deliveries`)).toEqual([{ ...HEADER, received_at: '2026-03-29T01:00:00.000000Z' }]);
    expect(await filesIn('sealed')).toEqual([]);
    expect(await filesIn('loaded')).toEqual(['1.ndjson']);
  });

  test('all segments are loaded; a second call has nothing to do', async () => {
    await seal('1.ndjson', eventLine({ message_id: 'a' }));
    await seal('2.ndjson', eventLine({ message_id: 'b' }) + eventLine({ message_id: 'c' }));
    expect(await loadSegments(warehouse, landing)).toMatchObject({ files: 2, events: 3 });
    expect(await loadSegments(warehouse, landing)).toEqual({ files: 0, deliveries: 0, events: 0, failed: 0, tornTails: 0, corrupt: [] });
    expect(await messages()).toEqual(['a', 'b', 'c']);
  });

  test('several are read in one statement, and none line by line', async () => {
    for (const name of ['a', 'b', 'c']) await seal(`${name}.ndjson`, DELIVERY + eventLine({ message_id: name }));
    const before = warehouse.statements.length;
    expect(await loadSegments(warehouse, landing)).toMatchObject({ files: 3, deliveries: 3, events: 6, failed: 3 });
    const labels = warehouse.statements.slice(before).map(({ label }) => label);
    expect(labels.filter((label) => label === 'read segments')).toHaveLength(3);
    expect(labels.filter((label) => label.startsWith('parse '))).toEqual([]);
    expect(await warehouse.rows(sql`select file, deliveries, events, failed from loaded_segments order by file`)).toEqual(
      ['a', 'b', 'c'].map((name) => ({ file: `${name}.ndjson`, deliveries: 1, events: 2, failed: 1 })),
    );
  });

  test('the one that cannot be read so does not keep the others from it', async () => {
    await seal('1.ndjson', eventLine({ message_id: 'a' }));
    await seal('2.ndjson', `${eventLine({ message_id: 'b' })}broken\n`);
    await seal('3.ndjson', eventLine({ message_id: 'c' }));
    expect(await loadSegments(warehouse, landing)).toMatchObject({ files: 3, events: 3, corrupt: [{ file: '2.ndjson', badLines: 1 }] });
    expect(await messages()).toEqual(['a', 'b', 'c']);
  });

  test('what is NULL may be left out', async () => {
    const written = Object.fromEntries(Object.entries(EVENT).filter(([, value]) => value !== null));
    await seal('1.ndjson', `${JSON.stringify({ event: written })}\n`);
    expect(await loadSegments(warehouse, landing)).toMatchObject({ events: 1, corrupt: [] });
    expect(await warehouse.rows(sql`select * from events_raw`)).toEqual([{ ...EVENT, received_at: '2026-03-29T01:00:00.000000Z' }]);
  });

  test('files that are no segments are left alone, and a missing folder is an empty one', async () => {
    await seal('notes.txt', 'x');
    expect(await loadSegments(warehouse, landing)).toMatchObject({ files: 0 });
    expect(await filesIn('sealed')).toEqual(['notes.txt']);
    expect(await loadSegments(warehouse, join(landing, 'elsewhere'))).toMatchObject({ files: 0 });
  });

  test('an empty segment is loaded as nothing', async () => {
    await seal('1.ndjson', '');
    expect(await loadSegments(warehouse, landing)).toMatchObject({ files: 1, events: 0, corrupt: [] });
    expect(await filesIn('loaded')).toEqual(['1.ndjson']);
  });

  test('an empty line holds nothing and is no damage', async () => {
    await seal('1.ndjson', `\n${eventLine({ message_id: 'a' })}\n\n${eventLine({ message_id: 'b' })}`);
    expect(await loadSegments(warehouse, landing)).toMatchObject({ events: 2, corrupt: [] });
  });

  test('a column newer than the segment is NULL, a member unknown to the table is left out', async () => {
    const { utm_id: _, ...older } = EVENT;
    await seal('1.ndjson', `${JSON.stringify({ event: { ...older, invented: 1 } })}\n`);
    expect(await loadSegments(warehouse, landing)).toMatchObject({ events: 1, corrupt: [] });
  });
});

describe('exactly once', () => {
  test('a segment whose rows were committed but which was not moved is only moved', async () => {
    await seal('1.ndjson', DELIVERY);
    await loadSegments(warehouse, landing);
    // What a kill between the commit and the move leaves behind.
    await rename(join(landing, 'loaded', '1.ndjson'), join(landing, 'sealed', '1.ndjson'));
    expect(await loadSegments(warehouse, landing)).toMatchObject({ files: 0, events: 0 });
    expect(await messages()).toEqual(['m1']);
    expect(await filesIn('loaded')).toEqual(['1.ndjson']);
  });

  test('a corrupt segment that was not moved is only moved, to corrupt', async () => {
    await seal('1.ndjson', `${eventLine({})}broken\n`);
    await loadSegments(warehouse, landing);
    await rename(join(landing, 'corrupt', '1.ndjson'), join(landing, 'sealed', '1.ndjson'));
    expect(await loadSegments(warehouse, landing)).toMatchObject({ files: 0, events: 0, corrupt: [] });
    expect(await messages()).toEqual(['m1']);
    expect(await filesIn('corrupt')).toEqual(['1.ndjson']);
  });

  test('a load that fails leaves no row and the segment where it was', async () => {
    await seal('1.ndjson', DELIVERY);
    await loadSegments(warehouse, join(landing, 'elsewhere'));
    await warehouse.session.run('alter table loaded_segments rename column bytes to octets', 'break the last write of the transaction');
    await expect(loadSegments(warehouse, landing)).rejects.toThrow();
    expect(await messages()).toEqual([]);
    expect(await filesIn('sealed')).toEqual(['1.ndjson']);
  });

  test('another segment under the name of a loaded one is kept aside and named, not lost', async () => {
    await seal('1.ndjson', eventLine({ message_id: 'a' }));
    await loadSegments(warehouse, landing);
    await seal('1.ndjson', eventLine({ message_id: 'another' }));
    const { corrupt } = await loadSegments(warehouse, landing);
    expect(corrupt).toHaveLength(1);
    expect(corrupt[0]).toMatchObject({
      file: '1.ndjson',
      lines: [{ problem: expect.stringContaining('another segment of this name') as string }],
    });
    expect(await readFile(corrupt[0]!.keptAt, 'utf8')).toContain('another');
    expect(await readFile(join(landing, 'loaded', '1.ndjson'), 'utf8')).toContain('"a"');
  });
});

describe('a torn tail', () => {
  test.each(['{', '{"event":{"write_key_id":"wk', '{"failed":', eventLine({ message_id: 'unacknowledged' }).trimEnd()])(
    'is ignored and counted: %.40s',
    async (tail) => {
      await seal('1.ndjson', DELIVERY + tail);
      expect(await loadSegments(warehouse, landing)).toEqual({ files: 1, deliveries: 1, events: 1, failed: 1, tornTails: 1, corrupt: [] });
      expect(await messages()).toEqual(['m1']);
      expect(await filesIn('loaded')).toEqual(['1.ndjson']);
    },
  );

  test('inside a character is one too', async () => {
    const line = Buffer.from(eventLine({ event: 'ü' }));
    await seal('1.ndjson', Buffer.concat([Buffer.from(DELIVERY), line.subarray(0, line.indexOf(0xc3) + 1)]));
    expect(await loadSegments(warehouse, landing)).toMatchObject({ events: 1, tornTails: 1, corrupt: [] });
  });

  test('that is no beginning of a line is corruption', async () => {
    await seal('1.ndjson', Buffer.concat([Buffer.from(DELIVERY), Buffer.alloc(4096)]));
    const result = await loadSegments(warehouse, landing);
    expect(result).toMatchObject({ events: 1, tornTails: 0 });
    expect(result.corrupt[0]!.lines).toEqual([{ line: 4, problem: 'not JSON' }]);
  });
});

describe('a corrupt segment', () => {
  const BAD: readonly [title: string, line: string | Buffer, problem: string][] = [
    ['broken JSON', '{"event":{"write_key_id"', 'not JSON'],
    ['two values in one line', `${eventLine({}).trimEnd()}${eventLine({}).trimEnd()}`, 'not JSON'],
    ['bytes that are no UTF-8', Buffer.from('{"event":"\xff"}', 'latin1'), 'not UTF-8'],
    ['an array', '[1]', 'not a JSON object'],
    ['no known member', '{"page":{}}', 'expected exactly one of the members delivery, event, failed'],
    [
      'two members',
      `{"delivery":${JSON.stringify(HEADER)},"failed":${JSON.stringify(FAILED)}}`,
      'expected exactly one of the members delivery, event, failed',
    ],
    ['a missing member', JSON.stringify({ delivery: { ...HEADER, write_key_id: undefined } }), 'delivery.write_key_id is missing'],
    ['NULL where a value is required', eventLine({ message_id: null }).trimEnd(), 'event.message_id is missing'],
    ['a number for a text', eventLine({ page_url: 5 }).trimEnd(), 'event.page_url is not STRING'],
    ['a text for a number', eventLine({ sequence: '7' }).trimEnd(), 'event.sequence is not INT64'],
    [
      'a text for a number, behind a space',
      eventLine({}).trimEnd().replace('"sequence":7', '"sequence" :"7"'),
      'event.sequence is not INT64',
    ],
    [
      'a text for a number whose name is written with an escape',
      eventLine({}).trimEnd().replace('"sequence":7', '"s\\u0065quence":"7"'),
      'event.sequence is not INT64',
    ],
    ['a number for the name of the event', eventLine({ event: 5 }).trimEnd(), 'event.event is not STRING'],
    ['a number as its first member, for the name of the event', '{"event":{"event":5}}', 'event.write_key_id is missing'],
    [
      'an event and something else',
      `${eventLine({}).trimEnd().slice(0, -1)},"failed":{}}`,
      'expected exactly one of the members delivery, event, failed',
    ],
    ['an element that is NULL', eventLine({ click_ids: [null] }).trimEnd(), 'event.click_ids is not an array of STRUCT'],
    ['a fraction for an integer', eventLine({ sequence: 1.5 }).trimEnd(), 'event.sequence is not INT64'],
    [
      'an integer beyond 64 bits',
      eventLine({}).trimEnd().replace('"sequence":7', '"sequence":99999999999999999999'),
      'event.sequence does not fit INT64',
    ],
    ['a text for a boolean', eventLine({ is_bot: 'no' }).trimEnd(), 'event.is_bot is not BOOL'],
    ['a time that does not exist', eventLine({ sent_at: '2026-02-30T00:00:00.000Z' }).trimEnd(), 'event.sent_at does not fit TIMESTAMP'],
    ['a time without a zone', eventLine({ sent_at: '2026-02-20T00:00:00.000' }).trimEnd(), 'event.sent_at is not TIMESTAMP'],
    ['an object where JSON travels as text', eventLine({ properties: { a: 1 } }).trimEnd(), 'event.properties is not JSON'],
    ['a text that is no JSON', eventLine({ properties: '{a' }).trimEnd(), 'event.properties does not fit JSON'],
    ['NULL for an array', eventLine({ click_ids: null }).trimEnd(), 'event.click_ids is not an array of STRUCT'],
    ['a text for an array', eventLine({ click_ids: 'gclid' }).trimEnd(), 'event.click_ids is not an array of STRUCT'],
    ['an element without a member', eventLine({ click_ids: [{ name: 'gclid' }] }).trimEnd(), 'event.click_ids.value is missing'],
    [
      'an element of another type',
      eventLine({ click_ids: [{ name: 'gclid', value: 5 }] }).trimEnd(),
      'event.click_ids.value is not STRING',
    ],
  ];
  test.each(BAD)('with %s is kept aside, the line named, the other lines loaded', async (_, line, problem) => {
    const content = Buffer.concat(
      [eventLine({ message_id: 'before' }), line, '\n', eventLine({ message_id: 'after' })].map((part) => Buffer.from(part)),
    );
    await seal('1.ndjson', content);
    const result = await loadSegments(warehouse, landing);
    const keptAt = join(landing, 'corrupt', '1.ndjson');
    expect(result.corrupt).toEqual([{ file: '1.ndjson', keptAt, lines: [{ line: 2, problem }], badLines: 1 }]);
    expect(result.events).toBe(2);
    expect(await messages()).toEqual(['after', 'before']);
    expect(await readFile(keptAt)).toEqual(content);
    expect(await filesIn('sealed')).toEqual([]);
  });

  test('line numbers are those of the original where several kinds of damage meet', async () => {
    await seal(
      '1.ndjson',
      `${eventLine({ message_id: 'a' })}\nnot json\n${eventLine({ sequence: 'x' })}${eventLine({ message_id: 'b' })}${eventLine({ is_bot: null })}{"event":`,
    );
    const result = await loadSegments(warehouse, landing);
    expect(result.corrupt[0]!.lines).toEqual([
      { line: 3, problem: 'not JSON' },
      { line: 4, problem: 'event.sequence is not INT64' },
      { line: 6, problem: 'event.is_bot is missing' },
    ]);
    expect(result).toMatchObject({ events: 2, tornTails: 1 });
  });

  test('of binary garbage loads nothing and does not stop the others', async () => {
    await seal('1.ndjson', Buffer.from(Array.from({ length: 10_000 }, (_, i) => (i * i * 31 + i) % 256)));
    await seal('2.ndjson', DELIVERY);
    const result = await loadSegments(warehouse, landing);
    expect(result).toMatchObject({ files: 2, deliveries: 1, events: 1, failed: 1 });
    expect(result.corrupt.map(({ file }) => file)).toEqual(['1.ndjson']);
    expect(result.corrupt[0]!.lines.length).toBeLessThanOrEqual(100);
    expect(await filesIn('loaded')).toEqual(['2.ndjson']);
  });
});
