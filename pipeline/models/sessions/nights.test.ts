import { afterEach, describe, expect, test } from 'vitest';
import type { EventRow } from '../../../edge/contract/event-row.ts';
import { Random } from '../../../test/simulator/random.ts';
import { type World, openWorld, page } from '../../testing/world.ts';
import type { DuckDbWarehouse } from '../../warehouse/duckdb/duckdb.ts';
import { events } from '../events/events.ts';
import { EVENTS_RAW } from '../events/tables.ts';
import { sessions } from './sessions.ts';
import { type PlainEvent, type Rules, bruteForceSessions } from './testing/brute-force.ts';
import { NIGHTS, smallWorlds, standingAfter } from './testing/small-worlds.ts';

const opened: World[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close();
});
async function open(rules?: Rules): Promise<World> {
  const world = await openWorld(rules ? { sessions: rules } : {});
  opened.push(world);
  return world;
}

const COMPARED = ['events', 'event_ids', 'sessions'] as const;
const contents = async (world: World) =>
  Object.fromEntries(
    await Promise.all(COMPARED.map(async (name) => [name, await world.rows(`select * from ${name} order by all`)] as const)),
  );

describe.each<[string, Rules]>([
  ['30 minutes and 24 hours', { timeoutMinutes: 30, maximumHours: 24 }],
  ['10 minutes and 1 hour', { timeoutMinutes: 10, maximumHours: 1 }],
  ['24 hours and 24 hours', { timeoutMinutes: 1440, maximumHours: 24 }],
])('with %s', (name, rules) => {
  test('any nights over 110 worlds give what one full build gives, and what going through the events gives', async () => {
    const random = new Random(20260302).fork(name);
    const deliveries = smallWorlds(random, 110, rules);
    const nightly = await open(rules);
    for (let night = 0; night <= NIGHTS; night++) {
      await nightly.warehouse.load(EVENTS_RAW, standingAfter(deliveries, night), { replace: true });
      await nightly.run(events, sessions);
    }
    const raw = standingAfter(deliveries, NIGHTS);
    const full = await open(rules);
    await full.load(EVENTS_RAW, raw);
    await full.run(events, sessions);
    const [built, rebuilt] = [await contents(nightly), await contents(full)];
    for (const table of COMPARED) expect(built[table], table).toEqual(rebuilt[table]);

    const standing = (await full.rows('select *, epoch_us(occurred_at) as at from events')) as unknown as PlainEvent[];
    const expected = bruteForceSessions(standing, rules);
    const columns = Object.keys(expected[0]!).map((column) =>
      column === 'started' ? 'epoch_us(started_at) as started' : column === 'ended' ? 'epoch_us(ended_at) as ended' : `"${column}"`,
    );
    expect(expected.length).toBeGreaterThan(300);
    expect(await nightly.rows(`select ${columns.join(', ')} from sessions order by session_id`)).toEqual(expected);
    expect(await winners(nightly)).toEqual(leastPositions(raw));
  });
});

const winners = (world: World) =>
  world.rows('select message_id, received_at, edge_instance, edge_sequence from events order by message_id');

const position = ({ message_id, received_at, edge_instance, edge_sequence }: EventRow) => ({
  message_id,
  received_at,
  edge_instance,
  edge_sequence,
});
const asText = (row: EventRow) => `${row.received_at} ${row.edge_instance} ${row.edge_sequence}`;

/** Of each event the least (received_at, edge_instance, edge_sequence), by comparing all of them. */
function leastPositions(rows: readonly EventRow[]) {
  return [...Map.groupBy(rows, ({ message_id }) => message_id).values()]
    .map((copies) => position(copies.reduce((least, row) => (asText(row) < asText(least) ? row : least))))
    .toSorted((a, b) => (a.message_id < b.message_id ? -1 : 1));
}

const view = (who: string, at: string, receivedAt = at) => ({
  who,
  at,
  received_at: receivedAt,
  ...page('https://www.fernhill.example/'),
});

/** Rows touched by each statement of that label since the statement with that number. */
const touched = (world: World, since: number, label: string) =>
  world.warehouse.statements
    .slice(since)
    .filter((statement) => statement.label === label)
    .reduce((sum, { rows }) => sum + rows, 0);

/** Three visitors over ten days, each in a session a day. */
async function tenDays(): Promise<World> {
  const world = await open();
  const days = Array.from({ length: 10 }, (_, day) => `2026-03-${String(day + 1).padStart(2, '0')}`);
  await world.events(
    ...days.flatMap((day) => ['a', 'b', 'c'].flatMap((who) => [view(who, `${day}T10:00:00.000Z`), view(who, `${day}T10:10:00.000Z`)])),
  );
  await world.run(events, sessions);
  return world;
}

