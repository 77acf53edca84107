import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EventInput, type World, openWorld } from '../../testing/world.ts';
import { events } from './events.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const stored = () => world.rows('select write_key_id, message_id, event from events order by write_key_id, message_id');
const copy = { who: 'a', at: '10:00', type: 'track', message_id: 'm' } as const;

test('of the copies of an event the one received first stays, whichever was loaded first', async () => {
  await world.events(
    { ...copy, event: 'late', received_at: '2026-03-02T10:00:02.000Z' },
    { ...copy, event: 'first', received_at: '2026-03-02T10:00:01.000Z' },
  );
  await world.run(events);
  expect(await stored()).toEqual([{ write_key_id: 'wk_1', message_id: 'm', event: 'first' }]);
});

test('a copy that arrives in a later run and was received earlier takes the place of the other', async () => {
  await world.events({ ...copy, event: 'late', received_at: '2026-03-02T10:00:02.000Z' });
  await world.run(events);
  await world.events({ ...copy, event: 'first', received_at: '2026-03-02T10:00:01.000Z' });
  expect((await world.run(events))[0]!.changes).toEqual({ events: { inserted: 0, updated: 1, deleted: 0 } });
  expect(await stored()).toEqual([{ write_key_id: 'wk_1', message_id: 'm', event: 'first' }]);
});

test('copies received in the same instant are told apart by edge instance, then by delivery', async () => {
  await world.events(
    { ...copy, event: 'b 1', edge_instance: 'edge-b', edge_sequence: 1 },
    { ...copy, event: 'a 3', edge_instance: 'edge-a', edge_sequence: 3 },
    { ...copy, event: 'a 2', edge_instance: 'edge-a', edge_sequence: 2 },
  );
  await world.run(events);
  expect(await stored()).toEqual([{ write_key_id: 'wk_1', message_id: 'm', event: 'a 2' }]);
});

/** Columns that tell two copies of one delivery apart, each by itself: scalars, a number with a fraction, arrays, JSON. */
test.each<[string, Partial<EventInput>, Partial<EventInput>]>([
  ['event', { event: 'x' }, { event: 'y' }],
  ['country', { country: 'AT' }, { country: null }],
  ['click_ids', { click_ids: [{ name: 'gclid', value: 'A' }] }, { click_ids: [{ name: 'gclid', value: 'B' }] }],
  ['email_hashes', { email_hashes: [{ hash: 'h', origin: 'form' }] }, { email_hashes: [{ hash: 'h', origin: 'url' }] }],
  ['properties', { properties: '{"a":1}' }, { properties: '{"a":2}' }],
  ['context', { context: '{"a":1}' }, { context: null }],
  ['engaged_seconds', { engaged_seconds: 1.5 }, { engaged_seconds: 1.25 }],
  ['sent_at', { sent_at: '2026-03-02T10:00:00.000Z' }, { sent_at: '2026-03-02T10:00:00.001Z' }],
  ['is_internal', { is_internal: true }, { is_internal: false }],
])('copies of one delivery that differ in %s alone: the same one stays in either order of loading', async (column, one, other) => {
  const kept = [];
  for (const copies of [
    [one, other],
    [other, one],
  ]) {
    const apart = await openWorld();
    try {
      await apart.events(...copies.map((contents) => ({ ...copy, ...contents })));
      await apart.run(events);
      kept.push(await apart.rows(`select ${column} from events`));
    } finally {
      await apart.close();
    }
  }
  expect(kept[0]).toHaveLength(1);
  expect(kept[0]).toEqual(kept[1]);
});

test('the same message id of two write keys is two events', async () => {
  await world.events({ ...copy, event: 'one' }, { ...copy, event: 'two', write_key_id: 'wk_2' });
  await world.run(events);
  expect(await stored()).toEqual([
    { write_key_id: 'wk_1', message_id: 'm', event: 'one' },
    { write_key_id: 'wk_2', message_id: 'm', event: 'two' },
  ]);
});

test('a second run on unchanged data changes nothing', async () => {
  await world.events({ ...copy, properties: '{"a":1}', click_ids: [{ name: 'gclid', value: 'X' }] }, { who: 'b', at: '11:00' });
  await world.run(events);
  expect((await world.run(events))[0]!.changes).toEqual({ events: { inserted: 0, updated: 0, deleted: 0 } });
});
