import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findPublication } from '../publication.ts';
import { JANE, JOURNEY_TABLES, land, landed, MAX } from '../testing/journey-world.ts';
import { publish } from '../testing/publish.ts';
import { PUBLICATION } from '../testing/world.ts';
import { IDENTITIES, IDENTITY_EDGES } from '../../models/identity/tables.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import type { Row, TableDefinition } from '../../warehouse/warehouse.ts';
import { findJourney } from './journey.ts';
import type { JourneySelector } from './selector.ts';

let published: string;
let folder: string;
beforeAll(async () => {
  published = await mkdtemp(path.join(tmpdir(), 'touchtrail-journey-'));
  await publish(published, JOURNEY_TABLES);
});
afterAll(() => rm(published, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-journey-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function journey(selector: JourneySelector) {
  const publication = await findPublication(folder);
  try {
    return await findJourney(folder, selector, publication);
  } finally {
    await publication?.warehouse.close();
  }
}

const LATEST: JourneySelector = { by: 'latest' };
const NEW = '2026-04-01T10:00:00.000Z';
/** The same instant as a journey tells it. */
const TOLD = '2026-04-01T10:00:00.000000Z';

describe('the journey of a published person', () => {
  beforeEach(() => cp(published, folder, { recursive: true }));

  test.each<[string, JourneySelector]>([
    ['her address', { by: 'email', value: ' Jane@Fernhill.example' }],
    ['the hash of her address', { by: 'email', value: JANE.toUpperCase() }],
    ['either browser', { by: 'anonymous_id', value: 'a2' }],
    ['her lead', { by: 'lead', value: 'L1' }],
    ['her deal', { by: 'conversion', name: 'closed_won', id: 'D1' }],
    ['being the last one seen', LATEST],
  ])('is found by %s', async (_, selector) => {
    const found = await journey(selector);
    expect(found.person_ids).toEqual(['a1']);
    expect(found.devices.map(({ anonymous_id, browser, sessions }) => [anonymous_id, browser, sessions])).toEqual([
      ['a1', 'Chrome', 1],
      ['a2', 'Safari', 1],
    ]);
  });

  test('tells her sessions in order, each with its credits', async () => {
    const { sessions } = await journey({ by: 'anonymous_id', value: 'a1' });
    expect(
      sessions.map(({ session_id, anonymous_id, channel, landing_path }) => [session_id, anonymous_id, channel, landing_path]),
    ).toEqual([
      ['s1', 'a1', 'Paid Search', '/pricing'],
      ['s2', 'a2', 'Email', '/'],
    ]);
    expect(sessions[1]!.credits).toEqual([
      { conversion: 'lead', conversion_id: 'L1', model: 'last_click', credit: 1, value: null },
      { conversion: 'closed_won', conversion_id: 'D1', model: 'linear', credit: 0.5, value: 5000 },
    ]);
  });

  test('tells her conversions with both times', async () => {
    const { conversions } = await journey({ by: 'anonymous_id', value: 'a1' });
    expect(conversions).toEqual([
      {
        name: 'lead',
        label: 'Lead',
        id: 'L1',
        conversion_time: '2026-01-20T18:32:00.000000Z',
        attribution_time: '2026-01-20T18:32:00.000000Z',
        value: null,
        is_qualified: null,
        follows: null,
        matched_by: 'client_id',
        inherited_from: null,
        self_reported: [],
        not_attributed: [],
      },
      {
        name: 'closed_won',
        label: 'Closed/Won',
        id: 'D1',
        conversion_time: '2026-03-10T22:59:59.999999Z',
        attribution_time: '2026-01-20T18:32:00.000000Z',
        value: 10_000,
        is_qualified: null,
        follows: { name: 'lead', label: 'Lead', id: 'L1', days: 49 },
        matched_by: 'email_hash',
        inherited_from: { name: 'lead', label: 'Lead', id: 'L1' },
        self_reported: [],
        not_attributed: [],
      },
    ]);
  });

  test('names the signal that joined her browsers, the refused one too, and no hash in full', async () => {
    const found = await journey({ by: 'anonymous_id', value: 'a1' });
    expect(
      found.signals.map(({ key_name, shown_value, joins, seen }) => [key_name, shown_value, joins, seen.map(({ verdict }) => verdict)]),
    ).toEqual([
      ['email_hash', '441a0dd2…', true, ['used', 'used']],
      ['lead_id', 'L1', false, ['used']],
      ['user_id', 'u7', false, ['refused']],
    ]);
    expect(found.signals[0]!.seen).toEqual([
      {
        anonymous_id: 'a1',
        tier: 'deterministic',
        origin: 'form',
        first_seen: '2026-01-05T09:04:00.000000Z',
        verdict: 'used',
        reason: null,
      },
      { anonymous_id: 'a2', tier: 'weak', origin: 'url', first_seen: '2026-01-20T18:30:00.000000Z', verdict: 'used', reason: null },
    ]);
    expect(JSON.stringify(found)).not.toContain(JANE);
  });

  test('of a conversion that belongs to nobody says why it is not attributed', async () => {
    const found = await journey({ by: 'conversion', name: 'lead', id: 'L9' });
    expect(found).toMatchObject({ person_ids: [], devices: [], sessions: [] });
    expect(found.conversions[0]!.not_attributed).toEqual([
      { model: 'first_click', reason: 'unknown_identifier' },
      { model: 'last_click', reason: 'unknown_identifier' },
    ]);
    expect(found.conversions[0]!.self_reported).toEqual([{ model: 'linear', channel: 'Podcast (SRA)' }]);
  });

  test.each<[JourneySelector, string]>([
    [{ by: 'email', value: 'nobody@fernhill.example' }, 'nobody was seen with e-mail hash'],
    [{ by: 'anonymous_id', value: 'x' }, 'nobody was seen with anonymous_id x'],
    [{ by: 'user_id', value: 'x' }, 'nobody was seen with user_id x'],
    [{ by: 'user_id', value: 'u7' }, 'user_id u7 was seen, and leads to no person: shared key'],
    [{ by: 'lead', value: 'L77' }, 'there is no lead L77 in the publication'],
    [{ by: 'conversion', name: 'closed_won', id: 'D77' }, 'there is no closed_won with the id D77'],
    [{ by: 'conversion', name: 'close_won', id: 'D1' }, 'unknown conversion "close_won", did you mean "closed_won"?'],
  ])('of %j is an error that says so', async (selector, message) => {
    await expect(journey(selector)).rejects.toThrow(message);
  });
});

test('as of an earlier publication nothing is added that came after it', async () => {
  await cp(published, folder, { recursive: true });
  await land(folder, 'open/1.ndjson', [
    landed({ message_id: 'm1', anonymous_id: 'a1', received_at: NEW }),
    landed({ message_id: 'm2', anonymous_id: 'n1', received_at: NEW }),
  ]);
  const earlier = await findPublication(folder, { asOf: PUBLICATION.publication_id });
  try {
    const found = await findJourney(folder, { by: 'anonymous_id', value: 'a1' }, earlier, true);
    expect([found.pending, found.sessions.length]).toEqual([[], 2]);
    await expect(findJourney(folder, { by: 'anonymous_id', value: 'n1' }, earlier, true)).rejects.toThrow(
      `not in the publication ${PUBLICATION.publication_id}`,
    );
  } finally {
    await earlier?.warehouse.close();
  }
});

describe('what has landed since the publication', () => {
  beforeEach(() => cp(published, folder, { recursive: true }));

  test('is added to a known browser, marked as pending', async () => {
    await land(folder, 'open/1.ndjson', [landed({ message_id: 'm1', anonymous_id: 'a1', received_at: NEW, page_path: '/demo' })]);
    const found = await journey({ by: 'anonymous_id', value: 'a1' });
    expect(found.pending.map(({ anonymous_id, type, page_path }) => [anonymous_id, type, page_path])).toEqual([['a1', 'page', '/demo']]);
    expect(found.devices.map(({ pending_events }) => pending_events)).toEqual([1, 0]);
    expect(found.devices[0]!.last_seen).toBe(TOLD);
  });

  test('joins a new browser to the person whose address it submitted', async () => {
    await land(folder, 'sealed/1.ndjson', [landed({ message_id: 'm1', anonymous_id: 'n1', received_at: NEW, page_path: '/demo' })]);
    await land(folder, 'open/2.ndjson', [
      landed({
        message_id: 'm2',
        anonymous_id: 'n1',
        received_at: '2026-04-01T10:01:00.000Z',
        type: 'track',
        event: 'Form Submitted',
        email_hashes: [{ hash: JANE, origin: 'form' }],
      }),
      landed({ message_id: 'm3', anonymous_id: 'other', received_at: '2026-04-01T09:00:00.000Z' }),
    ]);
    const found = await journey(LATEST);
    expect(found.person_ids).toEqual(['a1']);
    expect(found.devices.map(({ anonymous_id }) => anonymous_id)).toEqual(['a1', 'a2', 'n1']);
    expect(found.pending.map(({ event, page_path, identifiers }) => [event, page_path, identifiers])).toEqual([
      [null, '/demo', []],
      ['Form Submitted', null, ['email_hash 441a0dd2… (form)']],
    ]);
    const [signal] = found.signals;
    expect(signal!.seen.map(({ anonymous_id, verdict }) => [anonymous_id, verdict])).toEqual([
      ['a1', 'used'],
      ['a2', 'used'],
      ['n1', 'pending'],
    ]);
  });

  test('is shown while a run has loaded it and not yet published, and only once', async () => {
    const before = landed({ message_id: 'm0', anonymous_id: 'a1', received_at: '2026-03-31T20:00:00.000000Z' });
    const after = landed({ message_id: 'm1', anonymous_id: 'a1', received_at: NEW });
    await land(folder, 'loaded/1.ndjson', [before, after]);
    await land(folder, 'open/2.ndjson', [after]);
    const found = await journey({ by: 'anonymous_id', value: 'a1' });
    expect(found.pending.map(({ occurred_at }) => occurred_at)).toEqual([TOLD]);
  });

  test('is no longer pending once it is published, whatever digits its time has', async () => {
    // data_up_to of the publication is 2026-03-31T20:00:00.000000Z.
    await land(folder, 'loaded/1.ndjson', [landed({ message_id: 'm0', anonymous_id: 'a1', received_at: '2026-03-31T20:00:00.000Z' })]);
    expect((await journey({ by: 'anonymous_id', value: 'a1' })).pending).toEqual([]);
  });

  test('is not shown where it is a copy of an event that is processed: the tracker sent it again', async () => {
    const first = landed({ message_id: 'm0', anonymous_id: 'a1', received_at: '2026-03-31T19:00:00.000Z' });
    const again = { ...first, received_at: NEW };
    const other = landed({ message_id: 'm0', write_key_id: 'wk_2', anonymous_id: 'a1', received_at: NEW, page_path: '/other-key' });
    await land(folder, 'loaded/1.ndjson', [first]);
    await land(folder, 'open/2.ndjson', [again, other]);
    const found = await journey({ by: 'anonymous_id', value: 'a1' });
    expect(found.pending.map(({ page_path }) => page_path)).toEqual(['/other-key']);
    expect(found.devices[0]!.pending_events).toBe(1);
  });

  test('is in order of time, whatever digits the times have', async () => {
    await land(folder, 'open/1.ndjson', [
      landed({ message_id: 'm1', anonymous_id: 'a1', received_at: '2026-04-01T10:00:00.123Z', page_path: '/first' }),
      landed({ message_id: 'm2', anonymous_id: 'a1', received_at: '2026-04-01T10:00:00.123456Z', page_path: '/second' }),
      landed({ message_id: 'm3', anonymous_id: 'n1', received_at: '2026-04-01T10:00:00.123000Z' }),
    ]);
    const found = await journey({ by: 'anonymous_id', value: 'a1' });
    expect(found.pending.map(({ page_path }) => page_path)).toEqual(['/first', '/second']);
    expect((await journey(LATEST)).devices.map(({ anonymous_id }) => anonymous_id)).toEqual(['a1', 'a2']);
  });

  test('of a server without a browser is found by its identifier', async () => {
    await land(folder, 'open/1.ndjson', [
      landed({
        message_id: 'm1',
        anonymous_id: null,
        received_at: NEW,
        type: 'track',
        event: 'Trial Started',
        email_hashes: [{ hash: JANE, origin: 'server' }],
      }),
    ]);
    const found = await journey({ by: 'email', value: 'jane@fernhill.example' });
    expect(found.pending.map(({ anonymous_id, event }) => [anonymous_id, event])).toEqual([[null, 'Trial Started']]);
  });

  test('joins nobody by an address that many browsers used', async () => {
    const visitors = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
    await land(
      folder,
      'open/1.ndjson',
      visitors.map((anonymous_id) =>
        landed({ message_id: anonymous_id, anonymous_id, received_at: NEW, email_hashes: [{ hash: MAX, origin: 'form' }] }),
      ),
    );
    const found = await journey({ by: 'anonymous_id', value: 'n3' });
    expect(found.devices.map(({ anonymous_id }) => anonymous_id)).toEqual(['n3']);
  });
});

const hashEvent = (anonymous_id: string, hash: string, origin: 'form' | 'url') =>
  landed({ message_id: `${anonymous_id}${hash[0]}`, anonymous_id, received_at: NEW, email_hashes: [{ hash, origin }] });

const identityOf = (anonymous_id: string, person_key: number) => ({
  anonymous_id,
  person_id: anonymous_id,
  person_key,
  first_seen: '2026-03-01T10:00:00.000000Z',
});

const devicesBeside = async (value: string) =>
  (await journey({ by: 'anonymous_id', value })).devices.map(({ anonymous_id }) => anonymous_id).toSorted();

const tablesWith = (edges: readonly Row[], people: readonly string[]) => {
  const more = new Map<TableDefinition, readonly Row[]>([
    [IDENTITY_EDGES, edges],
    [IDENTITIES, people.map((id, i) => identityOf(id, 10 + i))],
  ]);
  return JOURNEY_TABLES.map(([table, rows]) => [table, [...rows, ...(more.get(table) ?? [])]] as const);
};

describe('what the publication refused', () => {
  const hashes = Array.from({ length: 5 }, (_, i) => String(i).repeat(64));
  const EDGE = {
    key_name: 'email_hash',
    tier: 'deterministic',
    origin: 'form',
    first_seen: '2026-03-01T10:00:00.000000Z',
    last_seen: '2026-03-01T10:00:00.000000Z',
  };

  test('a shared device joins nobody when its events land again', async () => {
    const shared = hashes.slice(0, 4).map((key_value) => ({
      ...EDGE,
      anonymous_id: 'shared',
      key_value,
      verdict: 'refused',
      reason: 'shared_device',
    }));
    const own = [0, 1].map((i) => ({ ...EDGE, anonymous_id: `own${i}`, key_value: hashes[i]!, verdict: 'used' }));
    await publish(folder, tablesWith([...shared, ...own], ['shared', 'own0', 'own1']));
    await land(folder, 'open/1.ndjson', [
      hashEvent('shared', hashes[0]!, 'form'),
      hashEvent('shared', hashes[1]!, 'form'),
      hashEvent('own0', hashes[0]!, 'form'),
      hashEvent('own1', hashes[1]!, 'form'),
    ]);
    expect(await devicesBeside('own1')).toEqual(['own1']);
    expect(await devicesBeside('shared')).toEqual(['shared']);
  });

  test('a device with more than three addresses joins nobody before a run has seen it', async () => {
    await land(folder, 'open/1.ndjson', [
      ...hashes.slice(0, 4).map((hash) => hashEvent('shared', hash, 'form')),
      hashEvent('own1', hashes[1]!, 'form'),
    ]);
    expect(await devicesBeside('own1')).toEqual(['own1']);
  });

  test('a forwarded link joins nobody who has another address, published or landed', async () => {
    const edges = [
      { ...EDGE, anonymous_id: 'devA', key_value: hashes[0]!, verdict: 'used' },
      { ...EDGE, anonymous_id: 'devB', key_value: hashes[1]!, verdict: 'used' },
    ];
    await publish(folder, tablesWith(edges, ['devA', 'devB']));
    await land(folder, 'open/1.ndjson', [
      hashEvent('devA', hashes[0]!, 'form'),
      hashEvent('devB', hashes[0]!, 'url'),
      hashEvent('devC', hashes[2]!, 'form'),
      hashEvent('devC', hashes[0]!, 'url'),
      hashEvent('devD', hashes[0]!, 'url'),
    ]);
    expect(await devicesBeside('devB')).toEqual(['devB']);
    expect(await devicesBeside('devC')).toEqual(['devC']);
    expect(await devicesBeside('devA')).toEqual(['devA', 'devD']);
  });
});

test('a value beyond 2^53 micros is shown', async () => {
  const rich = JOURNEY_TABLES.map(
    ([table, rows]) =>
      [table, rows.map((row) => (row['value_micros'] === 10_000_000_000 ? { ...row, value_micros: 9_007_199_254_740_991 } : row))] as const,
  );
  await publish(folder, rich);
  const file = await openDuckDb(path.join(folder, 'publications', `${PUBLICATION.publication_id}.duckdb`));
  for (const name of ['conversions', 'attribution']) {
    await file.session.run(`update ${name} set value_micros = 19807040628500000 where value_micros = 9007199254740991`, 'test');
  }
  await file.close();
  const { conversions, sessions } = await journey({ by: 'anonymous_id', value: 'a1' });
  expect(conversions.map(({ value }) => value)).toEqual([null, 19_807_040_628.5]);
  expect(sessions[0]!.credits.find(({ value, model }) => model === 'first_click' && value !== null)?.value).toBe(19_807_040_628.5);
});

describe('without a publication', () => {
  test('the visitor seen last is found in what has landed; a bot is nobody, a torn or corrupt line is passed over', async () => {
    const torn = `{"event":${JSON.stringify(landed({ message_id: 'm9', anonymous_id: 'torn', received_at: '2026-04-01T12:00:00.000Z' })).slice(0, 200)}`;
    await land(folder, 'sealed/1.ndjson', [landed({ message_id: 'm1', anonymous_id: 'n1', received_at: NEW })], '{"event":nonsense}\n');
    await land(
      folder,
      'open/2.ndjson',
      [
        landed({ message_id: 'm3', anonymous_id: 'n1', received_at: '2026-04-01T11:00:00.000Z', event: 'b' }),
        landed({ message_id: 'm2', anonymous_id: 'n1', received_at: '2026-04-01T10:30:00.000Z', event: 'a' }),
        landed({ message_id: 'm4', anonymous_id: 'robot', received_at: '2026-04-01T11:30:00.000Z', is_bot: true }),
      ],
      torn,
    );
    const found = await journey(LATEST);
    expect(found).toMatchObject({ person_ids: [], sessions: [], conversions: [], publication: null });
    expect(found.devices.map(({ anonymous_id, first_seen, last_seen }) => [anonymous_id, first_seen, last_seen])).toEqual([
      ['n1', TOLD, '2026-04-01T11:00:00.000000Z'],
    ]);
    expect(found.pending.map(({ event }) => event)).toEqual([null, 'a', 'b']);
  });

  test('the event of a bot is told as one', async () => {
    await land(folder, 'open/1.ndjson', [landed({ message_id: 'm1', anonymous_id: 'robot', received_at: NEW, is_bot: true })]);
    expect((await journey({ by: 'anonymous_id', value: 'robot' })).pending.map(({ is_bot }) => is_bot)).toEqual([true]);
    await expect(journey({ by: 'anonymous_id', value: 'nobody' })).rejects.toThrow(/nobody was seen with .*; bots are left out/);
  });

  test('and without an event the error says that nobody was seen', async () => {
    await expect(journey(LATEST)).rejects.toThrow('nobody has been seen yet');
    await expect(journey({ by: 'lead', value: 'L1' })).rejects.toThrow(
      `no publication yet in ${folder}, so no leads: run \`touchtrail run\``,
    );
  });
});
