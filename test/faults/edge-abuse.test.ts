import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { landingFolders } from '../../pipeline/embedded/landing/folders.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { loadSegments } from '../../pipeline/warehouse/duckdb/landing.ts';
import { sql, table } from '../../pipeline/warehouse/sql.ts';
import { abuseCorpus } from './abuse-corpus.ts';
import { type AbuseCase, SECRETS } from './abuse/corpus-builder.ts';
import { linesOf, type Received, type Result, useEdge } from './embedded-edge.ts';

const ground = useEdge('abuse');
const CORPUS = abuseCorpus(20260801);
const CHUNK = 100;
const chunks = Array.from({ length: Math.ceil(CORPUS.length / CHUNK) }, (_, i) => ({
  first: i * CHUNK,
  cases: CORPUS.slice(i * CHUNK, (i + 1) * CHUNK),
}));
/** What the answers and rows have told so far. */
const told = { events: 0, failed: 0 };

interface Body {
  readonly success?: boolean;
  readonly reason?: string;
  readonly message?: string;
  readonly results?: readonly Result[];
}

/** Says what is wrong with an answer and with what was stored for it; undefined where all is well. */
function complaint({ ending, method }: AbuseCase, received: Received): string | undefined {
  const { status, type, text, events, failed } = received;
  if (SECRETS.test(JSON.stringify([events, failed]))) return 'an address was stored';
  if (status >= 500) return 'the edge failed';
  // Neither Node's server nor the runtime speaks JSON; a HEAD has no body.
  if (ending === 'platform') return status >= 400 && events.length + failed.length === 0 ? undefined : 'this should not have come through';
  if (typeof ending === 'object' && 'image' in ending) return imageComplaint(ending.image, received);
  if (method === 'HEAD') return status === 404 ? undefined : 'expected 404';
  if (!type.startsWith('application/json')) return `expected JSON instead of ${type}`;
  const body = JSON.parse(text) as Body;
  return accountsComplaint(body, received) ?? endingComplaint(ending, body, received);
}

function imageComplaint(wanted: 'stored' | 'failed' | 'nothing', { status, type, text, events, failed }: Received): string | undefined {
  if (status !== 200 || type !== 'image/gif' || !text.startsWith('GIF89a')) return 'expected the image';
  const found = events.length === 1 && failed.length === 0 ? 'stored' : failed.length === 1 ? 'failed' : 'nothing';
  return found === wanted ? undefined : `expected ${wanted}, and it was ${found} ${failed[0]?.reason ?? ''}`;
}

/** Whatever is said to be stored is, and nothing else. */
function accountsComplaint(body: Body, { status, events, failed }: Received): string | undefined {
  if (status !== 200) {
    if (body.success !== false || !body.reason || !body.message) return 'a refusal needs a reason and words';
    if (events.length > 0 || failed.length > 1) return 'a refused request stored events';
    return failed.every(({ reason }) => reason === body.reason) ? undefined : 'the failed row has another reason';
  }
  if (body.success !== true) return 'a 200 that is no success';
  const results = body.results ?? [];
  const ids = (wanted: string) => results.filter((result) => result.status === wanted).map((result) => result.message_id);
  if (JSON.stringify(ids('ok')) !== JSON.stringify(events.map((event) => event.message_id)))
    return 'other events are stored than are said to be';
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  return JSON.stringify(reasons) === JSON.stringify(failed.map(({ reason }) => reason))
    ? undefined
    : 'other rows failed than are said to have';
}

function endingComplaint(ending: AbuseCase['ending'], body: Body, { status, failed }: Received): string | undefined {
  if (ending === 'accounted') return undefined;
  if (ending === 'stored') return status === 200 && failed.length === 0 ? undefined : `expected it to be stored (${failed[0]?.path ?? ''})`;
  if (typeof ending !== 'object') return undefined;
  if ('rejected' in ending) {
    const { reason, path } = failed[0] ?? {};
    const isAsWanted = status === 200 && reason === ending.rejected && (ending.path === undefined || path === ending.path);
    return isAsWanted
      ? undefined
      : `expected ${ending.rejected} at ${ending.path ?? 'any path'}, and it was ${reason ?? 'stored'} at ${path ?? 'none'}`;
  }
  if ('refused' in ending) {
    if (status !== ending.refused || body.reason !== ending.reason) return `expected ${ending.refused} ${ending.reason}`;
    return (failed.length === 1) === (ending.isKept ?? true) ? undefined : `expected ${ending.isKept === false ? 'no' : 'a'} failed row`;
  }
  return undefined;
}