describe('a night', () => {
  test('without new deliveries touches nothing', async () => {
    const world = await tenDays();
    expect((await world.run(events, sessions)).map(({ changes }) => changes)).toEqual([
      { events: { inserted: 0, updated: 0, deleted: 0 } },
      { sessions: { inserted: 0, updated: 0, deleted: 0 } },
    ]);
  });

  test('computes only the sessions around what arrived: one of thirty', async () => {
    const world = await tenDays();
    const since = world.warehouse.statements.length;
    await world.events({ ...view('b', '2026-03-05T10:20:00.000Z', '2026-03-11T08:00:00.000Z') });
    const [ofEvents, ofSessions] = await world.run(events, sessions);
    expect(ofEvents!.changes).toEqual({ events: { inserted: 1, updated: 0, deleted: 0 } });
    expect(ofSessions!.changes).toEqual({ sessions: { inserted: 0, updated: 1, deleted: 0 } });
    expect(touched(world, since, 'events received again')).toBe(1);
    expect(touched(world, since, 'sessions of islands')).toBe(1);
  });

  test('of a late event that joins two sessions deletes the second', async () => {
    const world = await tenDays();
    await world.events(view('b', '2026-03-05T10:45:00.000Z', '2026-03-11T08:00:00.000Z'));
    expect((await world.run(events, sessions))[1]!.changes).toEqual({ sessions: { inserted: 1, updated: 0, deleted: 0 } });
    await world.events(view('b', '2026-03-05T10:30:00.000Z', '2026-03-12T08:00:00.000Z'));
    expect((await world.run(events, sessions))[1]!.changes).toEqual({ sessions: { inserted: 0, updated: 1, deleted: 1 } });
  });

  test('finds its changes again where the run before ended before the sessions', async () => {
    const world = await tenDays();
    await world.events(view('c', '2026-03-10T10:20:00.000Z', '2026-03-10T10:20:00.000Z'));
    await world.run(events);
    await world.run(events);
    expect((await world.run(sessions))[0]!.changes).toEqual({ sessions: { inserted: 0, updated: 1, deleted: 0 } });
    expect(await world.rows("select count(*) as unread from event_changes where consumer = 'sessions'")).toEqual([{ unread: 0 }]);
  });

  test('leaves to the identity graph which visitor days changed', async () => {
    const world = await tenDays();
    await world.events(view('c', '2026-03-10T10:20:00.000Z'), view('c', '2026-03-10T10:05:00.000Z'), view('a', '2026-02-01T00:00:00.000Z'));
    await world.run(events, sessions);
    expect(await world.rows("select * from event_changes where consumer = 'identity' order by anonymous_id")).toEqual([
      {
        consumer: 'identity',
        anonymous_id: 'a',
        day: '2026-02-01',
        first_at: '2026-02-01T00:00:00.000000Z',
        last_at: '2026-02-01T00:00:00.000000Z',
        has_removals: false,
      },
      {
        consumer: 'identity',
        anonymous_id: 'c',
        day: '2026-03-10',
        first_at: '2026-03-10T10:05:00.000000Z',
        last_at: '2026-03-10T10:20:00.000000Z',
        has_removals: false,
      },
    ]);
  });

  test('of removed deliveries takes the next copy of their events, wherever it was received, and says so', async () => {
    const world = await open();
    const copy = { ...view('a', '2026-03-02T10:00:00.000Z'), message_id: 'm' };
    await world.events({ ...copy, event: 'second', received_at: '2026-03-05T10:00:00.000Z' }, { ...copy, event: 'first' });
    await world.events({ ...copy, message_id: 'only' });
    await world.run(events, sessions);
    await (world.warehouse as DuckDbWarehouse).session.run("delete from events_raw where received_at < '2026-03-03'", 'remove');
    expect((await world.run(events))[0]!.changes).toEqual({ events: { inserted: 0, updated: 1, deleted: 1 } });
    expect(await world.rows('select event from events')).toEqual([{ event: 'second' }]);
    expect(await world.rows("select has_removals from event_changes where consumer = 'identity'")).toEqual([{ has_removals: true }]);
  });

  test('under another definition rebuilds everything', async () => {
    const world = await tenDays();
    const other = { ...world.config, sessions: { timeoutMinutes: 5, maximumHours: 24 } };
    const context = { warehouse: world.warehouse, config: other, configFolder: world.folder, now: '2026-07-01T03:00:00.000Z' };
    expect((await sessions(context)).changes).toEqual({ sessions: { inserted: 60, updated: 0, deleted: 30 } });
  });
});