test('the corpus is large, and the same for the same seed', () => {
  expect(CORPUS.length).toBeGreaterThan(1_000);
  expect(abuseCorpus(20260801)).toEqual(CORPUS);
});

test.each(chunks)('each from case $first on is stored, kept or refused by rule, and the edge goes on', async ({ first, cases }) => {
  const complaints: string[] = [];
  for (const abuse of cases) {
    const received = await ground.send(abuse);
    const wrong = complaint(abuse, received);
    if (wrong) complaints.push(`${abuse.name}: ${wrong}: ${received.status} ${received.text.slice(0, 200)}`);
    told.events += received.events.length;
    told.failed += received.failed.length;
  }
  expect(complaints).toEqual([]);
  const clean = { type: 'track', event: 'After', anonymousId: 'a', messageId: `clean-${first}` };
  const { status, events } = await ground.send({
    path: '/v1/batch',
    body: JSON.stringify({ batch: [clean] }),
    headers: { 'x-write-key': 'demo' },
  });
  expect([status, events.map((event) => event.message_id)]).toEqual([200, [clean.messageId]]);
  told.events++;
});

test('all that was said to be stored is on the disk, with no address in it nor in the log', async () => {
  const text = await ground.landed();
  const lines = linesOf(text);
  expect(lines.filter((line) => 'event' in line)).toHaveLength(told.events);
  expect(lines.filter((line) => 'failed' in line)).toHaveLength(told.failed);
  // As it is written, and as it reads.
  expect(SECRETS.exec(text)?.[0]).toBeUndefined();
  expect(SECRETS.exec(decoded(text))?.[0]).toBeUndefined();
  // Said once each, because of the headers of proxies that nobody has named and of signatures that nobody has made.
  const expected = /^(a proxy|visitor_signature_refused: a server) at 127\.0\.0\.1 passes requests on/;
  expect(ground.log.filter((line) => !expected.test(line))).toEqual([]);
});

/** A text with what is percent-encoded or escaped in it decoded twice over, so that an address shows however it is written. */
const decoded = (text: string): string => decodedOnce(decodedOnce(text));

function decodedOnce(text: string): string {
  return text
    .replace(/\\+u([\da-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/%([2-7][\da-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

test('the warehouse takes every row of it', async () => {
  await ground.stop();
  const file = join(ground.dataFolder, 'warehouse.duckdb');
  const { sealed, loaded } = landingFolders(ground.dataFolder);
  const segments = await readdir(sealed);
  const warehouse = await openDuckDb(file);
  try {
    const result = await loadSegments(warehouse, join(ground.dataFolder, 'landing'));
    expect(result).toMatchObject({ files: segments.length, events: told.events, failed: told.failed, tornTails: 0, corrupt: [] });
    for (const name of ['events_raw', 'failed_events', 'deliveries']) {
      const rows = await warehouse.rows(sql`select * from ${table(name)}`);
      expect(rows.length).toBeGreaterThan(0);
      const text = JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
      expect([name, SECRETS.exec(text)?.[0]]).toEqual([name, undefined]);
    }
    // What is JSON in the rows is JSON to the engine.
    const [broken] = await warehouse.rows<{ count: number }>(sql`
      select count(*) as count from events_raw
      where not coalesce(json_valid(properties), true) or not coalesce(json_valid(traits), true)
        or not coalesce(json_valid(context), true) or not coalesce(json_valid(integrations), true)`);
    expect(broken!.count).toBe(0);
  } finally {
    await warehouse.close();
  }
  expect(await readdir(loaded)).toHaveLength(segments.length);
  expect(SECRETS.exec(await readFile(file, 'latin1'))?.[0]).toBeUndefined();
});
